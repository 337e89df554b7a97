"""The functions of `keras.ops` on NumPy arrays and on tensors.

On arrays they give arrays; if any input is a tensor or a variable they give a tensor, and a `GradientTape` that follows
the input can differentiate the result. Each function with a derivative of its own is one row in one of the files here:
the forward pass, and for each input its rule and the sentence the rule prints as.
"""

from typing import TYPE_CHECKING

from chainrule.lazy import refuser
from chainrule.ops import composed as _composed
from chainrule.ops.activation import *
from chainrule.ops.activation_ops import *
from chainrule.ops.arithmetic import *
from chainrule.ops.arrangements import *
from chainrule.ops.blocks import *
from chainrule.ops.comparison import *
from chainrule.ops.control import *
from chainrule.ops.creation import *
from chainrule.ops.cumulative import *
from chainrule.ops.einsum import *
from chainrule.ops.elementwise import *
from chainrule.ops.elementwise_rare import *
from chainrule.ops.factorizations import *
from chainrule.ops.indexing import *
from chainrule.ops.integers import *
from chainrule.ops.least_squares import *
from chainrule.ops.linear import *
from chainrule.ops.matrices import *
from chainrule.ops.missing import *
from chainrule.ops.norms import *
from chainrule.ops.order import *
from chainrule.ops.rearranging import *
from chainrule.ops.reductions import *
from chainrule.ops.segments import *
from chainrule.ops.shapes import *
from chainrule.ops.spectral import *
from chainrule.ops.statistics import *
from chainrule.ops.transforms import *
from chainrule.ops.windows import *

NOT_DIFFERENTIABLE = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "bitwise_and", "bitwise_invert",
    "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil", "count_nonzero", "digitize",
    "equal", "floor", "floor_divide", "full_like", "gcd", "greater", "greater_equal", "heaviside", "isclose",
    "isfinite", "isin", "isinf", "isnan", "isneginf", "isposinf", "isreal", "lcm", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "nextafter", "not_equal", "one_hot", "ones_like",
    "round", "searchsorted", "sign", "sign_of_det", "signbit", "stop_gradient", "top_indices", "trunc", "wins",
    "zeros_like",
)  # fmt: skip
"""The ops without a derivative: what they return is a constant to every tape."""

for _names in (_composed.COMPOSED, _composed.FURTHER):
    globals().update({name: _composed.as_one_call(globals()[name]) for name in _names})

from chainrule.ops import linalg, nn, numpy  # noqa: E402  # Keras's modules, of the functions as they are now

if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.ops")
