"""`Fitting`: an ordinary `fit` under a session; `callbacks.Dashboard` tells it where the training is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from chainrule.data.batches import ArrayBatches
from chainrule.models.going_back import Place
from chainrule.random import threefry
from chainrule.recording import messages
from chainrule.web.driver import ModelDriver
from chainrule.web.past import Kept
from chainrule.web.protocol import Json, RequestError
from chainrule.web.session import FINISHED, PAUSED, PLAYING, STOPPED

GRACE_S = 5.0
"""Where training is paused and the page has gone for so long, training goes on."""
WATCHED_S, UNWATCHED_S = 0.1, 0.4
"""So many seconds of epochs may run in one go with a page open, and with none."""
MOST_TOLD = 500
"""Of epochs that ran in one go, so many are told at most: a network of microseconds has hundreds of thousands."""
FIRST_S = 30.0
"""So long a training that begins paused waits for a page."""


class Fitting(ModelDriver):
    """What `fit` does, as a session sees it.

    Going back gives the model the weights, and the optimizer the state, of an earlier step, and `fit` goes on from
    there with the same batches. Of a stream nobody can have the earlier ones again: it goes on with those that follow.
    """

    def __init__(self) -> None:
        super().__init__(None, None)
        self.stage.session.abandoned = self._abandoned
        self._patience = GRACE_S
        self._began = perf_counter()
        self._place: Place | None = None

    def begin(self, model: Any, training: Any, validation: Any, epochs: int | None, paused: bool, **about: Any) -> None:
        """A training begins."""
        self.model, self.training = model, training
        self.epoch = self.batch = self.step = 0
        self._place = None
        self.past.clear()
        self.last_logs, self.new_batch_size = {}, None
        self._patience = FIRST_S if paused else GRACE_S
        self._began = perf_counter()
        self.stage.session.reopen(PAUSED if paused else PLAYING)
        self.stage.begin(model, training, validation, epochs=epochs, **about)
        if paused or self.stage.hub.readers:
            self.keep()
        self.stage.session.checkpoint()

    def batches_done(self, batch: int, logs: dict[str, Any]) -> None:
        """Batch number `batch` of the epoch is done, and those before it."""
        self.step += batch + 1 - self.batch
        self.batch = batch + 1
        self.last_logs = logs
        self.moved()
        session = self.stage.session
        if not session.free or self.stage.hub.readers:
            self.keep()
        session.checkpoint()
        self._patience = GRACE_S

    @property
    def patience(self) -> float:
        """How many seconds of epochs may pass unheard of: fewer while somebody looks, none while epochs count."""
        if not self.stage.session.carefree or self.new_batch_size is not None:
            return 0.0
        return WATCHED_S if self.stage.hub.readers else UNWATCHED_S

    def epoch_done(self, epoch: int, logs: dict[str, Any]) -> None:
        """Epoch number `epoch` is done, its validation too."""
        self._note(epoch, logs)
        if self._stands_at_newest():  # from now on this is the beginning of the next epoch
            self.past.pop()
            self.past.push(self._take())
        self.stage.session.checkpoint(epoch_ended=True)

    def epochs_done(self, epochs: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        """These epochs are done, and the model is where the last of them ended."""
        before, steps = self.step, self.training.steps
        for i in _evenly(len(epochs), MOST_TOLD):
            self.step = before + (i + 1) * steps
            self._note(epochs[i], {name: values[i] for name, values in logs.items()})
        self.moved()
        if self.stage.hub.readers:
            self.keep()
        self.stage.session.checkpoint(epoch_ended=True)

    def _note(self, epoch: int, logs: dict[str, Any]) -> None:
        self.epoch, self.batch, self.last_logs = epoch + 1, 0, logs
        self.stage.tell(messages.epoch(epoch, self.step, perf_counter() - self._began, logs))

    def reset(self) -> None:
        """Refuse.

        Raises:
            RequestError: always: what `fit` has done is in its history.
        """
        raise RequestError("A training by fit cannot begin anew from here. chainrule.dashboard(model, x, y) can.", 409)

    def resized(self) -> int | None:
        """Give the data their new batch size, if one was asked for; return how many steps an epoch has then."""
        if self.new_batch_size is None or self.batch:  # in the middle of an epoch to which training went back
            return None
        self.training.resize(self.new_batch_size)
        self.new_batch_size = None
        steps: int = self.training.steps
        return steps

    def end(self, why: str) -> None:
        """The training is over; the page keeps its last state."""
        session = self.stage.session
        if not session.over:
            seconds = perf_counter() - self._began
            if self.stage.hub.readers:
                self.stage.show(True)
            else:
                self.stage.note()
            self.stage.tell(messages.end(self.step, self.epoch, seconds, why))
            session.finish(FINISHED if why in ("all epochs", "stop_training") else STOPPED)

    # -- what is different from a training of the page's own -----------------------------------------------------------

    def order(self) -> Any:
        """The order in which `fit` visits the rows of this epoch."""
        return self.training.order(threefry.fold_in(self.model._random_key, self.model._epochs_seen))

    def returned(self, kept: Kept) -> None:
        """Count from that step on, and have `fit` go to its place in the data, where there is a way back."""
        self.step = kept.position.step
        if not self._finds_back():
            return
        here, there = (self.model._epochs_seen, self.batch), (kept.seen, kept.position.batch)
        if kept.batch_size is not None and kept.batch_size != self.training.batch_size:
            self.training.resize(kept.batch_size)
        self.epoch, self.batch = kept.position.epoch, kept.position.batch
        self.model._epochs_seen = kept.seen
        if self._place is not None or here != there:
            metrics = {id(v) for metric in self.model.metrics for v in metric.variables}
            values = [(v, a) for v, a in zip(kept.variables, kept.values, strict=True) if id(v) in metrics]
            self._place = Place(kept.seen, kept.position.batch, values)

    def _finds_back(self) -> bool:
        """Whether the rows of earlier batches can be had again."""
        return isinstance(self.training, ArrayBatches) and not self.training.cuts_epochs

    def take_place(self) -> Place | None:
        """Return, once, where training has gone back to."""
        place, self._place = self._place, None
        return place

    def choices(self) -> Json:
        """The optimizers there are; and whether going back goes back in the data, too."""
        return {**super().choices(), "reset": False, "back_in_data": self._finds_back()}

    def settings(self) -> Json:
        """The values of the settings."""
        return super().settings() if self.model is not None else {}

    def can_set(self) -> list[str]:
        """Which settings can be changed."""
        return super().can_set() if self.model is not None else []

    def _abandoned(self) -> bool:
        return self.stage.hub.alone() > self._patience


def _evenly(count: int, most: int) -> range:
    """Return at most so many of the numbers from 0 on, the last one among them.

    >>> list(_evenly(7, 3)), list(_evenly(3, 3))
    ([0, 3, 6], [0, 1, 2])
    """
    apart = -(-count // most)
    return range((count - 1) % apart, count, apart)


__all__ = ["Fitting"]
