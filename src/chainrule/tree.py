"""Nested structures of tuples, lists and dicts, as `keras.tree`: flatten, map, pack."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a tuple, list or dict.

    >>> is_nested([1, 2]), is_nested(1)
    (True, False)
    """
    return isinstance(structure, list | tuple | dict)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves from left to right; dicts are visited in the order of their sorted keys.

    >>> flatten({"b": 2, "a": [1, (3, 4)]})
    [1, 3, 4, 2]
    """
    if isinstance(structure, dict):
        return [leaf for key in sorted(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, list | tuple):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def map_structure(function: Callable[..., Any], *structures: Any) -> Any:
    """Apply `function` to corresponding leaves and return the results in the structure of the first.

    Raises:
        ValueError: the structures differ.

    >>> map_structure(lambda a, b: a + b, {"x": 1, "y": (2, 3)}, {"x": 10, "y": (20, 30)})
    {'x': 11, 'y': (22, 33)}
    """
    first = structures[0]
    if isinstance(first, dict):
        if any(not isinstance(s, dict) or s.keys() != first.keys() for s in structures[1:]):
            raise ValueError(f"Structures differ: {list(map(str, structures))}")
        return {key: map_structure(function, *(s[key] for s in structures)) for key in first}
    if isinstance(first, list | tuple):
        if any(not isinstance(s, list | tuple) or len(s) != len(first) for s in structures[1:]):
            raise ValueError(f"Structures differ: {list(map(str, structures))}")
        return _like(first, (map_structure(function, *parts) for parts in zip(*structures, strict=True)))
    return function(*structures)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Return `flat_sequence` in the shape of `structure`: the inverse of `flatten`.

    >>> pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3])
    {'a': (1, 2), 'b': 3}
    """
    leaves = iter(flat_sequence)
    packed = _pack(structure, leaves)
    if next(leaves, None) is not None:
        raise ValueError(f"More values than leaves in {structure}")
    return packed


def _pack(structure: Any, leaves: Any) -> Any:
    if isinstance(structure, dict):
        return {key: _pack(structure[key], leaves) for key in sorted(structure)}
    if isinstance(structure, list | tuple):
        return _like(structure, [_pack(part, leaves) for part in structure])
    try:
        return next(leaves)
    except StopIteration:
        raise ValueError("Fewer values than leaves in the structure") from None


def _like(original: Any, parts: Iterable[Any]) -> Any:
    if hasattr(original, "_fields"):
        return type(original)(*parts)
    return type(original)(parts)
