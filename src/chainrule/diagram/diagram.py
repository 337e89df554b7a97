"""`network` and `Diagram`: a model, or one observation going through it, as a picture with the true weights."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.diagram import svg
from chainrule.diagram.content import LARGEST, Content, read
from chainrule.diagram.draw import draw
from chainrule.diagram.places import Look
from chainrule.diagram.shapes import Picture
from chainrule.errors import ChainruleError, DataError, unknown_name, within
from chainrule.glassbox.derive.view import Options, View
from chainrule.glassbox.numbers import Style

FORMATS = ("svg", "tex", "png", "pdf")
LABELS = ("auto", "both", "values", "symbols", "none")
_BOTH, _VALUES = 9, 40


class Diagram:
    """A network as a picture. Notebooks show it; `save` writes it as SVG, TikZ, PNG or PDF.

    Args:
        picture: its shapes.
    """

    def __init__(self, picture: Picture) -> None:
        self.picture = picture

    def svg(self, theme: str = "auto", background: bool = False) -> str:
        """Return it as SVG, without any other library.

        Args:
            theme: `'auto'` follows the reader's system or notebook; `'light'`, `'dark'`.
            background: whether to fill the background.

        Raises:
            UnknownNameError: another theme.
        """
        if theme not in ("auto", "light", "dark"):
            raise unknown_name("theme", theme, ("auto", "light", "dark"))
        return svg.write(self.picture, theme, background)

    def tikz(self, standalone: bool = True) -> str:
        """Return it as TikZ: a whole LaTeX document, or the `tikzpicture` alone for one of your own."""
        from chainrule.diagram import tikz

        return tikz.write(self.picture, standalone)

    def save(self, path: Any, theme: str = "light", dpi: float = 200) -> None:
        """Write it into a file; the ending says how: `.svg`, `.tex` (TikZ), `.png`, `.pdf`.

        Args:
            path: where to.
            theme: `'light'`, `'dark'`, or for SVG `'auto'`, which changes with the reader's system.
            dpi: of a `.png`.

        Raises:
            DataError: another ending.
            MissingExtraError: `.png` and `.pdf` need matplotlib or cairosvg, and neither is installed.
        """
        form = os.path.splitext(os.fspath(path))[1][1:].lower()
        if form not in FORMATS:
            raise DataError(f"A diagram is saved as one of .{', .'.join(FORMATS)}, but the path is {str(path)!r}.")
        if form in ("svg", "tex"):
            text = self.svg(theme, background=True) if form == "svg" else self.tikz()
            Path(path).write_text(text, encoding="utf-8")
            return
        from chainrule.diagram import raster

        raster.save(self.picture, os.fspath(path), form, theme, dpi)

    def _repr_svg_(self) -> str:
        return self.svg()

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg()}</div>'

    def __repr__(self) -> str:
        return f"<Diagram of {self.picture.title[8:]!r}, {self.picture.width:.0f} × {self.picture.height:.0f}>"


@within("plot.network")
def network(
    model: Any,
    *,
    notation: str = "lecture",
    labels: str = "auto",
    digits: int = 2,
    largest: int = LARGEST,
    feature_names: Any = None,
    class_names: Any = None,
    ax: Any = None,
) -> Any:
    """Return a model as a diagram with its true weights: width for size, blue and solid for positive, vermillion and
    dashed for negative.

    Layers of more than `largest` units are blocks, with a picture of the weight matrix before them.

    Args:
        model: a built model.
        notation: how units and weights are called: `'lecture'`, `'textbook'` or `'keras'`.
        labels: what stands at the lines: `'both'`, `'values'`, `'symbols'`, `'none'`; `'auto'`: what there is room for.
        digits: decimals of numbers.
        largest: how many units a layer may have to be drawn unit by unit.
        feature_names, class_names: written beside inputs and outputs.
        ax: axes of matplotlib to draw on.

    Returns:
        A `Diagram`, or `ax` if axes were given.

    Raises:
        ChainruleError: the model is not built, or cannot run on numbers.
        UnknownNameError: an unknown notation or value of `labels`.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")], name="perceptron")
    >>> picture = network(model)
    >>> "Network perceptron" in picture.svg(), picture.tikz().startswith("\\\\documentclass")
    (True, True)
    """
    view = view_of(model, Options(Style(digits), notation, feature_names=_names(feature_names),
                                  class_names=_names(class_names)))  # fmt: skip
    return of_view(view, labels=labels, largest=largest, ax=ax)


def of_view(
    view: View,
    *,
    values: bool = False,
    gradients: bool = False,
    labels: str = "auto",
    digits: int | None = None,
    largest: int = LARGEST,
    ax: Any = None,
) -> Any:
    """Return the diagram of a recorded run.

    Args:
        view: the run, and how numbers and symbols are written.
        values: whether units show the numbers of this observation.
        gradients: whether lines and units show derivatives of the loss; what was not computed gets a dot.
        labels, largest, ax: as in `network`.
        digits: decimals of numbers; those of the view by default.
    """
    if labels not in LABELS:
        raise unknown_name("value of labels", labels, LABELS)
    content = read(view, largest)
    if labels == "auto":
        labels = _labels(content, gradients)
    style = view.style if digits is None else Style(digits, view.style.single)
    picture = draw(content, Look(values, gradients, labels), style)
    if ax is None:
        return Diagram(picture)
    from chainrule.diagram import raster

    raster.paint(picture, ax)
    return ax


def _labels(content: Content, gradients: bool) -> str:
    """Return how much can be written at the lines."""
    lines = sum(len([e for e in w.edges if e.weight is not None]) for w in content.wires)
    lines += sum(map(len, content.biases.values()))
    if any(w.weights for w in content.wires):
        return "none"
    return "both" if lines <= (_BOTH // 2 if gradients else _BOTH) else "values" if lines <= _VALUES else "none"


def _names(names: Any) -> tuple[str, ...]:
    return tuple(map(str, names)) if names is not None else ()


# -- a model without data ---------------------------------------------------------------------------------------------


def view_of(model: Any, options: Options) -> View:
    """Return a view of a model that ran on one row of zeros: its layers, symbols and weights.

    Raises:
        KindError, ChainruleError: it is no model, is not built, or does not run on zeros.
    """
    from chainrule.glassbox import network as recorded
    from chainrule.glassbox.record import Batch, Runner
    from chainrule.models.model import Model
    from chainrule.plot.arrays.given import no_model

    if not isinstance(model, Model):
        raise no_model(model, "a model")
    if not model.built or any(not layer.built for layer in model._flatten_layers()):
        raise ChainruleError(
            f"Model '{model.name}' is not built yet, so it has no weights to draw: start it with an "
            "Input, call build(input_shape), or call it on a batch first."
        )
    try:
        run = recorded.build(Runner(model).record(Batch(_zeros(model)), with_loss=False))
    except Exception as error:
        raise ChainruleError(
            f"Model '{model.name}' cannot be drawn from what it computes on a row of zeros "
            f"({type(error).__name__}: {error}). chainrule.utils.plot_model draws its layers as boxes."
        ) from error
    return View(run, options)


def _zeros(model: Any) -> Any:
    graph = model._graph_or_none()
    if graph is not None:
        return tree.map_structure(lambda t: _zero(t.shape, str(t.dtype)), graph.input_structure)
    from chainrule.layers.drawing import symbolic_inputs

    shapes = model._build_shapes or {}
    found = [symbolic_inputs(model, shape) for shape in shapes.values()]
    made = [tree.map_structure(lambda t: _zero(t.shape, str(t.dtype)), t) for t in found]
    return made[0] if len(made) == 1 else made


def _zero(shape: tuple[int | None, ...], dtype: str) -> Any:
    sizes = [1 if n is None else n for n in (1, *shape[1:])]
    return np.full(sizes, "", dtype=object) if dtype == "string" else np.zeros(sizes, dtype)
