"""What is done with a run: `predict`, `evaluate`, `trace`, `summary`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from chainrule.cli.common import Output, foreseen, plain

if TYPE_CHECKING:
    from chainrule.tabular.run import Run

RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a model.keras that a run wrote.")]
Table = Annotated[str, typer.Argument(metavar="TABLE", help="CSV or TSV (also .gz), or Parquet.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No text on stderr.")]


@foreseen
def predict(
    run: RunPath,
    table: Table,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="CSV file to write. [stdout]")] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    json_output: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Predict the rows of a table; the target column is not needed."""
    from chainrule.cli.show import counted
    from chainrule.tabular import predict as predicting
    from chainrule.tabular.read import read_table
    from chainrule.tabular.run import load_run

    output = Output(json_output, quiet)
    loaded, rows = load_run(run), read_table(table)
    predictions = predicting.predict_table(loaded, rows, table)
    remarks = loaded.preprocessor.remarks(rows)
    for remark in remarks:
        output.say(f"Note: {remark}.")
    text = predicting.prediction_table(loaded.preprocessor, predictions, predicting.all_rows(rows), proba)
    result: dict[str, Any] = {"rows": rows.height, "remarks": remarks}
    if out is None:
        if json_output:
            result["predictions"] = predicting.as_records(text)
        output.result(result, text)
        return
    _write(out, text)
    output.say(f"{counted(rows.height, 'prediction')} written to {out}")
    output.result({**result, "out": str(out)})


@foreseen
def evaluate(run: RunPath, table: Table, json_output: AsJson = False, quiet: Quiet = False) -> None:
    """Score a run on a table that has the target column."""
    from chainrule.cli.show import show_scores
    from chainrule.tabular.predict import evaluate_table, is_training_file
    from chainrule.tabular.read import read_table
    from chainrule.tabular.run import load_run

    output = Output(json_output, quiet)
    loaded, rows = load_run(run), read_table(table)
    scores = evaluate_table(loaded, rows, table)
    remarks = loaded.preprocessor.remarks(rows)
    for remark in remarks:
        output.say(f"Note: {remark}.")
    seen = is_training_file(loaded, table)
    if seen:
        remarks.append(
            "this is the file of the run, so these rows include the training rows, on which a network does better than "
            "on new ones; the scores on the held-out rows are in metrics.json"
        )
        output.say(f"Note: {remarks[-1]}.")
    show_scores(output, scores, {}, rows.height, "training rows included" if seen else "test")
    target = loaded.preprocessor.target.name
    output.result({"target": target, "rows": rows.height, "scores": scores, "remarks": remarks})


@foreseen
def summary(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .keras file or a run folder.")],
    json_output: AsJson = False,
) -> None:
    """Print the layers of a model, and the features of a run."""
    from chainrule.saving.keras_format import load_model

    file = model / "model.keras" if model.is_dir() else model
    loaded = load_model(file)
    lines: list[str] = []
    loaded.summary(print_fn=lines.append)
    features = features_of(file)
    if features:
        lines.append(f"Features ({len(features)}): {plain(', '.join(features))}")
    result = {
        "name": loaded.name,
        "layers": [
            {"name": layer.name, "type": type(layer).__name__, "parameters": layer.count_params()}
            for layer in loaded.layers
        ],
        "parameters": loaded.count_params(),
        "features": features,
    }
    Output(json_output).result(result, "\n".join(lines))


@foreseen
def trace(
    run: RunPath,
    table: Table,
    row: Annotated[int, typer.Option(help="Which row of the table, from 1.")] = 1,
    form: Annotated[str, typer.Option("--format", help="text, latex, html or json.")] = "text",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write. [stdout]")] = None,
) -> None:
    """Show every number of the forward and backward pass for one row, with the chain rule that gives it."""
    from chainrule.tabular.explain import FORMATS, explain_row
    from chainrule.tabular.read import read_table
    from chainrule.tabular.run import load_run
    from chainrule.tabular.settings import SettingsError

    if form not in FORMATS:
        raise SettingsError(f"--format: expected one of {', '.join(FORMATS)}, but received {form!r}.")
    unicode = "auto" if out is None else True
    text = explain_row(load_run(run), read_table(table), row, form, table, unicode)
    if out is None:
        Output().result({}, text)
    else:
        _write(out, text)


def features_of(file: Path) -> list[str]:
    """Return the features of a run's model; none for a model without preprocessing."""
    from chainrule.errors import ModelFileError
    from chainrule.tabular.run import load_run

    try:
        loaded: Run = load_run(file)
    except ModelFileError:
        return []
    return loaded.preprocessor.features


def _write(path: Path, text: str) -> None:
    """Write a file so that the old or the new one is there, whole."""
    from chainrule.saving.archive import write_atomically

    def write(file: BinaryIO) -> None:
        file.write(text.encode())

    write_atomically(path, write)
