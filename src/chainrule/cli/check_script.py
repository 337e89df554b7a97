"""`chainrule check-script FILE.py`: what of a Keras script runs here, read without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.common import FAILED, Output, foreseen

if TYPE_CHECKING:
    from chainrule.migration.judge import Finding
    from chainrule.migration.script import Report


@foreseen
def check_script(
    file: Annotated[Path, typer.Argument(help="The Keras script.")],
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Read a Keras script without running it: which names are here, which are not, and what to change."""
    from chainrule.migration import script

    report = script.check_script(file)
    if json_output:
        Output(as_json=True).result(as_data(report))
    else:
        typer.echo("\n".join(lines_of(report, file)))
    if report.problems:
        raise typer.Exit(FAILED)


def as_data(report: Report) -> dict[str, object]:
    """Return a report as plain data."""
    rows = [
        {"name": f.name, "lines": list(f.lines), "state": f.state, "advice": f.advice}
        for f in (*report.findings, *report.tensorflow)
    ]
    changes = [{"line": n, "from": old, "to": new} for n, old, new in report.changes]
    return {"names": rows, "changes": changes, "runs": not report.problems}


def lines_of(report: Report, file: Path) -> list[str]:
    """Return a report as lines of text."""
    if not report.changes and not report.problems:
        return [f"'{file}' does not import Keras: there is nothing to change."]
    lines = ["Change these lines:"] if report.changes else [f"'{file}' does not import Keras."]
    for number, old, new in report.changes:
        lines += [f"  line {number}: {old}", f"       to: {new}"]
    here = [f.name.removeprefix("keras.") for f in report.available]
    lines += ["", f"{len(here)} name{'s' * (len(here) != 1)} of Keras found here: {', '.join(here) or 'none'}"]
    for title, states in (
        ("Gone or renamed since Keras 2:", ("renamed", "argument")),
        ("Out of chainrule's scope:", ("left out",)),
        ("Not here:", ("missing",)),
        ("Cannot tell:", ("unknown",)),
        ("TensorFlow itself:", ("tensorflow",)),
    ):
        found = [f for f in report.problems if f.state in states]
        if found:
            lines += ["", title, *map(_line, found)]
    lines += ["", verdict(report)]
    return lines


def _line(finding: Finding) -> str:
    at = ", ".join(map(str, finding.lines[:5])) + (", ..." if len(finding.lines) > 5 else "")
    return f"  line {at}: {finding.name}: {finding.advice}"


def verdict(report: Report) -> str:
    """Return the findings in one line."""
    if not report.problems:
        return "All that the script uses of Keras is here: change the lines above, and it runs."
    return f"{len(report.problems)} thing{'s' * (len(report.problems) != 1)} to change beside the imports."
