"""What a start message says of the data: features with their ranges, the task, the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.batches import ArrayBatches, Batches

_LOOKED_AT = 15_000
_MOST_CHOICES = 50
_MOST_CLASSES = 1000
_BINARY = frozenset({"binary_crossentropy", "binary_focal_crossentropy", "hinge", "squared_hinge"})
_MULTICLASS = frozenset(
    {"categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy"}
    | {"categorical_hinge", "categorical_generalized_cross_entropy"}
)


def describe_data(
    training: Batches,
    losses: Sequence[str],
    features: Sequence[str] | None = None,
    target: str | None = None,
    classes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Return the field `data` of a start message.

    Args:
        training: of a stream, the first batch is described.
        losses: the names of the outputs' losses.
        features: names of the columns; x1, x2, ... or the names of the inputs by default.
        target: name of the target, y by default.
        classes: names of the classes, their numbers by default.

    >>> x, y = np.array([[1.0, 0.0], [3.0, 1.0], [4.0, 1.0]]), np.array([0.0, 1.0, 1.0])
    >>> found = describe_data(ArrayBatches(x, y), ["binary_crossentropy"], features=["age", "male"])
    >>> found["task"], found["classes"], found["features"][1]
    ('binary', ['0', '1'], {'name': 'male', 'kind': 'boolean', 'min': 0.0, 'max': 1.0, 'median': 1.0})
    """
    x, y, _ = training.arrays() if isinstance(training, ArrayBatches) else training.peek()
    task = _task(y, losses)
    return {
        "rows": training.size,
        "features": _features(x, list(features) if features is not None else None),
        "task": task,
        "classes": list(map(str, classes)) if classes is not None else _classes(y, task),
        "target": target or "y",
    }


# -- features ---------------------------------------------------------------------------------------------------------


def _features(x: Any, names: list[str] | None) -> list[dict[str, Any]]:
    columns = [entry for name, array in _named_inputs(x) for entry in _columns(name, array)]
    for i, entry in enumerate(columns):
        if names is not None and i < len(names):
            entry["name"] = str(names[i])
    return columns


def _named_inputs(x: Any) -> list[tuple[str, Array]]:
    """Return the inputs with their names; a lone one has none."""
    if isinstance(x, np.ndarray):
        return [("", x)]
    if isinstance(x, dict):
        return [(str(k), a) for k, v in x.items() for a in tree.flatten(v)]
    return [(f"input_{i + 1}", a) for i, a in enumerate(tree.flatten(x))]


def _columns(name: str, array: Array) -> list[dict[str, Any]]:
    flat = array.reshape(len(array), -1)
    count = flat.shape[1]
    names = [f"x{i + 1}" for i in range(count)]
    if name:
        names = [name] if count == 1 else [f"{name}[{i}]" for i in range(count)]
    if flat.dtype.kind not in "fiub":
        return [_texts(names[i], flat[:, i]) for i in range(count)]
    low, high = (_over_rows(f, flat).astype(float) for f in (np.minimum, np.maximum))
    few = np.asarray(flat[:: max(flat.size // _LOOKED_AT, 1)], float)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        low, high = (_over_rows(f, np.where(np.isfinite(flat), flat, 0.0)) for f in (np.minimum, np.maximum))
        few = np.where(np.isfinite(few), few, 0.0)
    half = len(few) // 2
    middle = np.partition(few.T.copy(), half, axis=1)[:, half]  # a value that occurs
    boolean = (low == 0) & (high == 1)
    if boolean.any():
        boolean &= ((few == 0) | (few == 1)).all(axis=0)
    numbers = zip(names, boolean.tolist(), low.tolist(), high.tolist(), middle.tolist(), strict=True)
    return [
        {"name": name, "kind": "boolean" if b else "number", "min": lo, "max": hi, "median": mid}
        for name, b, lo, hi, mid in numbers
    ]


def _over_rows(function: np.ufunc, flat: Array) -> Array:
    """Return the smallest or largest of each column; of narrow tables many rows at once, side by side."""
    rows, columns = flat.shape
    many = min(1024 // columns, rows) if columns and flat.flags.c_contiguous else 1
    if many <= 1:
        return np.asarray(function.reduce(flat, axis=0))
    whole = rows - rows % many
    wide = function.reduce(flat[:whole].reshape(-1, many * columns), axis=0).reshape(many, columns)
    return np.asarray(function.reduce(np.concatenate([wide, flat[whole:]]), axis=0))


def _texts(name: str, column: Array) -> dict[str, Any]:
    values, counts = np.unique(column[:_LOOKED_AT].astype(str), return_counts=True)
    by_count = values[np.argsort(-counts, kind="stable")].tolist()
    return {"name": name, "kind": "category", "min": None, "max": None, "median": by_count[0] if by_count else None,
            "choices": by_count[:_MOST_CHOICES]}  # fmt: skip


# -- task -------------------------------------------------------------------------------------------------------------


def _task(y: Any, losses: Sequence[str]) -> str:
    targets = [a for a in tree.flatten(y) if a is not None] if y is not None else []
    if len(targets) != 1 or len(losses) != 1:
        return "other"
    target, loss = targets[0], losses[0]
    columns = int(np.prod(target.shape[1:]))
    if loss in _BINARY:
        return "binary" if columns == 1 else "other"
    if loss in _MULTICLASS:
        return "multiclass"
    if target.dtype.kind not in "fiub":
        return "other"
    # A perceptron that learns 0 and 1 with squared errors classifies too.
    return "binary" if columns == 1 and len(target) and bool(((target == 0) | (target == 1)).all()) else "regression"


def _classes(y: Any, task: str) -> list[str] | None:
    if task == "binary":
        return ["0", "1"]
    if task != "multiclass":
        return None
    target = tree.flatten(y)[0]
    one_hot = target.ndim > 1 and target.shape[-1] > 1
    count = target.shape[-1] if one_hot else int(target.max()) + 1 if target.size else 0
    return [str(i) for i in range(min(count, _MOST_CLASSES))]
