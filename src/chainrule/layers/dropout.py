"""Layers that disturb their input while training: `Dropout`, `GaussianNoise`, `GaussianDropout`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.engines import plan
from chainrule.layers.input_spec import InputSpec
from chainrule.layers.random_layer import RandomLayer, concrete_shape, share
from chainrule.random import threefry
from chainrule.saving.serialization import public

__all__ = ["Dropout", "GaussianDropout", "GaussianNoise", "SpatialDropout1D"]


@public("keras.layers")
class Dropout(RandomLayer):
    """While training, set a share `rate` of the inputs to 0 and multiply the others by `1 / (1 - rate)`.

    Args:
        rate: between 0 and 1.
        noise_shape: shape of the mask; axes of length 1 share it (None: as the input).
        seed: for a layer used outside of `fit`, and to make two layers differ.

    Source: Srivastava et al. (2014).

    >>> import chainrule as cr
    >>> y = cr.layers.Dropout(0.5, seed=1)(cr.ops.ones((1000,)), training=True).numpy()
    >>> sorted(set(y.tolist())), 400 < int((y == 0).sum()) < 600
    ([0.0, 2.0], True)
    """

    def __init__(
        self, rate: float, noise_shape: Sequence[int | None] | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, **kwargs)
        self.rate = share(self.name, rate)
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)

    def call(self, inputs: Value, training: bool = False) -> Value:
        if not training or self.rate == 0:
            return inputs
        return inputs * self.mask(tuple(inputs.shape), inputs.dtype)

    def mask(self, shape: tuple[int, ...], dtype: Any) -> Value:
        """Return the factors of one draw: 0 or `1 / (1 - rate)`."""
        shape = concrete_shape(shape, self.noise_shape)
        factor = 0.0 if self.rate == 1 else 1.0 / (1.0 - self.rate)
        return threefry.keep_mask(self._next_key(), shape, self.rate).astype(dtype) * np.asarray(factor, dtype)

    def lower(self) -> Iterator[plan.Step]:
        yield plan.Dropout(self.rate, self._random_index, self.seed, self.noise_shape)


@public("keras.layers")
class SpatialDropout1D(Dropout):
    """`Dropout` of whole features of a sequence: what is set to 0 is so in all steps.

    Shapes: x and y (batch, steps, features).

    Args:
        rate: between 0 and 1.
        seed: for a layer used outside of `fit`, and to make two layers differ.

    Source: Tompson et al. (2014).

    >>> import chainrule as cr
    >>> y = cr.layers.SpatialDropout1D(0.5, seed=1)(cr.ops.ones((1, 3, 8)), training=True).numpy()
    >>> bool((y == y[:, :1]).all())
    True
    """

    def __init__(self, rate: float, seed: int | None = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.noise_shape = (None, 1, None)
        self.input_spec = InputSpec(ndim=3)

    def get_config(self) -> dict[str, Any]:
        return {"rate": self.rate, "seed": self.seed, "name": self.name, "dtype": self.dtype}


@public("keras.layers")
class GaussianNoise(RandomLayer):
    """While training, add normal noise of standard deviation `stddev`."""

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        if stddev < 0:
            raise ValueError(f"GaussianNoise '{self.name}': stddev must not be negative, but is {stddev}.")
        self.stddev = float(stddev)

    def call(self, inputs: Value, training: bool = False) -> Value:
        if not training or self.stddev == 0:
            return inputs
        return inputs + threefry.normal(self._next_key(), tuple(inputs.shape), inputs.dtype) * self.stddev

    def lower(self) -> Iterator[plan.Step]:
        yield plan.Noise(self.stddev, self._random_index, self.seed)


@public("keras.layers")
class GaussianDropout(RandomLayer):
    """While training, multiply by normal noise of mean 1 and standard deviation `sqrt(rate / (1 - rate))`."""

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.rate = share(self.name, rate)
        if self.rate == 1:
            raise ValueError(f"GaussianDropout '{self.name}': rate must be below 1.")

    def call(self, inputs: Value, training: bool = False) -> Value:
        if not training or self.rate == 0:
            return inputs
        noise = threefry.normal(self._next_key(), tuple(inputs.shape), inputs.dtype)
        return inputs * (1.0 + noise * self._stddev())

    def _stddev(self) -> float:
        return float(np.sqrt(self.rate / (1.0 - self.rate)))

    def lower(self) -> Iterator[plan.Step]:
        yield plan.MultiplyNoise(self._stddev(), self._random_index, self.seed)
