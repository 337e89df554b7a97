"""`clone_model`: the same architecture with fresh weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import tree
from chainrule.layers.base import Layer
from chainrule.layers.input import InputLayer
from chainrule.layers.lambda_layer import Lambda
from chainrule.models.functional import Functional
from chainrule.models.functional_config import takes_graph
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

    A compiled model gives a compiled clone, whose optimizer starts anew. Layers that occur several times, in models
    within too, are cloned once.

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
    made: dict[int, Any] = kwargs.pop("cache", {})
    if kwargs:
        raise ValueError(f"clone_model: unknown arguments {sorted(kwargs)}.")

    def clone(layer: Any) -> Any:
        if id(layer) not in made:
            made[id(layer)] = new(layer)
        return made[id(layer)]

    def new(layer: Any) -> Any:
        if recursive and isinstance(layer, Sequential):
            return clone_model(layer, clone_function=clone_function, recursive=True, cache=made)
        if recursive and isinstance(layer, Functional):
            return clone_model(
                layer, clone_function=clone_function, call_function=call_function, recursive=True, cache=made
            )
        return (clone_function or clone_layer)(layer)

    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "clone_model: call_function is for functional models; a Sequential has no calls to replace."
            )
        return _compiled_like(model, _clone_sequential(model, clone, input_tensors))
    if _is_drawn(model):
        return _compiled_like(model, _clone_functional(model, clone, input_tensors, call_function))
    if not isinstance(model, Model) or input_tensors is not None or clone_function or call_function:
        raise ValueError(
            "clone_model: only Sequential and functional models can be cloned layer by layer, but received "
            f"a {type(model).__name__}."
        )
    return deserialize_keras_object(serialize_keras_object(model), custom_objects={type(model).__name__: type(model)})


def _is_drawn(model: Any) -> bool:
    """Whether a model is made of symbolic inputs and outputs, be it of a class of the user's own that takes both."""
    return isinstance(model, Model) and model._graph is not None and takes_graph(type(model))


def _compiled_like(model: Any, copy: Any) -> Any:
    """Compile the clone with what the model was compiled with: functions as they are, objects from their settings."""
    if model.compiled:
        given = {key: _anew(value) for key, value in model._compile_arguments.items()}
        copy.compile(**given, engine=model._engine_wanted)
        if copy.built and copy.optimizer is not None:
            copy.optimizer.build(copy.trainable_variables)
    return copy


def _anew(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_anew(v) for v in value]
    if isinstance(value, dict):
        return {k: _anew(v) for k, v in value.items()}
    if not hasattr(value, "get_config") or isinstance(value, type):
        return value
    return deserialize_keras_object(serialize_keras_object(value), custom_objects=_own_class(value))


def _own_class(thing: Any) -> dict[str, Any]:
    """Return the class of the user's own that a thing is of, by its name: it need not be registered to be cloned."""
    cls = type(thing)
    return {} if cls.__module__.startswith("chainrule.") else {cls.__name__: cls}


def clone_layer(layer: Any) -> Any:
    """Return a new layer of the same configuration.

    A Lambda keeps its function, whether that has a name or not, and a lookup the vocabulary that it has learnt.
    """
    if isinstance(layer, Lambda):
        settings = {**layer._base_config(), "output_shape": layer.output_shape_given, "mask": layer.mask}
        return type(layer)(layer.function, arguments=layer.arguments, **settings)
    copy = type(layer).from_config(layer.get_config())
    for ours, theirs in zip(layer._flatten_layers(), copy._flatten_layers(), strict=False):
        if hasattr(ours, "learnt") and type(ours) is type(theirs):
            theirs.take_learnt(ours.learnt())
    return copy


def _clone_sequential(model: Sequential, clone: Callable[[Any], Any], inputs: Any) -> Sequential:
    given = _symbolic(inputs)
    if len(given) > 1:
        raise ValueError(f"clone_model: a Sequential takes one input tensor, but received {len(given)}.")
    entry = [t.operation for t in given] if given else [clone_input(layer) for layer in model._entry]
    layers = [*entry, *(clone(layer) for layer in model._chain)]
    return Sequential(layers, name=model.name, trainable=model.trainable)


def _symbolic(inputs: Any) -> list[Any]:
    """Return the tensors that the clone shall start from, which may be given as layers.

    Raises:
        ValueError: something else is given.
    """
    tensors = [t.tensor if isinstance(t, InputLayer) else t for t in tree.flatten(inputs)] if inputs is not None else []
    for t in tensors:
        if not isinstance(t, KerasTensor):
            raise ValueError(
                f"clone_model: input_tensors must be symbolic, such as Input((3,)), but one is {t!r:.100}."
            )
    return tensors


def clone_input(layer: InputLayer) -> InputLayer:
    return InputLayer.from_config(layer.get_config())  # type: ignore[no-any-return]


def _clone_functional(
    model: Functional, clone: Callable[[Any], Any], inputs: Any, call: Callable[..., Any] | None
) -> Any:
    graph = model._need_graph()
    given = _symbolic(inputs)
    if given and len(given) != len(graph.inputs):
        raise ValueError(f"clone_model: the model has {len(graph.inputs)} inputs, but received {len(given)} tensors.")
    fresh = iter(given or [_fresh_input(t) for t in graph.inputs])
    new_inputs = tree.map_structure(lambda _: next(fresh), graph.input_structure)
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
    return (type(model) if takes_graph(type(model)) else Functional)(new_inputs, outputs, name=model.name)


def _fresh_input(t: KerasTensor) -> KerasTensor:
    return clone_input(t.operation).tensor


def _clone_operation(operation: Any, clone: Callable[[Any], Any]) -> Any:
    return Operation(operation.op, name=operation.name) if isinstance(operation, Operation) else clone(operation)
