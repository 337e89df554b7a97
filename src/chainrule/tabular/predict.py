"""What a trained run says about new rows: predictions as a table, and scores where the target is known."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.random.threefry import key_from_seed
from chainrule.tabular import recipe
from chainrule.tabular.columns import require_column
from chainrule.tabular.run import Run, csv_text
from chainrule.tabular.scores import Scores
from chainrule.tabular.settings import read_toml
from chainrule.tabular.target import ClassTarget
from chainrule.tabular.train import decode, score

if TYPE_CHECKING:
    import polars as pl

    from chainrule.tabular.preprocess import TablePreprocessor


def predict_table(run: Run, table: pl.DataFrame, path: str = "table") -> Array:
    """Return probabilities (rows, classes), or values (rows,).

    Raises:
        DataError: a column that the network needs is not in the table.
    """
    return decode(run.preprocessor, recipe.outputs_of(run.model, run.preprocessor.transform(table, path)))


def evaluate_table(run: Run, table: pl.DataFrame, path: str = "table") -> Scores:
    """Return the scores on a table that has the target column, with 95 % intervals.

    Raises:
        DataError: there is no such column, or a cell of it is missing or of an unknown class.
    """
    target = run.preprocessor.target
    require_column(table, target.name, path, "target column")
    column = table.get_column(target.name)
    y = target.encode(column, path) if isinstance(target, ClassTarget) else target.read(column, path)
    return score(run.preprocessor, y, predict_table(run, table, path), key_from_seed(0))


def is_training_file(run: Run, path: str | Path) -> bool:
    """Whether the file is the one that the run was made from, by the SHA-256 in its `config.toml`."""
    config = run.folder / "config.toml"
    if not config.exists():
        return False
    recorded = read_toml(config).get("sha256")
    return bool(recorded == hashlib.sha256(Path(path).read_bytes()).hexdigest())


def prediction_table(
    preprocessor: TablePreprocessor,
    predictions: Array,
    rows: Array,
    probabilities: bool,
    actual: Sequence[Any] | None = None,
) -> str:
    """Return predictions as CSV text: row number in the file (from 1), target if known, prediction, probabilities."""
    target = preprocessor.target
    header, columns = ["row"], [[str(r) for r in rows]]
    if actual is not None:
        header.append(target.name)
        columns.append(["" if v is None else str(v) for v in actual])
    if isinstance(target, ClassTarget):
        header.append("prediction")
        columns.append([target.classes[i] for i in predictions.argmax(axis=1)])
        if probabilities:
            header += [f"probability_{name}" for name in target.classes]
            columns += [[f"{p:.7g}" for p in predictions[:, i]] for i in range(len(target.classes))]
    else:
        header.append("prediction")
        columns.append([f"{v:.7g}" for v in predictions])
    return csv_text([header, *zip(*columns, strict=True)])


def all_rows(table: pl.DataFrame) -> Array:
    """Return the numbers of all rows, from 1."""
    return np.arange(1, table.height + 1)


def as_records(text: str) -> list[dict[str, str]]:
    """Return the rows of CSV text as dictionaries."""
    import csv

    return list(csv.DictReader(text.splitlines()))
