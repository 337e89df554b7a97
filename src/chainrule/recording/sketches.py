"""`Sketches`: what a model was like now and then, kept in memory until there is time to write it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from chainrule._typing import Array
from chainrule.recording.about_model import learning_rate_of
from chainrule.recording.updates import Kept, keep
from chainrule.records import Record

MOST = 48
"""Sketches that are kept: from half as many to so many, however long the training is."""

MOST_BYTES = 32 << 20


class Sketch(Record):
    """Where the training was, and the weights, the learning rate and the state of the optimizer there.

    Attributes:
        step, epoch, batch, seconds, logs: as in a `frame` message.
        weights: copies, in the order of `model.weights`.
        rate: the learning rate.
        kept: what the optimizer goes on from.
    """

    step: int
    epoch: int
    batch: int
    seconds: float
    logs: Mapping[str, Any] | None
    weights: list[Array]
    rate: float | None
    kept: Kept | None = None


def sketch_of(model: Any, step: int, epoch: int, batch: int, seconds: float, logs: Mapping[str, Any] | None) -> Sketch:
    """Return what a model is like now."""
    weights = [v.numpy() for v in model.weights]
    return Sketch(step, epoch, batch, seconds, logs, weights, learning_rate_of(model.optimizer), keep(model))


@contextmanager
def as_it_was(model: Any) -> Iterator[None]:
    """Give the model its weights back after the block."""
    now = [(v, v.numpy()) for v in model.weights]
    try:
        yield
    finally:
        for v, value in now:
            v.assign(value)


def show(model: Any, sketch: Sketch) -> None:
    """Give the model the weights of a sketch."""
    for v, value in zip(model.weights, sketch.weights, strict=True):
        v.assign(value)


class Sketches:
    """Sketches that are about equally far apart; when there are too many, every second one goes.

    Args:
        size: bytes of the weights; none are kept of a model so large that it would take too much memory.

    >>> sketches = Sketches(size=100)
    >>> for step in range(1, 200):
    ...     if sketches.wants(step):
    ...         sketches.add(Sketch(step, 0, 0, 0.0, None, [], None))
    >>> [m.step for m in sketches.coarse_to_fine()][:6], len(list(sketches.coarse_to_fine()))
    ([129, 65, 193, 33, 97, 161], 25)
    """

    def __init__(self, size: int) -> None:
        self.kept: list[Sketch] = []
        self._gap = 0
        self.fits = MOST * size <= MOST_BYTES

    def wants(self, step: int) -> bool:
        """Whether the sketch would be kept."""
        return self.fits and (not self.kept or step - self.kept[-1].step >= max(self._gap, 1))

    def add(self, sketch: Sketch) -> None:
        """Keep a sketch that is later than the others."""
        self.kept.append(sketch)
        if len(self.kept) > MOST:
            self.kept = self.kept[::2]
            self._gap = self.kept[1].step - self.kept[0].step

    def coarse_to_fine(self, before: float = math.inf) -> Iterator[Sketch]:
        """Yield those before a step in such an order that what has come is spread evenly, wherever one stops."""
        found, stride = [m for m in self.kept if m.step < before], 1
        while stride < len(found):
            stride *= 2
        while stride > 1:
            yield from found[stride // 2 :: stride]
            stride //= 2
        yield from found[:1]

    def clear(self) -> None:
        """Forget all of them."""
        self.kept.clear()
