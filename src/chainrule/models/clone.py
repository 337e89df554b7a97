"""`clone_model`: the same architecture with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import tree
from chainrule.layers.base import Layer
from chainrule.layers.input import InputLayer
from chainrule.layers.lambda_layer import Lambda
from chainrule.models.functional import Functional
from chainrule.models.model import Model
from chainrule.models.sequential import Sequential
from chainrule.saving.serialization import deserialize_keras_object, serialize_keras_object
from chainrule.symbolic import KerasTensor, Operation


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """Return a model of the same architecture with layers and weights of its own (`keras.models.clone_model`).

    Args:
        model: a `Sequential` or functional model (a class of the user's own is built anew from its `get_config`).
        input_tensors: symbolic inputs of the clone, by default like those of the model.
        clone_function: makes the clone of a layer (inputs excepted); by default from its configuration.
        call_function: `call_function(layer, *args, **kwargs)` in place of calling a cloned layer.
        recursive: also clone the layers of models within by `clone_function`.

    Raises:
        ValueError: arguments that the model's kind does not take.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, name="hidden")])
    >>> copy = cr.models.clone_model(model)
    >>> copy.layers[0].name, copy.layers[0] is model.layers[0], copy.count_params()
    ('hidden', False, 9)
    """
    if kwargs:
        raise ValueError(f"clone_model: unknown arguments {sorted(kwargs)}.")

    def clone(layer: Any) -> Any:
        if recursive and isinstance(layer, Sequential | Functional):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        if clone_function is not None:
            return clone_function(layer)
        return clone_layer(layer)

    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "clone_model: call_function is for functional models; a Sequential has no calls to replace."
            )
        return _clone_sequential(model, clone, input_tensors)
    if isinstance(model, Functional):
        return _clone_functional(model, clone, input_tensors, call_function)
    if not isinstance(model, Model) or input_tensors is not None or clone_function or call_function:
        raise ValueError(
            "clone_model: only Sequential and functional models can be cloned layer by layer, but received "
            f"a {type(model).__name__}."
        )
    return deserialize_keras_object(serialize_keras_object(model), custom_objects={type(model).__name__: type(model)})


def clone_layer(layer: Any) -> Any:
    """Return a new layer of the same configuration; a Lambda keeps its function, whether that has a name or not."""
    if isinstance(layer, Lambda):
        settings = {**layer._base_config(), "output_shape": layer.output_shape_given, "mask": layer.mask}
        return type(layer)(layer.function, arguments=layer.arguments, **settings)
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model: Sequential, clone: Callable[[Any], Any], inputs: Any) -> Sequential:
    given = [] if inputs is None else tree.flatten(inputs)
    if len(given) > 1:
        raise ValueError(f"clone_model: a Sequential takes one input tensor, but received {len(given)}.")
    entry = [t.operation for t in given] if given else [clone_input(layer) for layer in model._entry]
    return type(model)([*entry, *(clone(layer) for layer in model._chain)], name=model.name)


def clone_input(layer: InputLayer) -> InputLayer:
    return InputLayer.from_config(layer.get_config())  # type: ignore[no-any-return]


def _clone_functional(
    model: Functional, clone: Callable[[Any], Any], inputs: Any, call: Callable[..., Any] | None
) -> Any:
    graph = model._need_graph()
    new_inputs = inputs if inputs is not None else tree.map_structure(_fresh_input, graph.input_structure)
    if len(tree.flatten(new_inputs)) != len(graph.inputs):
        raise ValueError(
            f"clone_model: the model has {len(graph.inputs)} inputs, but received "
            f"{len(tree.flatten(new_inputs))} tensors."
        )
    mine = {id(t): new for t, new in zip(graph.inputs, tree.flatten(new_inputs), strict=True)}
    operations: dict[int, Any] = {}

    def swap(value: Any) -> Any:
        return mine[id(value)] if isinstance(value, KerasTensor) else value

    for node in graph.nodes:
        if not node.inputs:
            continue
        operation = operations.get(id(node.operation))
        if operation is None:
            operation = operations[id(node.operation)] = _clone_operation(node.operation, clone)
        args, kwargs = tree.map_structure(swap, list(node.args)), tree.map_structure(swap, node.kwargs)
        plain = call is None or not isinstance(operation, Layer)
        outputs = operation(*args, **kwargs) if plain or call is None else call(operation, *args, **kwargs)
        mine.update({id(t): new for t, new in zip(tree.flatten(node.outputs), tree.flatten(outputs), strict=True)})
    outputs = tree.map_structure(swap, graph.output_structure)
    return Functional(new_inputs, outputs, name=model.name)


def _fresh_input(t: KerasTensor) -> KerasTensor:
    return clone_input(t.operation).tensor


def _clone_operation(operation: Any, clone: Callable[[Any], Any]) -> Any:
    return Operation(operation.op, name=operation.name) if isinstance(operation, Operation) else clone(operation)
