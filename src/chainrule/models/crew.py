"""Threads that train many models: each takes one model after another, and native code lets them run side by side."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any

from chainrule.engines.compiled import compiled
from chainrule.errors import DivergedError

_LOOK_EVERY_S = 0.05


class Training:
    """One model's part of the job.

    Args:
        number: of the model in the list.
        fit: trains the model and returns its history.

    Attributes:
        history: what `fit` returned, or None.
        error: what it raised, or None.
    """

    def __init__(self, number: int, model: Any, fit: Callable[[], Any]) -> None:
        self.number = number
        self.model = model
        self.fit = fit
        self.history: Any = None
        self.error: BaseException | None = None
        self._before = model._epochs_seen
        self._watch: Any = None

    @property
    def epochs(self) -> int:
        """How many epochs it has trained; those that run in one native call are counted there."""
        watch = self._watch
        seen: int = self.model._epochs_seen - self._before
        return seen if watch is None else max(seen, watch.epochs)

    def run(self, watch: Any = None) -> None:
        """Train, and keep what comes of it."""
        if watch is not None:
            watch.epochs = 0
            self._watch = watch
        try:
            self.history = self.fit()
        except BaseException as error:
            self.error = error
        finally:
            self._watch = None


class Crew:
    """Threads for trainings on the native engine; a context, which nobody leaves before all threads have ended.

    An error ends the block: all trainings stop, each at the end of a step.

    Args:
        size: number of threads.
        look: called about twenty times a second while waiting.
    """

    def __init__(self, size: int, look: Callable[[], None]) -> None:
        self._look = look
        self._todo: SimpleQueue[Training | None] = SimpleQueue()
        self._done: SimpleQueue[Training] = SimpleQueue()
        native = compiled()
        self._watches = [] if isinstance(native, str) else [native.Watch() for _ in range(size)]
        self._threads = [threading.Thread(target=self._work, args=(watch,)) for watch in self._watches]
        self._waiting = 0
        self._stopping = False

    def __enter__(self) -> Crew:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            self._stopping = True
            for watch in self._watches:
                watch.stop()
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def add(self, training: Training) -> None:
        """Let a free thread train this model."""
        self._waiting += 1
        self._todo.put(training)

    def wait(self) -> None:
        """Return when all trainings have ended.

        Raises:
            BaseException: what one of them raised, unless it was that the model diverged.
        """
        while self._waiting:
            try:
                training = self._done.get(timeout=_LOOK_EVERY_S)
            except Empty:
                pass
            else:
                self._waiting -= 1
                raise_unless_diverged(training)
            self._look()

    def _work(self, watch: Any) -> None:
        watch.begin()
        try:
            while (training := self._todo.get()) is not None and not self._stopping:
                training.run(watch)
                self._done.put(training)
        finally:
            watch.end()


def raise_unless_diverged(training: Training) -> None:
    """Raise the error of a training that stops all others, and say in it which model it was."""
    error = training.error
    if error is not None and not isinstance(error, DivergedError):
        error.add_note(f"This came up in fit_many, in the training of {place(training.number, training.model)}.")
        raise error


def place(number: int, model: Any) -> str:
    """Return how messages call a model: `models[3] ('sequential_3')`."""
    return f"models[{number}] ('{model.name}')"
