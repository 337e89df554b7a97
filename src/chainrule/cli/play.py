"""`chainrule play`: the playground in the browser."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.common import Output, foreseen


@foreseen
def play(
    what: Annotated[str, typer.Argument(help="or, mlp, xor, circle, spiral, moons, or a CSV file.")] = "or",
    port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one.")] = 0,
    no_open: Annotated[bool, typer.Option("--no-open", help="Print the address only.")] = False,
) -> None:
    """Open a network in the browser: train it step by step and see every number."""
    from chainrule.web.playground import Playground
    from chainrule.web.presets import preset

    chosen = preset(what)
    playground = Playground(
        chosen.model, chosen.x, chosen.y, batch_size=chosen.batch_size, speed=chosen.speed, port=port, open=not no_open,
        features=chosen.features, classes=chosen.classes or None, target=chosen.target, name=chosen.title,
    )  # fmt: skip
    Output().say("Ctrl-C ends it. The page:")
    print(playground.url, flush=True)
    playground.wait()


__all__ = ["play"]
