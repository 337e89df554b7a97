"""Weights that start as random numbers whose variance depends on the number of inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from chainrule._typing import Array
from chainrule.errors import unknown_name
from chainrule.initializers.base import MODULE, RandomInitializer, Seed
from chainrule.random import draws
from chainrule.saving.serialization import public

Axes: TypeAlias = Sequence[int] | None

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")
_STD_WITHIN_TWO_SIGMA = 0.87962566103423978
"""Standard deviation of a standard normal number under the condition |z| <= 2."""


def compute_fans(shape: Sequence[int], input_axes: Axes = None, output_axes: Axes = None) -> tuple[int, int]:
    """Return how many inputs each output has and how many outputs each input has.

    >>> compute_fans((3,)), compute_fans((3, 4)), compute_fans((5, 5, 3, 4))
    ((3, 3), (3, 4), (75, 100))
    >>> compute_fans((2, 3, 4), input_axes=[0, 1], output_axes=[2])
    (6, 4)
    """
    if input_axes is not None and output_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    field = math.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


@public(MODULE)
class VarianceScaling(RandomInitializer):
    """Random numbers of mean 0 and variance `scale / n`, with n the fan of `mode`.

    Args:
        scale: positive.
        mode: n is the number of inputs of an output (`'fan_in'`), of outputs of an input (`'fan_out'`), or their mean
            (`'fan_avg'`).
        distribution: `'truncated_normal'` (cut at two standard deviations, widened so that the variance holds after the
            cut), `'untruncated_normal'` or `'uniform'`.
        input_axes: axes of the shape that count as inputs, with `output_axes`; by default the last but one.
        output_axes: by default the last.

    Raises:
        ValueError: `scale` is not positive.
        UnknownNameError: `mode` or `distribution` is unknown.

    >>> VarianceScaling(2.0, seed=1)((100_000, 2)).var() * 100_000
    np.float32(2.0...)
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Seed = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        if scale <= 0:
            raise ValueError(f"VarianceScaling: expected scale > 0, received {scale}.")
        if mode not in _MODES:
            raise unknown_name("mode", mode, _MODES)
        distribution = {"normal": "truncated_normal"}.get(distribution.lower(), distribution.lower())
        if distribution not in _DISTRIBUTIONS:
            raise unknown_name("distribution", distribution, _DISTRIBUTIONS)
        self.scale = scale
        self.mode = mode
        self.distribution = distribution
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "truncated_normal":
            stddev = math.sqrt(variance) / _STD_WITHIN_TWO_SIGMA
            return draws.truncated_normal(shape, 0.0, stddev, dtype, self.seed)
        if self.distribution == "untruncated_normal":
            return draws.normal(shape, 0.0, math.sqrt(variance), dtype, self.seed)
        limit = math.sqrt(3 * variance)
        return draws.uniform(shape, -limit, limit, dtype, self.seed)


@public(MODULE)
class GlorotUniform(VarianceScaling):
    """Uniform on ±sqrt(6 / (fan_in + fan_out)). Source: Glorot and Bengio (2010)."""

    def __init__(self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


@public(MODULE)
class GlorotNormal(VarianceScaling):
    """Truncated normal of variance 2 / (fan_in + fan_out). Source: Glorot and Bengio (2010)."""

    def __init__(self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


@public(MODULE)
class HeUniform(VarianceScaling):
    """Uniform on ±sqrt(6 / fan_in). Source: He, Zhang, Ren, Sun (2015)."""

    def __init__(self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


@public(MODULE)
class HeNormal(VarianceScaling):
    """Truncated normal of variance 2 / fan_in. Source: He, Zhang, Ren, Sun (2015)."""

    def __init__(self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


@public(MODULE)
class LecunUniform(VarianceScaling):
    """Uniform on ±sqrt(3 / fan_in). Source: LeCun, Bottou, Orr, Müller (1998), "Efficient backprop"."""

    def __init__(self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


@public(MODULE)
class LecunNormal(VarianceScaling):
    """Truncated normal of variance 1 / fan_in. Source: LeCun, Bottou, Orr, Müller (1998), "Efficient backprop"."""

    def __init__(self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)
