"""The contract of every engine.

An engine runs the steps of an epoch, evaluates and predicts. It is asked first whether it refuses a model, and says
why. An object of an engine serves one model from one `prepare` (models/prepare.py) to the next, so it may keep what it
finds out in `refuses`, its plan above all. Nothing about the model's structure, compile settings or slots changes in
between.

An engine may offer more, which is used if it is there: `train_epochs` (models/fit.py), and `forget()`, which lets go of
the data; such an engine is asked again whether it refuses, in place of a new one.

What an engine changes, and nothing else:

    parameters      in the model's flat buffer (`model.pack()`), followed by `buffer.touch()` if it wrote there directly
    optimizer       its moments (`optimizer.state`), `iterations`, and what `optimizer.variables` lists besides
    metrics         the variables of `model.metrics`: the loss tracker (each batch's loss weighted by its rows), and the
                    totals of the compiled metrics
    `_step_logs`    what a `train_step` or `test_step` of the user's own returned

Random numbers: step `i` of an epoch has the key `fold_in(key, i)`; see `Dropout` in plan.py for what layers make of it.
"""

from __future__ import annotations

from typing import Any, Protocol

from chainrule._typing import Array
from chainrule.engines.epoch import Epoch
from chainrule.random.threefry import Key


class Engine(Protocol):
    """What `fit`, `evaluate` and `predict` need of an engine."""

    name: str
    reason: str | None
    """Why no faster engine runs the model, or None."""

    def refuses(self, model: Any) -> str | None:
        """Return None if it can run the model, else the reason as a sentence without a full stop."""
        ...

    def train_steps(self, model: Any, epoch: Epoch, key: Key, first: int, last: int) -> Array:
        """Run steps `first` up to `last` of an epoch and return the loss of each.

        Fewer losses than steps mean that the data have ended, or that the last loss is NaN or infinite. Such a loss is
        returned, but its step changes neither parameters nor optimizer, and no further step runs.

        Args:
            epoch: the data; `first` is 0 or the `last` of the call before.
            key: random key of the epoch.
        """
        ...

    def test_steps(self, model: Any, epoch: Epoch, first: int, last: int) -> Array:
        """Update loss and metrics with steps `first` up to `last` without learning; return the loss of each."""
        ...

    def predict_batch(self, model: Any, x: Any) -> Any:
        """Return the outputs for one batch as arrays, in the structure of the model's outputs."""
        ...


def describe(engine: Engine) -> str:
    """Return an engine's name, and why it is not a faster one.

    >>> from chainrule.engines.reference import ReferenceEngine
    >>> describe(ReferenceEngine("layer 'scale' is Python code"))
    "reference (layer 'scale' is Python code)"
    """
    return engine.name if engine.reason is None else f"{engine.name} ({engine.reason})"
