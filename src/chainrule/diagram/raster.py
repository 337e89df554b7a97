"""Pictures as PNG and PDF, by matplotlib or cairosvg, whichever is installed."""

from __future__ import annotations

import importlib
from itertools import pairwise
from typing import Any

from chainrule.diagram import png, svg
from chainrule.diagram.mathtext import pieces
from chainrule.diagram.shapes import Area, Cells, Circle, Label, Line, Picture, Rect, Shape
from chainrule.errors import MissingExtraError
from chainrule.glassbox.notation import Math
from chainrule.plot.colours import DARK, LIGHT

_POINTS = 0.75  # for a pixel of 1/96 inch


def save(picture: Picture, path: str, form: str, theme: str, dpi: float) -> None:
    """Write a picture as `'png'` or `'pdf'`.

    Raises:
        MissingExtraError: neither library is installed.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError:
        if not _with_cairosvg(picture, path, form, theme, dpi):
            raise MissingExtraError(
                f"A diagram as .{form} needs matplotlib or cairosvg. Install one, pip install matplotlib, or save it "
                "as .svg or .tex, which need neither."
            ) from None
        return
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(picture.width / 96, picture.height / 96))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    paint(picture, axes, theme)
    metadata = {"Software": None} if form == "png" else {"CreationDate": None}  # equal pictures are equal files
    colour = _colours(theme)["background"]
    figure.savefig(path, format=form, dpi=dpi, facecolor=colour, metadata=metadata)


def paint(picture: Picture, axes: Any, theme: str = "light") -> None:
    """Draw a picture on axes of matplotlib; their unit becomes a pixel, downwards from the upper left corner."""
    _Canvas(axes, _colours(theme)).paint(picture)


def _colours(theme: str) -> dict[str, str]:
    return svg.colours(DARK if theme == "dark" else LIGHT)


def _with_cairosvg(picture: Picture, path: str, form: str, theme: str, dpi: float) -> bool:
    try:
        cairosvg: Any = importlib.import_module("cairosvg")
    except (ImportError, OSError):  # not installed, or without its C library
        return False
    convert = cairosvg.svg2png if form == "png" else cairosvg.svg2pdf
    text = svg.write(picture, "light" if theme == "auto" else theme, background=True)
    convert(bytestring=text.encode(), write_to=path, scale=dpi / 96 if form == "png" else 1)
    return True


class _Canvas:
    """Draws on axes.

    Args:
        axes: of matplotlib.
        colours: role to colour.
    """

    order = 0

    def __init__(self, axes: Any, colours: dict[str, str]) -> None:
        self.axes = axes
        self.colours = colours

    def paint(self, picture: Picture) -> None:
        """Draw all shapes, each above those before it."""
        for self.order, shape in enumerate(picture.shapes, 1):
            self._draw(shape)
        self.axes.set_axis_off()
        self.axes.set(xlim=(0, picture.width), ylim=(picture.height, 0), aspect="equal")

    def _draw(self, shape: Shape) -> None:
        from matplotlib.patches import Circle as Disc
        from matplotlib.patches import Polygon

        inks = self.colours
        if isinstance(shape, Line):
            self._line(shape)
        elif isinstance(shape, Rect):
            self._rect(shape)
        elif isinstance(shape, Label):
            self._label(shape)
        elif isinstance(shape, Cells):
            box = (shape.x, shape.x + shape.width, shape.y + shape.height, shape.y)
            self.axes.imshow(png.signed(shape.numbers), extent=box, interpolation="nearest", zorder=self.order)
        elif isinstance(shape, Area):
            self.axes.add_patch(Polygon(shape.points, closed=True, fc=inks[shape.fill], ec="none", zorder=self.order))
        elif isinstance(shape, Circle):
            disc = Disc((shape.x, shape.y), shape.radius, fc=inks["panel"], ec=inks["line"], lw=0.9, zorder=self.order)
            self.axes.add_patch(disc)

    def _line(self, line: Line) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path

        corners, codes = [line.points[0]], [Path.MOVETO]
        for (x1, y1), (x2, y2) in pairwise(line.points):
            middle = (x1 + x2) / 2
            straight = len(line.points) == 2
            corners += [(x2, y2)] if straight else [(middle, y1), (middle, y2), (x2, y2)]
            codes += [Path.LINETO] if straight else [Path.CURVE4] * 3
        width = line.width * _POINTS
        style: Any = (0, (4 / line.width + 1, 3 / line.width + 0.6)) if line.dashed else "solid"
        look = {"fc": "none", "ec": self.colours[line.ink], "lw": width, "ls": style, "zorder": self.order}
        self.axes.add_patch(PathPatch(Path(corners, codes), capstyle="butt", **look))

    def _rect(self, rect: Rect) -> None:
        from matplotlib.patches import FancyBboxPatch

        corner = min(rect.round, rect.width / 2, rect.height / 2)
        box = FancyBboxPatch(
            (rect.x, rect.y), rect.width, rect.height, boxstyle=f"round,pad=0,rounding_size={corner}",
            fc=self.colours[rect.fill], ec=self.colours[rect.stroke], lw=0.9, zorder=self.order,
            ls=(0, (5, 4)) if rect.dashed else "solid",
        )  # fmt: skip
        self.axes.add_patch(box)

    def _label(self, label: Label) -> None:
        from matplotlib.patches import Rectangle

        if label.plate:
            height = 1.36 * label.size
            corner = (label.x - label.plate / 2, label.y - height / 2)
            plate = Rectangle(corner, label.plate, height, fc=self.colours["background"], ec="none", alpha=0.85)
            plate.set_zorder(self.order)
            self.axes.add_patch(plate)
        parts = [_words(part) for part in label.parts]
        formula = any(math for _, math in parts)
        text = "".join(t if math or not formula else _escaped(t) for t, math in parts)
        side = {"middle": "center", "start": "left", "end": "right"}[label.anchor]
        self.axes.text(
            label.x, label.y, text, fontsize=label.size * _POINTS, color=self.colours[label.ink], ha=side,
            va="center_baseline", weight="bold" if label.bold else "normal", parse_math=formula, zorder=self.order,
            math_fontfamily="stix",
        )  # fmt: skip


def _words(part: str | Math) -> tuple[str, bool]:
    """Return a part, and whether it is mathematics."""
    if isinstance(part, str):
        return part, False
    return (f"${part.latex}$", True) if pieces(part) is not None and r"\text" not in part.latex else (part.text, False)


def _escaped(text: str) -> str:
    return text.replace("$", r"\$")
