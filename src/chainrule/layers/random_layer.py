"""The base of layers that draw random numbers while training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule._typing import Shape
from chainrule.layers.base import Layer
from chainrule.random import seeds, threefry
from chainrule.random.threefry import Key


class RandomLayer(Layer):
    """Draws keyed by (model's seed, epoch, step, layer) inside a training step, from a seed of its own elsewhere.

    So the same seed gives the same numbers on every engine and machine, and a run resumes exactly.

    Args:
        seed: added to the key, and the start of the layer's own sequence.
    """

    supports_masking = True
    _random_index = 0

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = seeds.SeedGenerator(seed)

    def _next_key(self) -> Key:
        """Return the key of the next draw."""
        step = seeds.step_key()
        if step is None:
            return self.seed_generator.next()
        count = seeds.draws_in_step(self._random_index)
        return threefry.fold_in(step, self._random_index, self.seed or 0, count)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape


def share(name: str, rate: float) -> float:
    """Return a rate of dropout.

    Raises:
        ValueError: it is not between 0 and 1.
    """
    if isinstance(rate, bool) or not 0 <= rate <= 1:
        raise ValueError(f"'{name}': rate must be between 0 and 1, but is {rate}.")
    return float(rate)


def concrete_shape(shape: tuple[int, ...], noise_shape: Sequence[int | None] | None) -> tuple[int, ...]:
    """Return `noise_shape` with the lengths of `shape` where it has None."""
    return (
        shape if noise_shape is None else tuple(n if m is None else m for n, m in zip(shape, noise_shape, strict=True))
    )
