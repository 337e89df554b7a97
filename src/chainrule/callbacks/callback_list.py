"""Many callbacks as one, which knows which hooks anybody listens to."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, TypeAlias

import numpy as np

from chainrule import tree
from chainrule.callbacks.base import Callback, LogsLike, listens_to
from chainrule.callbacks.history import History
from chainrule.callbacks.progbar_logger import ProgbarLogger

LogsSource: TypeAlias = LogsLike | Callable[[], LogsLike]

HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))


class CallbackList(Callback):
    """Calls all its callbacks in turn; what nobody overrides costs nothing (`keras.callbacks.CallbackList`).

    The logs reach the callbacks sorted by name and as Python floats. The hooks of batches may be given a function
    instead of the logs, which is called only if somebody is going to read them.

    Args:
        callbacks: callbacks, possibly nested in lists.
        add_history: add a `History` unless there is one.
        add_progbar: add a `ProgbarLogger` unless there is one.
        model: the model they are used with.
        **params: `verbose`, `epochs`, `steps`, for `Callback.set_params`.

    Raises:
        TypeError: something among `callbacks` is no callback.

    >>> heard = CallbackList([Callback()], add_history=True)
    >>> heard.wants_batches
    False
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = tree.flatten(callbacks) if callbacks else []
        for position, callback in enumerate(self.callbacks):
            _check(position, callback)
        self._history = self._last_of(History)
        self._progbar = self._last_of(ProgbarLogger)
        self._added: Any = None  # a History that nobody else has seen
        if self._history is None and add_history:
            self._history = self._added = History()
            self.callbacks.append(self._history)
        if self._progbar is None and add_progbar:
            self._progbar = ProgbarLogger()
            self.callbacks.append(self._progbar)
        self.strides: dict[str, int] = {}  # how many batches of 'train' and 'test' went by between two calls
        self._open_blocks = 0
        self._listeners: dict[str, list[Any]] | None = None
        self._movers: list[Any] | None = None
        self.set_model(model)
        self.set_params(params)

    def _last_of(self, kind: type) -> Any:
        return next((c for c in reversed(self.callbacks) if isinstance(c, kind)), None)

    def append(self, callback: Any) -> None:
        """Add one callback at the end."""
        _check(len(self.callbacks), callback)
        self.callbacks.append(callback)
        if self._model is not None:
            callback.set_model(self._model)
        if self.params:
            callback.set_params(self.params)
        self._listeners = self._movers = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand `params` to every callback."""
        self.params = params
        if params:
            for callback in self.callbacks:
                callback.set_params(params)
        self._listeners = None

    def set_model(self, model: Any) -> None:
        """Hand the model to every callback, and the `History`, if there is one, to the model."""
        if model is None:
            return
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)
            if hasattr(callback, "set_others"):
                callback.set_others(self.callbacks)

    @property
    def resumption(self) -> Any:
        """Where an interrupted training goes on (`BackupAndRestore`), once it has begun; else None."""
        return next((r for c in self.callbacks if (r := getattr(c, "resumption", None)) is not None), None)

    def take_place(self) -> Any:
        """Return, once, where a callback has put the training back to (`Dashboard`); None: nobody has."""
        if self._movers is None:
            self._movers = [c for c in self.callbacks if hasattr(c, "take_place")]
        return next((p for c in self._movers if (p := c.take_place()) is not None), None)

    def close(self) -> None:
        """Let callbacks give back what they hold, however training ended."""
        for callback in self.callbacks:
            getattr(callback, "close", int)()

    # -- who listens ---------------------------------------------------------------------------------------------------

    def _heard(self) -> dict[str, list[Any]]:
        """Return who listens to which hook; found out anew when training, evaluation or prediction begins."""
        if self._listeners is None:
            self._listeners = {hook: [] for hook in HOOKS}
            for callback in self.callbacks:
                for hook in _hooks_of_history() if callback is self._added else _hooks_of(callback):
                    self._listeners[hook].append(callback)
            for hook in {hook for c in self.callbacks for hook in getattr(c, "_turns", ())}:
                self._listeners[hook].sort(key=partial(_turn, hook))
        return self._listeners

    def _listens_to(self, hook: str) -> bool:
        return any(listens_to(callback, hook) for callback in self.callbacks)

    def _wants(self, mode: str) -> bool:
        return bool(self._heard()[f"on_{mode}_batch_begin"] or self._heard()[f"on_{mode}_batch_end"])

    @property
    def wants_train_batches(self) -> bool:
        """Whether anybody listens to the batches of training."""
        return self._wants("train")

    @property
    def wants_test_batches(self) -> bool:
        """Whether anybody listens to the batches of evaluation and validation."""
        return self._wants("test")

    @property
    def wants_predict_batches(self) -> bool:
        """Whether anybody listens to the batches of prediction."""
        return self._wants("predict")

    @property
    def wants_batches(self) -> bool:
        """Whether anybody listens to batches of any kind; if not, their hooks need not be called."""
        return self.wants_train_batches or self.wants_test_batches or self.wants_predict_batches

    @property
    def only_history(self) -> bool:
        """Whether nobody looks at epochs but a `History`, so that several may run before it is told."""
        return len(self.callbacks) == 1 and type(self.callbacks[0]) is History

    def epochs_late(self) -> float:
        """How many seconds of epochs may pass before all hear of them at once; 0: somebody wants to hear of each."""
        return min((getattr(c, "hears_of_epochs_late", 0.0) for c in self.callbacks), default=0.0)

    def most_epochs(self) -> float:
        """How many epochs may run before all hear of them, where nobody wants to hear of each."""
        return min((getattr(c, "epochs_at_once", math.inf) for c in self.callbacks), default=math.inf)

    def add_epochs(self, epochs: Sequence[int], logs: Mapping[str, Sequence[Any]]) -> None:
        """Tell all callbacks of several epochs at once."""
        for callback in self.callbacks:
            callback.add_epochs(epochs, logs)

    def at_intervals(self, mode: str) -> bool:
        """Whether all who listen to the batches of `'train'`, `'test'` or `'predict'` need not hear of each one."""
        listeners = [*self._heard()[f"on_{mode}_batch_begin"], *self._heard()[f"on_{mode}_batch_end"]]
        return all(getattr(c, "hears_at_intervals", False) for c in listeners)

    def set_data(self, training: Any, validation: Any) -> None:
        """Show the data of a training to callbacks that have a `set_data`.

        Args:
            training, validation: the `Batches`; `validation` may be None.
        """
        for callback in self.callbacks:
            if hasattr(callback, "set_data"):
                callback.set_data(training, validation)

    def _batch(self, hook: str, batch: int, logs: LogsSource) -> None:
        listeners = self._heard()[hook]
        if not listeners:
            return
        if len(listeners) == 1 and type(listeners[0]) is ProgbarLogger and not listeners[0].due(batch):
            return  # only the progress line listens, and it is not going to be drawn
        values = python_logs(logs() if callable(logs) else logs)
        for callback in listeners:
            getattr(callback, hook)(batch, logs=values)

    # -- the hooks -----------------------------------------------------------------------------------------------------

    def on_batch_begin(self, batch: int, logs: LogsSource = None) -> None:
        self._each("on_batch_begin", logs, batch)

    def on_batch_end(self, batch: int, logs: LogsSource = None) -> None:
        self._each("on_batch_end", logs, batch)

    def on_train_batch_begin(self, batch: int, logs: LogsSource = None) -> None:
        self._batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: LogsSource = None) -> None:
        self._batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: LogsSource = None) -> None:
        self._batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: LogsSource = None) -> None:
        self._batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: LogsSource = None) -> None:
        self._batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: LogsSource = None) -> None:
        self._batch("on_predict_batch_end", batch, logs)

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        self._each("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        self._each("on_epoch_end", logs, epoch)

    def on_train_begin(self, logs: LogsLike = None) -> None:
        self._begin("on_train_begin", logs)
        if self.resumption is not None:
            self.resumption.put_back_callbacks(self.callbacks)

    def on_train_end(self, logs: LogsLike = None) -> None:
        self._end("on_train_end", logs)

    def on_test_begin(self, logs: LogsLike = None) -> None:
        self._begin("on_test_begin", logs)

    def on_test_end(self, logs: LogsLike = None) -> None:
        self._end("on_test_end", logs)

    def on_predict_begin(self, logs: LogsLike = None) -> None:
        self._begin("on_predict_begin", logs)

    def on_predict_end(self, logs: LogsLike = None) -> None:
        self._end("on_predict_end", logs)

    def _begin(self, hook: str, logs: LogsSource) -> None:
        if not self._open_blocks:
            self._listeners = None
        self._each(hook, logs)
        if not self._open_blocks and any(c is not self._added for c in self.callbacks):
            self._listeners = None  # a callback may have made up its mind
            self._heard()
        self._open_blocks += 1

    def _end(self, hook: str, logs: LogsSource) -> None:
        self._each(hook, logs)
        self._open_blocks -= 1
        if self._open_blocks < 0:
            raise ValueError(f"CallbackList: {hook} was called without {hook.replace('_end', '_begin')} before it.")

    def _each(self, hook: str, logs: LogsSource, *index: int) -> None:
        listeners = self._heard()[hook]
        if listeners:
            values = python_logs(logs() if callable(logs) else logs)
            for callback in listeners:
                getattr(callback, hook)(*index, values)


def _turn(hook: str, callback: Any) -> int:
    """Return -1 for a callback that is told of `hook` before the others, 1 for one that is told after them."""
    return int(getattr(callback, "_turns", {}).get(hook, 0))


def _hooks_of(callback: Any) -> tuple[str, ...]:
    return tuple(hook for hook in HOOKS if listens_to(callback, hook))


@cache
def _hooks_of_history() -> tuple[str, ...]:
    return _hooks_of(History())


def python_logs(logs: LogsLike) -> dict[str, Any]:
    """Return the logs sorted by name, as floats where they are numbers; dicts among them are merged in.

    >>> python_logs({"loss": np.float32(0.5), "accuracy": np.array(1)})
    {'accuracy': 1.0, 'loss': 0.5}
    """
    result: dict[str, Any] = {}
    for name in sorted(logs or ()):
        value = (logs or {})[name]
        if isinstance(value, dict):
            result.update(python_logs(value))
        else:
            result[name] = _as_float(value)
    return result


def _as_float(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return float(value.item()) if value.size == 1 and value.dtype.kind in "biuf" else value
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


def _check(position: int, callback: Any) -> None:
    if isinstance(callback, type):
        raise TypeError(
            f"callbacks[{position}]: expected a callback object, received the class {callback.__name__}. "
            f"Write {callback.__name__}(...)."
        )
    if not hasattr(callback, "set_model") or not hasattr(callback, "set_params"):
        raise TypeError(
            f"callbacks[{position}]: expected a callback object, received {callback!r} of type "
            f"{type(callback).__name__}. Derive it from chainrule.callbacks.Callback, or wrap a function in "
            "LambdaCallback(on_epoch_end=...)."
        )
