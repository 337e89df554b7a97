"""What a model computes when it predicts, for those who write it down elsewhere (ONNX, C).

A `Network` is the model's plan (`engines/plan.py`) without what only training needs, with the shape of every value and
the numbers of every parameter.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.engines import plan as steps
from chainrule.engines.plan import CannotLower, Plan, Step
from chainrule.errors import ModelFileError
from chainrule.records import Record
from chainrule.variables import Slot

Dims = tuple[int | None, ...]
"""The shape of one observation, without the batch axis; None is a length that may differ."""

_ONLY_TRAINING = (steps.Dropout, steps.Noise, steps.PenalizeActivity)


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
    from chainrule.engines.lower import lower

    refused = f"Cannot export '{model.name}' to {purpose}: "
    if not model.built:
        raise ModelFileError(f"{refused}it has no weights yet. Give it an Input, or call it on data, first.")
    try:
        plan = lower(model)
        numbers = np.array(model.pack().array)
        return _network(model, plan, numbers)
    except CannotLower as reason:
        raise ModelFileError(f"{refused}{reason}. Only layers with a description of their own can."[:500]) from None


def _network(model: Any, plan: Plan, numbers: Array) -> Network:
    dtype = str(numbers.dtype)
    if dtype not in ("float32", "float64"):
        raise CannotLower(f"it computes in {dtype}, expected float32 or float64")
    same: dict[int, int] = {}
    shapes: dict[int, Dims] = {i.value: tuple(i.shape[1:]) for i in plan.inputs}
    operations = []
    for now in plan.instructions:
        inputs = tuple([same.get(n, n) for n in now.inputs])
        if isinstance(now.step, _ONLY_TRAINING):
            same[now.output] = inputs[0]
            continue
        shapes[now.output] = shape_after(now.step, [shapes[n] for n in inputs], now.layer)
        operations.append(Operation(now.step, inputs, now.output, shapes[now.output], now.layer))
    types = {i.value: i.dtype for i in plan.inputs}
    ends = [same.get(n, n) for n in plan.outputs]
    names = _distinct([str(n) for n in [*(i.name for i in plan.inputs), *_output_names(model, len(ends))]])
    return Network(
        name=str(model.name),
        inputs=tuple(
            [
                Port(i.value, name, shapes[i.value], i.dtype)
                for i, name in zip(plan.inputs, names[: len(plan.inputs)], strict=True)
            ]
        ),
        outputs=tuple(
            [
                Port(n, name, shapes[n], types.get(n, dtype))
                for n, name in zip(ends, names[len(plan.inputs) :], strict=True)
            ]
        ),
        operations=tuple(operations),
        dtype=dtype,
        numbers=numbers,
        shapes=shapes,
    )


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
