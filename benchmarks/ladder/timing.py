"""How one measurement is taken inside a contestant's process: calibrate once, then repeat for about half a second."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

LONG_ENOUGH_S = 0.5
"""A measurement repeats until it has run this long; with several rounds that keeps noise in the percents."""

Train = Callable[[int], tuple[float, float]]
"""Train this many epochs; return the seconds they took and the loss at the end."""


@dataclass(frozen=True)
class Prepared:
    """A contestant that is ready: `measure` gives seconds per unit (or FLOP per second), `details` go on record."""

    measure: Callable[[], float]
    details: dict[str, Any] = field(default_factory=dict)


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def training(train: Train, steps: int, most_epochs: int, fixed: bool = False, **details: Any) -> Prepared:
    """Prepare to measure seconds per training step, of fits of `most_epochs` epochs, or fewer where those take long.

    With `fixed` the number of epochs is part of what was compiled and stays.
    """
    first_s, _ = train(most_epochs if fixed else 1)
    epochs = most_epochs if fixed else affordable(train, most_epochs)

    def measure() -> float:
        taken: list[float] = []
        while sum(taken) < LONG_ENOUGH_S:
            seconds, loss = train(epochs)
            if not isfinite(loss):
                raise ArithmeticError(f"the loss is {loss} after {epochs} epochs: this did not train")
            taken.append(seconds)
        return statistics.median(taken) / epochs / steps

    return Prepared(measure, {"first_epoch_s": first_s, "epochs": epochs, **details})


def affordable(train: Train, most: int) -> int:
    """Return how many epochs fit into one measurement, at most `most`, at least one."""
    epochs = 1
    while epochs < most:
        seconds, _ = train(epochs)
        if seconds > LONG_ENOUGH_S / 8:
            return max(1, min(most, int(epochs * LONG_ENOUGH_S / seconds)))
        epochs = min(most, epochs * 4)
    return most


def calls(call: Callable[[], Any], **details: Any) -> Prepared:
    """Prepare to measure seconds per call, in blocks of many calls where one is short."""
    call()
    once = timed(call)
    once = once if once > LONG_ENOUGH_S else min(timed(call) for _ in range(3))
    block = max(1, int(0.02 / once))

    def run_block() -> None:
        for _ in range(block):
            call()

    def measure() -> float:
        taken: list[float] = []
        while sum(taken) < LONG_ENOUGH_S:
            taken.append(timed(run_block))
        return statistics.median(taken) / block

    return Prepared(measure, details)
