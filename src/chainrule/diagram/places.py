"""Where stages, units and biases of a diagram stand: columns from left to right, by `utils.diagram_layout`."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from chainrule.diagram.content import Content, Stage
from chainrule.diagram.shapes import Point
from chainrule.utils.diagram_draw import text_length
from chainrule.utils.diagram_layout import Item, Link, arrange

RADIUS = 21.0
CELL, CELL_HEIGHT = 66.0, 42.0
BLOCK_WIDTH, BLOCK_HEIGHT = 118.0, 168.0
BOX_HEIGHT = 64.0
BIAS = 22.0
CAPTION = 40.0
TITLE_SIZE, DETAIL_SIZE, NAME_SIZE = 13.0, 12.0, 12.0
_MARGIN = 18.0
_ROW_GAP = 34.0  # what the layout itself leaves between two rows
_BIAS_SLOT = 50.0
_LONGEST = 29  # characters of a name
LANE = 36.0  # how broad a bundle of lines is that passes a column


@dataclass(frozen=True)
class Look:
    """What is written into a diagram.

    Args:
        values: whether units show the numbers of one observation.
        gradients: whether lines and units show derivatives.
        labels: what stands at the lines: `'both'`, `'values'`, `'symbols'` or `'none'`.
    """

    values: bool = False
    gradients: bool = False
    labels: str = "none"

    @property
    def pitch(self) -> float:
        """The distance between the middles of two units."""
        room = CELL_HEIGHT + 22.0 if self.values else 2 * RADIUS + 18.0
        return room + (12.0 if self.gradients and self.values else 0.0) + (10.0 if self.labels != "none" else 0.0)


@dataclass
class Spot:
    """The place of a stage: its body, the middles of its units, of the 1 of the biases below, and of its caption."""

    x: float
    y: float
    width: float
    height: float
    units: list[Point] = field(default_factory=list)
    bias: Point | None = None
    caption: Point = (0.0, 0.0)

    @property
    def middle(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass
class Places:
    """The places of all stages, and for each set of wires the points it passes other columns at."""

    width: float
    height: float
    spots: list[Spot]
    lanes: list[list[Point]]


def unit_width(stage: Stage, look: Look) -> float:
    """Return the width of a unit's circle, or of its cells."""
    if not look.values:
        return 2 * RADIUS
    return CELL * max((len(u.cells) for u in stage.units), default=1)


def hosts(content: Content) -> dict[int, int]:
    """Return, for each stage with biases, the stage below which the constant 1 stands: its last source."""
    found = {}
    for target in content.biases:
        sources = [w.source for w in content.wires if w.target == target]
        if sources:
            found[target] = max(sources)
    return found


def place(content: Content, look: Look) -> Places:
    """Return the places of all that a diagram shows."""
    links = [Link(w.source, w.target) for w in content.wires]
    bottoms = set(hosts(content).values())
    gap = _gap(content, look)
    items, bodies = [], []
    for number, stage in enumerate(content.stages):
        width, height = _body(stage, look)
        bodies.append((width, height))
        low = _BIAS_SLOT if number in bottoms else 0.0
        room = max(width + 2 * _beside(stage), _caption_width(stage))
        items.append(Item(CAPTION + height + low, room + gap - _ROW_GAP, first=stage.kind == "input"))
    layout = arrange(items, links)
    spots = []
    for number, (stage, (width, height)) in enumerate(zip(content.stages, bodies, strict=True)):
        top, left = layout.corners[number]
        x = left + (items[number].height - width) / 2
        spots.append(_spot(stage, look, x, top + CAPTION, width, height, number in bottoms))
    lanes = [[(y, x) for x, y in lane] for lane in layout.lanes]
    if _is_chain(spots) and not any(lanes):
        _align(content, spots, look)
    return _framed(spots, lanes, content)


def _body(stage: Stage, look: Look) -> tuple[float, float]:
    if stage.units:
        return unit_width(stage, look), len(stage.units) * look.pitch
    return BLOCK_WIDTH, BOX_HEIGHT if stage.kind == "steps" else BLOCK_HEIGHT


def shortened(name: str) -> str:
    """Return a name that does not widen the picture beyond measure.

    >>> shortened("age"), shortened("a name of a column that somebody has made very long indeed")
    ('age', 'a name of a column that some…')
    """
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _beside(stage: Stage) -> float:
    """Return the room that the names of features or classes take beside the units."""
    return max((text_length(shortened(u.name), NAME_SIZE) + 10.0 for u in stage.units if u.name), default=0.0)


def _caption_width(stage: Stage) -> float:
    return max(text_length(shortened(stage.title), TITLE_SIZE, True), text_length(shortened(stage.detail), DETAIL_SIZE))


def _gap(content: Content, look: Look) -> float:
    """Return the distance between two columns: more where lines carry numbers or pictures."""
    lines = max((len(w.edges) for w in content.wires), default=0)
    bands = any(w.weights for w in content.wires)
    if look.labels == "none" or not lines:
        return 150.0 if bands else min(90.0 + 1.2 * lines, 190.0)
    return 225.0 if look.labels == "both" else min(130.0 + 6.0 * lines, 220.0)


def _spot(stage: Stage, look: Look, x: float, y: float, width: float, height: float, bias: bool) -> Spot:
    middle = x + width / 2
    units = [(middle, y + look.pitch * (k + 0.5)) for k in range(len(stage.units))]
    at = (middle, y + height + _BIAS_SLOT / 2) if bias else None
    return Spot(x, y, width, height, units, at, (middle, y - CAPTION))


def _is_chain(spots: list[Spot]) -> bool:
    """Whether no column holds two stages."""
    columns = sorted((s.x, s.x + s.width) for s in spots)
    return all(a[1] < b[0] for a, b in pairwise(columns))


def _align(content: Content, spots: list[Spot], look: Look) -> None:
    """Put the middles of all stages at one height, and their captions in one line."""
    middle = max(s.height for s in spots) / 2 + CAPTION
    for k, (stage, s) in enumerate(zip(content.stages, spots, strict=True)):
        made = _spot(stage, look, s.x, middle - s.height / 2, s.width, s.height, s.bias is not None)
        made.caption = (made.caption[0], 0.0)
        spots[k] = made


def _framed(spots: list[Spot], lanes: list[list[Point]], content: Content) -> Places:
    """Move everything so that the picture has a margin, and no wider one than needed."""
    half = [max(s.width / 2 + _beside(t), _caption_width(t) / 2) for s, t in zip(spots, content.stages, strict=True)]
    left = min(s.middle[0] - h for s, h in zip(spots, half, strict=True)) - _MARGIN
    top = min(s.caption[1] for s in spots) - _MARGIN
    for s in spots:
        s.x, s.y = s.x - left, s.y - top
        s.units = [(x - left, y - top) for x, y in s.units]
        s.bias = None if s.bias is None else (s.bias[0] - left, s.bias[1] - top)
        s.caption = (s.caption[0] - left, s.caption[1] - top)
    lanes = [[(x - left, y - top) for x, y in lane] for lane in lanes]
    lows = [(s.bias[1] + BIAS if s.bias else s.y + s.height) for s in spots] + [
        y + LANE / 2 for lane in lanes for _, y in lane
    ]
    width = max(s.middle[0] + h for s, h in zip(spots, half, strict=True)) + _MARGIN
    return Places(width, max(lows) + _MARGIN, spots, lanes)
