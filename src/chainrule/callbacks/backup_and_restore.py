"""Go on with an interrupted training where it was."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, ClassVar

from chainrule.callbacks.backup_file import read_backup, write_backup
from chainrule.callbacks.base import Callback, LogsLike, is_overridden
from chainrule.callbacks.folder_lock import FolderLock
from chainrule.callbacks.training_state import put_back, put_back_callbacks, put_back_metrics, take_state
from chainrule.errors import ModelFileError

NEWEST, BEFORE = "latest.backup", "previous.backup"


class BackupAndRestore(Callback):
    """Saves the state of the training; the same script, run again, goes on there (`keras.callbacks.BackupAndRestore`).

    A process that is killed at any moment and started again ends with the very weights and the very history of one
    that was not, shuffling and dropout included: one file holds weights, optimizer, epoch, step, metrics, random
    numbers, history and the `state` of the other callbacks. It is written beside the old one and renamed. In this the
    callback does more than Keras's, whose history begins anew, and whose order of rows is another one.

    It is told of epochs and batches after all other callbacks, whatever its place in the list. A callback of your own
    that counts something defines `state` and `restore`. A generator must give the same batches again when the script
    starts again; those of the past epochs are drawn and thrown away.

    Args:
        backup_dir: a folder for this training alone; it is made if missing. While the training runs, another one that
            uses the same folder is refused.
        save_freq: `'epoch'`, a number of batches, or False to restore only.
        double_checkpoint: keep the backup before the newest one, too; it is used, with a warning, should the newest
            one be damaged.
        delete_checkpoint: delete the backups when training ends in order.

    Raises:
        ValueError: the folder's name is empty, or `save_freq` is something else.

    >>> BackupAndRestore("backups", save_freq="batch")
    Traceback (most recent call last):
    ValueError: Invalid value for argument `save_freq`. Received: save_freq=batch. ...
    """

    _turns: ClassVar[dict[str, int]] = {"on_train_begin": -1, "on_train_batch_end": 1, "on_epoch_end": 1}
    _turns["on_train_end"] = 1

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not os.fspath(backup_dir):
            raise ValueError("Empty `backup_dir` argument passed. Give the name of a folder.")
        if save_freq != "epoch" and (not isinstance(save_freq, int) or save_freq < 0):
            raise ValueError(
                f"Invalid value for argument `save_freq`. Received: save_freq={save_freq}. "
                "Expected either 'epoch' or an integer value."
            )
        self.backup_dir = backup_dir
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self.resumption: Resumption | None = None
        self._all: list[Any] = []
        self._lock: FolderLock | None = None
        self._epoch = 0
        self._last_batch = -1
        self._since_saving = 0

    @property
    def _folder(self) -> Path:
        return Path(self.backup_dir)

    def _listens_to(self, hook: str) -> bool:
        if is_overridden(self, hook, BackupAndRestore) or hook != "on_train_batch_end":
            return super()._listens_to(hook)
        return isinstance(self.save_freq, int) and self.save_freq > 0

    def set_others(self, callbacks: list[Any]) -> None:
        """Receive the list of all callbacks, whose states are saved, too."""
        self._all = callbacks

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Lock the folder, and put back the state of an interrupted training, if there is one.

        Raises:
            ModelFileError: the folder is in use, or its backup is damaged or of another model.
        """
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, your model must be built before you call `fit()`. "
                f"Model {self.model.name} is unbuilt. Give it an Input, or call it on a batch of data."
            )
        self._epoch, self._last_batch, self._since_saving = 0, -1, 0
        self._take_folder()
        try:
            self._resume()
        except BaseException:
            self.close()
            raise

    def _resume(self) -> None:
        """Put back the newest state, if there is one."""
        found = self._read()
        self.resumption = None
        self._announce(found is not None)
        if found is not None:
            state, path = found
            put_back(self.model, state, str(path))
            self.resumption = Resumption(self.model, state, str(path))
            self._epoch, self._last_batch = state["epoch"], state["step"] - 1

    def on_epoch_begin(self, epoch: int, logs: LogsLike = None) -> None:
        """Note the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: LogsLike = None) -> None:
        """Save, if enough batches have passed since the last time."""
        self._since_saving += batch - self._last_batch if batch > self._last_batch else batch + 1
        self._last_batch = batch
        if self.save_freq != "epoch" and 0 < int(self.save_freq) <= self._since_saving:
            self._since_saving = 0
            self._save(self._epoch, batch + 1, logs)

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Save, unless batches are counted."""
        self._epoch, self._last_batch = epoch + 1, -1
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0, logs)

    def on_train_end(self, logs: LogsLike = None) -> None:
        """Delete the backups, and the folder if nothing else is in it."""
        if self.delete_checkpoint:
            for name in (BEFORE, NEWEST):  # in this order: what is left at any moment is the newest
                (self._folder / name).unlink(missing_ok=True)
        self.close()
        if self.delete_checkpoint:
            _remove_if_empty(self._folder)

    def close(self) -> None:
        """Let others use the folder."""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        self._announce(False)

    def _announce(self, resumes: bool) -> None:
        for callback in self._all:
            if isinstance(callback, Callback):
                callback._resumes = resumes

    def _take_folder(self) -> None:
        if self._lock is None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ModelFileError(
                    f"BackupAndRestore: cannot make the folder '{self._folder}': {error.strerror or error}."
                ) from None
            self._lock = FolderLock(self._folder)
            _sweep(self._folder)

    def _save(self, epoch: int, step: int, logs: LogsLike) -> None:
        newest = self._folder / NEWEST
        state = take_state(self.model, self._all or [self], epoch, step, logs)
        if self.double_checkpoint and newest.exists():
            os.replace(newest, self._folder / BEFORE)
        try:
            write_backup(newest, state)
        except TypeError as error:
            raise TypeError(
                f"BackupAndRestore: {error}. The `state` of a callback may hold numbers, texts and arrays, and lists, "
                "tuples and dicts of them."
            ) from None

    def _read(self) -> tuple[Any, Path] | None:
        """Return the newest backup that is whole, or None if there is none at all."""
        newest, before = self._folder / NEWEST, self._folder / BEFORE
        problem = None
        if newest.exists():
            try:
                return read_backup(newest), newest
            except ModelFileError as error:
                problem = error
        if before.exists():
            state = read_backup(before)
            if problem is not None:
                warnings.warn(f"BackupAndRestore: {problem} The backup before it is used.", stacklevel=7)
            return state, before
        if problem is not None:
            raise ModelFileError(
                f"{problem} There is none before it (double_checkpoint=True keeps one). Delete it to start anew."
            )
        return None


class Resumption:
    """Where a training goes on.

    Attributes:
        epoch: the epoch to go on with, from 0.
        step: the step of that epoch to go on with; 0 is its beginning.
        stopped: whether a callback had asked to stop.
        logs: the metrics of the last epoch.
    """

    def __init__(self, model: Any, state: Any, source: str) -> None:
        self.epoch: int = state["epoch"]
        self.step: int = state["step"]
        self.stopped: bool = state["stopped"]
        self.logs: dict[str, Any] = state["logs"]
        self._model, self._state, self._source = model, state, source

    def put_back_callbacks(self, callbacks: list[Any]) -> None:
        """Give the callbacks their states; after `on_train_begin`, in which they forget them."""
        put_back_callbacks(callbacks, self._state["callbacks"])

    def enter_epoch(self, callbacks: list[Any]) -> None:
        """Undo what `on_epoch_begin` did, for in this epoch it was called before, and put the metrics back."""
        put_back(self._model, self._state, self._source)
        put_back_metrics(self._model, self._state, self._source)
        self.put_back_callbacks(callbacks)


def _sweep(folder: Path) -> None:
    """Remove what a killed process left half written."""
    for path in folder.glob(f".{NEWEST}.*.tmp"):
        path.unlink(missing_ok=True)


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # others keep files there
        return
