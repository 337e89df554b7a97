"""A functional model as a configuration in Keras's form, and back: each layer with the calls that were made of it."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from typing import Any

from chainrule import tree
from chainrule._typing import Config
from chainrule.errors import ModelFileError
from chainrule.layers.arguments import call_parameters
from chainrule.layers.base import Layer
from chainrule.layers.input import InputLayer
from chainrule.saving import operations
from chainrule.saving.serialization import custom_object_scope, deserialize_keras_object, serialize_keras_object
from chainrule.symbolic import KerasTensor, Node, Operation

Place = tuple[str, int]
"""A call: the name of a layer, and the number of the call among those of that layer in the model."""

_MOST_LAYERS = 10_000

# -- to a configuration -----------------------------------------------------------------------------------------------


def describe(model: Any) -> Config:
    """Return the configuration of a functional model.

    Raises:
        ModelFileError: an op between the layers has no name in Keras's files.
    """
    graph = model._graph
    members = {id(node) for node in graph.nodes}
    own = {id(o): [n for n in o._nodes if id(n) in members] for o in graph.operations}
    places = {id(node): i for nodes in own.values() for i, node in enumerate(nodes)}

    def reference(t: KerasTensor) -> list[Any]:
        return [t.operation.name, places.get(id(t.node), 0), t.index]

    def end(t: KerasTensor) -> list[Any]:
        name, place, index = reference(t)
        return [name, place + _offset(t.operation), index]

    return {
        "name": model.name,
        "trainable": model._trainable,
        "layers": [_describe_member(o, own[id(o)], reference) for o in graph.operations],
        "input_layers": _map_tensors(graph.input_structure, end),
        "output_layers": _map_tensors(graph.output_structure, end),
    }


def _offset(operation: Any) -> int:
    """Return 1 for a functional model within the model: Keras counts its own inputs as a call before the first one."""
    from chainrule.models.sequential import Sequential

    is_drawn = getattr(operation, "_graph", None) is not None
    return int(is_drawn and not isinstance(operation, Sequential))


def _describe_member(member: Any, nodes: list[Node], reference: Callable[[KerasTensor], list[Any]]) -> Config:
    calls = []
    description: Config = {} if isinstance(member, Operation) else serialize_keras_object(member)
    for node in nodes:
        if not node.inputs:
            continue
        args, kwargs = list(node.args), node.kwargs
        if isinstance(member, Operation):
            description, args = operations.describe_operation(member, node)
            kwargs = {}
        named = {key: _describe_value(value, reference) for key, value in kwargs.items()}
        calls.append({"args": [_describe_value(a, reference) for a in args], "kwargs": named})
    return {**description, "name": member.name, "inbound_nodes": calls}


def _describe_value(value: Any, reference: Callable[[KerasTensor], list[Any]]) -> Any:
    if isinstance(value, KerasTensor):
        config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": reference(value)}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, list | tuple):
        return [_describe_value(v, reference) for v in value]
    if isinstance(value, dict):
        return {k: _describe_value(v, reference) for k, v in value.items()}
    return serialize_keras_object(value)


def _map_tensors(structure: Any, reference: Callable[[KerasTensor], list[Any]]) -> Any:
    if isinstance(structure, dict):
        return {k: _map_tensors(v, reference) for k, v in structure.items()}
    if isinstance(structure, list | tuple):
        return [_map_tensors(v, reference) for v in structure]
    return reference(structure)


# -- and back ---------------------------------------------------------------------------------------------------------


def takes_graph(cls: type) -> bool:
    """Whether a model class is made as `cls(inputs, outputs)`, so that its graph is its configuration."""
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]  # type: ignore[misc]
    kinds = {p.kind for p in parameters}
    return [p.name for p in parameters[:2]] == ["inputs", "outputs"] or {
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    } <= kinds


def rebuild(cls: type, config: Config, custom_objects: Any = None) -> Any:
    """Return the model that a configuration describes.

    Raises:
        ModelFileError: the wiring is malformed: unknown layers, missing calls, a cycle.
    """
    with custom_object_scope(custom_objects):
        wiring = _Wiring(_checked(config))
        wiring.connect_all()
    inputs = wiring.find(config["input_layers"])
    outputs = wiring.find(config["output_layers"])
    further = {k: v for k, v in config.items() if k not in _KEYS and v is not None}
    name, trainable = config.get("name"), config.get("trainable")
    return cls(inputs, outputs, name=name, trainable=True if trainable is None else trainable, **further)


_KEYS = ("layers", "input_layers", "output_layers", "name", "trainable", "dtype")


def _checked(config: Config) -> list[Config]:
    for key in ("layers", "input_layers", "output_layers"):
        if not config.get(key):
            raise ModelFileError(f"the configuration of a functional model has no '{key}'.")
    layers: list[Config] = config["layers"]
    if not isinstance(layers, list) or len(layers) > _MOST_LAYERS:
        raise ModelFileError(f"the configuration of a model must list its layers, at most {_MOST_LAYERS} of them.")
    names = [d.get("name") if isinstance(d, dict) else None for d in layers]
    if any(not isinstance(n, str) for n in names) or len(set(names)) != len(names):
        raise ModelFileError("the layers of a functional model must have names, each its own.")
    return layers


class _Wiring:
    """Layers by name, the calls that wait for their inputs, and the nodes that calls have made."""

    def __init__(self, descriptions: list[Config]) -> None:
        self.members: dict[str, Any] = {d["name"]: _make_member(d) for d in descriptions}
        self.waiting = {d["name"]: deque(d.get("inbound_nodes") or ()) for d in descriptions}
        self.made: dict[Place, Node] = {}
        for name, member in self.members.items():
            if isinstance(member, InputLayer):
                self.made[(name, 0)] = member._nodes[0]

    def connect_all(self) -> None:
        """Make the calls in an order in which their inputs are there; each call is looked at once per missing input."""
        done = dict.fromkeys(self.members, 0)
        asked_for: dict[Place, list[str]] = {}  # by the call that is missing, the layers that wait for it
        ready = deque(self.members)
        while ready:
            name = ready.popleft()
            calls = self.waiting[name]
            while calls:
                missing = next((place for place in self._needs(calls[0]) if place not in self.made), None)
                if missing is not None:
                    asked_for.setdefault(missing, []).append(name)
                    break
                self._connect(self.members[name], calls.popleft())
                place = (name, done[name])
                self.made[place] = self.members[name]._nodes[-1]
                done[name] += 1
                ready.extend(asked_for.pop(place, ()))
        stuck = [name for name, calls in self.waiting.items() if calls]
        if stuck:
            raise ModelFileError(f"the wiring of the model is broken: the inputs of {stuck[:3]} never become known.")

    def _needs(self, value: Any) -> list[Place]:
        """Return the calls whose results occur in a call's arguments."""
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            return [self._place(value)[:2]]
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return [place for part in parts for place in self._needs(part)]

    def _place(self, tensor: Any) -> tuple[str, int, int]:
        name, number, index = tensor["config"]["keras_history"]
        if name not in self.members:
            raise ModelFileError(f"the wiring of the model names a layer {name!r:.80} that it does not have.")
        return name, int(number), int(index)

    def _connect(self, member: Any, call: Config) -> None:
        if not isinstance(call, dict):
            raise ModelFileError(f"the calls of layer '{member.name}' have the form of Keras 2, which is not read.")
        args = [self._value(a) for a in call["args"]]
        kwargs = {k: self._value(v) for k, v in (call.get("kwargs") or {}).items()}
        if isinstance(member, operations.ReadOperation):
            member.connect(args, kwargs)
        else:
            _check_call(member, args, kwargs)
            idle = {"mask": (None,), "training": (None, False)}
            member(*args, **{k: v for k, v in kwargs.items() if not any(v is nothing for nothing in idle.get(k, ()))})

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            return self._tensor(*self._place(value))
        if isinstance(value, dict) and "class_name" not in value:
            return {k: self._value(v) for k, v in value.items()}
        if isinstance(value, list):
            return [self._value(v) for v in value]
        return deserialize_keras_object(value)

    def _tensor(self, name: str, number: int, index: int) -> KerasTensor:
        outputs = tree.flatten(self.made[(name, number)].outputs) if (name, number) in self.made else []
        if not 0 <= index < len(outputs):
            raise ModelFileError(f"the model refers to output {index} of call {number} of {name!r:.80}: there is none.")
        return outputs[index]  # type: ignore[no-any-return]

    def find(self, structure: Any) -> Any:
        """Return the tensors that `input_layers` or `output_layers` name, in the structure given."""
        if isinstance(structure, dict):
            return {k: self.find(v) for k, v in structure.items()}
        if isinstance(structure, list) and len(structure) == 3 and isinstance(structure[0], str):
            name, number, index = structure
            return self._tensor(name, int(number) - _offset(self.members.get(name)), int(index))
        if not isinstance(structure, list):
            raise ModelFileError(f"the inputs and outputs of a model must be lists, but one is {structure!r:.80}.")
        return [self.find(v) for v in structure]


def _check_call(member: Layer, args: list[Any], kwargs: Config) -> None:
    """Compare the arguments of a call with those that the layer's `call` takes."""
    known = call_parameters(type(member))
    kinds = {p.kind for p in known.values()}
    many = len(args) > len(known) and inspect.Parameter.VAR_POSITIONAL not in kinds
    unknown = [k for k in kwargs if k not in known and k not in ("mask", "training")]
    if many or (unknown and inspect.Parameter.VAR_KEYWORD not in kinds):
        what = f"{unknown[0]!r:.80}" if unknown else f"{len(args)} arguments"
        raise ModelFileError(f"the file calls layer '{member.name}' with {what}, but it takes {list(known)}.")


def _make_member(description: Config) -> Any:
    if operations.is_operation(description):
        return operations.make_operation(description)
    layer = deserialize_keras_object({k: v for k, v in description.items() if k not in ("name", "inbound_nodes")})
    if not isinstance(layer, Layer):
        raise ModelFileError(f"'{description['name']:.80}' in the model is no layer, but a {type(layer).__name__}.")
    return layer
