"""The lines of a diagram: single weights by width, sign and dash; many as a band with a picture of the matrix."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from chainrule._typing import Array
from chainrule.diagram.content import Content, Edge, Wires
from chainrule.diagram.labels import Request, spread
from chainrule.diagram.mathtext import label_width
from chainrule.diagram.places import BIAS, LANE, Look, Places, hosts, unit_width
from chainrule.diagram.shapes import Area, Cells, Label, Line, Point, Rect, Shape
from chainrule.glassbox.notation import Math
from chainrule.glassbox.numbers import Style

NOT_COMPUTED = "·"
_LABEL_SIZE = 11.0
_THIN, _THICK = 0.7, 5.0
_PICTURE = 84.0


@dataclass
class Reading:
    """What a line stands for: its number (None: nothing to show; NaN is a number) and what is said of it."""

    value: float | None
    text: str
    symbol: Math
    tip: str
    key: str


def read_edge(content: Content, edge: Edge, look: Look, style: Style) -> Reading:
    """Return what a line with a weight shows: the weight, or its derivative."""
    view = content.view
    assert edge.weight is not None
    symbol, value = view.symbol(edge.weight), view.value(edge.weight)
    quantity, at = view.network.quantity_of(edge.weight)
    tip = f"{symbol.text} = {style.number(value)}"
    index = ",".join(str(int(i)) for i in np.unravel_index(at, quantity.tensor.shape))
    key = f"{quantity.variable.path}[{index}]"
    if not look.gradients:
        return Reading(value, style.number(value), symbol, tip, key)
    known = id(quantity) in view.gradients and quantity.variable.trainable
    slope = view.slope(edge.weight) if known else None
    text = NOT_COMPUTED if slope is None else style.number(slope)
    partial = derivative(content, symbol)
    tip += f", {partial.text} = {text}" if slope is not None else f", {partial.text} was not computed"
    return Reading(slope, text, partial, tip, key)


def derivative(content: Content, symbol: Math) -> Math:
    """Return the symbol of a derivative of the loss, on one line: `∂ℓ/∂w₁`."""
    top = content.view.target
    return Math(f"∂{top.text}/∂{symbol.text}", rf"\partial {top.latex}/\partial {symbol.latex}")


class Wiring:
    """Draws all wires of a diagram.

    Args:
        content, places, look: what, where and how.
        style: how numbers are written.
    """

    def __init__(self, content: Content, places: Places, look: Look, style: Style) -> None:
        self.content = content
        self.places = places
        self.look = look
        self.style = style
        self.readings = {
            e.weight: read_edge(content, e, look, style) for e in self._edges() if e.weight is not None
        }  # one for each weight that is drawn as a line
        sizes = [abs(r.value) for r in self.readings.values() if r.value is not None and math.isfinite(r.value)]
        self.largest = max([*sizes, *(largest_in(self._numbers(w)) for w in content.wires if w.weights)], default=0.0)
        self.requests: list[tuple[Request, Reading]] = []

    def _edges(self) -> list[Edge]:
        lines = [e for w in self.content.wires for e in w.edges]
        return lines + [e for edges in self.content.biases.values() for e in edges]

    def shapes(self) -> list[Shape]:
        """Return bands, lines (thin ones above thick ones) and the pictures of matrices."""
        bands: list[Shape] = []
        pictures: list[Shape] = []
        lines: list[Line] = []
        for number, wires in enumerate(self.content.wires):
            if wires.edges:
                lines += self._lines(wires, self.places.lanes[number])
            else:
                band, *picture = self._band(wires, self.places.lanes[number])
                bands.append(band)
                pictures += picture
        lines += self._biases()
        return [*bands, *sorted(lines, key=lambda line: -line.width), *pictures]

    def labels(self) -> list[Shape]:
        """Return the numbers beside the lines. Call it after `shapes`."""
        if self.look.labels == "none":
            return []
        taken = [(x - 24.0, y - 24.0, x + 24.0, y + 24.0) for spot in self.places.spots for x, y in spot.units]
        points = spread([request for request, _ in self.requests], taken)
        return [
            Label(x, y, self._words(reading), _LABEL_SIZE, plate=request.width)
            for (x, y), (request, reading) in zip(points, self.requests, strict=True)
        ]

    def _words(self, reading: Reading) -> list[str | Math]:
        if self.look.labels == "symbols":
            return [reading.symbol]
        return [reading.symbol, f" = {reading.text}"] if self.look.labels == "both" else [reading.text]

    # -- single lines -------------------------------------------------------------------------------------------------

    def _lines(self, wires: Wires, lane: list[Point]) -> list[Line]:
        stages, spots = self.content.stages, self.places.spots
        right = unit_width(stages[wires.source], self.look) / 2
        left = unit_width(stages[wires.target], self.look) / 2
        found = []
        for k, edge in enumerate(wires.edges):
            x1, y1 = spots[wires.source].units[edge.source]
            x2, y2 = spots[wires.target].units[edge.target]
            shift = (k - (len(wires.edges) - 1) / 2) * min(9.0, LANE / len(wires.edges))
            inner = [(x, y + shift) for x, y in lane]
            found.append(self._line([(x1 + right, y1), *inner, (x2 - left, y2)], edge))
        return found

    def _biases(self) -> list[Line]:
        found = []
        for target, host in hosts(self.content).items():
            start, left = self.places.spots[host].bias, unit_width(self.content.stages[target], self.look) / 2
            assert start is not None
            for edge in self.content.biases[target]:
                x, y = self.places.spots[target].units[edge.target]
                found.append(self._line([(start[0] + BIAS / 2, start[1]), (x - left, y)], edge))
        return found

    def _line(self, points: list[Point], edge: Edge) -> Line:
        if edge.weight is None:
            return Line(points, 1.2, "line")
        reading = self.readings[edge.weight]
        if self.look.labels != "none":
            width = label_width(self._words(reading), _LABEL_SIZE)
            self.requests.append((Request(tuple(points), width, _LABEL_SIZE + 4.0), reading))
        if reading.value is None or not math.isfinite(reading.value):
            return Line(points, _THIN, "muted", False, reading.tip, key=reading.key)
        share = abs(reading.value) / self.largest if self.largest else 0.0
        ink = "negative" if reading.value < 0 else "positive" if reading.value > 0 else "line"
        return Line(points, _THIN + (_THICK - _THIN) * share, ink, reading.value < 0, reading.tip, key=reading.key)

    # -- bands --------------------------------------------------------------------------------------------------------

    def _band(self, wires: Wires, lane: list[Point]) -> list[Shape]:
        """Draw many weights as one grey band with a picture of the matrix on it; handed on numbers as a plain band."""
        source, target = self.places.spots[wires.source], self.places.spots[wires.target]
        x1, x2 = source.x + source.width + 6.0, target.x - 6.0
        ends = [(x1, source.middle[1], self._half(wires.source)), (x2, target.middle[1], self._half(wires.target))]
        if not wires.weights and max(len(self.content.stages[k].units) for k in (wires.source, wires.target)) < 2:
            return [Line([ends[0][:2], *lane, ends[1][:2]], 2.5, "line", tip="handed on without weights")]
        path = [ends[0], *((x, y, 10.0) for x, y in lane), ends[1]]
        upper, lower = [(x, y - h) for x, y, h in path], [(x, y + h) for x, y, h in reversed(path)]
        band = Area([*upper, *lower], tip="" if wires.weights else "handed on without weights")
        return [band, *self._matrix(wires, path)] if wires.weights else [band]

    def _half(self, stage: int) -> float:
        return self.places.spots[stage].height / 2 - (4.0 if self.content.stages[stage].units else 14.0)

    def _matrix(self, wires: Wires, path: list[tuple[float, float, float]]) -> list[Shape]:
        """Return the picture of the weights of a band, and below it how many there are."""
        quantity, whole = wires.kernel, self._numbers(wires)
        assert quantity is not None
        numbers = shrunk(whole, 42, self.largest)
        rows, columns = numbers.shape
        cell = min(_PICTURE / max(rows, columns), 14.0)
        width, height = max(columns * cell, 24.0), max(rows * cell, 12.0)
        piece = max(range(len(path) - 1), key=lambda k: path[k + 1][0] - path[k][0])
        (x1, y1, _), (x2, y2, _) = path[piece], path[piece + 1]
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        what = "derivatives" if self.look.gradients else "weights"
        tip = f"{quantity.variable.path}: {whole.shape[0]} × {whole.shape[1]} {what}, rows are sources"
        count = f"{whole.shape[0]} × {whole.shape[1]} {what}"
        frame = Rect(x - width / 2 - 4, y - height / 2 - 4, width + 8, height + 8, 3.0, "background", "grid")
        label = Label(x, y + height / 2 + 16.0, [count], _LABEL_SIZE, plate=label_width([count], _LABEL_SIZE))
        return [frame, Cells(x - width / 2, y - height / 2, width, height, numbers, tip), label]

    def _numbers(self, wires: Wires) -> Array:
        """Return the weights of a band, or their derivatives."""
        quantity = wires.kernel
        assert quantity is not None
        assert wires.rows is not None
        kernel = quantity.tensor.value
        if self.look.gradients:
            found = self.content.view.gradients.get(id(quantity))
            computed = found is not None and quantity.variable.trainable
            kernel = np.asarray(found) if computed else np.full(kernel.shape, np.nan)
        return np.asarray(kernel, np.float64)[wires.rows]


def shrunk(numbers: Array, most: int, largest: float | None = None) -> Array:
    """Return a matrix as numbers from -1 to 1, of at most `most` rows and columns: the extreme of each patch is kept.

    Args:
        numbers: the matrix.
        most: rows and columns.
        largest: what becomes 1; by default the largest number there is.

    >>> shrunk(np.array([[1.0, -4.0], [2.0, 0.0]]), 2).tolist(), shrunk(np.array([[1.0, -4.0], [2.0, 0.0]]), 1).tolist()
    ([[0.25, -1.0], [0.5, 0.0]], [[-1.0]])
    """
    for axis in (0, 1):
        if numbers.shape[axis] > most:
            cuts = np.linspace(0, numbers.shape[axis], most + 1).astype(int)[:-1]
            high, low = np.maximum.reduceat(numbers, cuts, axis), np.minimum.reduceat(numbers, cuts, axis)
            numbers = np.where(np.abs(low) > np.abs(high), low, high)
    largest = largest_in(numbers) if largest is None else largest
    return numbers / largest if largest else numbers


def largest_in(numbers: Array) -> float:
    """Return the largest size of all finite numbers."""
    finite = np.abs(numbers[np.isfinite(numbers)])
    return float(finite.max()) if finite.size else 0.0
