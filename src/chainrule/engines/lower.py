"""From a model to its plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from chainrule import tree
from chainrule.engines.describe import Undescribed, describe, describe_losses, describe_metrics, describe_optimizer
from chainrule.engines.front import Front
from chainrule.engines.operations import apply_operation
from chainrule.engines.plan import (
    CannotLower,
    Input,
    Instruction,
    PenalizeActivity,
    Plan,
    Step,
    slot_of,
)
from chainrule.symbolic import is_symbolic

T = TypeVar("T")

_STEPS = ("train_step", "test_step", "compute_loss", "compute_metrics")
_FUNCTIONS = ("train_function", "test_function")


class _Numbers:
    """Hands out value numbers and collects instructions."""

    def __init__(self) -> None:
        self.count = 0
        self.instructions: list[Instruction] = []

    def new(self) -> int:
        self.count += 1
        return self.count - 1

    def apply(self, step: Step, inputs: tuple[int, ...], layer: str) -> int:
        output = self.new()
        self.instructions.append(Instruction(step, inputs, output, layer))
        return output


def lower(model: Any) -> Plan:
    """Return the plan of a built model; its inputs are what the model's `Front` hands over.

    Raises:
        CannotLower: its outputs are computed by Python code; the message names the layer.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Lambda(lambda x: x, name="same")])
    >>> lower(model)
    Traceback (most recent call last):
    chainrule.engines.plan.CannotLower: layer 'same' is Python code (Lambda.call)
    """
    buffer = model.pack()
    model.number_layers()
    graph = model._graph_or_none()
    if graph is None:
        raise CannotLower(f"model '{model.name}' is Python code ({type(model).__name__}.call)")
    if not all(layer.built for layer in model._flatten_layers()):
        raise CannotLower(f"model '{model.name}' is not built")
    numbers = _Numbers()
    front = Front(graph)
    if front.nodes and any(t.dtype == "string" for t in front.tensors):
        name = next(t.operation.name for t in front.tensors if t.dtype == "string")
        raise CannotLower(f"'{name}' hands on text")
    check_outputs(graph)
    inputs = tuple([Input(numbers.new(), t.operation.name, t.shape, t.dtype) for t in front.tensors])
    outputs = _run(graph, front, [i.value for i in inputs], numbers)
    python: list[str] = [f"model '{model.name}' has its own {name}" for name in model.overrides(*_STEPS)]
    python += [
        f"model '{model.name}' has its own {name}" for name in _FUNCTIONS if model._own_function(name) is not None
    ]

    def told(describing: Callable[..., T], *args: Any, default: T) -> T:
        """Return a description, or note why there is none."""
        try:
            return describing(*args)
        except Undescribed as reason:
            python.append(str(reason))
            return default

    trainable = model.trainable_weights
    return Plan(
        inputs=inputs,
        instructions=tuple(numbers.instructions),
        outputs=tuple(outputs),
        slots=tuple(buffer.slots),
        n_params=int(buffer.array.size),
        n_trainable=sum(v.size for v in trainable),
        penalties=tuple(
            (slot_of(v), told(describe, v.regularizer, "regularizer", v.path, default=None))
            for v in trainable
            if v.regularizer is not None
        ),
        constraints=tuple(
            (slot_of(v), told(describe, v.constraint, "constraint", v.path, default=None))
            for v in trainable
            if v.constraint is not None
        ),
        losses=told(describe_losses, model._compile_loss, default=()) if model._compile_loss is not None else (),
        optimizer=describe_optimizer(model.optimizer) if model.optimizer is not None else None,
        metrics=told(describe_metrics, model._compile_metrics, default=())
        if model._compile_metrics is not None
        else (),
        python=tuple(python),
    )


def _run(graph: Any, front: Front | None, values: list[int], numbers: _Numbers) -> list[int]:
    """Walk a graph behind its front as running it would, with value numbers in place of tensors."""
    known = {id(t): v for t, v in zip(graph.inputs if front is None else front.tensors, values, strict=True)}
    for node in graph.nodes:
        if node.inputs and (front is None or node not in front.nodes):
            if node.kwargs.get("training") is not None:
                raise CannotLower(f"layer '{node.operation.name}' is called with training={node.kwargs['training']}")
            if hasattr(node.operation, "lower"):
                refuse_further_tensors(node)
            results = _apply(node, tuple([known[id(t)] for t in node.inputs]), numbers)
            known.update({id(t): v for t, v in zip(tree.flatten(node.outputs), results, strict=True)})
    return [known[id(t)] for t in graph.outputs]


def check_outputs(graph: Any) -> None:
    """Refuse ops that give one number per observation, without an axis for it, as outputs."""
    for t in graph.outputs:
        if len(t.shape) < 2 and not hasattr(t.operation, "lower"):
            raise CannotLower(f"output '{t.operation.name}' has no axis but the batch")


def refuse_further_tensors(node: Any) -> None:
    """Refuse a layer that is given tensors besides its first argument, such as a mask: steps know of none."""
    first = node.args[0] if node.args else next(iter(node.kwargs.values()))
    if len(node.inputs) > sum(1 for v in tree.flatten(first) if is_symbolic(v)):
        masked = any(name == "mask" or name.endswith("_mask") for name in node.kwargs)
        raise CannotLower(
            f"layer '{node.operation.name}' is called with {'a mask' if masked else 'more than one argument'}"
        )


def own_call(layer: Any) -> str:
    """Return the name of the method by which a class of the user's own computes, if `lower` does not know of it."""
    if "call" in layer.__dict__:
        return f"{layer.name}.call"
    for cls in type(layer).__mro__:
        if "lower" in cls.__dict__ or cls.__module__.startswith("chainrule."):
            return ""
        for method in ("call", "__call__"):
            if method in cls.__dict__:
                return f"{cls.__name__}.{method}"
    return ""


def _apply(node: Any, inputs: tuple[int, ...], numbers: _Numbers) -> list[int]:
    """Add the steps of one call and return the numbers of its outputs."""
    operation = node.operation
    if not hasattr(operation, "lower"):
        return apply_operation(node, inputs, lambda step, values: numbers.apply(step, values, operation.name))
    own = own_call(operation)
    if own:
        raise CannotLower(f"layer '{operation.name}' is Python code ({own})")
    inner = operation._graph_or_none() if hasattr(operation, "_graph_or_none") else None
    current = list(inputs) if inner is None else _run(inner, None, list(inputs), numbers)
    for step in operation.lower() if inner is None else ():
        current = [numbers.apply(step, tuple(current), operation.name)]
    if operation.activity_regularizer is not None:
        try:
            penalty = PenalizeActivity(describe(operation.activity_regularizer, "activity regularizer", operation.name))
        except Undescribed as reason:
            raise CannotLower(str(reason)) from None
        current = [numbers.apply(penalty, (value,), operation.name) for value in current]
    return current
