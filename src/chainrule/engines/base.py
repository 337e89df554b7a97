"""The contract of every engine.

An engine runs the steps of an epoch, evaluates and predicts. It is asked first whether it refuses a model, and says why.
It changes only the model's parameters, the optimizer's and the metrics' state.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from chainrule._typing import Array
from chainrule.random.threefry import Key


class Engine(Protocol):
    """What `fit`, `evaluate` and `predict` need of an engine."""

    name: str

    def refuses(self, model: Any) -> str | None:
        """Return None if it can run the model, else the reason as a sentence."""
        ...

    def train_steps(self, model: Any, batches: Any, key: Key, first: int, last: int) -> Array:
        """Run steps `first` up to `last` of an epoch and return the loss of each.

        Args:
            batches: an `Epoch`: `batches.step(i)` gives `(x, y, sample_weight)` of step `i`, or None after the data's end.
            key: random key of the epoch; step `i` uses `fold_in(key, i)`.
        """
        ...

    def test_steps(self, model: Any, batches: Any, first: int, last: int) -> Array:
        """Update loss and metrics with batches `first` up to `last` without learning; return the loss of each."""
        ...

    def predict_batch(self, model: Any, x: Any) -> Any:
        """Return the outputs for one batch as arrays."""
        ...


def no_losses() -> Array:
    """Return the losses of no steps."""
    return np.empty(0)
