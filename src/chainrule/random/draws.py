"""The functions of `keras.random` with Keras's signatures.

`seed`: an integer gives the same numbers on every call, a `SeedGenerator` new ones, None new ones of the process-wide
sequence (of the training step under way, inside one). `dtype=None` means `chainrule.config.floatx()`.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule import config
from chainrule._typing import Array, TensorLike, Value
from chainrule.errors import ShapeError
from chainrule.random import threefry
from chainrule.random.seeds import SeedGenerator, key_for

Seed: TypeAlias = int | SeedGenerator | None


def float_type(dtype: Any, where: str) -> np.dtype[Any]:
    """Return the float type meant by `dtype`; `where` names the function in the error.

    Raises:
        ValueError: it is not a float type.
    """
    kind = np.dtype(dtype or config.floatx())
    if kind.kind != "f":
        raise ValueError(f"random.{where}: expected a float dtype, received {kind.name!r}.")
    return kind


def lengths(shape: Any, where: str) -> tuple[int, ...]:
    """Return a shape as a tuple; `where` names the function in the error.

    Raises:
        ShapeError: it is none: not a sequence of lengths, all known.

    >>> lengths([2, 3], "normal")
    (2, 3)
    """
    try:
        return tuple(operator.index(n) for n in shape)
    except TypeError:
        raise ShapeError(
            f"random.{where}: expected a shape, a tuple of lengths such as (3,), received {shape!r:.60}."
        ) from None


def _scale_and_shift(values: Array, scale: Any, shift: Any) -> Array:
    values *= scale
    values += shift
    return values


def normal(shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None) -> Array:
    """Draw from the normal distribution.

    >>> normal((3,), seed=1).round(3)
    array([-1.184, -0.173, -0.116], dtype=float32)
    """
    kind = float_type(dtype, "normal")
    z = threefry.normal(key_for(seed), lengths(shape, "normal"), kind)
    return _scale_and_shift(z, kind.type(stddev), kind.type(mean))


def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Seed = None
) -> Array:
    """Draw from the normal distribution cut off two standard deviations from its mean.

    >>> bool(abs(truncated_normal((1000,), seed=1)).max() <= 2)
    True
    """
    kind = float_type(dtype, "truncated_normal")
    z = threefry.truncated_normal(key_for(seed), lengths(shape, "truncated_normal"), kind)
    return _scale_and_shift(z, kind.type(stddev), kind.type(mean))


def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Seed = None
) -> Array:
    """Draw floats evenly from [minval, maxval).

    >>> uniform((3,), -1.0, 1.0, seed=1).round(3)
    array([-0.764, -0.137, -0.092], dtype=float32)
    """
    kind = float_type(dtype, "uniform")
    low, high = kind.type(minval), kind.type(maxval)
    values = _scale_and_shift(threefry.uniform(key_for(seed), lengths(shape, "uniform"), kind), high - low, low)
    if high > low:  # the sum may have been rounded up to maxval
        np.minimum(values, np.nextafter(high, low), out=values)
    return values


def randint(shape: Sequence[int], minval: int, maxval: int, dtype: Any = "int32", seed: Seed = None) -> Array:
    """Draw integers evenly from [minval, maxval).

    >>> randint((5,), 0, 10, seed=1).tolist()
    [1, 4, 5, 8, 2]
    """
    kind = np.dtype(dtype or "int32")
    if kind.kind not in "iu":
        raise ValueError(f"random.randint: expected an integer dtype, received {kind.name!r}.")
    return threefry.randint(key_for(seed), lengths(shape, "randint"), int(minval), int(maxval), kind)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Seed = None) -> Array:
    """Draw class numbers, with probabilities softmax(logits) row by row.

    Args:
        logits: (rows, classes), logarithms of probabilities up to a constant.

    Returns:
        (rows, num_samples).

    >>> categorical([[0.0, -100.0], [-100.0, 0.0]], 3, seed=1).tolist()
    [[0, 0, 0], [1, 1, 1]]
    """
    scores = np.asarray(logits, np.float64)
    if scores.ndim != 2:
        raise ShapeError(f"random.categorical: expected logits of shape (rows, classes), received {scores.shape}.")
    sums = np.cumsum(np.exp(scores - scores.max(axis=1, keepdims=True)), axis=1)
    u = threefry.uniform(key_for(seed), (len(scores), num_samples), "float64") * sums[:, -1:]
    rows = [np.searchsorted(s, v, side="right") for s, v in zip(sums, u, strict=True)]
    return np.array(rows, dtype=dtype or "int32").reshape(len(scores), num_samples)


def shuffle(x: TensorLike, axis: int = 0, seed: Seed = None) -> Value:
    """Put the slices of `x` along `axis` in random order.

    >>> shuffle(np.array([10, 20, 30, 40]), seed=4).tolist()
    [40, 10, 20, 30]
    """
    from chainrule import ops

    n = np.shape(getattr(x, "value", x))[axis]
    return ops.take(x, threefry.permutation(key_for(seed), n), axis=axis)


def dropout(
    inputs: TensorLike, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None
) -> Value:
    """Set a share `rate` of the elements to 0 and divide the others by `1 - rate`, so that the mean stays.

    Args:
        inputs: numbers of any shape.
        rate: between 0 and 1; with 1 nothing is left.
        noise_shape: shape of the mask, broadcast against `inputs`; None in it means the length of `inputs` there.

    >>> dropout(np.ones(6, "float32"), 0.5, seed=1).tolist()
    [0.0, 0.0, 0.0, 2.0, 2.0, 2.0]
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"random.dropout: expected a rate in [0, 1], received {rate}.")
    from chainrule import ops

    if rate == 1:
        return ops.zeros_like(inputs)

    shape = np.shape(getattr(inputs, "value", inputs))
    if noise_shape is not None:
        if len(noise_shape) != len(shape):
            raise ShapeError(f"random.dropout: noise_shape={tuple(noise_shape)} does not fit inputs of shape {shape}.")
        shape = tuple(s if n is None else n for n, s in zip(noise_shape, shape, strict=True))
    mask = threefry.keep_mask(key_for(seed), shape, rate)
    return ops.where(mask, inputs / (1 - rate), 0.0)  # type: ignore[operator]
