"""Layers that turn raw columns of tables and text into numbers a network likes, by Keras's names."""

from chainrule.layers.preprocessing.category_encoding import *
from chainrule.layers.preprocessing.discretization import *
from chainrule.layers.preprocessing.hashing import *
from chainrule.layers.preprocessing.lookups import *
from chainrule.layers.preprocessing.scaling import *
from chainrule.layers.preprocessing.text_vectorization import *
