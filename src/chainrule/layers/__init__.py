"""All layers, by Keras's names (`keras.layers`)."""

from typing import TYPE_CHECKING

from chainrule.layers.activation import *
from chainrule.layers.activation_layers import *
from chainrule.layers.activity_regularization import *
from chainrule.layers.alpha_dropout import *
from chainrule.layers.base import Layer as Layer
from chainrule.layers.batch_normalization import *
from chainrule.layers.dense import *
from chainrule.layers.dot import *
from chainrule.layers.dropout import *
from chainrule.layers.einsum_dense import *
from chainrule.layers.embedding import *
from chainrule.layers.group_normalization import *
from chainrule.layers.input import *
from chainrule.layers.input_spec import InputSpec as InputSpec
from chainrule.layers.lambda_layer import *
from chainrule.layers.layer_normalization import *
from chainrule.layers.lookup import *
from chainrule.layers.masking import *
from chainrule.layers.merging import *
from chainrule.layers.pipeline import *
from chainrule.layers.pooling import *
from chainrule.layers.preprocessing import *
from chainrule.layers.reshaping import *
from chainrule.layers.reversible_embedding import *
from chainrule.layers.wrapper import *
from chainrule.lazy import refuser

if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.layers")
