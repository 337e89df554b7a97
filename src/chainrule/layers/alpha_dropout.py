"""`AlphaDropout`: dropout that keeps mean and variance, for networks of SELUs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Value
from chainrule.engines.plan import AlphaDropout as DropToLowest
from chainrule.engines.plan import Step
from chainrule.layers.random_layer import RandomLayer, concrete_shape, share
from chainrule.random import threefry
from chainrule.saving.serialization import public

__all__ = ["AlphaDropout"]

_LOWEST = -1.6732632423543772848170429916717 * 1.0507009873554804934193349852946  # of SELU


@public("keras.layers")
class AlphaDropout(RandomLayer):
    """While training, `y = a * (x where kept, else the lowest value of SELU) + b`.

    `a` and `b` are chosen so that inputs of mean 0 and variance 1 stay so.

    Args:
        rate: share of the inputs that is replaced, between 0 and 1.
        noise_shape: shape of the mask; axes of length 1 share it (None: as the input).
        seed: for a layer used outside of `fit`, and to make two layers differ.

    Source: Klambauer et al. (2017).

    >>> import chainrule as cr
    >>> y = cr.layers.AlphaDropout(0.3, seed=1)(cr.random.normal((20000,), seed=2), training=True).numpy()
    >>> round(abs(float(y.mean())), 1), round(float(y.std()), 1)
    (0.0, 1.0)
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
        a = float(((1 - self.rate) * (1 + self.rate * _LOWEST**2)) ** -0.5) if self.rate < 1 else 0.0
        b = -a * _LOWEST * self.rate
        shape = concrete_shape(tuple(inputs.shape), self.noise_shape)
        kept = threefry.keep_mask(self._next_key(), shape, self.rate).astype(inputs.dtype)
        return inputs * (kept * np.asarray(a, inputs.dtype)) + (a * _LOWEST * (1 - kept) + b).astype(inputs.dtype)

    def lower(self) -> Iterator[Step]:
        yield DropToLowest(self.rate, _LOWEST, self._random_index, self.seed, self.noise_shape)
