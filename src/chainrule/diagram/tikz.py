r"""Pictures as TikZ, for LaTeX documents: pgf's own commands only, symbols as mathematics."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from chainrule.diagram.mathtext import pieces
from chainrule.diagram.shapes import Area, Cells, Circle, Label, Line, Picture, Rect, Shape
from chainrule.diagram.svg import colours
from chainrule.glassbox.notation import Math
from chainrule.glassbox.render.latex import words
from chainrule.plot.colours import LIGHT

_SCALE = 0.75  # points for a pixel
_FINEST = 24  # rows and columns of a picture of weights: each cell is a command
_LATIN = 0x250  # letters up to here are in every T1 font
_ANCHORS = {"middle": "center", "start": "west", "end": "east"}

_HEAD = r"""\documentclass{article}
\usepackage[paperwidth=WIDTHpt, paperheight=HEIGHTpt, margin=0pt]{geometry}
\usepackage[T1]{fontenc}
\usepackage{amsmath}
\usepackage{tikz}
\pagestyle{empty}
\setlength{\parindent}{0pt}
\begin{document}
"""


def write(picture: Picture, standalone: bool = True) -> str:
    """Return a picture as a `tikzpicture`, or as a whole document with one."""
    lines = [f"% {_comment(picture.title)}", f"% {_comment(picture.description)}"]
    lines += [
        rf"\definecolor{{cr{name}}}{{HTML}}{{{colour[1:].upper()}}}"
        for name, colour in colours(LIGHT).items()
        if name != "none"
    ]
    lines.append(rf"\begin{{tikzpicture}}[x={_SCALE}pt, y=-{_SCALE}pt, font=\sffamily]")
    lines.append(rf"  \path[use as bounding box] (0,0) rectangle {_at(picture.width, picture.height)};")
    for shape in picture.shapes:
        lines += [f"  {line}" for line in _shape(shape)]
    body = "\n".join([*lines, r"\end{tikzpicture}"]) + "\n"
    if not standalone:
        return body
    head = _HEAD.replace("WIDTH", f"{_SCALE * picture.width + 1:.0f}").replace(
        "HEIGHT", f"{_SCALE * picture.height + 12:.0f}"
    )
    return f"{head}{body}\\end{{document}}\n"


def _comment(text: str) -> str:
    return " ".join(text.split())


def _at(x: float, y: float) -> str:
    return f"({x:.1f},{y:.1f})"


def _shape(shape: Shape) -> list[str]:
    if isinstance(shape, Line):
        return [_line(shape)]
    if isinstance(shape, Circle):
        radius = f"{shape.radius * _SCALE:.2f}pt"
        return [rf"\filldraw[fill=crpanel, draw=crline] {_at(shape.x, shape.y)} circle[radius={radius}];"]
    if isinstance(shape, Rect):
        return [_rect(shape)]
    if isinstance(shape, Area):
        corners = " -- ".join(_at(*point) for point in shape.points)
        return [rf"\fill[cr{shape.fill}] {corners} -- cycle;"]
    return _cells(shape) if isinstance(shape, Cells) else [_label(shape)]


def _line(line: Line) -> str:
    dashes = f", dash pattern=on {0.75 * (4 + line.width):.1f}pt off {0.75 * (3 + 0.6 * line.width):.1f}pt"
    look = f"draw=cr{line.ink}, line width={_SCALE * line.width:.2f}pt" + (dashes if line.dashed else "")
    path = _at(*line.points[0])
    if len(line.points) == 2:
        return rf"\draw[{look}] {path} -- {_at(*line.points[1])};"
    for (x1, y1), (x2, y2) in pairwise(line.points):
        middle = (x1 + x2) / 2
        path += f" .. controls {_at(middle, y1)} and {_at(middle, y2)} .. {_at(x2, y2)}"
    return rf"\draw[{look}] {path};"


def _rect(rect: Rect) -> str:
    fill = "" if rect.fill == "none" else f"fill=cr{rect.fill}, "
    dashes = ", dashed" if rect.dashed else ""
    look = f"{fill}draw=cr{rect.stroke}, rounded corners={_SCALE * rect.round:.1f}pt{dashes}"
    return rf"\draw[{look}] {_at(rect.x, rect.y)} rectangle {_at(rect.x + rect.width, rect.y + rect.height)};"


def _label(label: Label) -> str:
    size = _SCALE * label.size
    weight = r"\bfseries" if label.bold else ""
    font = rf"font=\sffamily{weight}\fontsize{{{size:.1f}}}{{{1.2 * size:.1f}}}\selectfont"
    plate = ", fill=crbackground, fill opacity=0.85, text opacity=1" if label.plate else ""
    look = f"anchor={_ANCHORS[label.anchor]}, inner sep=1pt, text=cr{label.ink}, {font}{plate}"
    return rf"\node[{look}] at {_at(label.x, label.y)} {{{''.join(map(_words, label.parts))}}};"


def _words(part: str | Math) -> str:
    if isinstance(part, str):
        return "".join(c if c.isalpha() and ord(c) < _LATIN else "$-$" if c == "−" else words(c) for c in part)
    return f"${part.latex}$" if pieces(part) is not None else words(part.text)


def _cells(cells: Cells) -> list[str]:
    from chainrule.diagram.wires import shrunk

    numbers = shrunk(np.asarray(cells.numbers), _FINEST, 1.0)
    rows, columns = numbers.shape
    width, height = cells.width / columns, cells.height / rows
    found = []
    for (i, j), value in np.ndenumerate(numbers):
        share = round(100 * abs(value)) if math.isfinite(value) else 50
        ink = "muted" if not math.isfinite(value) else "negative" if value < 0 else "positive"
        if share:
            x, y = cells.x + j * width, cells.y + i * height
            found.append(rf"\fill[cr{ink}!{share}] {_at(x, y)} rectangle {_at(x + width, y + height)};")
    return found
