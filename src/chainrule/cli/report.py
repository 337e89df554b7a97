"""`chainrule report`: the report of a run as one HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.common import Output, foreseen
from chainrule.cli.use import AsJson, Quiet


@foreseen
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder that `chainrule train` wrote.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write. [RUN/report.html]")] = None,
    private: Annotated[bool, typer.Option("--private", help="Leave out rows and the names of categories.")] = False,
    open_it: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    json_output: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Write what there is to know of a run into one HTML file that needs no network and no script.

    Verdict, data, model, training, performance, what matters, the worst errors derived, the loss surface, how to
    reproduce. If the data file is still what it was, its rows are read again; else the report does without them.
    """
    from chainrule.report import write_report

    output = Output(json_output, quiet)
    file = write_report(run, out, private=private)
    size = file.stat().st_size
    output.say(f"Report: {file}  ({size / 1000:,.0f} kB)")
    if open_it:
        show(file)
    output.result({"report": str(file), "bytes": size, "private": private})


def show(file: Path) -> None:
    """Open a file in the browser; where there is none, nothing happens."""
    import webbrowser

    webbrowser.open(file.resolve().as_uri())
