"""Reading a run folder for a report: what the run wrote, and its table again if it is still there unchanged."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, ModelFileError
from chainrule.tabular.run import MEMBER, RECORDING, Run, load_run
from chainrule.tabular.settings import Settings, read_toml
from chainrule.tabular.target import ClassTarget, NumberTarget

if TYPE_CHECKING:
    from chainrule.tabular.train import Prepared

T = TypeVar("T")

_NEEDED = ("target", "task", "rows", "test", "baseline", "beats", "main_score", "epochs", "best_epoch", "parameters")


@dataclass(frozen=True)
class Predictions:
    """The held-out rows, as `predictions.csv` has them.

    Attributes:
        rows: their numbers in the file (n,), from 1.
        y: class numbers, or values (n,).
        outputs: probabilities (n, classes), or values (n, 1).
    """

    rows: Array
    y: Array
    outputs: Array


@dataclass(frozen=True)
class Folder:
    """What a run folder holds.

    Attributes:
        config: the text of `config.toml`.
        history: name to values, one per epoch.
        recording: what `run.jsonl` holds; None if there is none.
        prepared: the table, split and encoded as in the training; None if it cannot be had again.
        without: why it cannot, as a sentence; empty if it can.
    """

    run: Run
    settings: Settings
    config: str
    history: dict[str, list[float]]
    predictions: Predictions
    recording: Any
    prepared: Prepared | None
    without: str


def read_folder(path: str | Path, prepared: Prepared | None = None) -> Folder:
    """Return what is in a run folder.

    Args:
        prepared: the table as it was trained on, if it is at hand; else the data file is read again.

    Raises:
        ModelFileError: it is no run folder, or a file of it is damaged or missing.
    """
    path = Path(path)
    _refuse_a_recording(path)
    if path.is_file():
        raise ModelFileError(f"{path}: a report needs the whole run folder that `chainrule train` wrote, not one file.")
    run = load_run(path)
    lacking = [name for name in _NEEDED if name not in run.metrics]
    if lacking:
        raise ModelFileError(f"{path / 'metrics.json'}: the field {lacking[0]!r} is missing.")
    config = path / "config.toml"
    settings = _read(config, lambda: Settings(**read_toml(config)))
    text = _read(config, lambda: config.read_text(encoding="utf-8"))
    history = _read(path / "history.csv", lambda: _history(path / "history.csv"))
    predictions = _read(path / "predictions.csv", lambda: _predictions(run, path / "predictions.csv"))
    tested = run.metrics["rows"].get("test") if isinstance(run.metrics["rows"], dict) else None
    if tested is not None and tested != len(predictions.y):
        raise ModelFileError(
            f"{path / 'predictions.csv'}: this file of the run folder is damaged: it holds {len(predictions.y)} rows, "
            f"but the network was tested on {tested}. Train again with `chainrule train`."
        )
    without = ""
    if prepared is None:
        prepared, without = prepared_again(run, settings)
    return Folder(run, settings, text, history, predictions, _recording(path), prepared, without)


def _refuse_a_recording(path: Path) -> None:
    """Say what there is for a recording that `callbacks.Recorder` has made, without the table that it is of."""
    folder = path if path.is_dir() else path.parent
    recorded = path.suffix == ".jsonl" if path.is_file() else (path / RECORDING).is_file()
    if recorded and not (folder / "model.keras").exists():
        raise ModelFileError(
            f"{path}: a recording of callbacks.Recorder, without the table that a report is about; `chainrule train` "
            f"keeps both. Look at this one with `chainrule view {path}`, or write its page: "
            f'chainrule.recording.load("{path}").save_html("run.html").'
        )


def prepared_again(run: Run, settings: Settings) -> tuple[Prepared | None, str]:
    """Return the table of a run, read and split again, or None and the reason why that cannot be."""
    from chainrule.tabular import train

    file = Path(settings.data)
    name = f"The data file {file.name}"
    if not file.is_file():
        return None, f"{name} is no longer where it was when the network was trained."
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        return None, f"{name} cannot be read: {error.strerror}."
    if settings.sha256 is not None and found != settings.sha256:
        return None, f"{name} has changed since the network was trained (its SHA-256 is another)."
    try:
        prepared = train.prepare(settings)
    except ChainruleError as error:
        return None, f"{name} cannot be prepared again: {error}"
    if prepared.preprocessor.to_dict() != run.preprocessor.to_dict():
        return None, f"{name} gives another preprocessing than the one in the model's {MEMBER}."
    return prepared, ""


def _recording(folder: Path) -> Any:
    file = folder / "run.jsonl"
    if not file.exists():
        return None
    from chainrule import recording

    return recording.load(file)


def _read(file: Path, read: Callable[[], T]) -> T:
    """Return what `read` gives, any failure of it as one error that names the file."""
    try:
        return read()
    except ChainruleError:
        raise
    except FileNotFoundError:
        raise ModelFileError(f"{file}: this file of the run folder is missing.") from None
    except (OSError, ValueError, KeyError, IndexError, TypeError, csv.Error) as error:
        raise ModelFileError(f"{file}: this file of the run folder is damaged ({type(error).__name__}).") from None


def _history(file: Path) -> dict[str, list[float]]:
    with open(file, newline="", encoding="utf-8") as opened:
        head, *rows = list(csv.reader(opened))
    columns: dict[str, list[float]] = {}
    for name, values in zip(head, zip(*rows, strict=True), strict=True):
        columns[name] = [float(v) for v in values]
    del columns["epoch"]
    if "loss" not in columns:
        raise KeyError("loss")
    return columns


def _predictions(run: Run, file: Path) -> Predictions:
    target = run.preprocessor.target
    with open(file, newline="", encoding="utf-8") as opened:
        rows = list(csv.reader(opened))[1:]
    numbers = np.array([int(r[0]) for r in rows])
    if isinstance(target, NumberTarget):
        values = np.array([[float(r[1]), float(r[2])] for r in rows]).reshape(-1, 2)
        return Predictions(numbers, values[:, 0], values[:, 1:])
    place = {name: i for i, name in enumerate(target.classes)}
    y = np.array([place[_as_class(target, r[1])] for r in rows])
    probabilities = np.array([[float(p) for p in r[3:]] for r in rows]).reshape(-1, len(target.classes))
    return Predictions(numbers, y, probabilities)


def _as_class(target: ClassTarget, cell: str) -> str:
    """Return the class that a cell names: whole numbers may have a point in the table, truth values a capital.

    What looks like a formula stands behind an apostrophe.
    """
    for spelling in (cell, cell.removesuffix(".0"), cell.lower(), cell.removeprefix("'")):
        if spelling in target.classes:
            return spelling
    raise KeyError(cell)
