"""Write the metrics of every epoch to a CSV file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, TextIO

import numpy as np

from chainrule.callbacks.base import Callback, LogsLike


class CSVLogger(Callback):
    """Writes one row per epoch: `epoch`, then the metrics sorted by name (`keras.callbacks.CSVLogger`).

    The columns are those of the first epoch. Without validation, `val_` columns of `NA` are written, as in Keras, so
    that a later run with validation can be appended. Each row is on disk as soon as its epoch ends.

    Args:
        filename: the file, such as `'training.csv'`.
        separator: what separates the columns.
        append: add to the file if it exists, instead of overwriting it.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.sep = separator
        self.filename = os.fspath(filename)
        self.append = append
        self.append_header = True
        self.csv_file: TextIO | None = None
        self.writer: Any = None
        self.keys: list[str] | None = None

    def on_train_begin(self, logs: LogsLike = None) -> None:
        """Open the file; an existing one is emptied unless `append` is set."""
        import csv

        append = self.append or self._resumes
        if append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        self._close()
        self.csv_file = open(self.filename, "a" if append else "w", newline="", encoding="utf-8")  # noqa: SIM115 - until training ends
        self.writer = csv.writer(self.csv_file, delimiter=self.sep)
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: LogsLike = None) -> None:
        """Write one row, and the header before the first."""
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if self.append_header:
                self.writer.writerow(["epoch", *self.keys])
        self.writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        if self.csv_file is not None:
            self.csv_file.flush()

    def state(self) -> dict[str, Any]:
        return {"bytes": os.path.getsize(self.filename) if self.csv_file is not None else 0, "keys": self.keys or []}

    def restore(self, state: dict[str, Any]) -> None:
        """Forget the rows of epochs that are going to be repeated."""
        if self.csv_file is not None and state["bytes"] <= os.path.getsize(self.filename):
            self.csv_file.truncate(state["bytes"])
        self.keys = state["keys"] or None
        self.append_header = not state["bytes"]

    def on_train_end(self, logs: LogsLike = None) -> None:
        """Close the file."""
        self._close()
        self.writer = None

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()

    def __del__(self) -> None:  # training may end by an exception, without on_train_end
        with suppress(AttributeError, OSError):
            self._close()


def _cell(value: Any) -> Any:
    """Return what stands in a cell: several numbers as `"[a, b]"`."""
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    return f'"[{", ".join(map(str, value))}]"'
