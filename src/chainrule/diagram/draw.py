"""From content and places to a picture: units, blocks, captions, legend, and words for those who do not see it."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array
from chainrule.diagram import places as p
from chainrule.diagram.content import Content, Stage
from chainrule.diagram.mathtext import label_width
from chainrule.diagram.places import Look, Places, Spot
from chainrule.diagram.shapes import Cells, Circle, Label, Line, Picture, Point, Rect, Shape
from chainrule.diagram.wires import Wiring, derivative, shrunk
from chainrule.glassbox.derive import predict
from chainrule.glassbox.notation import Math
from chainrule.glassbox.numbers import Style
from chainrule.utils.diagram_draw import text_length

_LOSS_WIDTH, _LOSS_GAP = 150.0, 46.0
_LEGEND = 26.0
_SMALL = 10.5
_LISTED = 40


def draw(content: Content, look: Look, style: Style) -> Picture:
    """Return the picture of a network.

    Args:
        content: what it shows.
        look: which numbers are written.
        style: how numbers are written.
    """
    places = p.place(content, look)
    wiring = Wiring(content, places, look, style)
    back = wiring.shapes()
    front: list[Shape] = []
    for stage, spot in zip(content.stages, places.spots, strict=True):
        front += _caption(stage, spot)
        front += _units(content, stage, spot, look, style) if stage.units else _block(content, stage, spot, look)
        if spot.bias is not None:
            front += _bias(spot.bias)
    width, height = places.width, places.height
    if look.values and content.view.recording.loss is not None:
        back += _to_loss(content, places, look)
        front += _loss(content, places, style)
        width += _LOSS_GAP + _LOSS_WIDTH
    legend, right = _legend(wiring, content, places.height, style)
    height += _LEGEND * (0.8 + len(content.notes)) if wiring.largest or wiring.readings or content.notes else 0.0
    words = description(content, wiring, style)
    shapes = [*back, *front, *wiring.labels(), *legend]
    name = content.view.recording.model.name
    return Picture(max(width, right), height, f"Network {name}", words, shapes)


# -- stages -----------------------------------------------------------------------------------------------------------


def _caption(stage: Stage, spot: Spot) -> list[Shape]:
    x, y = spot.caption
    title = Label(x, y + 8.0, [p.shortened(stage.title)], p.TITLE_SIZE, bold=True)
    return (
        [title, Label(x, y + 25.0, [p.shortened(stage.detail)], p.DETAIL_SIZE, ink="muted")]
        if stage.detail
        else [title]
    )


def _units(content: Content, stage: Stage, spot: Spot, look: Look, style: Style) -> list[Shape]:
    found: list[Shape] = []
    if stage.kind == "steps":
        found.append(Rect(spot.x - 8, spot.y, spot.width + 16, spot.height, 12.0, "none", "line", dashed=True))
    half = p.unit_width(stage, look) / 2
    for unit, (x, y) in zip(stage.units, spot.units, strict=True):
        if look.values:
            found += _cells(content, unit.cells, (x, y), look, style, stage.kind)
        else:
            size = 14.0 * min(1.0, (2 * p.RADIUS - 4.0) / label_width([unit.symbol], 14.0))
            words = unit.symbol.text + (f" ({unit.name})" if unit.name else "")
            found += [Circle(x, y, p.RADIUS, words), Label(x, y, [unit.symbol], size)]
        if unit.name and stage.kind == "input":
            found.append(Label(x - half - 8.0, y, [p.shortened(unit.name)], p.NAME_SIZE, "end"))
        elif unit.name:
            found.append(Label(x + half + 8.0, y, [p.shortened(unit.name)], p.NAME_SIZE, "start"))
    return found


def _cells(
    content: Content, cells: list[tuple[Math, int]], at: Point, look: Look, style: Style, kind: str
) -> list[Shape]:
    """Return a unit that holds its numbers: `h` and behind it `a`."""
    view, (x, y) = content.view, at
    width, height = p.CELL * len(cells), p.CELL_HEIGHT
    tip = ", ".join(f"{symbol.text} = {_value(content, n, style)}" for symbol, n in cells)
    found: list[Shape] = [Rect(x - width / 2, y - height / 2, width, height, 12.0, tip=tip)]
    if len(cells) > 1:
        found.append(Line([(x, y - height / 2 + 5), (x, y + height / 2 - 5)], 1.0, "line"))
    for k, (symbol, n) in enumerate(cells):
        middle = x - width / 2 + p.CELL * (k + 0.5)
        found.append(Label(middle, y - 9.5, [symbol], 11.0, ink="muted"))
        value = _value(content, n, style)
        size = 12.5 * min(1.0, (p.CELL - 8.0) / label_width([value], 12.5))
        found.append(Label(middle, y + 9.0, [value], size))
    if look.gradients and kind != "input":
        known = id(view.network.quantity_of(cells[0][1])[0]) in view.gradients
        slope = style.number(view.slope(cells[0][1])) if known else "·"
        words: list[str | Math] = [derivative(content, cells[0][0]), f" = {slope}"]
        plate = label_width(words, _SMALL)
        found.append(Label(x, y + height / 2 + 9.0, words, _SMALL, ink="muted", plate=plate))
    return found


def _value(content: Content, n: int, style: Style) -> str:
    """Return a number as the trace prints it, or a text."""
    quantity, at = content.view.network.quantity_of(n)
    if quantity.tensor.dtype.kind not in "fiub":
        return str(quantity.tensor.value.flat[at])[:12]
    return style.number(content.view.value(n))


def _block(content: Content, stage: Stage, spot: Spot, look: Look) -> list[Shape]:
    """Return a layer too large for circles: how many units and parameters it has, and its numbers as a strip."""
    x, y = spot.middle
    units = f"{stage.size:,} {'values' if stage.kind in ('input', 'steps', 'activation') else 'units'}"
    lines = [(units, "text", True)]
    if stage.parameters:
        lines.append((f"{stage.parameters:,} parameters", "muted", False))
    found: list[Shape] = [Rect(spot.x, spot.y, spot.width, spot.height, 12.0, tip=f"{stage.title}: {units}")]
    strip = _strip(content, stage) if look.values else None
    if strip is not None:
        tall = spot.height - 76.0
        found.append(Cells(x - 12.0, spot.y + 60.0, 24.0, tall, strip, f"{stage.title}: the values of this row"))
        y = spot.y + 30.0
    start = y - 9.0 * (len(lines) - 1)
    for k, (text, ink, bold) in enumerate(lines):
        found.append(Label(x, start + 18.0 * k, [text], 12.5 if bold else 11.5, ink=ink, bold=bold))
    return found


def _strip(content: Content, stage: Stage) -> Array | None:
    """Return what a block gives on for this observation, as a column of colours."""
    if stage.kind == "steps" or not stage.quantities:
        return None
    if stage.quantities[-1].tensor.dtype.kind not in "fiub":
        return None
    values = np.asarray(content.view.values(stage.quantities[-1]), np.float64).reshape(-1, 1)
    return shrunk(values, 48)


def _bias(at: Point) -> list[Shape]:
    x, y = at
    half = p.BIAS / 2
    return [Rect(x - half, y - half, p.BIAS, p.BIAS, 5.0, tip="the constant 1 of the biases"), Label(x, y, ["1"], 12.0)]


# -- the loss ---------------------------------------------------------------------------------------------------------


def _loss_middle(places: Places, content: Content) -> Point:
    ends = [s.middle[1] for s, t in zip(places.spots, content.stages, strict=True) if t.output >= 0]
    return places.width + _LOSS_GAP + _LOSS_WIDTH / 2 - 18.0, sum(ends) / len(ends) if ends else places.height / 2


def _to_loss(content: Content, places: Places, look: Look) -> list[Shape]:
    x, y = _loss_middle(places, content)
    found: list[Shape] = []
    for stage, spot in zip(content.stages, places.spots, strict=True):
        half = p.unit_width(stage, look) / 2
        starts = [(ux + half, uy) for ux, uy in spot.units] or [(spot.x + spot.width, spot.middle[1])]
        if stage.output >= 0:
            found += [Line([start, (x - _LOSS_WIDTH / 2, y)], 1.2, "line") for start in starts]
    return found


def _loss(content: Content, places: Places, style: Style) -> list[Shape]:
    """Return the box of the loss: the target above, the loss below."""
    view = content.view
    x, y = _loss_middle(places, content)
    target = predict.target_text(view)
    lines: list[list[str | Math]] = [[target]] if target and text_length(target, 12.0) < _LOSS_WIDTH else []
    lines.append([view.target, f" = {style.number(view.recording.value)}"])
    height = 20.0 * len(lines) + 20.0
    shapes: list[Shape] = [Rect(x - _LOSS_WIDTH / 2, y - height / 2, _LOSS_WIDTH, height, 12.0, "background")]
    for k, words in enumerate(lines):
        at = y + 20.0 * (k - (len(lines) - 1) / 2)
        shapes.append(Label(x, at, words, 12.5, bold=k == len(lines) - 1))
    return shapes


# -- words ------------------------------------------------------------------------------------------------------------


def _legend(wiring: Wiring, content: Content, top: float, style: Style) -> tuple[list[Shape], float]:
    """Return the legend, and how far to the right it reaches."""
    found: list[Shape] = []
    x, y, right = 18.0, top + 8.0, 0.0
    if wiring.largest or wiring.readings:
        of = "derivative" if wiring.look.gradients else "weight"
        for ink, dashed, words in (("positive", False, "positive"), ("negative", True, "negative")):
            found.append(Line([(x, y), (x + 30.0, y)], 3.0, ink, dashed))
            found.append(Label(x + 36.0, y, [words], 11.0, "start", "muted"))
            x += 48.0 + text_length(words, 11.0)
        shown = "width and depth of colour" if any(w.weights for w in content.wires) else "width"
        words = f"{shown}: size of the {of}, largest {style.number(wiring.largest)}"
        found.append(Label(x, y, [words], 11.0, "start", "muted"))
        right = x + text_length(words, 11.0)
        y += _LEGEND
    for note in content.notes:
        found.append(Label(18.0, y, [note], 11.0, "start", "muted"))
        right = max(right, 18.0 + text_length(note, 11.0))
        y += _LEGEND
    return found, right


def description(content: Content, wiring: Wiring, style: Style) -> str:
    """Return the diagram in sentences."""
    model = content.view.recording.model
    parts = []
    for stage in content.stages:
        what = f"{stage.title}: {stage.size:,} {'unit' if stage.kind == 'dense' else 'value'}{'s' * (stage.size != 1)}"
        parts.append(what + (f", {stage.detail}" if stage.detail else ""))
    text = f"A network drawn from left to right. {'; '.join(parts)}. {model.count_params():,} parameters."
    if 0 < len(wiring.readings) <= _LISTED:
        text += " " + "; ".join(r.tip for r in wiring.readings.values()) + "."
    elif wiring.readings:
        largest = max(wiring.readings.values(), key=lambda r: abs(r.value or 0.0))
        text += f" The largest: {largest.tip}."
    return " ".join([text, *(f"{note}." for note in content.notes)])
