"""`chainrule diagram`: a model or a run as a picture of its network."""

from __future__ import annotations

from collections.abc import Sequence
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
    from chainrule.saving.keras_format import load_model

    file = model / "model.keras" if model.is_dir() else model
    loaded = load_model(file, compile=False)
    features, classes = _names(file)
    picture = loaded.plot(notation=notation, labels=labels, digits=digits, feature_names=features, class_names=classes)
    picture.save(out, theme=theme)
    Output().say(f"Wrote {out}.")


def _names(file: Path) -> tuple[Sequence[str] | None, Sequence[str] | None]:
    """Return the names of a run's features and classes; none for a model without preprocessing."""
    from chainrule.errors import ModelFileError
    from chainrule.tabular.run import load_run

    try:
        found = load_run(file).preprocessor
    except ModelFileError:
        return None, None
    return found.features, getattr(found.target, "classes", None)
