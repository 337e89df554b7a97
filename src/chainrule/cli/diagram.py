"""`chainrule diagram`: a model or a run as a picture of its network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.cli.common import Output, foreseen


@foreseen
def diagram(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .keras file or a run folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .svg, .tex (TikZ), .png or .pdf.")] = Path(
        "network.svg"
    ),
    notation: Annotated[str, typer.Option(help="lecture, textbook or keras.")] = "lecture",
    labels: Annotated[str, typer.Option(help="At the lines: auto, both, values, symbols or none.")] = "auto",
    digits: Annotated[int, typer.Option(min=1, max=15, help="Decimals of numbers.")] = 2,
    theme: Annotated[str, typer.Option(help="light, dark or, for SVG, auto.")] = "light",
) -> None:
    """Draw the network with its true weights: width for size, colour and dashes for the sign."""
    from chainrule.cli.use import features_of
    from chainrule.saving.keras_format import load_model

    file = model / "model.keras" if model.is_dir() else model
    loaded = load_model(file, compile=False)
    features = features_of(file)
    names = features if len(features) == loaded.input_shape[-1] else None
    picture = loaded.plot(notation=notation, labels=labels, digits=digits, feature_names=names)
    picture.save(out, theme=theme)
    Output().say(f"Wrote {out}.")
