"""Layers that turn raw columns of tables and text into numbers a network likes, by Keras's names."""

from chainrule.layers.preprocessing.scaling import *
