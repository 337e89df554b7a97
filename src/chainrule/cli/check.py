"""`chainrule check`: what is wrong with a table, before anything is trained; `chainrule lr-find`: where to begin."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.common import DATA, Output, foreseen, plain
from chainrule.cli.show import show_columns
from chainrule.cli.train import _names, _pairs, _say_targets, _units

if TYPE_CHECKING:
    from chainrule.tabular.train import Prepared

_PICTURES = (".png", ".svg", ".pdf")
Table = Annotated[str, typer.Argument(help="CSV or TSV (also .gz), or Parquet.")]
Target = Annotated[str | None, typer.Option("--target", "-t", help="The column to predict.")]
Task = Annotated[str | None, typer.Option(help="binary, multiclass or regression. [inferred]")]
Types = Annotated[list[str] | None, typer.Option(help="column=kind,... against what is inferred.")]
Drop = Annotated[list[str] | None, typer.Option(help="Columns to leave out: a,b.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No text on stderr.")]


@foreseen
def check(
    data: Table,
    target: Target = None,
    task: Task = None,
    types: Types = None,
    drop: Drop = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 3 if anything is found.")] = False,
    json_output: Json = False,
    quiet: Quiet = False,
) -> None:
    """Look for what is wrong with a table; nothing is trained or written.

    Constant, doubled and mostly missing columns, rare classes, and columns that give the target away.
    """
    from chainrule.health.table import check_prepared

    output = Output(json_output, quiet)
    prepared = _prepared(data, target, task=task, types=_pairs(types), drop=_names(drop))
    show_columns(output, prepared)
    report = check_prepared(prepared)
    output.result({"data": prepared.settings.data, **report.to_dict()}, plain(str(report)))
    if strict and not report.ok:
        raise typer.Exit(DATA)


@foreseen
def lr_find(
    data: Table,
    target: Target = None,
    task: Task = None,
    hidden: Annotated[str | None, typer.Option(help="Units of the hidden layers, as 64,32. [by size]")] = None,
    activation: Annotated[str | None, typer.Option(help="Of the hidden layers. [relu]")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Rows per step. [by size]")] = None,
    start: Annotated[float, typer.Option(help="The first learning rate.")] = 1e-7,
    end: Annotated[float, typer.Option(help="The last learning rate.")] = 10.0,
    steps: Annotated[int, typer.Option(help="How many learning rates.")] = 100,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same numbers. [0]")] = None,
    types: Types = None,
    drop: Drop = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", "-o", help="Draw the losses: a .png, .svg or .pdf file.")
    ] = None,
    json_output: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try learning rates on the network that `chainrule train` would make of a table, and suggest one."""
    from chainrule.random.seeds import set_random_seed
    from chainrule.tabular import recipe
    from chainrule.tuning.finder import find_learning_rate

    _check_picture(plot)
    output = Output(json_output, quiet)
    more = {"hidden": _units(hidden), "activation": activation, "batch_size": batch_size, "seed": seed}
    prepared = _prepared(data, target, task=task, types=_pairs(types), drop=_names(drop), **more)
    settings = prepared.settings
    set_random_seed(settings.seed)
    model = recipe.build(prepared.matrix.shape[1], prepared.preprocessor.outputs, settings)
    x, y = prepared.part(prepared.split.train)
    found = find_learning_rate(
        model, x, y, start, end, steps, batch_size=settings.batch_size or 32, seed=settings.seed
    )  # fmt: skip
    if plot is not None:
        found.plot().figure.savefig(plot)
        output.say(f"Picture: {plot}")
    output.result({"data": settings.data, **found.to_dict()}, str(found))
    file, column = shlex.quote(data), shlex.quote(settings.target)
    output.say(f"Train with it:  chainrule train {file} -t {column} --learning-rate {found.suggestion:.2g}")


def _check_picture(path: Path | None) -> None:
    from chainrule.tabular.settings import SettingsError

    if path is not None and path.suffix.lower() not in _PICTURES:
        raise SettingsError(f"--plot: expected a file that ends in {', '.join(_PICTURES)}, but received '{path}'.")


def _prepared(data: str, target: str | None, **flags: object) -> Prepared:
    """Read a table with the settings that were given."""
    from chainrule.tabular import settings as config_file
    from chainrule.tabular.train import prepare

    if target is None:
        _say_targets(data)
    return prepare(config_file.override({}, {"data": data, "target": target, **flags}))
