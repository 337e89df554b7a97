"""Which variables of a model go where in a weights file: the layout of Keras 3.

A file holds groups named by attribute path: `layers/dense/vars/0`. Members of a list are numbered by class, not by name:
the second `Dense` of a model is `dense_1`, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.layers.base import Layer
from chainrule.metrics.base import Metric
from chainrule.saving.serialization import snake_case


def owners(model: Any, with_optimizer: bool = True) -> Iterator[tuple[str, Any]]:
    """Yield `(path, object)` of everything that has variables of its own, each once, the model itself under `''`."""
    seen: set[int] = set()
    for path, thing in _walk("", model, seen):
        yield path, thing
    if with_optimizer and getattr(model, "optimizer", None) is not None and model.compiled:
        yield "optimizer", model.optimizer


def _walk(path: str, layer: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Depth-first over layers, without Python recursion limits becoming a matter: models nest a few levels only."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    for name, child in _children(layer):
        inner = f"{path}/{name}" if path else name
        if isinstance(child, Layer):
            yield from _walk(inner, child, seen)
        else:
            yield from _walk_container(inner, child, seen)


def _walk_container(path: str, members: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    used: dict[str, int] = {}
    for member in members.values() if isinstance(members, dict) else members:
        if isinstance(member, Layer):
            yield from _walk(f"{path}/{_numbered(snake_case(type(member).__name__), used)}", member, seen)
        elif isinstance(member, list | tuple | dict):
            yield from _walk_container(f"{path}/{_numbered('container', used)}", member, seen)


def _numbered(name: str, used: dict[str, int]) -> str:
    count = used.get(name, -1) + 1
    used[name] = count
    return name if count == 0 else f"{name}_{count}"


_INTERNAL = frozenset({
    "optimizer", "history", "loss", "metrics", "input_spec", "dtype_policy", "activity_regularizer", "layers",
})  # fmt: skip


def _children(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that hold layers: `layers` of a drawn model first, then the others by name."""
    from chainrule.models.functional import Functional
    from chainrule.models.sequential import Sequential

    if isinstance(layer, Sequential):
        yield "layers", [*layer._entry, *layer._chain]
    elif isinstance(layer, Functional):
        yield "layers", layer._need_graph().layers
    for name in sorted(vars(layer), key=lambda n: f"~{n}" if n.startswith("_") else n):
        value = vars(layer)[name]
        if name in _INTERNAL or name.startswith("_") or isinstance(value, Metric):
            continue
        if isinstance(value, Layer) or (isinstance(value, list | tuple | dict) and _holds_layers(value)):
            yield name, value


def _holds_layers(value: Any) -> bool:
    members = value.values() if isinstance(value, dict) else value
    return any(isinstance(m, Layer) or (isinstance(m, list | tuple | dict) and _holds_layers(m)) for m in members)
