"""How large the results of operations from a file can become, known before they are tried on zeros.

A symbolic operation is run once on a batch of a few rows to learn the shape of its result. A file could ask for a
result of a terabyte with a few numbers, so those operations that make more of their inputs are measured first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import ModelFileError

Shapes = Sequence[tuple[int, ...]]
_ROWS = 7
MOST_ELEMENTS = 1 << 24
"""How many numbers the result for a few rows may have."""


def check_size(function: Callable[..., Any], tensors: Any, settings: Mapping[str, Any]) -> None:
    """Refuse an operation whose result for a few rows would be larger than any network needs.

    Args:
        tensors: the arguments of its call, some of them symbolic.

    Raises:
        ModelFileError: it would be.
    """
    name = function.__name__
    shapes = [shape_of(t) for t in tree.flatten(tensors) if hasattr(t, "shape")]
    wanted = most_elements(name, shapes, settings)
    if wanted > MOST_ELEMENTS:
        said = f"{min(wanted, 1 << 200):.3g}"
        raise ModelFileError(
            f"operation '{name}' would make {said} numbers of a few rows; at most {MOST_ELEMENTS} are made."
        )


def shape_of(tensor: Any) -> tuple[int, ...]:
    """Return the shape of a symbolic tensor for a few rows."""
    return tuple(_ROWS if n is None else n for n in tensor.shape)


def most_elements(name: str, shapes: Shapes, settings: Mapping[str, Any]) -> int:
    """Return a bound of the number of elements that an operation makes and looks at."""
    sizes = [math.prod(s) for s in shapes]
    grown = _GROWING.get(name)
    if grown is not None and shapes:
        return max(grown(shapes, settings), *sizes)
    try:
        return max(math.prod(np.broadcast_shapes(*shapes)), sum(sizes))
    except ValueError:  # shapes that go together in another way
        return sum(sizes)


def _whole(value: Any) -> list[int]:
    """Return the sizes of all whole numbers in a setting."""
    return [abs(int(n)) for n in tree.flatten(value) if isinstance(n, int | np.integer)]


def _of(setting: str) -> Callable[[Shapes, Mapping[str, Any]], int]:
    """Each element becomes as many as a setting says."""
    return lambda shapes, settings: math.prod(shapes[0]) * max([1, *_whole(settings.get(setting))])


def _segments(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    """Rows are added up by number; where the file gives the numbers, the largest counts, too."""
    given = [settings.get(key) for key in ("num_segments", "segment_ids")]
    largest = [int(np.max(g)) for g in given if isinstance(g, np.ndarray | list | int) and np.size(g)]
    return math.prod(shapes[0]) * max([1, *largest])


def _tile(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    return math.prod(shapes[0]) * math.prod(_whole(settings.get("repeats")))


def _repeat(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    return math.prod(shapes[0]) * max(1, sum(_whole(settings.get("repeats"))))


def _pad(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    most = max([0, *_whole(settings.get("pad_width"))])
    return math.prod(n + 2 * most for n in shapes[0])


def _broadcast_to(_: Shapes, settings: Mapping[str, Any]) -> int:
    return math.prod(_whole(settings.get("shape")))


def _diag(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    side = shapes[0][0] + sum(_whole(settings.get("k"))) if shapes[0] else 1
    return side * side if len(shapes[0]) == 1 else math.prod(shapes[0])


def _all_pairs(shapes: Shapes, _: Mapping[str, Any]) -> int:
    return math.prod(math.prod(s) for s in shapes)


def _contracted(shapes: Shapes, _: Mapping[str, Any]) -> int:
    """A product of matrices, or of the last axis of one array with an axis of another."""
    first, second = tuple(shapes[0]), tuple(shapes[-1])
    rest = second[:-2] + second[-1:] if len(second) > 1 else ()
    if len(first) > 2 and len(first) == len(second):  # batches of matrices go together
        return math.prod(map(max, first[:-2], second[:-2])) * first[-2] * second[-1]
    return math.prod(first[:-1]) * math.prod(rest)


def _tensordot(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    axes = settings.get("axes", 2)
    if isinstance(axes, int):
        gone = shapes[0][len(shapes[0]) - axes :] if axes else ()
    else:
        chosen = axes[0] if isinstance(axes[0], list | tuple) else [axes[0]]
        gone = tuple(shapes[0][a] for a in chosen)
    return math.prod(math.prod(s) for s in shapes) // max(math.prod(gone), 1) ** 2


def _einsum(shapes: Shapes, settings: Mapping[str, Any]) -> int:
    text = str(settings.get("subscripts", "")).replace(" ", "")
    parts = text.partition("->")[0].split(",")
    if "..." in text or len(parts) != len(shapes):
        return _all_pairs(shapes, settings) if len(shapes) == 1 else max(math.prod(s) for s in shapes) ** 2
    pairs = [(a, n) for part, shape in zip(parts, shapes, strict=True) for a, n in zip(part, shape, strict=False)]
    lengths = dict(pairs)
    return math.prod(lengths.get(letter, 1) for letter in text.partition("->")[2])


_GROWING: dict[str, Callable[[Shapes, Mapping[str, Any]], int]] = {
    "broadcast_to": _broadcast_to,
    "diag": _diag,
    "dot": _contracted,
    "einsum": _einsum,
    "inner": _all_pairs,
    "kron": _all_pairs,
    "matmul": _contracted,
    "multi_hot": _of("num_classes"),
    "one_hot": _of("num_classes"),
    "outer": _all_pairs,
    "pad": _pad,
    "repeat": _repeat,
    "segment_max": _segments,
    "segment_sum": _segments,
    "tensordot": _tensordot,
    "tile": _tile,
}
