"""`Guard`: keeps the weights and the optimizer's state from the start of an epoch, and puts them back when a step
fails.
"""

from __future__ import annotations

import operator
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
        self.homes = [v._array for v in variables]
        self.copies = [(root, root.copy()) for root in roots_of(variables)]

    def fits(self, variables: list[Variable]) -> bool:
        """Whether these variables have their values where they had them when the snapshot was taken."""
        homes = [v._array for v in variables]
        return len(homes) == len(self.homes) and all(map(operator.is_, homes, self.homes))

    def renew(self, variables: list[Variable]) -> None:
        """Take the values as they are now, from variables that fit."""
        self.variables = variables
        for root, values in self.copies:
            values[...] = root

    def restore(self) -> None:
        for root, values in self.copies:
            root[...] = values
        for v in self.variables:
            v.version += 1


def roots_of(variables: list[Variable]) -> list[Array]:
    """Return the arrays whose memory the variables' values lie in, each once: a whole model has one or two."""
    roots: dict[int, Array] = {}
    for v in variables:
        base = v._array.base
        root = base if isinstance(base, np.ndarray) else v._array
        roots[id(root)] = root
    return list(roots.values())


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
        self._good = Snapshot([])
        self._weights: list[Array] = []
        self._keep(self._variables())

    def _variables(self) -> list[Variable]:
        return [*self.model.weights, *self.model.optimizer.variables]

    def _keep(self, variables: list[Variable]) -> None:
        self._good, self._weights = Snapshot(variables), roots_of(self.model.weights)

    def __enter__(self) -> None:
        """Within the block an error puts weights and optimizer back."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and issubclass(kind, Exception):
            self._good.restore()

    def check(self, losses: Array, epoch: int, step: int) -> None:
        """Look at the losses of the steps that begin with number `step`.

        Raises:
            DivergedError: one is NaN or infinite; weights and optimizer are put back first.
        """
        good = np.isfinite(losses)
        if good.all():
            if len(losses):
                self.last_loss = float(losses[-1])
        elif not self.silent:
            at = int(good.argmin())
            before = float(losses[at - 1]) if at else self.last_loss
            self._diverged(f"the loss became {losses[at]:g} in epoch {epoch + 1}, batch {step + at + 1}", before)

    def end_epoch(self, epoch: int, last: bool = False) -> None:
        """Keep the weights as they are now.

        Args:
            last: no epoch follows, so that nobody will ask for these weights.

        Raises:
            DivergedError: one is NaN or infinite, although no loss has shown it yet.
        """
        variables = self._variables()
        fits = self._good.fits(variables)
        if not self.silent and not (fits and all_finite(self._weights)):
            self._check_weights(epoch)
        if fits and not last:
            self._good.renew(variables)
        elif not last:
            self._keep(variables)

    def diverged(self, epoch: int, outcome: Any) -> None:
        """Put the state from the start of an epoch back that failed natively (`engines/native/epochs.py`).

        Raises:
            DivergedError: always.
        """
        if outcome.before is not None:
            self.last_loss = outcome.before
        if outcome.step >= 0:
            what = f"the loss became {outcome.loss:g} in epoch {epoch + 1}, batch {outcome.step + 1}"
        else:
            what = self._bad_weights(epoch)
        outcome.restore()
        self._good.renew(self._variables())
        self._diverged(what, self.last_loss)

    def _check_weights(self, epoch: int) -> None:
        what = self._bad_weights(epoch)
        if what:
            self._diverged(what, self.last_loss)

    def _bad_weights(self, epoch: int) -> str:
        """Say which weights are no finite numbers; nothing if all are."""
        for v in self.model.weights:
            if v.dtype.kind == "f" and not np.isfinite(v.value).all():
                what = "NaN" if np.isnan(v.value).any() else "infinite"
                return f"the weights became {what} ('{v.path}') in epoch {epoch + 1}"
        return ""

    def _diverged(self, what: str, before: float | None) -> None:
        self._good.restore()
        rate = rate_of(self.model.optimizer)
        raise DivergedError(
            f"fit: {what}"
            + (f" (the loss of the batch before: {before:.4g})" if before is not None else "")
            + ". Training stopped, and the weights are those from the start of this epoch. "
            + f"Try a smaller learning rate{rate}, scale the inputs and targets to about 1 "
            "(layers.Normalization), or clip the gradients (clipnorm=1.0)."
        )


def rate_of(optimizer: Any) -> str:
    """Return ` (it is 0.001)` for a message; nothing for an optimizer that has several learning rates."""
    rate = getattr(optimizer, "learning_rate", None)
    return "" if rate is None else f" (it is {float(rate):.3g})"


def all_finite(arrays: list[Array]) -> bool:
    """Whether the sums of float arrays are finite, so that all numbers in them are; False may mean large numbers."""
    with np.errstate(all="ignore"):
        return all(a.dtype.kind != "f" or bool(np.isfinite(np.add.reduce(a, axis=None))) for a in arrays)
