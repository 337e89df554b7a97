"""The functions of `keras.ops.nn`."""

from typing import TYPE_CHECKING

from chainrule import ops as _ops
from chainrule.lazy import refuser

_NAMES = """
    batch_normalization binary_crossentropy categorical_crossentropy celu elu gelu glu hard_shrink hard_sigmoid
    hard_silu hard_swish hard_tanh layer_normalization leaky_relu log_sigmoid log_softmax moments multi_hot
    normalize one_hot relu relu6 rms_normalization selu sigmoid silu soft_shrink softmax softplus softsign
    sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax squareplus swish tanh_shrink threshold
"""
globals().update({name: getattr(_ops, name) for name in _NAMES.split()})

if TYPE_CHECKING:
    from chainrule.ops import *  # noqa: F403
else:
    __getattr__ = refuser("chainrule.ops")
