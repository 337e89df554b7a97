"""`TablePreprocessor`: from a table to the network's input matrix and target; its state is plain JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ModelFileError
from chainrule.saving.archive import parse_json
from chainrule.tabular import strict
from chainrule.tabular.columns import Column
from chainrule.tabular.csv_check import nearest
from chainrule.tabular.encoders import ENCODERS, Encoder, encoder_from_dict
from chainrule.tabular.target import ClassTarget, NumberTarget, target_from_dict
from chainrule.tabular.task import TASKS

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1


@dataclass(frozen=True)
class TablePreprocessor:
    """What turns rows of a table into numbers; fitted on training rows only.

    Attributes:
        task: `'binary'`, `'multiclass'` or `'regression'`.
        encoders: one per used column, in the order of the features.
        target: how the target column is read.
    """

    task: str
    encoders: tuple[Encoder, ...]
    target: ClassTarget | NumberTarget

    @classmethod
    def fit(
        cls, table: pl.DataFrame, columns: Sequence[Column], task: str, target: ClassTarget | NumberTarget
    ) -> TablePreprocessor:
        """Learn medians, spreads and categories.

        Args:
            table: the training rows.
            columns: what each column is; those not `used` are ignored.

        Raises:
            DataError: no column is left to predict from.
        """
        encoders = tuple(ENCODERS[c.kind].fit(table.get_column(c.name)) for c in columns if c.used)
        if not encoders:
            raise DataError(
                "No column is left to predict from: all were dropped, or look like identifiers or free text."
            )
        return cls(task, encoders, target)

    @property
    def features(self) -> list[str]:
        """Name of each column of the matrix."""
        return [feature for encoder in self.encoders for feature in encoder.features]

    @property
    def outputs(self) -> int:
        """How many outputs the network has: the number of classes, but one for two classes and for a number."""
        return len(self.target.classes) if isinstance(self.target, ClassTarget) and self.task == "multiclass" else 1

    def transform(self, table: pl.DataFrame, path: str | Path = "table") -> Array:
        """Return the matrix (rows, features) in float32.

        Raises:
            DataError: a column is not in the table, with the nearest names.
        """
        self._require_columns(table, path)
        parts = [encoder.transform(table.get_column(encoder.name)) for encoder in self.encoders]
        return np.concatenate(parts, axis=1).astype(np.float32)

    def plain(self, table: pl.DataFrame) -> Array:
        """Return the matrix (rows, features) in float64 with numbers as they are, for the linear model."""
        return np.concatenate([encoder.plain(table.get_column(encoder.name)) for encoder in self.encoders], axis=1)

    def remarks(self, table: pl.DataFrame) -> list[str]:
        """Return a line for each column with cells that could not be used as they are."""
        found = []
        for encoder in self.encoders:
            count, what = encoder.unusual(table.get_column(encoder.name))
            if count:
                found.append(f"column {encoder.name!r}: {count} of {table.height} cells {what}")
        return found

    def _require_columns(self, table: pl.DataFrame, path: str | Path) -> None:
        lacking = [e.name for e in self.encoders if e.name not in table.columns]
        if lacking:
            near = nearest(lacking[0], table.columns)
            guess = f" The nearest to {lacking[0]!r} is {near[0]!r}." if near else ""
            raise DataError(
                f"{path}: the model was trained with {'columns' if len(lacking) > 1 else 'the column'} "
                f"{', '.join(map(repr, lacking))}, "
                f"which the table lacks.{guess} Its columns are: {', '.join(table.columns)}."
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""
        return {
            "format": FORMAT,
            "task": self.task,
            "target": self.target.to_dict(),
            "columns": [encoder.to_dict() for encoder in self.encoders],
        }

    @classmethod
    def from_dict(cls, data: Any) -> TablePreprocessor:
        """Return the preprocessor that `to_dict` described; every field is checked, nothing is executed.

        Raises:
            ModelFileError: naming the field that is wrong.
        """
        where = "preprocessing"
        fields = {"format": int, "task": str, "columns": strict.Records}
        if not isinstance(data, dict) or "target" not in data:
            raise ModelFileError(f"{where}: the field 'target' is missing.")
        found = strict.record({k: v for k, v in data.items() if k != "target"}, fields, where)
        if found["format"] != FORMAT:
            raise ModelFileError(f"{where}: format {found['format']} is unknown; this version reads format {FORMAT}.")
        target = target_from_dict(data["target"])
        if found["task"] not in TASKS or (found["task"] == "regression") != isinstance(target, NumberTarget):
            raise ModelFileError(f"{where}: the task {found['task'][:40]!r} does not fit the target.")
        encoders = tuple(encoder_from_dict(c, f"{where}, column {i}") for i, c in enumerate(found["columns"]))
        return cls(found["task"], encoders, target)

    def to_json(self) -> str:
        """Return the state as text."""
        return json.dumps(self.to_dict(), indent=1, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, data: bytes, path: str | Path = "preprocessing.json") -> TablePreprocessor:
        """Return the preprocessor that `to_json` wrote."""
        return cls.from_dict(parse_json(Path(path), "preprocessing.json", data))
