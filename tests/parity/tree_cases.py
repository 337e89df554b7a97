"""Structures and what is asked of them, here and of Keras; results are compared as `repr`."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque, namedtuple
from typing import Any

Point = namedtuple("Point", ["x", "y"])
Other = namedtuple("Other", ["x", "y"])

STRUCTURES: dict[str, Any] = {
    "leaf": 3,
    "none": None,
    "text": "abc",
    "empty_list": [],
    "empty_dict": {},
    "list": [1, 2, 3],
    "tuple": (1, (2, 3)),
    "dict": {"b": 2, "a": 1},
    "deep": {"z": [1, (2, {"k": 3, "j": None})], "a": ()},
    "ordered": OrderedDict([("b", 1), ("a", [2])]),
    "default": defaultdict(list, {"b": 1, "a": 2}),
    "named": Point(1, [2, Point(3, None)]),
    "deque": deque([1, (2,)], maxlen=5),
    "numbers_as_keys": {3: "c", 1: "a", 2: ["b"]},
    "mixed_keys": {"x": 1, 2: "b", "a": 3, 1: 0},
    "single": [7],
    "single_nested": [[7]],
    "shapes": {"b": (2, 3), "a": [(None, 4), (5,)]},
    "range": range(3),
    "set": frozenset([1]),
}
PAIRS: dict[str, tuple[Any, Any]] = {
    "same": ({"a": [1, 2], "b": (3,)}, {"b": (6,), "a": [4, 5]}),
    "kinds_of_dicts": ({"a": 1, "b": 2}, OrderedDict([("a", 3), ("b", 4)])),
    "other_keys": ({"a": 1}, {"b": 1}),
    "lengths": ([1, 2], [1, 2, 3]),
    "deeper": ([1, 2], [1, [2]]),
    "shallower": ([1, [2]], [1, 2]),
    "list_and_dict": ([1], {"a": 1}),
    "leaves": (1, 2),
    "none": ([None, 1], [None, 2]),
    "none_and_number": ([None], [1]),
    "list_and_tuple": ([1, 2], (1, 2)),
    "named_and_tuple": (Point(1, 2), (1, 2)),
    "two_named": (Point(1, 2), Other(1, 2)),
}
LENIENT = {"list_and_tuple", "named_and_tuple", "two_named"}
"""`map_structure` takes these here, and refuses them in Keras."""


def told(function: Any, *args: Any, **kwargs: Any) -> str:
    """Return the result as text, or the name of the exception."""
    try:
        return repr(function(*args, **kwargs))
    except Exception as error:
        return type(error).__name__


def visits(tree: Any, structure: Any, top_down: bool) -> str:
    """Return all that `traverse` visits, in order, and its result with the twos replaced."""
    seen: list[Any] = []

    def note(part: Any) -> Any:
        seen.append(part)
        return {"1": "one", "2": tree.MAP_TO_NONE, "(2,)": 0}.get(repr(part))

    return told(lambda: (tree.traverse(note, structure, top_down=top_down), seen))


def answers(tree: Any) -> dict[str, str]:
    """Return what a library says of every structure and pair."""
    found: dict[str, str] = {}
    for name, s in STRUCTURES.items():
        found[f"{name}/is_nested"] = told(tree.is_nested, s)
        found[f"{name}/flatten"] = told(tree.flatten, s)
        found[f"{name}/flatten_with_path"] = told(tree.flatten_with_path, s)
        found[f"{name}/map"] = told(tree.map_structure, lambda leaf: f"<{leaf}>", s)
        found[f"{name}/map_without_none"] = told(tree.map_structure, lambda leaf: f"<{leaf}>", s, none_is_leaf=False)
        order: list[Any] = []
        told(tree.map_structure, order.append, s)
        found[f"{name}/order"] = repr(order)
        n = len(tree.flatten(s))
        found[f"{name}/pack"] = told(tree.pack_sequence_as, s, list(range(n)))
        found[f"{name}/pack_more"] = told(tree.pack_sequence_as, s, list(range(n + 1)))
        found[f"{name}/pack_fewer"] = told(tree.pack_sequence_as, s, list(range(max(n - 1, 0))))
        found[f"{name}/tuples"] = told(tree.lists_to_tuples, s)
        found[f"{name}/down"] = visits(tree, s, True)
        found[f"{name}/up"] = visits(tree, s, False)
        found[f"{name}/shapes"] = told(tree.map_shape_structure, lambda shape: f"<{shape}>", s)
    for name, (a, b) in PAIRS.items():
        found[f"{name}/same_structure"] = told(tree.assert_same_structure, a, b)
        found[f"{name}/same_paths"] = told(tree.assert_same_paths, a, b)
        found[f"{name}/map_two"] = told(tree.map_structure, lambda x, y: (x, y), a, b)
        found[f"{name}/up_to"] = told(tree.map_structure_up_to, a, lambda part: f"<{part}>", b)
    found["nothing/map"] = told(tree.map_structure, len)
    found["nothing/up_to"] = told(tree.map_structure_up_to, [1], len)
    found["no_function/map"] = told(tree.map_structure, 3, [1])
    found["no_function/traverse"] = told(tree.traverse, 3, [1])
    found["no_sequence/pack"] = told(tree.pack_sequence_as, [1], 3)
    return found
