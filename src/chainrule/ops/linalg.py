"""The functions of `keras.ops.linalg`."""

from typing import TYPE_CHECKING

from chainrule import ops as _ops
from chainrule.lazy import refuser

_NAMES = """
    cholesky cholesky_inverse det eig eigh inv jvp lstsq lu_factor matrix_rank norm pinv qr solve solve_triangular
    svd
"""
globals().update({name: getattr(_ops, name) for name in _NAMES.split()})

if TYPE_CHECKING:
    from chainrule.ops import *  # noqa: F403
else:
    __getattr__ = refuser("chainrule.ops")
