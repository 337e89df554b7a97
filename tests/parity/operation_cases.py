"""A call of each operation that files can name, written once for Keras and chainrule.

Each function takes the module `keras.ops` or `chainrule.ops` and three tensors: `a` and `b` of shape (rows, 4) with
numbers between 0.2 and 0.9, and `k` of shape (rows, 2) with the whole numbers 0 to 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

ROWS = 3
Call = Callable[[Any, Any, Any, Any], Any]

_UNARY = """
    absolute arccos arcsin arcsinh arctan arctanh ceil copy cos cosh erf erfc erfinv exp exp2 expm1 floor gelu
    hard_sigmoid hard_silu hard_tanh isfinite isinf isnan log log10 log1p log2 log_sigmoid logical_not negative
    ones_like ravel reciprocal relu relu6 rsqrt selu sigmoid sign silu sin sinh softplus softsign sparse_plus
    sparse_sigmoid sqrt square stop_gradient tan tanh tanh_shrink trunc zeros_like
    angle cbrt conj deg2rad fabs fliplr flipud i0 imag isneginf isposinf isreal ptp rad2deg real rot90 signbit sinc
"""
_BINARY = """
    add arctan2 divide equal floor_divide greater greater_equal hypot less less_equal logaddexp logical_and logical_or
    logical_xor maximum minimum mod multiply not_equal power subtract true_divide binary_crossentropy
    categorical_crossentropy isclose
    allclose divide_no_nan fmax fmin fmod heaviside logaddexp2 nextafter vdot
"""
_WHOLE = """
    bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor gcd lcm left_shift right_shift
"""
_REDUCING = "all any amax amin argmax argmin count_nonzero logsumexp max mean median min prod std sum var"
_REDUCING += " nanargmax nanargmin nancumprod nancumsum nanmedian nanprod"


def _unary(name: str) -> Call:
    return lambda ops, a, b, k: getattr(ops, name)(a)


def _binary(name: str) -> Call:
    return lambda ops, a, b, k: getattr(ops, name)(a, b)


def _reducing(name: str) -> Call:
    return lambda ops, a, b, k: getattr(ops, name)(a, axis=1)


def _whole(name: str) -> Call:
    return lambda ops, a, b, k: getattr(ops, name)(k, k)


def _matrices(ops: Any, a: Any) -> Any:
    """Return positive definite matrices, one for each row."""
    return ops.add(ops.einsum("bi,bj->bij", a, a), np.eye(4, dtype="float32"))


def _of_matrices(name: str) -> Call:
    return lambda ops, a, b, k: getattr(ops, name)(_matrices(ops, a))


CASES: dict[str, Call] = {
    **{name: _unary(name) for name in _UNARY.split()},
    **{name: _binary(name) for name in _BINARY.split()},
    **{name: _reducing(name) for name in _REDUCING.split()},
    **{name: _whole(name) for name in _WHOLE.split()},
    **{name: _of_matrices(name) for name in ("cholesky", "logdet", "matrix_rank", "pinv", "slogdet")},
    "bitwise_invert": lambda ops, a, b, k: ops.bitwise_invert(k),
    "bitwise_not": lambda ops, a, b, k: ops.bitwise_not(k),
    "dstack": lambda ops, a, b, k: ops.dstack([a, b]),
    "ldexp": lambda ops, a, b, k: ops.ldexp(a[:, :2], k),
    "solve_triangular": lambda ops, a, b, k: ops.solve_triangular(_matrices(ops, a), _matrices(ops, b)),
    "append": lambda ops, a, b, k: ops.append(a, b, axis=1),
    "arccosh": lambda ops, a, b, k: ops.arccosh(a + 1.5),
    "argsort": lambda ops, a, b, k: ops.argsort(a, axis=-1),
    "average": lambda ops, a, b, k: ops.average(a, axis=1, weights=np.array([1.0, 2.0, 3.0, 4.0], "float32")),
    "broadcast_to": lambda ops, a, b, k: ops.broadcast_to(ops.mean(a), (2, 3)),
    "cast": lambda ops, a, b, k: ops.cast(k, "float32"),
    "celu": lambda ops, a, b, k: ops.celu(a - 0.5, alpha=0.5),
    "clip": lambda ops, a, b, k: ops.clip(a, 0.3, 0.6),
    "concatenate": lambda ops, a, b, k: ops.concatenate([a, b], axis=1),
    "cumprod": lambda ops, a, b, k: ops.cumprod(a, axis=1),
    "cumsum": lambda ops, a, b, k: ops.cumsum(a, axis=1),
    "diff": lambda ops, a, b, k: ops.diff(a, axis=1),
    "digitize": lambda ops, a, b, k: ops.digitize(a, np.array([0.3, 0.5], "float32")),
    "dot": lambda ops, a, b, k: ops.dot(a, np.ones((4, 2), "float32")),
    "einsum": lambda ops, a, b, k: ops.einsum("bi,bj->bij", a, b),
    "elu": lambda ops, a, b, k: ops.elu(a - 0.5, alpha=0.7),
    "expand_dims": lambda ops, a, b, k: ops.expand_dims(a, 1),
    "flip": lambda ops, a, b, k: ops.flip(a, axis=1),
    "full_like": lambda ops, a, b, k: ops.full_like(a, 2.5),
    "getitem": lambda ops, a, b, k: a[:, 1:3],
    "getitem_last": lambda ops, a, b, k: a[..., -1],
    "getitem_step": lambda ops, a, b, k: a[:, None, ::2],
    "glu": lambda ops, a, b, k: ops.glu(a, axis=-1),
    "hard_shrink": lambda ops, a, b, k: ops.hard_shrink(a, threshold=0.4),
    "hstack": lambda ops, a, b, k: ops.hstack([a, b]),
    "leaky_relu": lambda ops, a, b, k: ops.leaky_relu(a - 0.5, negative_slope=0.1),
    "log_softmax": lambda ops, a, b, k: ops.log_softmax(a, axis=-1),
    "matmul": lambda ops, a, b, k: ops.matmul(a, np.ones((4, 2), "float32")),
    "mean_of_all": lambda ops, a, b, k: ops.mean(a),
    "mean_of_axes": lambda ops, a, b, k: ops.mean(ops.expand_dims(a, 1), axis=(1, 2), keepdims=True),
    "moments": lambda ops, a, b, k: ops.moments(a, axes=[1]),
    "moveaxis": lambda ops, a, b, k: ops.moveaxis(ops.expand_dims(a, 1), 1, 2),
    "nan_to_num": lambda ops, a, b, k: ops.nan_to_num(a, nan=1.0),
    "norm": lambda ops, a, b, k: ops.norm(a),
    "normalize": lambda ops, a, b, k: ops.normalize(a, axis=1),
    "one_hot": lambda ops, a, b, k: ops.one_hot(k, 4),
    "multi_hot": lambda ops, a, b, k: ops.multi_hot(k, 4),
    "outer": lambda ops, a, b, k: ops.outer(ops.mean(a, axis=0), ops.mean(b, axis=0)),
    "pad": lambda ops, a, b, k: ops.pad(a, ((0, 0), (1, 2)), constant_values=0.5),
    "quantile": lambda ops, a, b, k: ops.quantile(a, 0.3),
    "repeat": lambda ops, a, b, k: ops.repeat(a, 2, axis=1),
    "reshape": lambda ops, a, b, k: ops.reshape(a, (-1, 2, 2)),
    "roll": lambda ops, a, b, k: ops.roll(a, 1, axis=1),
    "round": lambda ops, a, b, k: ops.round(a, 1),
    "saturate_cast": lambda ops, a, b, k: ops.saturate_cast(a * 3, "int32"),
    "scalars": lambda ops, a, b, k: 2 * a + 1 - b / 4.0 - 0.5 * (a**2),
    "soft_shrink": lambda ops, a, b, k: ops.soft_shrink(a, threshold=0.4),
    "softmax": lambda ops, a, b, k: ops.softmax(a, axis=-1),
    "sort": lambda ops, a, b, k: ops.sort(a, axis=1),
    "sparse_categorical_crossentropy": lambda ops, a, b, k: ops.sparse_categorical_crossentropy(
        k[:, 0], ops.softmax(a, axis=-1)
    ),
    "split": lambda ops, a, b, k: ops.split(a, 2, axis=1),
    "squareplus": lambda ops, a, b, k: ops.squareplus(a, b=3),
    "squeeze": lambda ops, a, b, k: ops.squeeze(ops.expand_dims(a, 1), 1),
    "stack": lambda ops, a, b, k: ops.stack([a, b], axis=1),
    "swapaxes": lambda ops, a, b, k: ops.swapaxes(ops.expand_dims(a, 1), 1, 2),
    "take": lambda ops, a, b, k: ops.take(a, np.array([2, 0]), axis=1),
    "take_along_axis": lambda ops, a, b, k: ops.take_along_axis(a, k, axis=1),
    "tensordot": lambda ops, a, b, k: ops.tensordot(a, np.ones((4, 2), "float32"), axes=1),
    "threshold": lambda ops, a, b, k: ops.threshold(a, 0.5, -1.0),
    "tile": lambda ops, a, b, k: ops.tile(a, [1, 2]),
    "top_k": lambda ops, a, b, k: ops.top_k(a, 2),
    "transpose": lambda ops, a, b, k: ops.transpose(ops.expand_dims(a, 1), (0, 2, 1)),
    "tril": lambda ops, a, b, k: ops.tril(a),
    "triu": lambda ops, a, b, k: ops.triu(a, k=1),
    "unstack": lambda ops, a, b, k: ops.unstack(a, num=4, axis=1),
    "vstack": lambda ops, a, b, k: ops.vstack([a, b]),
    "where": lambda ops, a, b, k: ops.where(a > b, a, 0.5 * b),
}


def inputs_of() -> list[Any]:
    """Return `a`, `b` and `k`."""
    rng = np.random.default_rng(5)
    a, b = (rng.uniform(0.2, 0.9, (ROWS, 4)).astype("float32") for _ in range(2))
    return [a, b, rng.integers(0, 4, (ROWS, 2)).astype("int32")]


def model_of(keras: Any, name: str) -> Any:
    """Return a functional model of one call."""
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    k = keras.Input((2,), dtype="int32", name="k")
    return keras.Model([a, b, k], CASES[name](keras.ops, a, b, k), name=name)
