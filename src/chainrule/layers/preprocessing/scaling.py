"""Layers that bring inputs to a scale a network likes: `Rescaling`, `Normalization`."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule import config, ops
from chainrule._typing import Array, Shape, Value
from chainrule.engines.plan import Rescale, Standardize, Step
from chainrule.errors import DataError, ShapeError
from chainrule.layers.preprocessing.base import DataLayer, batches, plain
from chainrule.saving.serialization import public

__all__ = ["Normalization", "Rescaling"]


@public("keras.layers")
class Rescaling(DataLayer):
    """`y = x * scale + offset` with fixed numbers.

    >>> import chainrule as cr
    >>> cr.layers.Rescaling(1 / 255)([[255.0]]).numpy().tolist()
    [[1.0]]
    """

    supports_masking = True

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset

    def call(self, inputs: Value) -> Value:
        dtype = self.compute_dtype
        return ops.cast(inputs, dtype) * np.asarray(self.scale, dtype) + np.asarray(self.offset, dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[Step]:
        yield Rescale(copy.deepcopy(self.scale), copy.deepcopy(self.offset))


@public("keras.layers")
class Normalization(DataLayer):
    """`y = (x - mean) / max(sqrt(variance), epsilon)`, with mean and variance given, or learnt by `adapt`.

    Args:
        axis: axes that keep statistics of their own; None for one mean and variance of everything.
        mean, variance: given together, in place of `adapt`.
        invert: compute the opposite: from standardised numbers back.

    >>> import chainrule as cr
    >>> layer = cr.layers.Normalization()
    >>> layer.adapt([[1.0], [3.0]])
    >>> layer([[3.0]]).numpy().tolist()
    [[1.0]]
    """

    supports_masking = True

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(
                f"Normalization '{self.name}': give mean and variance together, or neither and use adapt()."
            )
        self.axis: tuple[int, ...] = () if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.mean_given = None if mean is None else np.asarray(mean, np.float64)
        self.variance_given = None if variance is None else np.asarray(variance, np.float64)
        if self.variance_given is not None and (self.variance_given < 0).any():
            raise ValueError(f"Normalization '{self.name}': the variance must not be negative, but is {variance}.")
        self.invert = invert

    def _kept(self, rank: int) -> tuple[int, ...]:
        if any(not -rank <= a < rank for a in self.axis):
            raise ShapeError(
                f"Normalization '{self.name}': axis {self.axis} does not exist in an input of {rank} axes."
            )
        return tuple(sorted(a % rank for a in self.axis))

    def build(self, input_shape: Shape) -> None:
        kept = self._kept(len(input_shape))
        shape = tuple(n for n in (input_shape[a] for a in kept) if n is not None)
        if len(shape) < len(kept):
            raise ShapeError(
                f"Normalization '{self.name}': axis {self.axis} must be known, but the input shape is {input_shape}."
            )
        self._broadcast = tuple((n or 1) if a in kept else 1 for a, n in enumerate(input_shape))
        for role, given in (("mean", self.mean_given), ("variance", self.variance_given)):
            if given is not None and given.ndim and not _fits(given.shape, shape):
                raise ShapeError(
                    f"Normalization '{self.name}': {role} of shape {given.shape} does not fit an input of shape "
                    f"{input_shape}, which has {shape} along axis {self.axis}."
                )
        if self.mean_given is None:
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")

    def adapt(self, data: Any) -> None:
        """Learn mean and variance from an array, or from an iterable of batches; a vector is one column.

        Raises:
            DataError: no data, or not a number among them.
        """
        if self.mean_given is not None:
            raise ValueError(
                f"Normalization '{self.name}': mean and variance were given, so there is nothing to adapt."
            )
        total, mean, variance = 0, np.zeros(()), np.zeros(())
        for batch in _batches_of(data, f"Normalization '{self.name}'"):
            if batch.ndim == 1 and self.axis:
                batch = batch[:, None]
            if not self.built:
                self.build((None, *batch.shape[1:]))
            if not np.isfinite(batch).all():
                raise DataError(
                    f"Normalization '{self.name}': adapt received NaN or infinite values. Fill or drop them first."
                )
            kept = self._kept(batch.ndim)
            if tuple(batch.shape[a] for a in kept) != self.adapt_mean.shape:
                raise ShapeError(
                    f"Normalization '{self.name}': adapt received data of shape {batch.shape}, but the layer has "
                    f"{self.adapt_mean.shape} means along axis {self.axis}."
                )
            axes = tuple(a for a in range(batch.ndim) if a not in kept)
            rows = int(np.prod([batch.shape[a] for a in axes], dtype=np.int64))
            if not rows:
                continue
            total, mean, variance = _combine(total, mean, variance, rows, batch.mean(axes), batch.var(axes))
        if not total:
            raise DataError(f"Normalization '{self.name}': adapt received no data.")
        self.adapt_mean.assign(mean)
        self.adapt_variance.assign(variance)

    @property
    def mean(self) -> Any:
        """The mean in use, shaped to broadcast over the input."""
        return self._statistic(self.mean_given, "adapt_mean")

    @property
    def variance(self) -> Any:
        """The variance in use, shaped to broadcast over the input."""
        return self._statistic(self.variance_given, "adapt_variance")

    def _statistic(self, given: Array | None, learnt: str) -> Any:
        if not self.built:
            return given
        if given is None:
            return getattr(self, learnt).value.reshape(self._broadcast)
        axes = self._kept(len(self._broadcast))
        return np.broadcast_to(given, tuple(self._broadcast[a] for a in axes)).reshape(self._broadcast)

    def call(self, inputs: Value) -> Value:
        dtype = self.compute_dtype
        x = ops.cast(inputs, dtype)
        mean = np.asarray(self.mean, dtype)
        deviation = np.maximum(np.sqrt(np.asarray(self.variance, dtype)), np.asarray(config.epsilon(), dtype))
        return x * deviation + mean if self.invert else (x - mean) / deviation

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[Step]:
        yield Standardize(np.array(self.mean), np.array(self.variance), self.invert)

    def get_config(self) -> dict[str, Any]:
        settings = self._base_config()
        given = {"mean": self.mean_given, "variance": self.variance_given}
        settings.update(
            {
                "axis": self.axis,
                "invert": self.invert,
                **{k: None if v is None else v.tolist() for k, v in given.items()},
            }
        )
        return settings


def _batches_of(data: Any, name: str) -> Iterator[Array]:
    """Yield float64 batches: the data itself if it is one array, else the batches it yields.

    Raises:
        DataError: it is neither, or not of numbers.
    """
    for batch in batches(data, name, lists_are_arrays=isinstance(data, list | tuple) and not _holds_arrays(data)):
        array = plain(batch, f"the data of {name}")
        if array.dtype.kind not in "iufb":
            raise DataError(f"{name} takes numbers, but adapt received text such as {array.ravel()[0]!r:.60}.")
        yield array.astype(np.float64)


def _holds_arrays(data: Any) -> bool:
    """Whether a list holds batches, `x` or `(x, y)`, rather than being one array."""
    first = data[0] if len(data) else None
    return hasattr(first[0] if isinstance(first, tuple) and first else first, "shape")


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether an array of a shape can be broadcast to another."""
    try:
        return np.broadcast_shapes(shape, wanted) == wanted
    except ValueError:
        return False


def _combine(
    n: int, mean: Array, variance: Array, m: int, mean_new: Array, variance_new: Array
) -> tuple[int, Array, Array]:
    """Return count, mean and variance of two groups together."""
    total = n + m
    together = (n * mean + m * mean_new) / total
    spread = (n * (variance + (mean - together) ** 2) + m * (variance_new + (mean_new - together) ** 2)) / total
    return total, together, spread
