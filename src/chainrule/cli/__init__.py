"""The command line: `chainrule train data.csv --target y`, and what to do with the run afterwards.

Each command is a thin layer over `chainrule.tabular`. `main` is the typer application; `python -m chainrule` runs it.
"""

from __future__ import annotations

import typer

from chainrule.cli import check, check_script, diagram, doctor, export, play, report, train, use

main = typer.Typer(
    name="chainrule",
    help="Feedforward neural networks: train on a table, predict, and see every number.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
main.command("train")(train.train)
main.command("predict")(use.predict)
main.command("evaluate")(use.evaluate)
main.command("trace")(use.trace)
main.command("check")(check.check)
main.command("lr-find")(check.lr_find)
main.command("summary")(use.summary)
main.command("report")(report.report)
main.command("diagram")(diagram.diagram)
main.command("export")(export.export)
main.command("play")(play.play)
main.command("view")(play.view)
main.command("doctor")(doctor.doctor)
main.command("check-script")(check_script.check_script)


def _version(wanted: bool) -> None:
    if wanted:
        from chainrule.version import __version__

        typer.echo(f"chainrule {__version__}")
        raise typer.Exit


@main.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Feedforward neural networks: train on a table, predict, and see every number."""


__all__ = ["main"]
