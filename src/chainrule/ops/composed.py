"""Functions made of several ops, as members of a symbolic graph: one call each, as in Keras."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from chainrule.autodiff.op import call_symbolically
from chainrule.autodiff.operators import Operators

COMPOSED = (
    "amax", "amin", "append", "average", "binary_crossentropy", "categorical_crossentropy", "cross", "cumprod",
    "diag", "diagonal", "diff", "dot", "einsum", "gelu", "glu", "hard_sigmoid", "hstack", "in_top_k", "inner", "kron",
    "median", "moments", "moveaxis", "multi_hot", "norm", "normalize", "outer", "pad", "quantile", "ravel", "repeat",
    "saturate_cast", "scatter_update", "segment_max", "segment_sum", "selu", "slice", "sort",
    "sparse_categorical_crossentropy", "split", "std", "swapaxes", "tensordot", "tile", "top_k", "trace",
    "true_divide", "unstack", "vstack", "where",
)  # fmt: skip
"""The functions of `chainrule.ops` that Keras has an operation class for, and that are made of several ops here."""
FURTHER = (
    "allclose", "angle", "array_split", "associative_scan", "bitwise_not", "cdist", "cholesky", "cholesky_inverse",
    "conj", "conjugate", "corrcoef", "correlate", "deg2rad", "diagflat", "divide_no_nan", "dsplit", "dstack", "eig",
    "eigh", "fabs", "fliplr", "flipud", "fmax", "fmin", "hsplit", "imag", "left_shift", "logdet", "lu_factor",
    "matrix_rank", "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmedian", "nanpercentile", "nanprod",
    "nanquantile", "percentile", "ptp", "qr", "rad2deg", "real", "rearrange", "right_shift", "rms_normalization",
    "rot90", "segment_min", "segment_prod", "slogdet", "solve_triangular", "svd", "trapezoid", "vander", "vdot",
    "view", "vsplit",
)  # fmt: skip
"""The same, and of these a file of a model can name some only: see `saving/operations.py`."""


def as_one_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, which given a symbolic tensor notes one call in the graph, not the ops it is made of."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if any(map(_symbolic, args)) or any(map(_symbolic, kwargs.values())):
            return call_symbolically(call, args, kwargs)
        return function(*args, **kwargs)

    return call


def _symbolic(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_symbolic, value))
    return isinstance(value, Operators) and value.symbolic
