"""From a plan to a native program: one function per kind of step, each calling one method of the program.

    plan (engines/plan.py)  --translate-->  program (native/engine/program.hpp)

Values are numbered anew: a `Node` is a program's value with the shape of an observation.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.engines import plan as steps
from chainrule.engines.native.activations import kernel_of
from chainrule.engines.native.losses import CLASS_NUMBERS, check_mask, loss_options
from chainrule.engines.native.metrics import native_metric, target_width
from chainrule.engines.plan import CannotLower, Instruction, LossOf, MetricOf, Plan
from chainrule.variables import Slot


class Node(NamedTuple):
    """A value of a program: its number, the shape of one observation, and which input of the model it is, if it is."""

    value: int
    shape: tuple[int, ...]
    source: int | None = None

    @property
    def width(self) -> int:
        return math.prod(self.shape)


class TargetShapes(NamedTuple):
    """What of the data decides about a program: numbers per observation, by output (None: no target, no weights)."""

    targets: tuple[int | None, ...]
    weights: tuple[int | None, ...]


class Translation:
    """A program and what belongs to which of its feeds.

    Attributes:
        program: `_native.Program32` or `Program64`.
        inputs, outputs: of the model.
        targets, weights: the feeds behind the inputs, as numbers of outputs.
        metrics: those the program computes, in order.
        handed: those that are handed predictions in Python.
        tables: which input holds numbers of rows of a table, how many rows that has, and the layer's name.
    """

    def __init__(self, program: Any, inputs: list[Node]) -> None:
        self.program = program
        self.inputs = inputs
        self.outputs: list[Node] = []
        self.targets: list[int] = []
        self.weights: list[int] = []
        self.metrics: list[MetricOf] = []
        self.handed: list[MetricOf] = []
        self.tables: list[tuple[int, int, str]] = []


def translate(plan: Plan, native: Any, shapes: TargetShapes | None = None) -> Translation:
    """Return the program of a plan, with losses and metrics if the data's shapes are given.

    Args:
        plan: its numbers are those of a float32 or float64 buffer.
        native: the class of the program.

    Raises:
        CannotLower: something has no native form; the message says what.
    """
    program = native(plan.n_params, plan.n_trainable)
    nodes: dict[int, Node] = {}
    from chainrule.engines.native import layers  # noqa: F401  (its functions register themselves at `build`)

    for number, entry in enumerate(plan.inputs):
        if any(n is None for n in entry.shape[1:]):
            raise CannotLower(f"input '{entry.name}' has an axis of unknown length")
        shape = tuple(int(n) for n in entry.shape[1:] if n is not None)
        nodes[entry.value] = Node(program.feed(math.prod(shape)), shape, number)
    found = Translation(program, [nodes[i.value] for i in plan.inputs])
    _add_steps(plan, found, nodes)
    found.outputs = [nodes[n] for n in plan.outputs]
    for node in found.outputs:
        program.output(node.value)
    if shapes is not None:
        _add_scores(plan, found, shapes)
    program.finish()
    return found


def _add_steps(plan: Plan, found: Translation, nodes: dict[int, Node]) -> None:
    readers = _count_readers(plan)
    todo = list(plan.instructions)
    counts: dict[tuple[int, int], int] = {}
    while todo:
        now = todo.pop(0)
        builder = Builder(found.program, plan.n_trainable, now, counts, found.tables)
        if isinstance(now.step, steps.Affine) and todo and _follows(todo[0], now, readers):
            then = todo.pop(0)
            nodes[then.output] = builder.affine(now.step, nodes[now.inputs[0]], then.step)
        else:
            nodes[now.output] = build(now.step, builder, [nodes[i] for i in now.inputs])


def _count_readers(plan: Plan) -> dict[int, int]:
    readers: dict[int, int] = {}
    for value in [*plan.outputs, *(v for i in plan.instructions for v in i.inputs)]:
        readers[value] = readers.get(value, 0) + 1
    return readers


def _follows(then: Instruction, now: Instruction, readers: dict[int, int]) -> bool:
    """Whether an instruction is the activation of the one before, which nobody else reads."""
    return (
        isinstance(then.step, steps.Activate)
        and then.inputs == (now.output,)
        and readers.get(now.output) == 1
        and then.step.name != "glu"
        and then.step.options.get("axis", -1) == -1
    )


# -- steps ------------------------------------------------------------------------------------------------------------


class Order(NamedTuple):
    """An order of the axes of an observation, the one that undoes it, and how many numbers its last axes hold."""

    axes: list[int]
    back: list[int]
    group: int


class Builder(NamedTuple):
    """What the functions below need besides the step and its inputs."""

    program: Any
    n_trainable: int
    instruction: Instruction
    counts: dict[tuple[int, int], int]
    tables: list[tuple[int, int, str]]

    def trains(self, slot: Slot | None) -> bool:
        return slot is not None and slot.offset < self.n_trainable

    def offset(self, slot: Slot | None) -> int:
        return -1 if slot is None else slot.offset

    def affine(self, step: steps.Affine, x: Node, activation: Any = None) -> Node:
        inputs, units = step.kernel.shape
        name, options = kernel_of(activation.name, activation.options) if activation is not None else ("", ())
        value = self.program.affine(
            x.value, inputs, units, step.kernel.offset, self.offset(step.bias),
            self.trains(step.kernel), self.trains(step.bias), name, list(options), name == "relu",
        )  # fmt: skip
        return Node(value, (*x.shape[:-1], units))

    def transposed(self, x: Node, axes: Sequence[int]) -> Node:
        """Reorder the axes of an observation, counted from 0."""
        shape = tuple(x.shape[a] for a in axes)
        if [a for a in axes if x.shape[a] != 1] == [a for a in range(len(axes)) if x.shape[a] != 1]:
            return Node(x.value, shape)  # the numbers lie in that order already
        places = np.arange(x.width).reshape(x.shape).transpose(axes).reshape(-1)
        return Node(self.program.gather(x.value, places.tolist()), shape)

    def moved_last(self, axes: Sequence[int], shape: tuple[int, ...]) -> Order:
        """Return the order in which some axes, counted from the batch (0), come last.

        Raises:
            CannotLower: one of them is the batch.
        """
        last = sorted({a % (len(shape) + 1) - 1 for a in axes})
        if last and last[0] < 0:
            raise CannotLower(f"layer '{self.instruction.layer}' works along the batch")
        order = [a for a in range(len(shape)) if a not in last] + last
        return Order(order, [order.index(a) for a in range(len(shape))], math.prod(shape[a] for a in last))

    def draws(self, index: int, seed: int | None) -> tuple[int, int, int]:
        """Return what the key of a random layer is made of: its index, its seed, and how often it ran before."""
        place = (index, seed or 0)
        count = self.counts.get(place, 0)
        self.counts[place] = count + 1
        return index, seed or 0, count


@functools.singledispatch
def build(step: steps.Step, to: Builder, inputs: list[Node]) -> Node:
    """Add a step to the program and return what it makes.

    Raises:
        CannotLower: the step has no native form.
    """
    raise CannotLower(f"layer '{to.instruction.layer}' has no native form ({type(step).__name__})")


@build.register
def _affine(step: steps.Affine, to: Builder, inputs: list[Node]) -> Node:
    return to.affine(step, inputs[0])


@build.register
def _activate(step: steps.Activate, to: Builder, inputs: list[Node]) -> Node:
    (x,) = inputs
    if not x.shape:
        raise CannotLower(f"layer '{to.instruction.layer}' has an activation of an input without axes")
    axis = step.options.get("axis", -1)
    if step.name == "softmax" and axis not in (-1, len(x.shape)):
        return _softmax(axis, to, x)
    name, options = kernel_of(step.name, {k: v for k, v in step.options.items() if k != "axis" or axis != len(x.shape)})
    last = x.shape[-1] // 2 if name == "glu" else x.shape[-1]
    value = to.program.activate(x.value, name, list(options), x.shape[-1], last)
    return Node(value, (*x.shape[:-1], last))


def _softmax(axis: int | tuple[int, ...], to: Builder, x: Node) -> Node:
    order = to.moved_last((axis,) if isinstance(axis, int) else axis, x.shape)
    moved = to.transposed(x, order.axes)
    value = to.program.activate(moved.value, "softmax", [], order.group, order.group)
    return to.transposed(Node(value, moved.shape), order.back)


# -- losses and metrics -----------------------------------------------------------------------------------------------


def _add_scores(plan: Plan, found: Translation, shapes: TargetShapes) -> None:
    wanted = sorted({loss.output for loss in plan.losses} | {m.output for m in plan.metrics})
    targets, weights = {}, {}
    for output in wanted:
        size = shapes.targets[output]
        if size is not None:
            targets[output] = found.program.feed(size)
            found.targets.append(output)
    for output in wanted:
        if output in targets:
            weights[output] = found.program.feed(shapes.weights[output] or 1)
            found.weights.append(output)
    for loss in plan.losses:
        if loss.output not in targets:
            raise CannotLower(f"output {loss.output} has a loss, but no targets")
        _add_loss(loss, found, targets[loss.output], weights[loss.output], shapes)
    for metric in plan.metrics:
        given = native_metric(metric) if metric.output in targets else None
        node = found.outputs[metric.output]
        inner, size = math.prod(node.shape[:-1]), shapes.targets[metric.output] or 0
        single = shapes.weights[metric.output] in (None, 1)
        if given is None or not node.shape or size % inner or (metric.weighted and not single):
            found.handed.append(metric)
            continue
        weight = weights[metric.output] if metric.weighted else -1
        name, options = given
        if size // inner != target_width(name, node.shape[-1]):  # targets that NumPy would repeat, or that do not fit
            found.handed.append(metric)
            continue
        target = targets[metric.output]
        found.program.metric(name, list(options), node.value, target, weight, node.shape[-1], size // inner)
        found.metrics.append(metric)


def _add_loss(loss: LossOf, found: Translation, target: int, weight: int, shapes: TargetShapes) -> None:
    node, size = found.outputs[loss.output], shapes.targets[loss.output]
    if loss.reduction not in ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"):
        raise CannotLower(f"loss '{loss.loss.kind}' has the reduction {loss.reduction!r}")
    inner = math.prod(node.shape[:-1])
    per_row = 1 if loss.loss.kind in CLASS_NUMBERS else node.shape[-1]
    if size != inner * per_row:
        raise CannotLower(f"loss '{loss.loss.kind}' compares targets of {size} with predictions of shape {node.shape}")
    if shapes.weights[loss.output] not in (None, 1, inner):
        raise CannotLower(f"sample weights, {shapes.weights[loss.output]} for each observation, do not fit the loss")
    check_mask(loss)
    ignored = loss.loss.options.get("ignore_class") if loss.masked else None
    found.program.loss(
        loss.loss.kind, list(loss_options(loss.loss)), node.value, target, weight, node.shape[-1], per_row,
        loss.reduction, float(loss.weight), np.nan if ignored is None else float(ignored),
    )  # fmt: skip


def check_losses(losses: Sequence[LossOf]) -> None:
    """Say whether there is a kernel for each loss.

    Raises:
        CannotLower: there is none.
    """
    for loss in losses:
        loss_options(loss.loss)
        check_mask(loss)
