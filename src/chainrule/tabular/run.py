"""The run folder: a trained network with its preprocessing in one file, scores, history, predictions, curves, settings.

model.keras        opens in Keras too; its member `preprocessing.json` turns rows of a table into the network's input
metrics.json       test scores and baselines          history.csv       loss and metrics of each epoch
predictions.csv    of the held-out rows               curves.png        the history as a picture
config.toml        repeats the run bit for bit        run.jsonl         the recorded training (`chainrule.recording`)
report.html        everything there is to know, for the eye (`chainrule.report`)
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import ModelFileError
from chainrule.tabular.preprocess import TablePreprocessor
from chainrule.tabular.settings import SettingsError

if TYPE_CHECKING:
    from chainrule.tabular.recipe import Fitted
    from chainrule.tabular.train import Assessed, Prepared

MEMBER = "preprocessing.json"
RECORDING = "run.jsonl"
_DATE = "1980-01-01@00:00:00"  # for every run, so that the same run is the same file


@dataclass(frozen=True)
class Run:
    """A trained network with its preprocessing.

    Attributes:
        folder: the run folder, or the folder of the model file.
        metrics: what `metrics.json` holds; empty for a lone model file.
    """

    folder: Path
    model: Any
    preprocessor: TablePreprocessor
    metrics: dict[str, Any]


def load_run(path: str | Path) -> Run:
    """Return the run in a folder, or in a `model.keras` that a run wrote.

    Raises:
        ModelFileError: there is none, or it is damaged.
    """
    from chainrule.saving.archive import read_archive
    from chainrule.saving.keras_format import load_model

    path = Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if not file.exists():
        wanted = "a run folder (with model.keras in it) or a .keras file"
        why = (
            "there is no model.keras in this folder, so there is no such run"
            if path.is_dir()
            else "there is no such run"
        )
        raise ModelFileError(f"{path}: {why}. Give {wanted} that `chainrule train` wrote.")
    state = read_archive(file, (MEMBER,)).get(MEMBER)
    if state is None:
        raise ModelFileError(
            f"{file}: the file holds a model, but no preprocessing, so it cannot take rows of a table. "
            "Models that `chainrule train` wrote can; this one takes arrays: models.load_model(...).predict(x)."
        )
    preprocessor = TablePreprocessor.from_json(state, file)
    model = load_model(file)
    takes = model.input_shape[-1]
    if takes != len(preprocessor.features):
        raise ModelFileError(
            f"{file}: the network takes {takes} features, but the preprocessing makes {len(preprocessor.features)}."
        )
    metrics = file.with_name("metrics.json")
    return Run(file.parent, model, preprocessor, _metrics(metrics) if path.is_dir() and metrics.exists() else {})


def _metrics(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelFileError(f"{file}: this file of the run folder is damaged ({error}).") from None
    if not isinstance(found, dict):
        raise ModelFileError(f"{file}: this file of the run folder is damaged: it holds no JSON object.")
    return found


def write_run(
    out: str | Path,
    prepared: Prepared,
    fitted: Fitted,
    assessed: Assessed,
    name: str | None = None,
    overwrite: bool = False,
    recording: Path | None = None,
) -> Run:
    """Write the run folder under a temporary name and rename it, so that it is whole or not there.

    Args:
        out: the folder in which it is made.
        name: of the run folder; None takes the name of the data file, with a number if that is taken.
        overwrite: whether a run of that name may be replaced.
        recording: a file to copy as `run.jsonl`.

    Raises:
        SettingsError: the name is taken.
        ModelFileError: the folder cannot be written.
    """
    folder = run_folder(out, prepared.settings.data, name, overwrite)
    metrics = metrics_of(prepared, fitted, assessed)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise ModelFileError(
            f"{folder.parent}: cannot be written: {error.strerror}. Choose another folder: --out DIR."
        ) from None
    try:
        _write_files(draft, prepared, fitted, assessed, metrics)
        if recording is not None:
            shutil.copyfile(recording, draft / RECORDING)
        draft.chmod(0o755)
        _move(draft, folder)
    except OSError as error:
        raise ModelFileError(f"{folder}: cannot be written: {error.strerror}. Nothing was left behind.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Run(folder, fitted.model, prepared.preprocessor, metrics)


def run_folder(out: str | Path, data: str, name: str | None, overwrite: bool) -> Path:
    """Return where a run will be written.

    Raises:
        SettingsError: a name was given that is taken, without `overwrite`, or that is no plain name.
    """
    out = Path(out)
    if name is not None:
        if Path(name).name != name or name in (".", ".."):
            raise SettingsError(
                f"{name!r} is no name for a run: give a plain name, and the folder around it with --out."
            )
        if (out / name).exists() and not overwrite:
            raise SettingsError(f"{out / name} exists already. Choose another --name, or replace it: --overwrite.")
        return out / name
    stem = Path(data).name.partition(".")[0] or "run"
    if overwrite or not (out / stem).exists():
        return out / stem
    number = 2
    while (out / f"{stem}-{number}").exists():
        number += 1
    return out / f"{stem}-{number}"


def require_writable(out: str | Path) -> None:
    """Raise unless a run folder can be made in `out`, which need not exist yet; nothing is left behind.

    Raises:
        ModelFileError: it cannot.
    """
    out = Path(out)
    there = next(p for p in (out, *out.absolute().parents) if p.exists())
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".chainrule.", dir=there))
    except OSError as error:
        raise ModelFileError(f"{out}: cannot be written: {error.strerror}. Choose another folder: --out DIR.") from None


def metrics_of(prepared: Prepared, fitted: Fitted, assessed: Assessed) -> dict[str, Any]:
    """Return what `metrics.json` holds; nothing in it depends on the clock."""
    from chainrule.tabular.train import MAIN_SCORE

    split, task = prepared.split, prepared.task
    main = MAIN_SCORE[task.kind]
    simple = "majority" if task.is_classification else "mean"
    margins = {simple: assessed.over_simple, "linear": assessed.over_linear}
    return {
        "target": prepared.settings.target,
        "task": task.kind,
        "rows": {"train": len(split.train), "validation": len(split.validation), "test": len(split.test)},
        "test": assessed.test,
        "baseline": {simple: assessed.simple, "linear": assessed.linear},
        "beats": {name: (found["value"] or 0) > 0 for name, found in margins.items()},
        "margin": margins,
        "main_score": main,
        "features": len(prepared.preprocessor.features),
        "parameters": fitted.model.count_params(),
        "epochs": len(fitted.history["loss"]),
        "best_epoch": fitted.best_epoch,
        "stopped_early": fitted.stopped_early,
        "engine": fitted.model.engine,
        "remarks": prepared.remarks + [f"column {c.name!r}: {c.note}" for c in prepared.columns if c.note],
    }


def _write_files(folder: Path, prepared: Prepared, fitted: Fitted, assessed: Assessed, metrics: dict[str, Any]) -> None:
    from chainrule.saving.keras_format import save_model
    from chainrule.tabular.curves import save_curves
    from chainrule.tabular.predict import prediction_table

    preprocessor, test = prepared.preprocessor, prepared.split.test
    save_model(
        fitted.model, folder / "model.keras", extra_members={MEMBER: preprocessor.to_json().encode()}, _date_saved=_DATE
    )
    text = {
        "metrics.json": json.dumps(metrics, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
        "config.toml": prepared.settings.to_toml(),
        "history.csv": _history(fitted.history),
        "predictions.csv": prediction_table(
            preprocessor, assessed.predictions, prepared.rows[test], True,
            actual=prepared.table.get_column(prepared.settings.target)[test.tolist()].to_list(),
        ),
    }  # fmt: skip
    for name, content in text.items():
        (folder / name).write_text(content, encoding="utf-8")
    save_curves(folder / "curves.png", fitted.history, fitted.best_epoch)


def _history(history: dict[str, list[float]]) -> str:
    names = list(history)
    rows = [[str(i + 1), *(repr(history[n][i]) for n in names)] for i in range(len(history["loss"]))]
    return csv_text([["epoch", *names], *rows])


def csv_text(rows: Iterable[Iterable[Any]]) -> str:
    r"""Return rows as CSV text with plain newlines; no cell is a formula to a spreadsheet.

    >>> csv_text([["=1+1", "-2.5", "-", "a,b"]]).rstrip()
    '\'=1+1,-2.5,-,"a,b"'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_no_formula(str(cell)) for cell in row] for row in rows)
    return text.getvalue()


def _no_formula(cell: str) -> str:
    """Return a cell behind an apostrophe if a spreadsheet would compute it; numbers stay as they are."""
    if len(cell) < 2 or cell[0] not in "=+-@\t\r":
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def _move(draft: Path, folder: Path) -> None:
    """Put the draft in its place; a run that is there already is first set aside, then removed."""
    if not folder.exists():
        os.rename(draft, folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    os.rename(folder, aside / folder.name)
    try:
        os.rename(draft, folder)
    except OSError:
        os.rename(aside / folder.name, folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
