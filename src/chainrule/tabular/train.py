"""From a table to an assessed network in three steps: `prepare`, `train`, `assess`; `train_table` takes all of them.

read -> columns -> task -> split -> preprocess  |  network, early stopping  |  baselines, test scores
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.random.threefry import Key, fold_in, key_from_seed
from chainrule.tabular import baseline, recipe
from chainrule.tabular.columns import Column, infer_columns, require_column
from chainrule.tabular.preprocess import TablePreprocessor
from chainrule.tabular.read import read_table
from chainrule.tabular.scores import Interval, Scores, classification_scores, margin, regression_scores
from chainrule.tabular.settings import Settings, with_changes
from chainrule.tabular.split import FEWEST_ROWS, Split, split_rows
from chainrule.tabular.target import ClassTarget, NumberTarget
from chainrule.tabular.task import Task, infer_task

if TYPE_CHECKING:
    import polars as pl

    from chainrule.tabular.run import Run

_SPLIT, _BOOTSTRAP = 1, 2
_FRAMES, _MEGABYTES = 100, 5.0
MAIN_SCORE = {"binary": "accuracy", "multiclass": "accuracy", "regression": "rmse"}
"""The score that is compared first."""


@dataclass(frozen=True)
class Prepared:
    """A table ready for training.

    Attributes:
        settings: fully resolved.
        table: the rows that have a target.
        rows: their numbers in the file, from 1.
        columns: what each was taken for.
        y: class numbers as int64, or values as float64.
        remarks: what the user should know.
    """

    settings: Settings
    table: pl.DataFrame
    rows: Array
    columns: list[Column]
    task: Task
    split: Split
    preprocessor: TablePreprocessor
    matrix: Array
    y: Array
    remarks: list[str]

    def part(self, rows: Array) -> tuple[Array, Array]:
        """Return matrix and encoded target of some rows, as the network takes them."""
        y = self.y[rows]
        target = self.preprocessor.target
        return self.matrix[rows], target.encode(y) if isinstance(target, NumberTarget) else y


@dataclass(frozen=True)
class Assessed:
    """The network's test scores and those of the baselines.

    Attributes:
        test: of the network.
        simple, linear: of the majority or mean, and of the linear model.
        predictions: for the test rows: probabilities (n, classes), or values (n,).
        over_simple, over_linear: by how much the network is better in the main score, with an interval.
    """

    test: Scores
    simple: Scores
    linear: Scores
    predictions: Array
    over_simple: Interval
    over_linear: Interval


def prepare(settings: Settings) -> Prepared:
    """Read the table, infer columns and task, split, and fit the preprocessing on the training rows.

    Raises:
        DataError: of the file, a column, the target or the number of rows.
    """
    path = settings.data
    table = read_table(path)
    require_column(table, settings.target, path, "target column")
    settings, remarks = _with_checksum(settings)
    table, rows, more = _rows_with_target(table, settings)
    remarks += more
    target_column = table.get_column(settings.target)
    task = infer_task(target_column, settings.task, path)
    drop = list(settings.drop)
    groups = None
    if settings.split_by is not None:
        require_column(table, settings.split_by, path)
        groups = np.array([str(v) for v in table.get_column(settings.split_by).to_list()])
        if settings.split_by not in settings.types:
            drop.append(settings.split_by)
    columns = infer_columns(table, settings.target, settings.types, drop, path)
    target, y = _target(target_column, task, path)
    split = split_rows(
        table.height, settings.validation, settings.test, fold_in(key_from_seed(settings.seed), _SPLIT),
        classes=y if task.is_classification else None, groups=groups,
    )  # fmt: skip
    if isinstance(target, NumberTarget):
        target = NumberTarget.fit(target_column[split.train.tolist()])
    preprocessor = TablePreprocessor.fit(table[split.train.tolist()], columns, task.kind, target)
    settings = recipe.resolve(settings, len(split.train), task.kind)
    matrix = preprocessor.transform(table, path)
    return Prepared(settings, table, rows, columns, task, split, preprocessor, matrix, y, remarks)


def train(
    prepared: Prepared, report: recipe.Report | None = None, recording: str | Path | None = None
) -> recipe.Fitted:
    """Train the network; see `recipe.fit`.

    Args:
        recording: a file in which the training is recorded (see `chainrule.recording`).
    """
    recorder = None if recording is None else _recorder(prepared, Path(recording))
    return recipe.fit(
        prepared.matrix.shape[1], prepared.preprocessor.outputs, prepared.settings,
        prepared.part(prepared.split.train), prepared.part(prepared.split.validation), report, recorder,
    )  # fmt: skip


def _recorder(prepared: Prepared, file: Path) -> Any:
    """Return the callback that records: at most `_FRAMES` frames, the same ones each time."""
    from chainrule.callbacks import Recorder

    target, settings = prepared.preprocessor.target, prepared.settings
    return Recorder(
        file, every=-(-settings.epochs // _FRAMES), cost=None, budget_mb=_MEGABYTES, seed=settings.seed,
        name=Path(settings.data).name.partition(".")[0], features=prepared.preprocessor.features,
        target=target.name, classes=target.classes if isinstance(target, ClassTarget) else None,
    )  # fmt: skip


def assess(prepared: Prepared, fitted: recipe.Fitted) -> Assessed:
    """Score the network and the baselines on the test rows."""
    split, y = prepared.split, prepared.y
    matrix = prepared.matrix[split.test]
    key = fold_in(key_from_seed(prepared.settings.seed), _BOOTSTRAP)
    predictions = decode(prepared.preprocessor, recipe.outputs_of(fitted.model, matrix))
    forms = [
        baseline.standardised(x, split.train) for x in (prepared.preprocessor.plain(prepared.table), prepared.matrix)
    ]
    target = prepared.preprocessor.target
    if isinstance(target, ClassTarget):
        simple = baseline.majority(y[split.train], len(target.classes), len(matrix))
        linear = baseline.logistic_regression(forms, y, split, len(target.classes))
    else:
        simple = baseline.mean(y[split.train], len(matrix))
        linear = baseline.linear_regression(forms, y, split)
    test = y[split.test]
    return Assessed(
        score(prepared.preprocessor, test, predictions, key),
        score(prepared.preprocessor, test, simple, None),
        score(prepared.preprocessor, test, linear, None),
        predictions,
        margin(MAIN_SCORE[prepared.task.kind], test, predictions, simple, key),
        margin(MAIN_SCORE[prepared.task.kind], test, predictions, linear, key),
    )


def train_table(path: str | Path, target: str, out: str | Path = "runs", **options: Any) -> Run:
    """Train a network on a table and write a run folder: the whole recipe, without a word.

    The seed is set for the whole process, as `utils.set_random_seed` does.

    Args:
        path: CSV, TSV or Parquet.
        target: the column to predict.
        out: the folder in which the run folder is made.
        options: of `Settings` (`hidden`, `epochs`, `seed`, ...), and `name` and `overwrite` of `write_run`.

    Raises:
        DataError: the table is unfit.
        DivergedError: the loss became NaN or infinite; nothing is written then.
    """
    from chainrule.tabular.curves import require_matplotlib
    from chainrule.tabular.run import RECORDING, require_writable, run_folder, write_run

    require_matplotlib()
    naming = {k: options.pop(k) for k in ("name", "overwrite") if k in options}
    run_folder(out, str(path), **{"name": None, "overwrite": False, **naming})
    require_writable(out)
    prepared = prepare(Settings(data=str(path), target=target, **options))
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        fitted = train(prepared, recording=Path(folder, RECORDING))
        return write_run(out, prepared, fitted, assess(prepared, fitted), recording=Path(folder, RECORDING), **naming)


def decode(preprocessor: TablePreprocessor, outputs: Array) -> Array:
    """Return probabilities (n, classes) or values (n,) from the network's outputs."""
    target = preprocessor.target
    return target.probabilities(outputs) if isinstance(target, ClassTarget) else target.decode(outputs)


def score(preprocessor: TablePreprocessor, y: Array, predictions: Array, key: Key | None) -> Scores:
    """Return the scores that fit the task; `y` and `predictions` as `Prepared.y` and `decode` give them."""
    if isinstance(preprocessor.target, ClassTarget):
        return classification_scores(y, predictions, key)
    return regression_scores(y, predictions, key)


def _with_checksum(settings: Settings) -> tuple[Settings, list[str]]:
    found = hashlib.sha256(Path(settings.data).read_bytes()).hexdigest()
    changed = settings.sha256 is not None and settings.sha256 != found
    remarks = [f"{settings.data} is not the file of the earlier run: its contents have changed"] if changed else []
    return with_changes(settings, sha256=found, data=str(Path(settings.data).resolve())), remarks


def _rows_with_target(table: pl.DataFrame, settings: Settings) -> tuple[pl.DataFrame, Array, list[str]]:
    known = table.get_column(settings.target).is_not_null().to_numpy()
    lost = int((~known).sum())
    rows = np.flatnonzero(known) + 1
    if len(rows) < FEWEST_ROWS:
        raise DataError(
            f"{settings.data}: {len(rows)} of {table.height} rows have a target {settings.target!r}, "
            f"but at least {FEWEST_ROWS} are needed to train, validate and test."
        )
    noun, verb = ("row", "is") if lost == 1 else ("rows", "are")
    remarks = [f"{lost} {noun} without a target {settings.target!r} {verb} left out"] if lost else []
    return table.filter(known), rows, remarks


def _target(column: pl.Series, task: Task, path: str) -> tuple[ClassTarget | NumberTarget, Array]:
    if task.is_classification:
        classes = ClassTarget.fit(column)
        return classes, classes.encode(column, path)
    number = NumberTarget.fit(column)
    return number, number.read(column, path)
