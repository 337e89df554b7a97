"""From the tape's records to what a derivation speaks about: quantities, and the blocks that make one from another.

    Affine       h = W x + b          a Dense layer's product and bias
    Activation   a = f(h)             element by element, or along a vector
    Steps        anything else        ops of a layer or of the model itself, shown one by one

Ops that only move numbers (reshape, concatenate, ...) make no block: their outputs are the same numbers elsewhere.
Every single number has an id; `ids` gives, for each tensor, the ids of its elements.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.autodiff.tape import Record
from chainrule.autodiff.tensor import Tensor
from chainrule.formulas import Facts
from chainrule.glassbox.functions import activation_of, facts_hold
from chainrule.glassbox.record import Recording

MOVES = frozenset(
    [
        "reshape",
        "transpose",
        "squeeze",
        "expand_dims",
        "concatenate",
        "cast",
        "getitem",
        "stack",
        "swapaxes",
        "moveaxis",
        "flip",
        "ravel",
        "copy",
        "convert_to_tensor",
    ]
)


@dataclass(eq=False)
class Quantity:
    """Numbers of one kind: inputs `x`, units `h`, `a`, `p`, `v`, or variables `w`, `b`, ...

    Args:
        kind: what its symbol is made from.
        layer: the number its symbol carries, or None.
        tensor: the recorded value.
        start: id of its first element.
        batched: whether its first axis counts observations.
        variable: the model's variable it stands for, if any.
        owner: the layer's name.
    """

    kind: str
    layer: int | None
    tensor: Tensor
    start: int
    batched: bool = True
    variable: Any = None
    owner: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape for one observation."""
        return self.tensor.shape[1:] if self.batched and self.tensor.ndim else self.tensor.shape

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def row(self, array: Array, row: int) -> Array:
        """Return the part of an array of this quantity's shape that belongs to one observation."""
        return array[row] if self.batched and self.tensor.ndim else array


@dataclass(eq=False)
class Block:
    """One step of the network: records `first` to `last - 1`, made in `layer`'s call."""

    layer: Any
    number: int
    first: int
    last: int

    @property
    def made(self) -> list[Quantity]:
        """What the block computes."""
        return []


@dataclass(eq=False)
class Units(Block):
    """A block with a formula for each unit: `out` from `source`, which holds the ids of the whole batch's inputs."""

    source: Array
    source_tensor: Tensor
    out: Quantity

    @property
    def made(self) -> list[Quantity]:
        return [self.out]


@dataclass(eq=False)
class Affine(Units):
    """`out = source @ kernel + bias`"""

    kernel: Quantity
    bias: Quantity | None


@dataclass(eq=False)
class Activation(Units):
    """`out = f(source)`; `facts` is None for a function we know no formula of."""

    name: str
    facts: Facts | None

    @property
    def vector(self) -> bool:
        """Whether elements of the output depend on several elements of the input."""
        return self.facts is not None and self.facts.vector


@dataclass(eq=False)
class Steps(Block):
    """Any other ops: what goes in (tensors and variables) and what comes out."""

    sources: list[Tensor]
    variables: list[Quantity]
    outs: list[Quantity]

    @property
    def made(self) -> list[Quantity]:
        return self.outs


@dataclass
class Network:
    """The blocks of one recorded run, in order, with all quantities."""

    recording: Recording
    blocks: list[Block] = field(default_factory=list)
    inputs: list[Quantity] = field(default_factory=list)
    variables: dict[int, Quantity] = field(default_factory=dict)
    outputs: list[Quantity | None] = field(default_factory=list)
    ids: dict[int, Array] = field(default_factory=dict)
    spans: list[Quantity] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    size: int = 0

    def quantity_of(self, number: int) -> tuple[Quantity, int]:
        """Return the quantity that holds the number of this id, and its position there."""
        found = self.spans[bisect_right(self.starts, number) - 1]
        return found, number - found.start

    def add(self, quantity: Quantity) -> Quantity:
        quantity.start = self.size
        n = int(quantity.tensor.size)
        self.ids[id(quantity.tensor)] = np.arange(self.size, self.size + n).reshape(quantity.tensor.shape)
        self.size += n
        self.spans.append(quantity)
        self.starts.append(quantity.start)
        return quantity

    @property
    def layers(self) -> int:
        """How many numbered layers there are."""
        return max((b.number for b in self.blocks), default=0)


def build(recording: Recording) -> Network:
    """Find the blocks of a recorded run."""
    network = Network(recording)
    for tensor, name in zip(recording.inputs, _input_names(recording), strict=True):
        network.inputs.append(network.add(Quantity("x", None, tensor, 0, owner=name)))
    for v in recording.model.variables:
        stand_in = recording.stand_ins[id(v)]
        network.variables[id(v)] = network.add(Quantity(v.name, None, stand_in, 0, False, v, _layer_of(v)))
    _Finder(network).run()
    _name_outputs(network)
    return network


def _input_names(recording: Recording) -> list[str]:
    graph = recording.model._graph
    names = graph.input_names if graph is not None else []
    return names if len(names) == len(recording.inputs) else [f"input {i + 1}" for i in range(len(recording.inputs))]


def _layer_of(variable: Any) -> str:
    parts = variable.path.split("/")
    return parts[-2] if len(parts) > 1 else ""


class _Finder:
    """Walks the records once, run by run of the same layer call."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.records = network.recording.records[: network.recording.n_forward]
        self.owners = network.recording.owners
        self.stand_ins = {id(t): network.variables[key] for key, t in network.recording.stand_ins.items()}
        self.number = 0
        self.used_later: dict[int, int] = {}
        for i, r in enumerate(self.records):
            for v in r.inputs:
                self.used_later[id(v)] = i
        for t in network.recording.outputs:
            self.used_later[id(t)] = len(self.records)

    def run(self) -> None:
        first = 0
        while first < len(self.records):
            last = first + 1
            while last < len(self.records) and self.owners[last] is self.owners[first]:
                last += 1
            self._read(first, last)
            first = last

    def _read(self, first: int, last: int) -> None:
        """Make blocks of the records of one stretch of a call."""
        owner = self.owners[first]
        layer = owner.layer if owner is not None else None
        start = self._after_moves(first, last)
        if start == last:
            return
        end_of_affine = self._affine(layer, start, last)
        if end_of_affine is not None:
            start = end_of_affine
        if start < last and (end_of_affine is not None or self._is_activation(layer)):
            end = self._end_of_output(owner, start, last)
            if end > start:
                self._activation(layer, start, end)
        elif start < last:
            self._steps(layer, start, last)

    # -- numbers that only move ---------------------------------------------------------------------------------------

    def _after_moves(self, first: int, last: int) -> int:
        """Follow the leading ops that only move numbers of the network; return where the others begin."""
        while first < last and self._move(self.records[first]):
            first += 1
        return first

    def _move(self, record: Record) -> bool:
        known = self.network.ids
        if record.op.name not in MOVES or not all(id(v) in known for v in record.inputs):
            return False
        if any(id(v) in self.stand_ins for v in record.inputs):
            return False
        moved = record.op.compute(
            [known[id(v)] for v in record.inputs],
            {**record.static, "dtype": "int64"} if record.op.name == "cast" else record.static,
        )
        known[id(record.output)] = np.asarray(moved)
        return True

    # -- Dense --------------------------------------------------------------------------------------------------------

    def _affine(self, layer: Any, first: int, last: int) -> int | None:
        """Read `matmul` with a variable and, if it follows, the addition of a variable; return where to go on."""
        product = self.records[first]
        kernel = self.stand_ins.get(id(product.inputs[-1])) if product.op.name == "matmul" else None
        if kernel is None or kernel.tensor.ndim != 2:
            return None
        self._know(product.inputs[0])
        bias, end, out = None, first + 1, product.output
        if end < last and self.records[end].op.name == "add" and self.records[end].inputs[0] is out:
            bias = self.stand_ins.get(id(self.records[end].inputs[1]))
        if bias is not None:
            out, end = self.records[end].output, end + 1
        self.number += 1
        for variable, kind in ((kernel, "w"), (bias, "b")):
            if variable is not None and variable.layer is None:
                variable.kind, variable.layer = kind, self.number
        source = product.inputs[0]
        quantity = self.network.add(Quantity("h", self.number, out, 0, owner=getattr(layer, "name", "")))
        self.network.blocks.append(
            Affine(layer, self.number, first, end, self.network.ids[id(source)], source, quantity, kernel, bias)
        )
        return end

    def _know(self, tensor: Tensor) -> None:
        """Take a tensor that no recorded op made (whole numbers cast to floats, say) as given."""
        if id(tensor) not in self.network.ids:
            self.network.add(Quantity("c", None, tensor, 0))

    # -- activations --------------------------------------------------------------------------------------------------

    def _is_activation(self, layer: Any) -> bool:
        return layer is not None and activation_of(layer)[0] != ""

    def _end_of_output(self, owner: Any, first: int, last: int) -> int:
        """Return where the records that lead to the call's output end (an activity regularizer adds some behind)."""
        outputs = {id(t) for t in tree.flatten(owner.outputs)}
        return max((i + 1 for i in range(first, last) if id(self.records[i].output) in outputs), default=first)

    def _activation(self, layer: Any, first: int, last: int) -> None:
        inside = {id(r.output) for r in self.records[first:last]}
        sources = [
            v for r in self.records[first:last] for v in r.inputs if id(v) in self.network.ids and id(v) not in inside
        ]
        out = self.records[last - 1].output
        if len({id(v) for v in sources}) != 1 or any(id(v) in self.stand_ins for v in sources):
            self._steps(layer, first, last)
            return
        source = sources[0]
        ids = self.network.ids[id(source)]
        name, facts = activation_of(layer)
        if facts is not None and not facts_hold(layer, source, out):
            self._steps(layer, first, last)
            return
        held, _ = self.network.quantity_of(int(ids.flat[0])) if ids.size else (None, 0)
        follows = (
            held is not None
            and held.kind == "h"
            and not any(isinstance(b, Activation) and b.number == held.layer for b in self.network.blocks)
        )
        if follows and held is not None and held.layer is not None:
            number = held.layer
        else:
            self.number += 1
            number = self.number
        quantity = self.network.add(Quantity("a", number, out, 0, owner=getattr(layer, "name", "")))
        self.network.blocks.append(Activation(layer, number, first, last, ids, source, quantity, name, facts))

    # -- the rest -----------------------------------------------------------------------------------------------------

    def _steps(self, layer: Any, first: int, last: int) -> None:
        records = self.records[first:last]
        inside = {id(r.output) for r in records}
        outs = [r.output for r in records if self.used_later.get(id(r.output), -1) >= last]
        if not outs:
            return
        self.number += 1
        incoming = {id(v): v for r in records for v in r.inputs if isinstance(v, Tensor) and id(v) not in inside}
        variables = [self.stand_ins[key] for key in incoming if key in self.stand_ins]
        sources = [v for key, v in incoming.items() if key not in self.stand_ins and key in self.network.ids]
        for variable in variables:
            if variable.layer is None:
                variable.layer = self.number
        rows = self.network.recording.batch.rows
        made = [
            self.network.add(
                Quantity(
                    "v",
                    self.number,
                    t,
                    0,
                    bool(t.ndim) and t.shape[0] == rows,
                    owner=getattr(layer, "name", "") or records[0].op.name,
                )
            )
            for t in outs
        ]
        self.network.blocks.append(Steps(layer, self.number, first, last, sources, variables, made))


def _name_outputs(network: Network) -> None:
    """Call the model's outputs p, unless the loss takes them as they stand before their activation."""
    from chainrule.formulas import facts_of

    logits = set()
    for part in network.recording.parts:
        facts = facts_of(part.loss)
        if facts is not None and facts.argument == "h":
            logits.add(part.position)
    for i, tensor in enumerate(network.recording.outputs):
        ids = network.ids.get(id(tensor))
        whole = None
        if ids is not None and ids.size:
            held, at = network.quantity_of(int(ids.flat[0]))
            if (
                at == 0
                and held.tensor.size == ids.size
                and np.array_equal(ids.ravel(), np.arange(held.start, held.start + ids.size))
            ):
                whole = held
        network.outputs.append(whole)
        if whole is not None and whole.kind in ("h", "a", "v") and not (whole.kind == "h" and i in logits):
            whole.kind = "p"
