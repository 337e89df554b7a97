"""`chainrule doctor`: what is installed, what this machine offers, and whether the library works here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from chainrule.cli.common import FAILED, Output, foreseen, plain

if TYPE_CHECKING:
    from rich.table import Table

    from chainrule.cli.facts import Facts

_WIDE = 120
_REBUILD = "pip install --force-reinstall --no-deps --no-cache-dir --no-binary chainrule chainrule"


@foreseen
def doctor(
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Print versions, engines, instruction sets, threads and BLAS, and test the library on this machine."""
    from chainrule.cli import facts as found
    from chainrule.cli import trials

    facts: Facts = {
        **found.versions(),
        "engines": found.engines(),
        "instruction sets": found.instruction_sets(),
        "threads": found.threads(),
        "blas": found.blas(),
        "extras": found.extras(),
        "checks": trials.outcomes(),
    }
    facts["ok"] = all(outcome.startswith("ok") for outcome in facts["checks"].values())
    facts["verdict"] = verdict(facts)
    if json_output:
        Output(as_json=True).result(facts)
    else:
        _print(facts)
    if not facts["ok"]:
        raise typer.Exit(FAILED)


def verdict(facts: Facts) -> str:
    """Return the findings in one line."""
    if not facts["ok"]:
        return "Something does not work here: see the lines marked FAILED."
    native = facts["engines"]["native"]
    if native != "available":
        return f"All works, but slowly: {native}. Install a C++20 compiler, then: {_REBUILD}"
    threads = facts["threads"]["in use"]
    using = f"{facts['instruction sets']['in use']} kernels and {threads} thread{'s' if threads > 1 else ''}"
    return f"All is well: the native engine runs, with {using}."


def _print(facts: Facts) -> None:
    from rich.console import Console

    width = None if sys.stdout.isatty() else _WIDE
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    console.print(_table(_sections(facts)))
    console.print(plain(facts["verdict"]), soft_wrap=True)


def _table(sections: Iterator[list[tuple[str, str]]]) -> Table:
    """Return a table of two columns, names and findings, with a line between sections."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for rows in sections:
        for name, finding in rows:
            table.add_row(plain(name), plain(finding))
        table.add_section()
    return table


def _sections(facts: Facts) -> Iterator[list[tuple[str, str]]]:
    from chainrule.cli.facts import PACKAGES, missing

    yield [(name, facts[name]) for name in ("chainrule", "python", "platform", *PACKAGES)]
    yield [(f"engine {name}", finding) for name, finding in facts["engines"].items()]
    yield [
        ("instruction set", _instruction_sets(facts["instruction sets"])),
        ("threads", _threads(facts["threads"])),
        ("NumPy's BLAS", facts["blas"]),
    ]
    yield [
        (f"extra {name}", _extra(name, packages, [*missing(packages)])) for name, packages in facts["extras"].items()
    ]
    yield [
        (f"check {name}", outcome if outcome.startswith("ok") else f"FAILED: {outcome}")
        for name, outcome in facts["checks"].items()
    ]


def _instruction_sets(sets: Facts) -> str:
    wished, available = sets["CHAINRULE_ISA"], sets["available"]
    text = f"{sets['in use']} (available: {', '.join(available)})" if available else "none: there are no kernels"
    if wished is None:
        return text
    unknown = "" if wished in available else ", which is not available"
    return f"{text}; CHAINRULE_ISA={wished}{unknown}"


def _threads(threads: Facts) -> str:
    limits = [f"{threads['cores']} cores"]
    if threads["bound to"] != threads["cores"]:
        limits.append(f"bound to {threads['bound to']} of them")
    if threads["quota"] is not None:
        limits.append(f"time of {threads['quota']:.3g} granted")
    limits += [f"{name}={value}" for name, value in threads["environment"].items()]
    return f"{threads['in use']} in use of {threads['usable']} usable ({', '.join(limits)})"


def _extra(name: str, packages: dict[str, str | None], missing: list[str]) -> str:
    if missing:
        return f'{" and ".join(missing)} not installed: pip install "chainrule[{name}]"'
    return ", ".join(f"{package} {version}" for package, version in packages.items())
