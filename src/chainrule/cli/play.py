"""`chainrule play`: the playground in the browser; `chainrule view`: a recorded training there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from chainrule.cli.common import Output, foreseen, plain
from chainrule.errors import UnknownNameError

if TYPE_CHECKING:
    from chainrule.web.open import Page

Port = Annotated[int, typer.Option(help="Port of the page. [a free one]", show_default=False)]
Host = Annotated[str, typer.Option(help="Of the page, on this machine: 127.0.0.1, ::1 or localhost.")]
BaseUrl = Annotated[str | None, typer.Option(help="Where a proxy serves the page, such as JupyterHub's address.")]
Socket = Annotated[str | None, typer.Option(help="Listen at this file, a Unix-domain socket; --port leads to it.")]
NoOpen = Annotated[bool, typer.Option("--no-open", help="Print the address only.")]


@foreseen
def play(
    what: Annotated[str, typer.Argument(help="or, mlp, xor, circle, spiral, moons, or a CSV file.")] = "or",
    target: Annotated[str | None, typer.Option("--target", "-t", help="Of a file: the column to predict.")] = None,
    hidden: Annotated[str | None, typer.Option(help="Of a file: units of the hidden layers, as 8,4. [8]")] = None,
    port: Port = 0,
    host: Host = "127.0.0.1",
    base_url: BaseUrl = None,
    socket: Socket = None,
    no_open: NoOpen = False,
) -> None:
    """Open a network in the browser: train it step by step and see every number."""
    from chainrule.web.open import dashboard

    if not _is_file(what) and (target is not None or hidden is not None):
        from chainrule.tabular.settings import SettingsError

        option = "--target" if target is not None else "--hidden"
        raise SettingsError(f"{option} is for a file, but '{what}' is none. Give the path of a CSV file.")
    model, x, y, more = _table(what, target, hidden) if _is_file(what) else _preset(what)
    more |= {"port": port, "host": host, "base_url": base_url, "socket": socket}
    _stay(dashboard(model, x, y, open=not no_open, wait=False, **more))


@foreseen
def view(
    run: Annotated[str, typer.Argument(help="A run's folder or run.jsonl, or a folder of runs.")],
    port: Port = 0,
    host: Host = "127.0.0.1",
    base_url: BaseUrl = None,
    socket: Socket = None,
    no_open: NoOpen = False,
) -> None:
    """Show a recorded training in the browser, frame by frame, beside other runs; one that goes on is followed."""
    from chainrule.web.open import dashboard

    place: dict[str, Any] = {"port": port, "host": host, "base_url": base_url, "socket": socket}
    page = dashboard(Path(run), open=not no_open, wait=False, **place)
    for _, why in page.driver.stage.damaged:
        print(f"Left out: {plain(why)}", file=sys.stderr, flush=True)
    _stay(page)


def _stay(page: Page) -> None:
    """Print the address and wait for Ctrl-C."""
    print(page.url, flush=True)
    if page.server.hint:
        print(page.server.hint, file=sys.stderr, flush=True)
    print("Ctrl-C ends it.", file=sys.stderr, flush=True)
    page.wait()


def _is_file(what: str) -> bool:
    return Path(what).exists() or bool(Path(what).suffix)


def _preset(name: str) -> tuple[Any, Any, Any, dict[str, Any]]:
    from chainrule.web.presets import preset

    try:
        p = preset(name)
    except UnknownNameError as error:
        raise UnknownNameError(
            f"{error} For a table, give the path of its CSV file; there is none of this name."
        ) from None
    return p.model, p.x, p.y, {
        "batch_size": p.batch_size, "speed": p.speed, "feature_names": p.features, "target": p.target, "name": p.title,
    }  # fmt: skip


def _table(path: str, target: str | None, hidden: str | None) -> tuple[Any, Any, Any, dict[str, Any]]:
    from chainrule.cli.check import _prepared
    from chainrule.cli.show import show_columns
    from chainrule.cli.train import _units
    from chainrule.web.table import problem

    prepared = _prepared(path, target)
    show_columns(Output(), prepared)
    p = problem(prepared, _units(hidden))
    return p.model, *p.training, {
        "validation_data": p.validation, "batch_size": p.batch_size, "feature_names": p.features,
        "class_names": p.classes, "target": p.target, "name": Path(path).stem,
    }  # fmt: skip


__all__ = ["play", "view"]
