"""`Guard`: keeps the weights and the optimizer's state from the start of an epoch, and puts them back when a step
fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DivergedError
from chainrule.variables import Variable


class Snapshot:
    """The values of variables, to be put back.

    Args:
        variables: those in one buffer are copied as one array.
    """

    def __init__(self, variables: list[Variable]) -> None:
        self.variables = variables
        roots = {id(root): root for root in map(_root, variables)}
        self.copies = [(root, root.copy()) for root in roots.values()]

    def restore(self) -> None:
        for root, values in self.copies:
            root[...] = values
        for v in self.variables:
            v.version += 1


def _root(variable: Variable) -> Array:
    """Return the array whose memory a variable's values lie in."""
    array: Array = variable._array
    return array.base if isinstance(array.base, np.ndarray) else array


class Guard:
    """Watches the losses of a training.

    Args:
        model: a built model with a built optimizer.
        silent: leave a loss that is no number to somebody else (`TerminateOnNaN`).
    """

    def __init__(self, model: Any, silent: bool = False) -> None:
        self.model = model
        self.silent = silent
        self.last_loss: float | None = None
        self._good = self._snapshot()

    def _snapshot(self) -> Snapshot:
        return Snapshot([*self.model.weights, *self.model.optimizer.variables])

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Within the block an error puts weights and optimizer back."""
        try:
            yield
        except Exception:
            self._good.restore()
            raise

    def check(self, losses: Array, epoch: int, step: int) -> None:
        """Look at the losses of the steps that begin with number `step`.

        Raises:
            DivergedError: one is NaN or infinite; weights and optimizer are put back first.
        """
        bad = np.flatnonzero(~np.isfinite(losses))
        if len(bad) and not self.silent:
            at = int(bad[0])
            before = float(losses[at - 1]) if at else self.last_loss
            self._diverged(f"the loss became {losses[at]:g} in epoch {epoch + 1}, batch {step + at + 1}", before)
        if len(losses) and not len(bad):
            self.last_loss = float(losses[-1])

    def end_epoch(self, epoch: int) -> None:
        """Keep the weights as they are now.

        Raises:
            DivergedError: one is NaN or infinite, although no loss has shown it yet.
        """
        for v in self.model.weights:
            if v.dtype.kind == "f" and not np.isfinite(v.value).all() and not self.silent:
                what = "NaN" if np.isnan(v.value).any() else "infinite"
                self._diverged(f"the weights became {what} ('{v.path}') in epoch {epoch + 1}", self.last_loss)
        self._good = self._snapshot()

    def _diverged(self, what: str, before: float | None) -> None:
        self._good.restore()
        rate = float(self.model.optimizer.learning_rate)
        raise DivergedError(
            f"fit: {what}"
            + (f" (the loss of the batch before: {before:.4g})" if before is not None else "")
            + ". Training stopped, and the weights are those from the start of this epoch. "
            + f"Try a smaller learning rate (it is {rate:.3g}), scale the inputs and targets to about 1 "
            "(layers.Normalization), or clip the gradients (clipnorm=1.0)."
        )
