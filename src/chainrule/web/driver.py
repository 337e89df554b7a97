"""`ModelDriver`: what both ways of training under a session share: the settings, the way back, the counting."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from chainrule._typing import Array
from chainrule.data.batches import ArrayBatches
from chainrule.utils.naming import unique_paths
from chainrule.web import settings
from chainrule.web.past import Kept, Past
from chainrule.web.protocol import Json
from chainrule.web.session import PLAYING, Position
from chainrule.web.stage import Stage
from chainrule.web.twin import variables_of

KEEPING = 0.01
"""The share of the time that keeping steps to go back to may take while nobody counts batches."""


class ModelDriver:
    """A model that trains under a session.

    Args:
        model: built and compiled.
        training: the data.
        state: of the session at the beginning.
    """

    def __init__(self, model: Any, training: Any, state: str = PLAYING) -> None:
        self.model, self.training = model, training
        self.stage = Stage(self, state)
        self.epoch = self.batch = self.step = 0
        self.past = Past()
        self.last_logs: dict[str, float] = {}
        self.new_batch_size: int | None = None
        self._state = self._states = 0
        self._next_keep = 0.0
        self._paths: tuple[int, dict[int, str]] = (-1, {})

    # -- what a session asks -------------------------------------------------------------------------------------------

    @property
    def position(self) -> Position:
        """Where the training is."""
        return Position(self.epoch, self.batch, self.step)

    @property
    def logs(self) -> dict[str, float]:
        """Loss and metrics of the epoch so far, of the last one between epochs."""
        return self.last_logs

    @property
    def kept(self) -> int:
        """How many steps back there are."""
        return len(self.past) - self._stands_at_newest()

    def settings(self) -> Json:
        """The values of the settings; a new batch size counts from the next epoch."""
        return {**settings.read(self.model), "batch_size": self.new_batch_size or self.training.batch_size}

    def can_set(self) -> list[str]:
        """Which settings can be changed."""
        sized = isinstance(self.training, ArrayBatches) and not self.training.cuts_epochs
        return [*settings.can_set(self.model), *(["batch_size"] if sized else [])]

    def choices(self) -> Json:
        """The optimizers there are, and that one may begin anew."""
        return {"optimizers": list(settings.optimizer_names()), "reset": True}

    def set(self, name: str, value: Any) -> None:
        """Change a setting. Going back leaves settings as they are."""
        if name == "batch_size":
            self.new_batch_size = min(value, self.training.size)
            return
        settings.change(self.model, name, value)
        if name == "optimizer":
            self.past.clear()  # the steps before were another optimizer's
        self.stage.changed()

    def edit(self, path: str, index: tuple[int, ...], value: float) -> None:
        """Change one number of a weight; one can go back to what it was."""
        kept = None if self._stands_at_newest() else self._take()
        settings.edit(self.model, path, index, value)
        if kept is not None:
            self.past.push(kept)
        self.last_logs = {}  # they are of other weights
        self.moved()

    def coming_rows(self) -> Sequence[int]:
        """The rows of the next batch."""
        if not isinstance(self.training, ArrayBatches) or self.training.cuts_epochs:
            return []
        size, order = self.training.batch_size, self.order()
        rows = range(self.batch * size, min((self.batch + 1) * size, self.training.size))
        return rows if order is None else order[rows.start : rows.stop].tolist()

    def back(self) -> None:
        """Go back to the step kept last."""
        if self._stands_at_newest():
            self.past.pop()
        kept = self.past.pop()
        kept.put_back()
        self.last_logs, self._state = kept.logs, kept.state
        self.returned(kept)
        self.stage.forget_after(self.step)
        self.stage.trail.forget_after(self.step)

    def reset(self) -> None:
        """Begin anew, where this is possible."""

    # -- what is different ---------------------------------------------------------------------------------------------

    def order(self) -> Any:
        """Return in which order the epoch visits the rows; None for as they come."""
        return None

    def returned(self, kept: Kept) -> None:
        """The model is as it was at a step: let counters follow."""
        self.step = kept.position.step

    # -- keeping -------------------------------------------------------------------------------------------------------

    def moved(self) -> None:
        """The weights are others now."""
        self._states += 1
        self._state = self._states

    def keep(self) -> None:
        """Keep this step, to go back to and as a point of the way; within a share of the time while nobody counts.

        Where the training has stood is always kept.
        """
        began, session = perf_counter(), self.stage.session
        if not session.rested() and session.free and began < self._next_keep:
            return
        if not self._stands_at_newest():
            kept = self._take()
            self.past.push(kept)
            self.stage.trail.forget_after(self.step)  # a frame of a way not taken may have come late
            self.stage.trail.add(self.step, self._weights_of(kept))
        self._next_keep = perf_counter() + (perf_counter() - began) / KEEPING

    def _stands_at_newest(self) -> bool:
        """Whether the model is as it was at the step kept last."""
        newest = self.past.newest()
        return newest is not None and newest.state == self._state

    def _weights_of(self, kept: Kept) -> dict[str, Array]:
        revision, paths = self._paths
        if revision != self.stage.revision:
            paths = unique_paths(self.model.weights)
            self._paths = (self.stage.revision, paths)
        return {paths[id(v)]: a for v, a in zip(kept.variables, kept.values, strict=True) if id(v) in paths}

    def _take(self) -> Kept:
        metrics = [v for metric in self.model.metrics for v in metric.variables]
        rate = getattr(self.model.optimizer, "_learning_rate", None)
        variables = [v for v in (*variables_of(self.model), *metrics) if v is not rate]
        values = [v.numpy() for v in variables]
        return Kept(
            self.position, variables, values, self.training.batch_size, dict(self.last_logs), self._state,
            self.model._epochs_seen,
        )  # fmt: skip


__all__ = ["ModelDriver"]
