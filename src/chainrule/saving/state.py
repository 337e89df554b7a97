"""Which variables of a model go where in a weights file: the layout of Keras 3.

A file holds groups named by attribute path: `layers/dense/vars/0`. Members of a list are numbered by class, not by
name: the second `Dense` of a model is `dense_1`, whatever it is called. Attributes are visited in alphabetical order,
private ones last, and what was visited once is not visited again; so in a model of a class of one's own, the attribute
`body` is found as `body`, and the attribute `output` as a member of `layers`, which comes first in the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from chainrule.layers.base import Layer
from chainrule.saving.names import snake_case


def owners(model: Any, with_optimizer: bool = True, skipped: Iterable[Any] = ()) -> Iterator[tuple[str, Any]]:
    """Yield `(path, object)` of everything that has variables of its own, each once, the model itself under `''`."""
    seen = {id(thing) for thing in skipped}
    yield from _walk("", model, seen)
    if with_optimizer and getattr(model, "optimizer", None) is not None and getattr(model, "compiled", False):
        yield from _optimizers("optimizer", model.optimizer)


def _optimizers(path: str, optimizer: Any) -> Iterator[tuple[str, Any]]:
    """Yield an optimizer, whose variables include those of the ones it wraps, and those again, as Keras does."""
    yield path, optimizer
    if hasattr(optimizer, "inner_optimizer"):
        yield from _optimizers(f"{path}/inner_optimizer", optimizer.inner_optimizer)
    used: dict[str, int] = {}
    for inner in getattr(optimizer, "optimizers", ()):
        yield from _optimizers(f"{path}/optimizers/{_numbered(snake_case(type(inner).__name__), used)}", inner)


def _walk(path: str, layer: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if id(layer) in seen:
        return
    seen.add(id(layer))
    yield path, layer
    for name, child in _attributes(layer):
        inner = f"{path}/{name}" if path else name
        if isinstance(child, Layer):
            yield from _walk(inner, child, seen)
        elif isinstance(child, list | tuple | dict):
            yield from _walk_container(inner, child, seen, set())


def _walk_container(path: str, members: Any, seen: set[int], within: set[int]) -> Iterator[tuple[str, Any]]:
    if id(members) in within:
        return
    within.add(id(members))
    used: dict[str, int] = {}
    for member in members.values() if isinstance(members, dict) else members:
        if isinstance(member, Layer):
            yield from _walk(f"{path}/{_numbered(snake_case(type(member).__name__), used)}", member, seen)
        elif isinstance(member, list | tuple | dict):
            yield from _walk_container(f"{path}/{_numbered('container', used)}", member, seen, within)


def _numbered(name: str, used: dict[str, int]) -> str:
    count = used.get(name, -1) + 1
    used[name] = count
    return name if count == 0 else f"{name}_{count}"


def _attributes(layer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that may hold layers, in the order in which Keras visits them."""
    from chainrule.models.model import Model
    from chainrule.models.sequential import Sequential

    skipped = _names_of_bases(isinstance(layer, Model))
    names = sorted((n for n in dir(layer) if n not in skipped and not n.startswith("__")), key=_private_last)
    if isinstance(layer, Sequential):
        yield "layers", layer.layers
    elif isinstance(layer, Model) and layer._graph is not None:
        yield "layers", layer._graph.layers
    elif isinstance(layer, Model):
        names = sorted([*names, "layers"], key=_private_last)
    for name in names:
        try:
            yield name, getattr(layer, name)
        except Exception:  # a property of the user's that does not work now
            continue


def _private_last(name: str) -> str:
    return f"~{name}" if name.startswith("_") else name


@cache
def _names_of_bases(is_model: bool) -> frozenset[str]:
    """Return the names of attributes that every layer or every model has."""
    from chainrule.models.sequential import Sequential

    return frozenset(dir(Sequential(name="any") if is_model else Layer(name="any")))
