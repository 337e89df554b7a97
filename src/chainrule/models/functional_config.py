"""A functional model as a configuration in Keras's form, and back: each layer with the calls that were made of it."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule._typing import Config
from chainrule.autodiff.op import Op
from chainrule.autodiff.operators import TABLE
from chainrule.errors import ModelFileError
from chainrule.layers.base import Layer
from chainrule.layers.input import InputLayer
from chainrule.saving.serialization import custom_object_scope, deserialize_keras_object, serialize_keras_object
from chainrule.symbolic import KerasTensor, Node, Operation

_CLASS_NAMES = {"abs": "Absolute"}  # where Keras's class is not the op's name in camel case
_MODULES = {
    "keras.src.ops.numpy": None,
    "keras.src.ops.nn": None,
    "keras.src.ops.core": None,
    "keras.src.ops.math": None,
}


# -- to a configuration -------------------------------------------------------------------------------------------------


def describe(model: Any) -> Config:
    """Return the configuration of a functional model."""
    graph = model._graph
    members = {id(node) for node in graph.nodes}
    positions = {id(o): {id(n): i for i, n in enumerate(_own_nodes(o, members))} for o in graph.operations}

    def reference(t: KerasTensor) -> list[Any]:
        assert t.node is not None
        return [t.operation.name, positions[id(t.operation)].get(id(t.node), 0), t.index]

    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": [_describe_operation(o, _own_nodes(o, members), reference) for o in graph.operations],
        "input_layers": _map_tensors(graph.input_structure, reference),
        "output_layers": _map_tensors(graph.output_structure, reference),
    }


def _own_nodes(operation: Any, members: set[int]) -> list[Node]:
    return [n for n in operation._nodes if id(n) in members]


def _describe_operation(operation: Any, nodes: list[Node], reference: Any) -> Config:
    description = _describe_op(operation) if isinstance(operation, Operation) else serialize_keras_object(operation)
    description["name"] = operation.name
    calls = [n for n in nodes if n.inputs]
    description["inbound_nodes"] = [
        {
            "args": [_describe_value(a, reference) for a in n.args],
            "kwargs": {k: _describe_value(v, reference) for k, v in n.kwargs.items()},
        }
        for n in calls
    ]
    return description


def _describe_op(operation: Operation) -> Config:
    name = operation.op.name
    class_name = _CLASS_NAMES.get(name, operation.class_name)
    return {
        "module": "keras.src.ops.nn" if name in _NN else "keras.src.ops.numpy",
        "class_name": class_name,
        "config": {"name": operation.name},
        "registered_name": class_name,
    }


_NN = frozenset({"relu", "sigmoid", "softmax", "softplus", "log_softmax", "gelu", "elu", "selu", "silu", "leaky_relu"})


def _describe_value(value: Any, reference: Any) -> Any:
    if isinstance(value, KerasTensor):
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": reference(value)}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, list | tuple):
        return [_describe_value(v, reference) for v in value]
    if isinstance(value, dict):
        return {k: _describe_value(v, reference) for k, v in value.items()}
    return serialize_keras_object(value)


def _map_tensors(structure: Any, reference: Any) -> Any:
    if isinstance(structure, dict):
        return {k: _map_tensors(v, reference) for k, v in structure.items()}
    if isinstance(structure, list | tuple):
        return [_map_tensors(v, reference) for v in structure]
    return reference(structure)


# -- and back -----------------------------------------------------------------------------------------------------------


def rebuild(cls: type, config: Config, custom_objects: Any = None) -> Any:
    """Return the model that a configuration describes.

    Raises:
        ModelFileError: the wiring is malformed: unknown layers, missing calls, a cycle.
    """
    with custom_object_scope(custom_objects):
        operations = {d["name"]: _make_operation(d) for d in _checked(config, "layers")}
        pending = {d["name"]: list(d.get("inbound_nodes", [])) for d in config["layers"]}
        made: dict[tuple[str, int], Node] = {}
        for name, operation in operations.items():
            if isinstance(operation, InputLayer):
                made[(name, 0)] = operation._nodes[0]
        _connect_all(operations, pending, made)
    inputs = _find(_checked(config, "input_layers"), made)
    outputs = _find(_checked(config, "output_layers"), made)
    return cls(inputs, outputs, name=config.get("name"), trainable=config.get("trainable", True))


def _checked(config: Config, key: str) -> Any:
    if not config.get(key):
        raise ModelFileError(f"The configuration of a functional model has no '{key}'.")
    return config[key]


def _make_operation(description: Config) -> Any:
    if description.get("module") in _MODULES:
        name = {v: k for k, v in _CLASS_NAMES.items()}.get(description["class_name"]) or _snake(
            description["class_name"]
        )
        op = TABLE.get(name)
        if not isinstance(op, Op):
            raise ModelFileError(
                f"The model uses the operation {description['class_name']!r}, which chainrule.ops does not have."
            )
        return Operation(op, name=description["name"])
    layer = deserialize_keras_object({k: v for k, v in description.items() if k not in ("name", "inbound_nodes")})
    if not isinstance(layer, Layer):
        raise ModelFileError(f"'{description.get('name')}' in the model is no layer, but a {type(layer).__name__}.")
    return layer


def _snake(name: str) -> str:
    from chainrule.saving.serialization import snake_case

    return snake_case(name)


def _connect_all(operations: dict[str, Any], pending: dict[str, list[Any]], made: dict[tuple[str, int], Node]) -> None:
    """Make the calls whose inputs are there, again and again, until all are made."""
    done = dict.fromkeys(operations, 0)
    while any(pending.values()):
        progress = False
        for name, calls in pending.items():
            while calls and all(key in made for key in _needs(calls[0])):
                _connect(operations[name], calls.pop(0), made)
                made[(name, done[name])] = operations[name]._nodes[-1]
                done[name] += 1
                progress = True
        if not progress:
            waiting = [name for name, calls in pending.items() if calls]
            raise ModelFileError(f"The wiring of the model is broken: the inputs of {waiting[:3]} never become known.")


def _needs(call: Any) -> list[tuple[str, int]]:
    if isinstance(call, dict) and call.get("class_name") == "__keras_tensor__":
        name, node, _ = call["config"]["keras_history"]
        return [(name, int(node))]
    if isinstance(call, dict):
        return [key for v in call.values() for key in _needs(v)]
    if isinstance(call, list):
        return [key for v in call for key in _needs(v)]
    return []


def _connect(operation: Any, call: Config, made: dict[tuple[str, int], Node]) -> None:
    args = [_value(a, made) for a in call["args"]]
    kwargs = {k: _value(v, made) for k, v in call.get("kwargs", {}).items()}
    if isinstance(operation, Layer):
        kwargs = {
            k: v
            for k, v in kwargs.items()
            if not (k == "mask" and v is None) and not (k == "training" and v in (False, None))
        }
    operation(*args, **kwargs)


def _value(value: Any, made: dict[tuple[str, int], Node]) -> Any:
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        return _tensor(value["config"]["keras_history"], made)
    if isinstance(value, dict) and "class_name" not in value:
        return {k: _value(v, made) for k, v in value.items()}
    if isinstance(value, list):
        return [_value(v, made) for v in value]
    return deserialize_keras_object(value)


def _tensor(history: Any, made: dict[tuple[str, int], Node]) -> KerasTensor:
    name, node, index = history
    if (name, int(node)) not in made:
        raise ModelFileError(f"The model refers to call {node} of '{name}', which does not exist.")
    return tree.flatten(made[(name, int(node))].outputs)[int(index)]  # type: ignore[no-any-return]


def _find(structure: Any, made: dict[tuple[str, int], Node]) -> Any:
    """Return the tensors that `input_layers` or `output_layers` name, in the structure given."""
    if isinstance(structure, dict):
        return {k: _find(v, made) for k, v in structure.items()}
    if len(structure) == 3 and isinstance(structure[0], str):
        return _tensor(structure, made)
    return [_find(v, made) for v in structure]
