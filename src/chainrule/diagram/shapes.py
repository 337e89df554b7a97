"""The shapes a diagram consists of, at places, with a role in place of a colour: writers decide how a role looks."""

from __future__ import annotations

from dataclasses import dataclass, field

from chainrule._typing import Array
from chainrule.glassbox.notation import Math

Point = tuple[float, float]

INKS = ("text", "muted", "line", "grid", "panel", "background", "positive", "negative", "none")
"""The roles of a colour, by the names of `plot.colours`."""


@dataclass
class Line:
    """A line through points, straight between two, smooth through more."""

    points: list[Point]
    width: float
    ink: str
    dashed: bool = False
    tip: str = ""
    arrow: bool = False
    key: str = ""


@dataclass
class Circle:
    """A circle around (x, y)."""

    x: float
    y: float
    radius: float
    tip: str = ""


@dataclass
class Rect:
    """A rectangle from its upper left corner, with round corners."""

    x: float
    y: float
    width: float
    height: float
    round: float = 8.0
    fill: str = "panel"
    stroke: str = "line"
    tip: str = ""
    dashed: bool = False


@dataclass
class Area:
    """A filled polygon."""

    points: list[Point]
    fill: str = "grid"
    tip: str = ""


@dataclass
class Label:
    """A line of text with x its middle (`'middle'`), left or right end (`'start'`, `'end'`) and y its middle height.

    `parts` are plain text or mathematics, one after the other. `plate` is the width of a strip of background
    behind it, so that it stands out from lines.
    """

    x: float
    y: float
    parts: list[str | Math]
    size: float = 12.0
    anchor: str = "middle"
    ink: str = "text"
    plate: float = 0.0
    bold: bool = False


@dataclass
class Cells:
    """A matrix of numbers from -1 to 1 as coloured cells; what is not finite is grey."""

    x: float
    y: float
    width: float
    height: float
    numbers: Array
    tip: str = ""


Shape = Line | Circle | Rect | Area | Label | Cells


@dataclass
class Picture:
    """All shapes, in the order in which they are drawn.

    Attributes:
        title, description: for those who do not see it.
    """

    width: float
    height: float
    title: str
    description: str
    shapes: list[Shape] = field(default_factory=list)
