"""`chainrule train`: from a table to a run folder."""

from __future__ import annotations

import itertools
import shlex
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.common import Output, foreseen
from chainrule.cli.show import Progress, number, show_columns, show_scores
from chainrule.errors import ChainruleError

if TYPE_CHECKING:
    from chainrule.tabular.settings import Settings
    from chainrule.tabular.train import Prepared

_TIMED_STEPS = 5


@foreseen
def train(
    data: Annotated[str | None, typer.Argument(help="CSV or TSV (also .gz), or Parquet.")] = None,
    target: Annotated[str | None, typer.Option("--target", "-t", help="The column to predict.")] = None,
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression. [inferred]")] = None,
    hidden: Annotated[
        str | None, typer.Option(help="Units of the hidden layers, as 64,32; 0 for none. [by size]")
    ] = None,
    activation: Annotated[str | None, typer.Option(help="Of the hidden layers. [relu]")] = None,
    dropout: Annotated[float | None, typer.Option(help="Share of hidden outputs dropped in a step. [by size]")] = None,
    epochs: Annotated[int | None, typer.Option(help="At most so many. [200]")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows per step. [by size]")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of AdamW, at the start. [by size]")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="Of AdamW. [0.01]")] = None,
    patience: Annotated[int | None, typer.Option(help="Epochs without progress before stopping. [20]")] = None,
    val: Annotated[float | None, typer.Option(help="Share of rows to validate with. [0.2]")] = None,
    test: Annotated[float | None, typer.Option(help="Share of rows to test with. [0.2]")] = None,
    split_by: Annotated[str | None, typer.Option(help="Column whose values stay in one part.")] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same run. [0]")] = None,
    types: Annotated[list[str] | None, typer.Option(help="column=kind,... against what is inferred.")] = None,
    drop: Annotated[list[str] | None, typer.Option(help="Columns to leave out: a,b.")] = None,
    config: Annotated[Path | None, typer.Option(help="config.toml of a run; flags override it.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for run folders.")] = Path("runs"),
    name: Annotated[str | None, typer.Option(help="Name of the run folder. [that of the data]")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run of that name.")] = False,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Whether to write report.html.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No text on stderr.")] = False,
) -> None:
    """Train a network on a table and write a run folder.

    Column kinds, task, network and training follow from the data unless you say otherwise; what is inferred is printed.
    """
    from chainrule.tabular import settings as config_file

    flags = {
        "data": data, "target": target, "task": task, "hidden": _units(hidden), "activation": activation,
        "dropout": dropout, "epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate,
        "weight_decay": weight_decay, "patience": patience, "validation": val, "test": test, "split_by": split_by,
        "seed": seed, "types": _pairs(types), "drop": _names(drop),
    }  # fmt: skip
    from_file = config_file.read_toml(config) if config is not None else {}
    if target is None and "target" not in from_file and (data or "data" in from_file):
        _say_targets(str(data or from_file["data"]))
    if data is not None:
        from_file.pop("sha256", None)
    settings = config_file.override(from_file, flags)
    output = Output(json_output, quiet)
    if dry_run:
        _dry_run(output, settings)
    else:
        _train(output, settings, out, name, overwrite, report)


def _train(output: Output, settings: Settings, out: Path, name: str | None, overwrite: bool, with_report: bool) -> None:
    from chainrule.tabular import train as steps
    from chainrule.tabular.curves import require_matplotlib
    from chainrule.tabular.run import RECORDING, require_writable, run_folder, write_run

    started = time.perf_counter()
    require_matplotlib()
    run_folder(out, settings.data, name, overwrite)  # refuses a taken name before the work, not after it
    require_writable(out)
    prepared = steps.prepare(settings)
    show_columns(output, prepared)
    _say_network(output, prepared)
    with tempfile.TemporaryDirectory(prefix="chainrule-") as folder:
        recording = Path(folder, RECORDING)
        with Progress(output, prepared.settings.epochs) as progress:
            fitted = steps.train(prepared, progress, recording)
        epochs = len(fitted.history["loss"])
        progress.done(epochs, fitted.stopped_early, prepared.settings.patience, fitted.model.engine)
        output.say("Training the linear model to compare with ...")
        assessed = steps.assess(prepared, fitted)
        run = write_run(out, prepared, fitted, assessed, name, overwrite, recording)
    report = _write_report(output, run.folder, prepared) if with_report else None
    _conclude(output, run.metrics, str(run.folder), report)
    columns = [
        {"name": c.name, "kind": c.kind, "used": c.used, "missing": c.missing, "note": c.note} for c in prepared.columns
    ]
    seconds = round(time.perf_counter() - started, 2)
    written = None if report is None else str(report)
    output.result({"run": str(run.folder), "seconds": seconds, **run.metrics, "columns": columns, "report": written})


def _write_report(output: Output, folder: Path, prepared: Prepared) -> Path | None:
    """Write the report into the run folder; where that fails, the run is there all the same."""
    from chainrule.report import write_report

    output.say("Writing the report ...")
    try:
        return write_report(folder, prepared=prepared)
    except ChainruleError as error:
        output.say(f"Note: there is no report: {error}")
        return None


def _conclude(output: Output, metrics: dict[str, Any], folder: str, report: Path | None) -> None:
    """Say how the network did against the baselines, where the files are, and what to do next."""
    from chainrule.cli.show import SCORE_NAMES

    show_scores(output, metrics["test"], metrics["baseline"], metrics["rows"]["test"])
    main = metrics["main_score"]
    ours = number(metrics["test"][main]["value"])
    for other, margin in metrics["margin"].items():
        theirs = number(metrics["baseline"][other][main]["value"])
        verdict, reason = _verdict(margin)
        output.say(f"The network {verdict} the {other} baseline: {SCORE_NAMES[main]} {ours} against {theirs}{reason}.")
    output.say(
        f"Run folder: {folder}  (model.keras, metrics.json, history.csv, predictions.csv, "
        "config.toml, run.jsonl, curves.png)"
    )
    if report is not None:
        output.say(f"Report:     {report}  (open it in a browser)")
    output.say(f"Predict:    chainrule predict {shlex.quote(folder)} new.csv -o predictions.csv")


def _verdict(margin: dict[str, float | None]) -> tuple[str, str]:
    """Return what a margin over a baseline means, and why if it is not plain."""
    value, low, high = margin["value"] or 0.0, margin["low"], margin["high"]
    if low is None or high is None:
        return "beats" if value > 0 else "does NOT beat", " (too few rows to tell)"
    if low > 0:
        return "beats", ""
    if high < 0:
        return "does NOT beat", ""
    if low == high == 0:
        return "is exactly as good as", ""
    return "is about as good as", f" (95 % interval of the gain: {low:+.4f} to {high:+.4f})".replace("-", "−")


def _dry_run(output: Output, settings: Settings) -> None:
    from chainrule.tabular import train as steps

    prepared = steps.prepare(settings)
    show_columns(output, prepared)
    parameters = _say_network(output, prepared)
    seconds = _longest(prepared)
    output.say(
        f"Training would take at most about {seconds:.0f} s ({prepared.settings.epochs} epochs). Nothing was trained."
    )
    columns = [
        {"name": c.name, "kind": c.kind, "used": c.used, "missing": c.missing, "note": c.note} for c in prepared.columns
    ]
    output.result(
        {
            "task": prepared.task.kind,
            "columns": columns,
            "features": prepared.preprocessor.features,
            "hidden": prepared.settings.hidden,
            "parameters": parameters,
            "seconds_at_most": round(seconds, 1),
        }
    )


def _say_network(output: Output, prepared: Prepared) -> int:
    settings = prepared.settings
    sizes: list[int] = [prepared.matrix.shape[1], *(settings.hidden or ()), prepared.preprocessor.outputs]
    parameters = sum((a + 1) * b for a, b in itertools.pairwise(sizes))
    output.say(
        f"Network: {' → '.join(map(str, sizes))}, {settings.activation}, {parameters} parameters; batches of "
        f"{settings.batch_size}, learning rate {settings.learning_rate:g}, dropout {settings.dropout:g}, "
        f"seed {settings.seed}."
    )
    return parameters


def _longest(prepared: Prepared) -> float:
    """Return about how many seconds all epochs would take, from the time of a few steps."""
    from chainrule.tabular import recipe

    settings = prepared.settings
    model = recipe.build(prepared.matrix.shape[1], prepared.preprocessor.outputs, settings)
    batch = settings.batch_size or 32
    x, y = prepared.part(prepared.split.train[: batch * _TIMED_STEPS])
    model.fit(x[:batch], y[:batch], batch_size=batch, verbose=0)
    started = time.perf_counter()
    model.fit(x, y, batch_size=batch, epochs=2, verbose=0)
    per_row = (time.perf_counter() - started) / (2 * len(x))
    return per_row * len(prepared.split.train) * settings.epochs


def _say_targets(data: str) -> None:
    """Refuse to guess the target: list the columns instead."""
    from chainrule.tabular.read import read_table
    from chainrule.tabular.settings import SettingsError

    columns = read_table(data).columns
    raise SettingsError(
        f"Which column is to be predicted? The columns of {data} are: {', '.join(columns)}. "
        f"Did you mean the last one: --target {shlex.quote(columns[-1])}?"
    )


def _units(text: str | None) -> tuple[int, ...] | None:
    from chainrule.tabular.settings import SettingsError

    if text is None:
        return None
    try:
        units = tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise SettingsError(f"--hidden: expected units such as 64,32, but received {text!r}.") from None
    return () if units == (0,) else units


def _pairs(items: list[str] | None) -> dict[str, str] | None:
    from chainrule.tabular.settings import SettingsError

    if not items:
        return None
    pairs = {}
    for item in _names(items) or ():
        column, equals, kind = item.rpartition("=")
        if not equals or not column:
            raise SettingsError(f"--types: expected column=kind, such as age=numeric, but received {item!r}.")
        pairs[column] = kind
    return pairs


def _names(items: list[str] | None) -> tuple[str, ...] | None:
    return tuple(part.strip() for item in items for part in item.split(",") if part.strip()) if items else None
