"""`Initializer` and the seed of the random ones."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TypeAlias

from chainrule._typing import Array, Config
from chainrule.random.seeds import SeedGenerator, draw_seed
from chainrule.saving.serialization import Configurable, serialize_keras_object

Seed: TypeAlias = int | SeedGenerator | None
MODULE = "keras.initializers"


class Initializer(Configurable, ABC):
    """Base of all initializers; a subclass writes `__call__`.

    >>> import numpy as np
    >>> class Halves(Initializer):
    ...     def __call__(self, shape, dtype=None):
    ...         return np.full(shape, 0.5, dtype)
    >>> Halves()((2,))
    array([0.5, 0.5])
    """

    @abstractmethod
    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Array:
        """Return the first values of a weight.

        Args:
            shape: of the weight.
            dtype: `chainrule.config.floatx()` by default.
        """

    def clone(self) -> Initializer:
        """Return a new initializer of the same configuration."""
        return self.from_config(self.get_config())  # type: ignore[no-any-return]


class RandomInitializer(Initializer):
    """Base of the random initializers: keeps the seed."""

    def __init__(self, seed: Seed = None) -> None:
        self._given_seed = seed
        self.seed = draw_seed() if seed is None else seed
        if not isinstance(self.seed, SeedGenerator):
            try:
                self.seed = operator.index(self.seed)
            except TypeError:
                raise ValueError(
                    f"{type(self).__name__}: expected a seed that is an integer, a SeedGenerator or None, "
                    f"received {seed!r}."
                ) from None

    def get_config(self) -> Config:
        """Return the constructor's arguments; the seed as it was given, None included, as Keras does."""
        return {**super().get_config(), "seed": serialize_keras_object(self._given_seed)}
