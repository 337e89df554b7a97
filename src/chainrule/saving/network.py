"""What a model computes when it predicts, for those who write it down elsewhere (ONNX, C).

A `Network` is made of the steps of a plan (`engines/plan.py`) without what only training needs, and those of
`engines/operations.py`, with the shape of every value and the numbers of every parameter.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.engines import plan as steps
from chainrule.engines.lower import check_outputs, own_call, refuse_further_tensors
from chainrule.engines.operations import apply_operation
from chainrule.engines.plan import CannotLower, Step
from chainrule.errors import ModelFileError
from chainrule.records import Record
from chainrule.variables import Slot

Dims = tuple[int | None, ...]
"""The shape of one observation, without the batch axis; None is a length that may differ."""

_ONLY_TRAINING = (steps.Dropout, steps.AlphaDropout, steps.Noise, steps.MultiplyNoise, steps.PenalizeActivity)


class Port(Record):
    """An input or output: the number of its value, its name, the shape of one observation, and its type."""

    value: int
    name: str
    shape: Dims
    dtype: str


class Operation(Record):
    """One step: it makes value `output`, of a shape, from the values `inputs`; `layer` is for messages."""

    step: Step
    inputs: tuple[int, ...]
    output: int
    shape: Dims
    layer: str


class Network(Record):
    """Everything a prediction needs.

    Attributes:
        dtype: 'float32' or 'float64', of all parameters and results.
        numbers: the flat buffer of parameters, a copy.
        shapes: the shape of every value by number.
    """

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    operations: tuple[Operation, ...]
    dtype: str
    numbers: Array
    shapes: dict[int, Dims]

    def of(self, slot: Slot) -> Array:
        """Return the numbers of a parameter."""
        return slot.view(self.numbers)


def network_of(model: Any, purpose: str) -> Network:
    """Return what a built model computes when it predicts.

    Args:
        purpose: 'ONNX' or the like, for messages.

    Raises:
        ModelFileError: the model has no weights yet, or a layer is Python code; the message names it.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3), cr.layers.Dropout(0.5), cr.layers.ReLU()])
    >>> [(type(o.step).__name__, o.shape) for o in network_of(model, "ONNX").operations]
    [('Affine', (3,)), ('Activate', (3,))]
    """
    refused = f"Cannot export '{model.name}' to {purpose}: "
    if not model.built:
        raise ModelFileError(f"{refused}it has no weights yet. Give it an Input, or call it on data, first.")
    try:
        return _Walk(model).network()
    except CannotLower as reason:
        raise ModelFileError(f"{refused}{reason}. Only layers with a description of their own can.") from None


class _Walk:
    """Walks the graph of a model as running it would, and notes the steps of its layers."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.numbers = np.array(model.pack().array)
        self.shapes: dict[int, Dims] = {}
        self.operations: list[Operation] = []

    def network(self) -> Network:
        graph = self.model._graph_or_none()
        dtype = str(self.numbers.dtype)
        if graph is None:
            raise CannotLower(f"it is Python code ({type(self.model).__name__}.call)")
        if dtype not in ("float32", "float64"):
            raise CannotLower(f"it computes in {dtype}, expected float32 or float64")
        check_outputs(graph)
        types = {self._new(tuple(t.shape[1:])): str(t.dtype) for t in graph.inputs}
        ends = self._run(graph, list(types))
        given = [t.operation.name for t in graph.inputs]
        names = _distinct([*given, *_output_names(self.model, len(ends))])
        inputs = [Port(i, n, self.shapes[i], types[i]) for i, n in zip(types, names[: len(given)], strict=True)]
        outputs = [
            Port(i, n, self.shapes[i], types.get(i, dtype)) for i, n in zip(ends, names[len(given) :], strict=True)
        ]
        return Network(
            name=str(self.model.name), inputs=tuple(inputs), outputs=tuple(outputs),
            operations=tuple(self.operations), dtype=dtype, numbers=self.numbers, shapes=self.shapes,
        )  # fmt: skip

    def _new(self, shape: Dims) -> int:
        self.shapes[len(self.shapes)] = shape
        return len(self.shapes) - 1

    def _run(self, graph: Any, values: list[int]) -> list[int]:
        known = {id(t): v for t, v in zip(graph.inputs, values, strict=True)}
        for node in graph.nodes:
            if node.inputs:
                if node.kwargs.get("training"):
                    raise CannotLower(f"layer '{node.operation.name}' is called with training=True")
                if hasattr(node.operation, "lower"):
                    refuse_further_tensors(node)
                results = self._apply(node, [known[id(t)] for t in node.inputs])
                known.update({id(t): v for t, v in zip(tree.flatten(node.outputs), results, strict=True)})
        return [known[id(t)] for t in graph.outputs]

    def _apply(self, node: Any, inputs: list[int]) -> list[int]:
        from chainrule.layers.wrapper import SpectralNormalization

        layer = node.operation
        if not hasattr(layer, "lower"):
            return apply_operation(node, inputs, lambda step, values: self._add([step], list(values), layer.name)[0])
        own = own_call(layer)
        if own:
            raise CannotLower(f"layer '{layer.name}' is Python code ({own})")
        inner = layer._graph_or_none() if hasattr(layer, "_graph_or_none") else None
        if inner is not None:
            return self._run(inner, inputs)
        if isinstance(layer, SpectralNormalization):  # which divides its kernel while training, and only then
            layer = layer.layer
            own = own_call(layer)
            if own:
                raise CannotLower(f"layer '{layer.name}' is Python code ({own})")
        return self._add(layer.lower(), inputs, layer.name)

    def _add(self, given: Iterable[Step], inputs: list[int], layer: str) -> list[int]:
        for step in given:
            if not isinstance(step, _ONLY_TRAINING):
                shape = shape_after(step, [self.shapes[n] for n in inputs], layer)
                self.operations.append(Operation(step, tuple(inputs), self._new(shape), shape, layer))
                inputs = [self.operations[-1].output]
        return inputs


def _output_names(model: Any, count: int) -> list[str]:
    names = [str(n) for n in getattr(model, "output_names", None) or ()]
    return names if len(names) == count else [f"output_{i}" for i in range(count)]


def _distinct(names: Sequence[str]) -> list[str]:
    """Return the names, those that occur again with a number behind them.

    >>> _distinct(["a", "b", "a"])
    ['a', 'b', 'a_1']
    """
    found: list[str] = []
    for name in names:
        n, candidate = 0, name
        while candidate in found:
            n += 1
            candidate = f"{name}_{n}"
        found.append(candidate)
    return found


# -- shapes -----------------------------------------------------------------------------------------------------------


@functools.singledispatch
def shape_after(step: Step, shapes: list[Dims], layer: str) -> Dims:
    """Return the shape of what a step makes of values of some shapes.

    Raises:
        CannotLower: such a step is not known here.
    """
    raise CannotLower(f"layer '{layer}' has no form to export ({type(step).__name__})")


@shape_after.register
def _affine(step: steps.Affine, shapes: list[Dims], layer: str) -> Dims:
    return (*shapes[0][:-1], step.kernel.shape[1])


@shape_after.register
def _activate(step: steps.Activate, shapes: list[Dims], layer: str) -> Dims:
    shape = shapes[0]
    if not isinstance(step.options.get("axis", -1), int):
        raise CannotLower(f"layer '{layer}' is a {step.name} over several axes")
    if step.name != "glu":
        return shape
    at = axis_of(step.options.get("axis", -1), len(shape) + 1, layer) - 1
    length = shape[at]
    if length is None:
        raise CannotLower(f"layer '{layer}' halves an axis of unknown length")
    return (*shape[:at], length // 2, *shape[at + 1 :])


@shape_after.register(steps.ParametricReLU)
@shape_after.register(steps.BatchNormalize)
@shape_after.register(steps.LayerNormalize)
@shape_after.register(steps.UnitNormalize)
@shape_after.register(steps.RootNormalize)
@shape_after.register(steps.GroupNormalize)
def _same(step: Step, shapes: list[Dims], layer: str) -> Dims:
    return shapes[0]


@shape_after.register
def _rescale(step: steps.Rescale, shapes: list[Dims], layer: str) -> Dims:
    return _not_larger(shapes[0], [np.shape(step.scale), np.shape(step.offset)], layer)


@shape_after.register
def _standardize(step: steps.Standardize, shapes: list[Dims], layer: str) -> Dims:
    return _not_larger(shapes[0], [np.shape(step.mean), np.shape(step.variance)], layer)


def _not_larger(shape: Dims, others: list[tuple[int, ...]], layer: str) -> Dims:
    for other in others:
        fits = len(other) <= len(shape) + 1 and all(
            n in (1, m) for n, m in zip(other[::-1], (1, *shape)[::-1], strict=False)
        )
        if not fits:
            raise CannotLower(f"layer '{layer}' makes its input larger")
    return shape


@shape_after.register
def _reshape(step: steps.Reshape, shapes: list[Dims], layer: str) -> Dims:
    return tuple([int(n) for n in step.shape])


@shape_after.register
def _transpose(step: steps.Transpose, shapes: list[Dims], layer: str) -> Dims:
    return tuple([shapes[0][a - 1] for a in step.order])


@shape_after.register
def _repeat(step: steps.Repeat, shapes: list[Dims], layer: str) -> Dims:
    return (step.count, *shapes[0])


@shape_after.register
def _pool(step: steps.Pool, shapes: list[Dims], layer: str) -> Dims:
    left = list(shapes[0])
    left[step.axis - 1 : step.axis] = [1] if step.keepdims else []
    return tuple(left)


@shape_after.register
def _embed(step: steps.Embed, shapes: list[Dims], layer: str) -> Dims:
    return (*shapes[0], step.table.shape[1])


@shape_after.register
def _merge(step: steps.Merge, shapes: list[Dims], layer: str) -> Dims:
    if step.kind != "concatenate":
        return functools.reduce(_broadcast, shapes)
    first = shapes[0]
    at = axis_of(step.axis, len(first) + 1, layer) - 1
    lengths = [s[at] for s in shapes]
    total = None if None in lengths else sum(n or 0 for n in lengths)
    return (*first[:at], total, *first[at + 1 :])


@shape_after.register
def _dot(step: steps.Dot, shapes: list[Dims], layer: str) -> Dims:
    kept = [n for shape, axis in zip(shapes, step.axes, strict=True) for n in _without(shape, axis)]
    return tuple(kept) or (1,)


def _without(shape: Dims, axis: int) -> Dims:
    return (*shape[: axis - 1], *shape[axis:])


@shape_after.register
def _take(step: steps.Take, shapes: list[Dims], layer: str) -> Dims:
    size_of(shapes[0], layer)
    taken = [_lengths_of(n or 0, part) for n, part in zip(shapes[0], step.key, strict=False)]
    return tuple([n for lengths in taken for n in lengths]) + shapes[0][len(taken) :]


def _lengths_of(length: int, part: int | tuple[int | None, ...]) -> list[int]:
    return [len(range(length)[slice(*part)])] if isinstance(part, tuple) else []


def _broadcast(a: Dims, b: Dims) -> Dims:
    rank = max(len(a), len(b))
    a, b = (*(1,) * (rank - len(a)), *a), (*(1,) * (rank - len(b)), *b)
    return tuple([n if m == 1 else m for n, m in zip(a, b, strict=True)])


def axis_of(axis: int, rank: int, layer: str) -> int:
    """Return an axis counted from 0, the batch axis.

    Raises:
        CannotLower: it is the batch axis.
    """
    at = axis % rank
    if at == 0:
        raise CannotLower(f"layer '{layer}' works along the batch")
    return at


def without_batch(array: Any, rank: int, layer: str) -> Array:
    """Return an array that is broadcast to observations of `rank` axes, without an axis for the batch.

    Raises:
        CannotLower: it differs from row to row.
    """
    found: Array = np.asarray(array)
    if found.ndim == rank + 1:
        if found.shape[0] != 1:
            raise CannotLower(f"layer '{layer}' has other numbers for each row of a batch")
        return found.reshape(found.shape[1:])
    return found


def size_of(shape: Dims, layer: str) -> int:
    """Return how many numbers an observation has.

    Raises:
        CannotLower: a length is unknown.
    """
    if None in shape:
        raise CannotLower(f"layer '{layer}' has an axis of unknown length")
    return math.prod(n or 0 for n in shape)
