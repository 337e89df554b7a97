"""Batch renormalization: the statistics of a small batch, corrected towards long-term ones (Ioffe, 2017)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import ops
from chainrule._typing import Array, Value

if TYPE_CHECKING:
    from chainrule.layers.batch_normalization import BatchNormalization


def check_clipping(name: str, limits: Mapping[str, float] | None) -> dict[str, float]:
    """Return the limits of the correction.

    Raises:
        ValueError: other keys, or limits that contradict each other.
    """
    limits = dict(limits or {})
    unknown = sorted(set(limits) - {"rmin", "rmax", "dmax"})
    if unknown:
        raise ValueError(
            f"BatchNormalization '{name}': renorm_clipping takes 'rmin', 'rmax' and 'dmax', but has {unknown}."
        )
    smallest, largest, shift = limits.get("rmin"), limits.get("rmax"), limits.get("dmax")
    if smallest is not None and largest is not None and largest < smallest:
        raise ValueError(
            f"BatchNormalization '{name}': rmax must not be below rmin, but they are {largest} and {smallest}."
        )
    if shift is not None and shift < 0:
        raise ValueError(f"BatchNormalization '{name}': dmax must not be negative, but is {shift}.")
    return limits


class LongTerm:
    """The long-term statistics of a `BatchNormalization(renorm=True)`, as variables of that layer.

    `x * r + d` replaces the normalised `x`, with `r = s / s_long` and `d = (mean - mean_long) / s_long` as constants to
    the gradient; `s` is the standard deviation of the batch.
    """

    def __init__(self, layer: BatchNormalization, width: int) -> None:
        variance: Any = layer.moving_variance_initializer

        def deviation(shape: Any, dtype: Any = None) -> Array:
            started: Array = np.asarray(variance(shape, dtype=dtype), dtype)
            return np.sqrt(started)

        def variable(initializer: Any, name: str) -> Any:
            return layer.add_weight((width,), initializer, trainable=False, name=name)

        self.layer = layer
        self.moving_stddev = layer.moving_stddev = variable(deviation, "moving_stddev")
        self.mean = layer.renorm_mean = variable(layer.moving_mean_initializer, "renorm_mean")
        self.stddev = layer.renorm_stddev = variable(deviation, "renorm_stddev")

    def corrected(self, mean: Value, variance: Value, gamma: Value, beta: Value) -> tuple[Value, Value]:
        """Return scale and offset with the correction in them."""
        epsilon, limits = self.layer.epsilon, self.layer.renorm_clipping
        long = np.maximum(self.stddev.value, np.sqrt(epsilon))
        r = np.sqrt(np.asarray(variance) + epsilon) / long
        d = (np.asarray(mean) - self.mean.value) / long
        r = np.clip(r, limits.get("rmin", -np.inf), limits.get("rmax", np.inf)).astype(r.dtype)
        if limits.get("dmax") is not None:
            d = np.clip(d, -limits["dmax"], limits["dmax"])
        scale = r if gamma is None else ops.multiply(gamma, r)
        offset = d if gamma is None else ops.multiply(gamma, d)
        return scale, offset if beta is None else ops.add(beta, offset)

    def follow(self, mean: Value, variance: Value) -> None:
        """Move the long-term statistics, and those for inference, towards a batch's."""
        layer, centre = self.layer, np.asarray(mean)
        spread = np.sqrt(np.asarray(variance) + layer.epsilon)
        slow, fast = layer.renorm_momentum, layer.momentum
        self.mean.assign(self.mean.value * slow + centre * (1.0 - slow))
        self.stddev.assign(self.stddev.value * slow + spread * (1.0 - slow))
        layer.moving_mean.assign(layer.moving_mean.value * fast + centre * (1.0 - fast))
        moved = self.moving_stddev.value * fast + spread * (1.0 - fast)
        self.moving_stddev.assign(moved)
        layer.moving_variance.assign(np.maximum(moved * moved - layer.epsilon, 0.0))
