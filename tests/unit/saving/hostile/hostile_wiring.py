"""Functional models whose layers refer to each other in ways that cannot be, and models that are too large."""

from __future__ import annotations

import copy
import zipfile
from collections.abc import Callable
from typing import Any

from hostile_parts import Cases, Make, changed_members, discard, good_functional, good_keras, members, with_config

SUFFIX = ".keras"
GOOD = [good_keras, good_functional]


def functional(change: Callable[[dict[str, Any], dict[str, Any]], Any]) -> Make:
    """A functional model after a change of its configuration; the members by name are given, too."""

    def apply(config: Any) -> None:
        inner = config["config"]
        change(inner, {layer["name"]: layer for layer in inner["layers"]})

    return lambda: with_config(apply, good_functional, zipfile.ZIP_DEFLATED)


def from_tensor(layer: Any, name: Any, number: Any = 0, index: Any = 0, call: int = 0) -> None:
    """Let a call of a layer take another tensor."""
    tensor = layer["inbound_nodes"][call]["args"][0]
    tensor = tensor[0] if isinstance(tensor, list) else tensor
    tensor["config"]["keras_history"] = [name, number, index]


def chain(length: int, last: str = "x", reverse: bool = False) -> Callable[[Any, Any], None]:
    """Put a chain of so many layers into the model, the first of which takes the tensor of `last`."""

    def change(inner: Any, members: Any) -> None:
        new = []
        for i in range(length):
            layer = copy.deepcopy(members["a"])
            layer["name"] = layer["config"]["name"] = f"n{i}"
            layer.update(module="keras.layers", class_name="Activation", build_config=None)
            layer["config"] = {"name": f"n{i}", "activation": "relu"}
            from_tensor(layer, f"n{i - 1}" if i else last)
            new.append(layer)
        if last == "end":
            from_tensor(new[0], f"n{length - 1}")
        inner["layers"].extend(reversed(new) if reverse else new)
        inner["output_layers"] = ["nowhere", 0, 0]

    return change


def operation(class_name: str, module: str, **settings: Any) -> Make:
    """An operation in place of the sum, of the first of its inputs."""

    def change(_: Any, members: Any) -> None:
        member = members["sum"]
        member.update(module=f"keras.src.ops.{module}", class_name=class_name, config={"name": "sum", **settings})
        first = member["inbound_nodes"][0]["args"][0]
        member["inbound_nodes"][0]["args"] = [first[0] if isinstance(first, list) else first]

    return functional(change)


def nested(depth: int) -> Make:
    """Sequential models within each other."""

    def make() -> bytes:
        text = members(good_keras())["config.json"].decode()
        for i in range(depth):
            text = (
                f'{{"module": "keras", "class_name": "Sequential", "config": {{"name": "s{i}", "layers": [{text}]}}}}'
            )
        return changed_members(config=text.encode())

    return make


def layers(value: Any) -> Make:
    return lambda: with_config(lambda config: config["config"].__setitem__("layers", value))


def many(length: int) -> Make:
    def change(config: Any) -> None:
        inner = config["config"]["layers"]
        inner[1:] = [{**inner[1], "config": {**inner[1]["config"], "name": f"d{i}"}} for i in range(length)]

    return lambda: with_config(change, compression=zipfile.ZIP_DEFLATED)


def shared(number: Any) -> Make:
    def change(config: Any) -> None:
        for layer in config["config"]["layers"]:
            layer["shared_object_id"] = number

    return lambda: with_config(change)


CASES: Cases = {
    "a layer that takes its own output": functional(lambda c, m: from_tensor(m["a"], "a")),
    "two layers in a circle": functional(lambda c, m: (from_tensor(m["a"], "c"), None)),
    "a circle of 2,000 layers": functional(chain(2000, "end")),
    "a circle of 2,000 layers, backwards": functional(chain(2000, "end", reverse=True)),
    "10,001 layers": functional(chain(10_001)),
    "a layer that is not there": functional(lambda c, m: from_tensor(m["a"], "ghost")),
    "a call that is not there": functional(lambda c, m: from_tensor(m["a"], "x", 7)),
    "a call below zero": functional(lambda c, m: from_tensor(m["a"], "x", -1)),
    "a call of 2^53": functional(lambda c, m: from_tensor(m["a"], "x", 2**53)),
    "a call that is a text": functional(lambda c, m: from_tensor(m["a"], "x", "zero")),
    "an output that is not there": functional(lambda c, m: from_tensor(m["a"], "x", 0, 5)),
    "an output below zero": functional(lambda c, m: from_tensor(m["a"], "x", 0, -1)),
    "a name that is a list": functional(lambda c, m: from_tensor(m["a"], ["x"])),
    "a name that is an object": functional(lambda c, m: from_tensor(m["a"], {"x": 1})),
    "a history of one part": functional(
        lambda c, m: m["a"]["inbound_nodes"][0]["args"][0]["config"].__setitem__("keras_history", ["x"])
    ),
    "a history of none": functional(
        lambda c, m: m["a"]["inbound_nodes"][0]["args"][0]["config"].__setitem__("keras_history", None)
    ),
    "a tensor without a config": functional(lambda c, m: m["a"]["inbound_nodes"][0]["args"][0].pop("config")),
    "calls in the form of Keras 2": functional(lambda c, m: m["a"].__setitem__("inbound_nodes", [[["x", 0, 0, {}]]])),
    "calls that are a text": functional(lambda c, m: m["a"].__setitem__("inbound_nodes", "x")),
    "calls that are a number": functional(lambda c, m: m["a"].__setitem__("inbound_nodes", 3)),
    "a call without arguments": functional(lambda c, m: m["a"].__setitem__("inbound_nodes", [{}])),
    "a call with too many": functional(
        lambda c, m: m["a"]["inbound_nodes"][0]["args"].extend(m["b"]["inbound_nodes"][0]["args"] * 9)
    ),
    "a call with a word that is not known": functional(
        lambda c, m: m["a"]["inbound_nodes"][0]["kwargs"].__setitem__("path", "/etc/passwd")
    ),
    "a call with words that are a list": functional(
        lambda c, m: m["a"]["inbound_nodes"][0].__setitem__("kwargs", ["x"])
    ),
    "a thousand calls of one layer, one of them wrong": functional(
        lambda c, m: (
            m["a"].__setitem__("inbound_nodes", [copy.deepcopy(m["a"]["inbound_nodes"][0]) for _ in range(1000)]),
            from_tensor(m["a"], "ghost", call=999),
        )
    ),
    "two layers of one name": functional(lambda c, m: m["b"].__setitem__("name", "a")),
    "a layer without a name": functional(lambda c, m: m["b"].pop("name")),
    "a layer whose name is a number": functional(lambda c, m: m["b"].__setitem__("name", 3)),
    "a layer that is a text": functional(lambda c, m: c["layers"].append("Dense")),
    "a layer that is null": functional(lambda c, m: c["layers"].append(None)),
    "no layers": functional(lambda c, m: c.__setitem__("layers", [])),
    "layers that are an object": functional(lambda c, m: c.__setitem__("layers", m)),
    "no inputs": functional(lambda c, m: c.__setitem__("input_layers", [])),
    "inputs that are not there": functional(lambda c, m: c.__setitem__("input_layers", ["ghost", 0, 0])),
    "inputs that are in the middle": functional(lambda c, m: c.__setitem__("input_layers", ["a", 0, 0])),
    "inputs that are a number": functional(lambda c, m: c.__setitem__("input_layers", 3)),
    "outputs that are not there": functional(lambda c, m: c.__setitem__("output_layers", [["ghost", 0, 0]])),
    "outputs that are a text": functional(lambda c, m: c.__setitem__("output_layers", "c")),
    "outputs that are deep": functional(lambda c, m: c.__setitem__("output_layers", [[[["c", 0, 0, 1]]]])),
    "outputs that are half": functional(lambda c, m: c.__setitem__("output_layers", [["c", 0]])),
    "an operation that is not known": functional(
        lambda c, m: m["sum"].update(module="keras.src.ops.numpy", class_name="Evil")
    ),
    "an operation of another module": functional(
        lambda c, m: m["sum"].update(module="keras.src.ops.os", class_name="System")
    ),
    "an operation with another setting": functional(
        lambda c, m: m["sum"].update(module="keras.src.ops.numpy", class_name="Mean", config={"file": "/etc/passwd"})
    ),
    "an operation for which there is no room": functional(
        lambda c, m: m["sum"].update(
            module="keras.src.ops.numpy", class_name="Tile", config={"name": "sum", "repeats": [1 << 40, 1 << 40]}
        )
    ),
    **{
        f"{name} of {settings}": operation(name, module, **settings)
        for name, module, settings in (
            ("Repeat", "numpy", {"repeats": 10**9}),
            ("Repeat", "numpy", {"repeats": 2 * 10**7, "axis": 1}),
            ("Tile", "numpy", {"repeats": [10**8]}),
            ("Pad", "numpy", {"pad_width": [[0, 0], [0, 10**9]]}),
            ("Pad", "numpy", {"pad_width": 2 * 10**4}),
            ("OneHot", "nn", {"num_classes": 10**9}),
            ("MultiHot", "nn", {"num_classes": 10**9}),
            ("BroadcastTo", "numpy", {"shape": [10**9, 3]}),
            ("Tri", "numpy", {"N": 10**9}),
        )
    },
    "a shape that does not fit": functional(lambda c, m: m["a"]["config"].__setitem__("units", 4)),
    # Sequential
    "layers that are a text in Sequential": layers("Dense"),
    "layers that are a number in Sequential": layers(3),
    "layers that are null": layers(None),
    "a layer that is a list": layers([[1, 2]]),
    "a layer that is a number": layers([3]),
    "Sequential within itself, 60 deep": nested(60),
    "Sequential within itself, 1,000 deep": nested(1000),
    "10,001 layers in Sequential": many(10_001),
    "two inputs in Sequential": lambda: with_config(
        lambda c: discard(c["config"]["layers"].insert(0, copy.deepcopy(c["config"]["layers"][0])))
    ),
    "one object everywhere": shared(1),
    "an object's number that is a list": shared([1]),
}
