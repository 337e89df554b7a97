"""Nested structures of tuples, lists and dicts, as `keras.tree`: flatten, map, pack.

Named tuples and deques count as sequences; `OrderedDict` and `defaultdict` as dicts. Dicts are visited in the order of
their sorted keys, but an `OrderedDict` in its own; results have the keys in the order of the original. Anything else,
None too, is a leaf.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_DIFFER = "Structures don't have the same nested structure."


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put None in a place."""


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a tuple, list, deque or dict.

    >>> is_nested([1, 2]), is_nested(1)
    (True, False)
    """
    return isinstance(structure, list | tuple | dict | deque)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves from left to right; dicts are visited in the order of their sorted keys.

    >>> flatten({"b": 2, "a": [1, (3, 4)]})
    [1, 3, 4, 2]
    """
    if isinstance(structure, dict):
        return [leaf for key in _keys(structure) for leaf in flatten(structure[key])]
    if isinstance(structure, list | tuple | deque):
        return [leaf for part in structure for leaf in flatten(part)]
    return [structure]


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return `(path, leaf)` pairs; a path holds the indices and keys that lead to the leaf.

    >>> flatten_with_path({"b": 2, "a": [1, (3, 4)]})
    [(('a', 0), 1), (('a', 1, 0), 3), (('a', 1, 1), 4), (('b',), 2)]
    """
    if not is_nested(structure):
        return [((), structure)]
    return [((key, *path), leaf) for key, part in _parts(structure) for path, leaf in flatten_with_path(part)]


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` to corresponding leaves and return the results in the structure of the first.

    Args:
        func: takes one leaf of each structure.
        structures: of one form; a list may stand for a tuple of its length.
        none_is_leaf: whether `func` is called on None; otherwise None stays as it is.

    Raises:
        TypeError: `func` cannot be called.
        ValueError: there is no structure, or the structures differ.

    >>> map_structure(lambda a, b: a + b, {"x": 1, "y": (2, 3)}, {"x": 10, "y": (20, 30)})
    {'x': 11, 'y': (22, 33)}
    """
    if not callable(func):
        raise TypeError(f"map_structure: `func` must be callable. Received: {func!r}")
    if not structures:
        raise ValueError("map_structure: must provide at least one structure.")
    return _map(func, structures, none_is_leaf)


def _map(func: Callable[..., Any], structures: tuple[Any, ...], none_is_leaf: bool) -> Any:
    first = structures[0]
    if isinstance(first, dict):
        if any(not isinstance(s, dict) or s.keys() != first.keys() for s in structures[1:]):
            raise _different(structures)
        return _like(first, [_map(func, tuple(s[key] for s in structures), none_is_leaf) for key in _keys(first)])
    if isinstance(first, list | tuple | deque):
        if any(not isinstance(s, list | tuple | deque) or len(s) != len(first) for s in structures[1:]):
            raise _different(structures)
        return _like(first, [_map(func, parts, none_is_leaf) for parts in zip(*structures, strict=True)])
    if len(structures) > 1 and any(is_nested(s) for s in structures):
        raise _different(structures)
    if first is None and not none_is_leaf:
        if any(s is not None for s in structures):
            raise _different(structures)
        return None
    return func(*structures)


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to what the structures have at each leaf of `shallow_structure`.

    Raises:
        ValueError: there is no structure, or one is not as deep as the shallow one, or of another form.

    >>> map_structure_up_to([1, 2], len, [[1, 2, 3], [4]])
    [3, 1]
    """
    if not structures:
        raise ValueError("map_structure_up_to: must provide at least one structure.")
    if not is_nested(shallow_structure):
        return func(*structures)
    for s in structures:
        if not _same_level(shallow_structure, s):
            raise _different((shallow_structure, *structures))
    keys = [key for key, _ in _parts(shallow_structure)]
    return _like(
        shallow_structure, [map_structure_up_to(shallow_structure[k], func, *(s[k] for s in structures)) for k in keys]
    )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to the shapes of a structure: tuples or lists of whole numbers and None.

    >>> map_shape_structure(len, {"a": (None, 3), "b": [(2,), (4, 5, 6)]})
    {'a': 2, 'b': [1, 3]}
    """
    if isinstance(structure, list | tuple) and all(e is None or isinstance(e, int) for e in structure):
        return func(structure)
    if not is_nested(structure):
        return func(structure)
    return _like(structure, [map_shape_structure(func, part) for _, part in _parts(structure)])


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Visit a structure and all its parts, and replace those for which `func` returns something.

    Args:
        func: called on a part; None leaves it as it is, `MAP_TO_NONE` puts None there.
        structure: what to visit.
        top_down: whether a part comes before its own parts, which are not visited if it was replaced.

    Raises:
        TypeError: `func` cannot be called.

    >>> traverse(lambda part: sum(part) if isinstance(part, tuple) else None, [(1, 2), [3, (4, 5)]])
    [3, [3, 9]]
    """
    if not callable(func):
        raise TypeError(f"traverse: `func` must be callable. Received: {func!r}")
    if top_down:
        found = func(structure)
        if found is None:
            return _traverse_parts(func, structure, top_down)
    else:
        structure = _traverse_parts(func, structure, top_down)
        found = func(structure)
        if found is None:
            return structure
    return None if found is MAP_TO_NONE else found


def _traverse_parts(func: Callable[[Any], Any], structure: Any, top_down: bool) -> Any:
    if not is_nested(structure):
        return structure
    return _like(structure, [traverse(func, part, top_down) for _, part in _parts(structure)])


def lists_to_tuples(structure: Any) -> Any:
    """Return a structure with a tuple in place of every list.

    >>> lists_to_tuples([1, {"a": [2, 3]}])
    (1, {'a': (2, 3)})
    """
    return traverse(lambda part: tuple(part) if isinstance(part, list) else None, structure, top_down=False)


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """Return `flat_sequence` in the shape of `structure`: the inverse of `flatten`.

    Raises:
        TypeError: `flat_sequence` cannot be iterated over.
        ValueError: it has more or fewer values than the structure has leaves.

    >>> pack_sequence_as({"b": 0, "a": (0, 0)}, [1, 2, 3])
    {'b': 3, 'a': (1, 2)}
    """
    leaves = iter(flat_sequence)
    packed = _pack(structure, leaves)
    if next(leaves, MAP_TO_NONE) is not MAP_TO_NONE:
        raise ValueError(f"More values than leaves in {structure}")
    return packed


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if is_nested(structure):
        return _like(structure, [_pack(part, leaves) for _, part in _parts(structure)])
    try:
        return next(leaves)
    except StopIteration:
        raise ValueError("Fewer values than leaves in the structure") from None


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Check that two structures are nested alike: of the same types, lengths and keys.

    All kinds of dicts count as one type; lists, tuples and named tuples do not.

    Args:
        check_types: no longer does anything.

    Raises:
        ValueError: they differ.

    >>> assert_same_structure({"a": [1, (2,)]}, {"a": [None, ("x",)]})
    >>> assert_same_structure([1], (1,))
    Traceback (most recent call last):
    ValueError: Structures don't have the same nested structure. Received: [1] and (1,)
    """
    if check_types is not None:
        hint = "please remove" if check_types else "use `tree.assert_same_paths()` for a looser check"
        warnings.warn(
            f"The `check_types` argument is deprecated and no longer has any effect, {hint}.",
            DeprecationWarning,
            stacklevel=2,
        )
    _assert_same(a, b)


def _assert_same(a: Any, b: Any) -> None:
    if not is_nested(a) and not is_nested(b):
        return
    if not _same_level(a, b) or not (isinstance(a, dict) or type(a) is type(b)):
        raise _different((a, b))
    for key, part in _parts(a):
        _assert_same(part, b[key])


def assert_same_paths(a: Any, b: Any) -> None:
    """Check that the same indices and keys lead to the leaves of two structures, whatever holds them.

    Raises:
        ValueError: they differ; the message lists the paths.

    >>> assert_same_paths([0, (1, 2)], (3, [4, 5]))
    """
    left, right = ({path for path, _ in flatten_with_path(s)} for s in (a, b))
    if left == right:
        return
    text = "`a` and `b` don't have the same paths."
    for name, other, paths in (("a", "b", left - right), ("b", "a", right - left)):
        if paths:
            text += f"\nPaths in `{name}` missing in `{other}`:\n{paths}"
    raise ValueError(text)


# -- structures -------------------------------------------------------------------------------------------------------


def _keys(mapping: dict[Any, Any]) -> list[Any]:
    """Return the keys in the order in which a dict is visited."""
    if isinstance(mapping, OrderedDict):
        return list(mapping)
    try:
        return sorted(mapping)
    except TypeError:  # keys of several types: type by type
        return sorted(mapping, key=lambda k: (f"{type(k).__module__}.{type(k).__qualname__}", k))


def _parts(structure: Any) -> list[tuple[Any, Any]]:
    """Return `(key or index, part)` of a nested structure, in the order in which it is visited."""
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in _keys(structure)]
    return list(enumerate(structure))


def _like(original: Any, parts: list[Any]) -> Any:
    """Return the parts, which come in the order of visits, in a structure of the original's kind."""
    if isinstance(original, dict):
        by_key = dict(zip(_keys(original), parts, strict=True))
        pairs = {key: by_key[key] for key in original}
        if isinstance(original, defaultdict):
            return defaultdict(original.default_factory, pairs)
        return pairs if type(original) is dict else type(original)(pairs)
    if hasattr(original, "_fields"):
        return type(original)(*parts)
    return deque(parts, original.maxlen) if isinstance(original, deque) else type(original)(parts)


def _same_level(a: Any, b: Any) -> bool:
    """Whether two structures have the same keys, or the same number of parts."""
    if isinstance(a, dict) or isinstance(b, dict):
        return isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys()
    return is_nested(a) and is_nested(b) and len(a) == len(b)


def _different(structures: tuple[Any, ...]) -> ValueError:
    shown = " and ".join(f"{s!r:.120}" for s in structures)
    return ValueError(f"{_DIFFER} Received: {shown}")
