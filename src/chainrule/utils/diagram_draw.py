"""Diagrams as rectangles, texts and lines at places, and those as SVG or, through matplotlib, as other pictures."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from chainrule.utils.diagram_layout import Item, Link, Point, arrange
from chainrule.utils.diagram_parts import Box, Group, Wire

_HEAD, _BODY, _LABEL = 15.0, 13.0, 13.0  # sizes of letters
_PAD, _EDGE, _MARGIN = 9.0, 16.0, 12.0
_WRAP = 64
_COLOURS = {"": ("#ffffff", "#111111"), "green": ("#1f7a33", "#ffffff"), "red": ("#a32626", "#ffffff")}
_INK = "#222222"
_NARROW, _WIDE = frozenset("fijlrtI'|.,:;!()[] "), frozenset("mwMWOQGD%@")


@dataclass(frozen=True)
class Rect:
    """A rectangle from its upper left corner."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    dashed: bool = False
    stroke: str = _INK


@dataclass(frozen=True)
class Text:
    """A line of text on its base line, with x its middle, or its left end."""

    x: float
    y: float
    parts: tuple[tuple[str, bool], ...]
    size: float
    colour: str
    centred: bool = True


@dataclass(frozen=True)
class Line:
    """A line through points, bent between rows, with an arrow at its end."""

    points: tuple[Point, ...]
    arrow: bool
    sideways: bool = False
    bent: bool = True


@dataclass
class Picture:
    """All shapes, in the order in which they are drawn."""

    width: float
    height: float
    shapes: list[Rect | Text | Line]


def draw(group: Group, rankdir: str, splines: str) -> Picture:
    """Return the picture of a model.

    Args:
        rankdir: where the data flow to: `'TB'` down, `'LR'` to the right, `'BT'` up, `'RL'` to the left.
        splines: `'line'` and `'polyline'` draw straight lines, all else bends them.
    """
    artist = _Artist(rankdir, splines not in ("line", "polyline", "false"))
    width, height, *_ = artist.measure(group)
    shapes: list[Rect | Text | Line] = []
    artist.paint(group, _MARGIN, _MARGIN, shapes)
    return Picture(width + 2 * _MARGIN, height + 2 * _MARGIN, shapes)


@dataclass
class _Placed:
    """A group that has been laid out: corners of members, points of wires, and where links enter and leave it."""

    width: float
    height: float
    corners: list[Point]
    routes: list[list[Point]]
    entries: list[float]
    exits: list[float]


class _Artist:
    """Measures groups from the innermost out, then paints them from the outermost in."""

    def __init__(self, rankdir: str, bent: bool) -> None:
        self.sideways = rankdir in ("LR", "RL")
        self.mirrored = rankdir in ("BT", "RL")
        self.bent = bent
        self.placed: dict[int, _Placed] = {}

    def measure(self, member: Box | Group, frame: bool = False) -> tuple[float, float, list[float], list[float]]:
        """Return width, height, entries and exits (measured along the rows) of a member as it will be drawn."""
        if isinstance(member, Box):
            width, height = _size(member)
            return width, height, [], []
        placed = self.placed[id(member)] = self._arrange(member, frame)
        return placed.width, placed.height, placed.entries, placed.exits

    def _arrange(self, group: Group, frame: bool) -> _Placed:
        items = []
        for member in group.members:
            width, height, entries, exits = self.measure(member, True)
            across, along = (height, width) if self.sideways else (width, height)
            items.append(Item(across, along, entries or None, exits or None))
        first = len(items)
        if frame:
            items += [Item(1.0, 0.0, first=True) for _ in range(group.entries)]
            items += [Item(1.0, 0.0, last=True) for _ in range(group.exits)]
        links = [_link(wire, first, group.entries) for wire in group.wires]
        layout = arrange(items, links)
        before, label = (_EDGE, _EDGE + _LABEL + 4.0) if frame else (0.0, 0.0)
        across, along = layout.width, layout.height
        if self.mirrored:
            layout.corners = [(x, along - y - i.height) for (x, y), i in zip(layout.corners, items, strict=True)]
            layout.routes = [[(x, along - y) for x, y in route] for route in layout.routes]
        if self.sideways:
            layout.corners = [(y, x) for x, y in layout.corners]
            layout.routes = [[(y, x) for x, y in route] for route in layout.routes]
            across, along = along, across
        width, height = across, along
        if frame:
            width = max(width, text_length(group.name, _LABEL, True) + 8.0)
        shift_x, shift_y = before + (width - across) / 2, label
        corners = [(x + shift_x, y + shift_y) for x, y in layout.corners]
        routes = [[(x + shift_x, y + shift_y) for x, y in route] for route in layout.routes]
        width, height = width + 2 * before, height + label + before
        places = [(y if self.sideways else x) + 0.5 for x, y in corners[first:]]
        if frame:
            routes = [self._to_frame(r, w, width, height) for r, w in zip(routes, group.wires, strict=True)]
        entries, exits = places[: group.entries], places[group.entries :]
        return _Placed(width, height, corners[:first], routes, entries, exits)

    def _to_frame(self, route: list[Point], wire: Wire, width: float, height: float) -> list[Point]:
        """Let a link from or to the group's own entries and exits begin and end at its frame."""

        def edge(point: Point, entering: bool) -> Point:
            low = entering != self.mirrored
            if self.sideways:
                return (0.0 if low else width), point[1]
            return point[0], (0.0 if low else height)

        start = [edge(route[0], True)] if wire.source < 0 else []
        return start + route + ([edge(route[-1], False)] if wire.target < 0 else [])

    def paint(self, group: Group, x: float, y: float, shapes: list[Rect | Text | Line]) -> None:
        """Add the shapes of a group whose upper left corner is at (x, y)."""
        placed = self.placed[id(group)]
        for route, wire in zip(placed.routes, group.wires, strict=True):
            points = tuple((px + x, py + y) for px, py in route)
            inside = wire.target >= 0 and isinstance(group.members[wire.target], Box)
            shapes.append(Line(points, inside, self.sideways, self.bent and wire.source != wire.target))
        for member, (cx, cy) in zip(group.members, placed.corners, strict=True):
            if isinstance(member, Box):
                _paint_box(member, x + cx, y + cy, shapes)
                continue
            inner = self.placed[id(member)]
            shapes.append(Rect(x + cx, y + cy, inner.width, inner.height, "#f3f5f8", dashed=True))
            self.paint(member, x + cx, y + cy, shapes)
            room = text_length(member.name, _LABEL, True)  # links may pass behind the label
            shapes.append(Rect(x + cx + 4.0, y + cy + 4.0, room + 8.0, _LABEL * 1.4, "#f3f5f8", stroke="none"))
            base = y + cy + 5.0 + _LABEL
            shapes.append(Text(x + cx + 8.0, base, ((member.name, True),), _LABEL, "#44546a", False))


def _link(wire: Wire, first: int, entries: int) -> Link:
    source = first + wire.leaves if wire.source < 0 else wire.source
    target = first + entries + wire.enters if wire.target < 0 else wire.target
    return Link(source, target, 0 if wire.source < 0 else wire.leaves, 0 if wire.target < 0 else wire.enters)


# -- boxes ------------------------------------------------------------------------------------------------------------


def text_length(text: str, size: float, bold: bool = False) -> float:
    """Return how much room a text needs, rather too much than too little: fonts differ."""
    units = 0.0
    for c in text:
        if unicodedata.east_asian_width(c) in "WF":
            units += 1.05
        elif unicodedata.combining(c):
            continue
        else:
            units += 0.42 if c in _NARROW else 1.0 if c in _WIDE else 0.74 if c.isupper() else 0.65
    return units * size * (1.1 if bold else 1.0)


def _wrapped(text: str) -> list[str]:
    """Cut a text into lines of at most 64 characters, after commas outside of parentheses where there are some."""
    lines, line = [], ""
    for part in re.split(r", (?![^(]*\))", text):
        grown = f"{line}, {part}" if line else part
        if line and len(grown) > _WRAP:
            lines.append(line + ",")
            grown = part
        while len(grown) > _WRAP:
            lines.append(grown[:_WRAP])
            grown = grown[_WRAP:]
        line = grown
    return [*lines, line]


def _head(box: Box) -> list[list[tuple[str, bool]]]:
    """Return the lines of a box's head."""
    if sum(len(text) for text, _ in box.title) <= _WRAP:
        return [box.title]
    return [[(line, bold)] for text, bold in box.title for line in _wrapped(text.strip())]


def _cells(box: Box) -> list[tuple[list[str], str]]:
    return [(_wrapped(f"{label}: {text}" if label else text), colour) for label, text, colour in box.cells]


def _parts_length(parts: list[tuple[str, bool]]) -> float:
    return sum(text_length(text, _HEAD, bold) for text, bold in parts)


def _size(box: Box) -> tuple[float, float]:
    widths = [max(text_length(line, _BODY) for line in lines) + 2 * _PAD for lines, _ in _cells(box)]
    head = max(map(_parts_length, _head(box))) + 2 * _PAD
    activation = text_length(f"Activation: {box.activation}", _BODY, True) + 2 * _PAD if box.activation else 0.0
    return max(head, activation, sum(widths)), sum(_heights(box))


def _heights(box: Box) -> tuple[float, float, float]:
    cells = [len(lines) for lines, _ in _cells(box)]
    return (
        len(_head(box)) * _HEAD * 1.3 + 2 * _PAD,
        _BODY * 1.3 + 1.4 * _PAD if box.activation else 0.0,
        max(cells) * _BODY * 1.3 + 1.4 * _PAD if cells else 0.0,
    )


def _paint_box(box: Box, x: float, y: float, shapes: list[Rect | Text | Line]) -> None:
    width, _ = _size(box)
    head, activation, row = _heights(box)
    shapes.append(Rect(x, y, width, head, _INK))
    for k, head_parts in enumerate(_head(box)):
        shapes.append(Text(x + width / 2, y + _PAD + _HEAD * (1.05 + 1.3 * k), tuple(head_parts), _HEAD, "#ffffff"))
    y += head
    if activation:
        shapes.append(Rect(x, y, width, activation, "#ffffff"))
        activation_parts = (("Activation: ", False), (box.activation, True))
        shapes.append(Text(x + width / 2, y + 0.7 * _PAD + _BODY, activation_parts, _BODY, "#111111"))
        y += activation
    needed = [max(text_length(line, _BODY) for line in lines) + 2 * _PAD for lines, _ in _cells(box)]
    extra = (width - sum(needed)) / max(len(needed), 1)
    for (lines, colour), room in zip(_cells(box), needed, strict=True):
        fill, ink = _COLOURS[colour]
        shapes.append(Rect(x, y, room + extra, row, fill))
        for k, line in enumerate(lines):
            shapes.append(
                Text(x + (room + extra) / 2, y + 0.7 * _PAD + _BODY * (1.0 + 1.3 * k), ((line, False),), _BODY, ink)
            )
        x += room + extra


# -- output -----------------------------------------------------------------------------------------------------------


def to_svg(picture: Picture) -> str:
    """Return the picture as SVG text, which a browser or a notebook shows as it is."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{picture.width:.0f}" height="{picture.height:.0f}" '
        f'viewBox="0 0 {picture.width:.1f} {picture.height:.1f}" '
        'font-family="DejaVu Sans, Verdana, Helvetica, Arial, sans-serif">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for shape in picture.shapes:
        if isinstance(shape, Rect):
            dashes = ' stroke-dasharray="5 4"' if shape.dashed else ""
            lines.append(
                f'<rect x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}" '
                f'fill="{shape.fill}" stroke="{shape.stroke}"{dashes}/>'
            )
        elif isinstance(shape, Text):
            spans = "".join(
                f'<tspan font-weight="bold">{xml_text(text)}</tspan>' if bold else xml_text(text)
                for text, bold in shape.parts
            )
            anchor = ' text-anchor="middle"' if shape.centred else ""
            lines.append(
                f'<text x="{shape.x:.1f}" y="{shape.y:.1f}" font-size="{shape.size:g}" fill="{shape.colour}"{anchor} '
                f'xml:space="preserve">{spans}</text>'
            )
        else:
            lines.append(f'<path d="{_path(shape)}" fill="none" stroke="{_INK}" stroke-width="1.6"/>')
            if shape.arrow:
                points = " ".join(f"{x:.1f},{y:.1f}" for x, y in arrow_head(shape))
                lines.append(f'<polygon points="{points}" fill="{_INK}"/>')
    return "\n".join([*lines, "</svg>\n"])


def xml_text(text: str) -> str:
    """Return a text fit for XML, without control characters."""
    return escape("".join(c if c.isprintable() else "�" for c in text))


def _path(line: Line) -> str:
    parts = [f"M{line.points[0][0]:.1f},{line.points[0][1]:.1f}"]
    for step in steps(line):
        parts.append(("C" if len(step) == 3 else "L") + " ".join(f"{x:.1f},{y:.1f}" for x, y in step))
    return "".join(parts)


def steps(line: Line) -> list[tuple[Point, ...]]:
    """Return the pieces of a line after its first point: (end,) for straight ones, (control, control, end) for bent."""
    found: list[tuple[Point, ...]] = []
    for (x1, y1), (x2, y2) in pairwise(line.points):
        if not line.bent or x1 == x2 or y1 == y2:
            found.append(((x2, y2),))
        elif line.sideways:
            found.append((((x1 + x2) / 2, y1), ((x1 + x2) / 2, y2), (x2, y2)))
        else:
            found.append(((x1, (y1 + y2) / 2), (x2, (y1 + y2) / 2), (x2, y2)))
    return found


def arrow_head(line: Line) -> list[Point]:
    """Return the corners of the arrow at the end of a line."""
    x, y = line.points[-1]
    px, py = line.points[-2]
    if line.bent:
        dx, dy = ((1.0 if x >= px else -1.0), 0.0) if line.sideways else (0.0, 1.0 if y >= py else -1.0)
    else:
        size = max(((x - px) ** 2 + (y - py) ** 2) ** 0.5, 1e-9)
        dx, dy = (x - px) / size, (y - py) / size
    return [(x, y), (x - 9 * dx + 4 * dy, y - 9 * dy + 4 * dx), (x - 9 * dx - 4 * dy, y - 9 * dy - 4 * dx)]


def save_with_matplotlib(picture: Picture, path: str, form: str, dpi: float) -> None:
    """Write the picture as a file of another kind (`'png'`, `'pdf'`)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch, Polygon, Rectangle
    from matplotlib.path import Path

    figure = Figure(figsize=(picture.width / 96, picture.height / 96))
    FigureCanvasAgg(figure)
    axes: Any = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, picture.width)
    axes.set_ylim(picture.height, 0)
    for shape in picture.shapes:
        if isinstance(shape, Rect):
            style = (0, (4, 3)) if shape.dashed else "solid"
            axes.add_patch(
                Rectangle(
                    (shape.x, shape.y), shape.width, shape.height, fc=shape.fill, ec=shape.stroke, lw=0.75, ls=style
                )
            )
        elif isinstance(shape, Text):
            _write_text(axes, figure, shape)
        else:
            pieces = steps(shape)
            corners = [shape.points[0], *(point for piece in pieces for point in piece)]
            codes = [Path.MOVETO, *(c for p in pieces for c in ([Path.CURVE4] * 3 if len(p) == 3 else [Path.LINETO]))]
            axes.add_patch(PathPatch(Path(corners, codes), fc="none", ec=_INK, lw=1.2))
            if shape.arrow:
                axes.add_patch(Polygon(arrow_head(shape), closed=True, fc=_INK, ec="none"))
    figure.savefig(path, format=form, dpi=dpi)


def _write_text(axes: Any, figure: Any, text: Text) -> None:
    """Put the parts of a text side by side, plain and bold."""
    renderer = figure.canvas.get_renderer()
    parts = []
    for part, bold in text.parts:
        weight = "bold" if bold else "normal"
        parts.append(
            axes.text(0, text.y, part, fontsize=0.75 * text.size, color=text.colour, weight=weight, parse_math=False)
        )
    widths = [part.get_window_extent(renderer).width * 96 / figure.dpi for part in parts]
    x = text.x - sum(widths) / 2 if text.centred else text.x
    for part, width in zip(parts, widths, strict=True):
        part.set_x(x)
        x += width
