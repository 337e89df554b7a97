"""What a network diagram shows, before anything has a place: stages of units, and the wires between them.

It is read off a recorded run, as the derivation is (`chainrule.glassbox`), so that symbols, numbers and order agree
with the printed page. A stage of at most `LARGEST` units is drawn unit by unit, a larger one as a block.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Affine, Quantity, Steps
from chainrule.glassbox.notation import Math

LARGEST = 16
"""How many units a stage may have to be drawn unit by unit."""


@dataclass(eq=False)
class Unit:
    """One circle.

    Attributes:
        cells: `(symbol, id)` of what it holds: `x`; or `h` and behind its activation `a`. Ids count as in the view.
        name: of the feature or class it stands for, if it has one.
    """

    cells: list[tuple[Math, int]]
    name: str = ""

    @property
    def symbol(self) -> Math:
        """What the unit is called: the symbol of what it gives on."""
        return self.cells[-1][0]


@dataclass(eq=False)
class Stage:
    """One column, or a part of one: inputs, a layer's units, or ops.

    Attributes:
        kind: `'input'`, `'dense'`, `'activation'` or `'steps'`.
        title, detail: the layer's name, and its activation or class.
        size: how many numbers it gives on for one observation.
        parameters: how many variables it has.
        quantities: what it holds, the last one is what it gives on.
        units: the circles; none for a block.
        output: number of the model's output that it is, or -1.
    """

    kind: str
    title: str
    detail: str
    size: int
    parameters: int = 0
    quantities: list[Quantity] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    output: int = -1

    @property
    def block(self) -> bool:
        """Whether it is drawn as one block."""
        return not self.units


@dataclass(frozen=True)
class Edge:
    """One line: from unit `source` (-1: the constant 1 of the bias) to unit `target`; `weight` is the id of its weight.

    `weight` is None where numbers are only handed on.
    """

    source: int
    target: int
    weight: int | None


@dataclass(eq=False)
class Wires:
    """All lines from one stage to another: single `edges`, or none, and then the rows `rows` of `kernel` as a band."""

    source: int
    target: int
    edges: list[Edge] = field(default_factory=list)
    kernel: Quantity | None = None
    rows: Array | None = None

    @property
    def weights(self) -> int:
        """How many weights a band stands for."""
        if self.kernel is None or self.rows is None:
            return 0
        return len(self.rows) * int(self.kernel.tensor.shape[-1])


@dataclass(eq=False)
class Content:
    """A whole diagram: stages in order, the wires between them, and the run they were read from."""

    view: View
    stages: list[Stage] = field(default_factory=list)
    wires: list[Wires] = field(default_factory=list)
    biases: dict[int, list[Edge]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read(view: View, largest: int = LARGEST) -> Content:
    """Return what a diagram of a recorded run shows.

    Args:
        view: one observation of the run.
        largest: how many units a stage may have to be drawn unit by unit.
    """
    from chainrule.glassbox.derive.predict import silent_layers

    content = Content(view, notes=silent_layers(view))
    _Reader(content, largest).run()
    return content


class _Reader:
    """Walks the blocks of a network once."""

    def __init__(self, content: Content, largest: int) -> None:
        self.content = content
        self.view = content.view
        self.largest = largest
        self.home: dict[int, int] = {}  # stage of a quantity, by identity

    def run(self) -> None:
        self._inputs()
        for block in self.view.network.blocks:
            if isinstance(block, Affine):
                self._affine(block)
            elif isinstance(block, Activation):
                self._activation(block)
            elif isinstance(block, Steps):
                self._steps(block)
        self._link_inputs()
        for position, quantity in enumerate(self.view.network.outputs):
            stage = None if quantity is None else self.home.get(id(quantity))
            if stage is not None:
                self._mark_output(self.content.stages[stage], position)

    # -- stages -------------------------------------------------------------------------------------------------------

    def _inputs(self) -> None:
        several = len(self.view.network.inputs) > 1
        first = 0
        for quantity in self.view.network.inputs:
            names = self.view.options.feature_names[first : first + quantity.size]
            first += quantity.size
            stage = Stage("input", quantity.owner if several else "inputs", "", quantity.size)
            self._add(stage, quantity)
            for unit, name in zip(stage.units, names, strict=False):
                unit.name = name

    def _add(self, stage: Stage, quantity: Quantity) -> int:
        """Add a stage that holds one quantity; give it units if it is small."""
        self.content.stages.append(stage)
        number = len(self.content.stages) - 1
        ids = self.view.ids(quantity)
        if ids.ndim == 1 and 0 < ids.size <= self.largest:
            stage.units = [Unit([(self.view.symbol(int(n)), int(n))]) for n in ids]
        self._hold(number, quantity)
        return number

    def _hold(self, number: int, quantity: Quantity) -> None:
        self.content.stages[number].quantities.append(quantity)
        self.home[id(quantity)] = number

    def _affine(self, block: Affine) -> None:
        shared = [q for q in (block.kernel, block.bias) if q is not None]
        count = sum(int(q.tensor.size) for q in shared)
        name = getattr(block.layer, "name", "") or "ops of the model"
        width = int(block.kernel.tensor.shape[1])
        source = self.view.ids_of(block.source)
        self._adopt(source.ravel())
        number = self._add(Stage("dense", name, "", block.out.size, count), block.out)
        stage = self.content.stages[number]
        flat = source.ndim == 1 and block.out.size == width
        for origin, rows, places in self._origins(source.ravel()):
            wires = Wires(origin, number)
            lines = flat and stage.units and self.content.stages[origin].units
            if lines:
                kernel = self.view.network.ids[id(block.kernel.tensor)]
                wires.edges = [
                    Edge(int(p), j, int(kernel[r, j])) for r, p in zip(rows, places, strict=True) for j in range(width)
                ]
            else:
                wires.kernel = block.kernel
                wires.rows = rows if flat else np.arange(block.kernel.tensor.shape[0])
            self.content.wires.append(wires)
        if block.bias is not None and stage.units:
            biases = self.view.network.ids[id(block.bias.tensor)]
            self.content.biases[number] = [Edge(-1, j, int(n)) for j, n in enumerate(biases)]

    def _activation(self, block: Activation) -> None:
        source = self.view.ids_of(block.source)
        origins = self._origins(source.ravel())
        name = block.name if block.name != "linear" else ""
        if len(origins) == 1:
            number, _, places = origins[0]
            stage = self.content.stages[number]
            whole = np.array_equal(places, np.arange(stage.size))
            if stage.kind == "dense" and whole and len(stage.quantities) == 1 and self._unused(number):
                stage.detail = name
                for unit, n in zip(stage.units, self.view.ids(block.out), strict=False):
                    unit.cells.append((self.view.symbol(int(n)), int(n)))
                self._hold(number, block.out)
                return
        title = getattr(block.layer, "name", "") or name
        number = self._add(Stage("activation", title, name, block.out.size), block.out)
        self._hand_on(origins, number)

    def _adopt(self, ids: Array) -> None:
        """Make a stage of numbers that no recorded step gave: what Python code prepared from the inputs."""
        spans = np.searchsorted(self.view.network.starts, ids, side="right") - 1
        for span in dict.fromkeys(spans.tolist()):
            quantity = self.view.network.spans[span]
            if id(quantity) not in self.home:
                self._add(Stage("steps", "prepared", "in Python", quantity.size), quantity)

    def _link_inputs(self) -> None:
        """Link what Python code made of inputs (looked up, counted, cut) to them, by a plain line."""
        content = self.content
        begun = {w.target for w in content.wires}
        used = {w.source for w in content.wires}
        idle = [k for k, s in enumerate(content.stages) if s.kind == "input" and k not in used]
        for target, stage in enumerate(content.stages):
            if stage.kind != "input" and target not in begun:
                content.wires += [Wires(source, target) for source in idle]

    def _unused(self, number: int) -> bool:
        """Whether nothing follows a stage yet."""
        return all(w.source != number for w in self.content.wires)

    def _steps(self, block: Steps) -> None:
        outs = [q for q in block.outs if q.tensor.dtype.kind in "fiub"]
        if not outs:
            return
        name = getattr(block.layer, "name", "") or outs[-1].owner
        kind = type(block.layer).__name__ if block.layer is not None else ""
        if block.layer is None or block.layer is self.view.recording.model:
            records = self.view.recording.records[block.first : block.last]
            name, kind = ", ".join(list(dict.fromkeys(r.op.name for r in records))[:3]), "ops"
        count = sum(int(q.tensor.size) for q in block.variables)
        number = self._add(Stage("steps", name, kind, outs[-1].size, count), outs[-1])
        for quantity in outs[:-1]:
            self.home[id(quantity)] = number
        for tensor in block.sources:
            ids = self.view.network.ids[id(tensor)]
            origins = self._origins(ids[self.view.row].ravel() if ids.ndim else ids.ravel())
            self._hand_on([o for o in origins if o[0] != number], number)

    def _hand_on(self, origins: list[tuple[int, Array, Array]], number: int) -> None:
        """Link a stage to those whose numbers it takes without weights: unit to unit where there are as many."""
        stage = self.content.stages[number]
        for origin, rows, places in origins:
            if any(w.source == origin and w.target == number for w in self.content.wires):
                continue
            wires = Wires(origin, number)
            if stage.units and self.content.stages[origin].units and int(rows.max()) < stage.size:
                wires.edges = [Edge(int(p), int(r), None) for r, p in zip(rows, places, strict=True)]
            self.content.wires.append(wires)

    def _origins(self, ids: Array) -> list[tuple[int, Array, Array]]:
        """Return which stages some numbers come from: `(stage, places among these numbers, places in the stage)`."""
        network = self.view.network
        spans = np.searchsorted(network.starts, ids, side="right") - 1
        found = []
        for span in dict.fromkeys(spans.tolist()):
            quantity = network.spans[span]
            if id(quantity) not in self.home:
                continue
            rows = np.flatnonzero(spans == span)
            first = quantity.start + (self.view.row * quantity.size if quantity.batched else 0)
            found.append((self.home[id(quantity)], rows, ids[rows] - first))
        return found

    def _mark_output(self, stage: Stage, position: int) -> None:
        stage.output = position
        names = self.view.options.class_names
        if len(stage.units) == 1 and len(names) == 2:
            stage.units[0].name = names[1]  # p is the probability of the second class
        elif len(names) == len(stage.units):
            for unit, name in zip(stage.units, names, strict=True):
                unit.name = name
