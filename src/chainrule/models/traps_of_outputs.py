"""Traps between the last layer, the loss and the metrics of an output."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from chainrule import activations, tree
from chainrule._typing import Array
from chainrule.errors import ChainruleError
from chainrule.layers.base import Layer
from chainrule.losses.outputs import align
from chainrule.models.traps import say
from chainrule.symbolic import KerasTensor

_BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
_CATEGORICAL = ("categorical_crossentropy", "categorical_focal_crossentropy", "sparse_categorical_crossentropy")
_PASSED_ON = frozenset({"ActivityRegularization", "Dropout", "Flatten", "Identity", "Permute", "Reshape"})


class Output(NamedTuple):
    """What is known of one output.

    Attributes:
        name: of the output.
        width: length of its last axis, or None.
        layer: the name of the layer whose activation made it.
        activation: `'sigmoid'`, `'softmax'`, `'linear'`, or '' for anything else and what cannot be known.
        loss: the function's name, `'binary_crossentropy'`.
        from_logits: what the loss was told.
        metrics: those that apply to it, as objects.
        y: its targets, or None.
    """

    name: str
    width: int | None
    layer: str
    activation: str
    loss: str
    from_logits: bool
    metrics: list[Any]
    y: Array | None


def find(model: Any, y: Any) -> list[Output]:
    """Return the outputs that have a loss, of a model whose graph is known."""
    graph, compiled, metrics = model._graph_or_none(), model._compile_loss, model._compile_metrics
    if graph is None or compiled is None or not compiled.outputs:
        return []
    losses: list[Any] = [None] * len(graph.outputs)
    for o in compiled.outputs:
        losses[o.position] = o.loss
    targets: list[Any] = [y]
    if len(losses) > 1 or tree.is_nested(y):
        try:
            targets = align(y, graph.output_structure, compiled._names(graph.output_structure), losses)
        except ChainruleError:
            targets = [None] * len(losses)
    lists = metrics._flat_metrics if metrics is not None and metrics.built else []
    found = []
    for i, (tensor, loss) in enumerate(zip(graph.outputs, losses, strict=True)):
        if loss is None:
            continue
        layer, activation = _last(tensor)
        fn, options = getattr(loss, "fn", loss), getattr(loss, "parameters", {})
        own = lists[i].metrics if i < len(lists) and lists[i] is not None else []
        target = targets[i] if isinstance(targets[i], np.ndarray) else None
        width = tensor.shape[-1] if tensor.shape else None
        found.append(
            Output(
                tensor.operation.name, width, layer, activation, getattr(fn, "__name__", ""),
                bool(options.get("from_logits", False)), own, target,
            )
        )  # fmt: skip
    return found


def _last(tensor: KerasTensor) -> tuple[str, str]:
    """Return the name of the layer that gave a tensor its values, and the activation it ended with."""
    while tensor.node is not None:
        operation, node = tensor.operation, tensor.node
        graph = operation._graph_or_none() if hasattr(operation, "_graph_or_none") else None
        if graph is not None:
            tensor = graph.outputs[tensor.index]
        elif type(operation).__name__ in _PASSED_ON and is_ours(operation) and len(node.inputs) == 1:
            tensor = node.inputs[0]
        else:
            return operation.name, _activation(operation)
    return "", ""


def is_ours(operation: Any) -> bool:
    """Whether a layer computes as one of chainrule's, rather than as the user wrote."""
    return isinstance(operation, Layer) and type(operation).call.__module__.startswith("chainrule.")


def _activation(operation: Any) -> str:
    op = getattr(operation, "op", None)  # of a function of `chainrule.ops`
    if op is not None:
        name = getattr(op, "__name__", "")
        return name if name in ("sigmoid", "softmax") else ""
    if not is_ours(operation):
        return ""
    if type(operation).__name__ == "Softmax":
        return "softmax"
    activation = getattr(operation, "activation", None)
    if activation is activations.linear:
        return "linear" if type(operation).__name__ in ("Dense", "EinsumDense") else ""
    return {id(activations.sigmoid): "sigmoid", id(activations.softmax): "softmax"}.get(id(activation), "")


def softmax_over_one_unit(model: Any) -> None:
    """Warn of a softmax over one unit, which is always 1 and learns nothing."""
    for layer in model._flatten_layers():
        softmax = getattr(layer, "activation", None) is activations.softmax or type(layer).__name__ == "Softmax"
        if softmax and _width(layer) == 1:
            say(
                model,
                "softmax over one unit",
                f"Layer '{layer.name}' applies softmax to a single unit, so its output is always 1 and nothing can be "
                "learnt. For two classes use activation='sigmoid' with loss='binary_crossentropy', or 2 units.",
                layer.name,
            )


def _width(layer: Any) -> int | None:
    """Return the length of a layer's last output axis, or None where it is not known."""
    axis = getattr(layer, "axis", -1)
    shapes = [t.shape for node in layer._nodes for t in tree.flatten(node.outputs)]
    if shapes:
        return shapes[0][axis] if shapes[0] and isinstance(axis, int) else None
    return getattr(layer, "units", None)


def check(model: Any, output: Output) -> None:
    """Warn where activation and loss of an output do not belong together."""
    if output.loss in (*_BINARY, *_CATEGORICAL):
        _check_logits(model, output)
    if output.activation == "sigmoid" and output.loss in _CATEGORICAL and not output.from_logits and output.width != 1:
        say(  # of one unit, the loss itself warns
            model,
            "sigmoid with categorical crossentropy",
            f"fit: layer '{output.layer}' ends with sigmoid, but {output.loss} expects probabilities that sum to 1 and "
            "divides them by their sum, so that large outputs for all classes cost nothing. If the classes exclude "
            "each other, write activation='softmax'; if several can be true at once, write loss='binary_crossentropy'.",
            output.name,
        )


def _check_logits(model: Any, output: Output) -> None:
    """Warn of a loss that applies the activation a second time, or that expects one which is not there."""
    activation = "sigmoid" if output.loss in _BINARY else "softmax"
    name = _class_name(output.loss)
    if output.from_logits and output.activation in ("sigmoid", "softmax"):
        say(
            model,
            "activation and from_logits",
            f"fit: layer '{output.layer}' ends with {output.activation}, and {name}(from_logits=True) applies "
            f"{activation} to it once more, so that probabilities near 0 and 1 cannot be reached. Write "
            f"loss={name}() for these outputs, or leave activation='{output.activation}' out of the layer.",
            output.name,
        )
    elif not output.from_logits and output.activation == "linear":
        say(
            model,
            "no activation and no from_logits",
            f"fit: layer '{output.layer}' has no activation, so its outputs can be any number, but {output.loss} reads "
            "them as probabilities and clips what is below 0 or above 1: there nothing is learnt. Write "
            f"loss={name}(from_logits=True), or activation='{activation}' in the layer.",
            output.name,
        )


def _class_name(function: str) -> str:
    return "".join(part.capitalize() for part in function.split("_"))
