"""`check_data`: the rules about features and target, on arrays of any size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.health.features import constant, duplicates, near_constant, not_finite
from chainrule.health.finding import Finding
from chainrule.health.target import imbalance, leakage
from chainrule.health.thresholds import limit


def check_data(x: Any, y: Any = None, names: Sequence[str] | None = None, classes: bool | None = None) -> list[Finding]:
    """Return what is wrong with some data; it takes a part of a second, however many rows there are.

    Args:
        x: array (rows, features), or more axes, or a structure of such arrays; text in it is passed over.
        y: one target, (rows,), (rows, 1), or one-hot rows; other targets are passed over.
        names: of the features, by default those of a data frame, or `column 0` and so on.
        classes: whether the target holds classes; by default whole numbers of few values do.

    >>> x = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    >>> print(check_data(x, names=["age", "year"])[0])
    warning, year: 'year' is the same on all 3 rows (5): nothing can be learnt from it.
      try: leave it out
      try: look whether the file or the query has lost what it should hold
    """
    x, labels = _matrix(x, names or names_of(x))
    if x is None or not len(x):
        return []
    found = not_finite(x, labels)
    if found:
        return found
    rows, steady, x = len(x), _constant_columns(x), _some_rows(x)
    found = constant(x, labels, steady, rows)
    moving = [i for i in range(x.shape[1]) if not steady[i]]
    found += near_constant(x, labels, moving) + duplicates(x, labels, moving)
    target = None if y is None else _target(y, classes)
    if target is not None:
        whole, is_class = target
        if is_class:
            found += imbalance(whole)
        found += leakage(x, _some_rows(whole), labels, moving, is_class)
    return found


def names_of(x: Any) -> list[str] | None:
    """Return the names of a data frame's columns, or None for anything else."""
    columns = getattr(x, "columns", None)
    return None if columns is None else [str(name) for name in columns]


def seconds_for(x: Any) -> float:
    """Return about how long `check_data` takes for some data, rather too much than too little.

    >>> 0.005 < seconds_for(np.zeros((20_000, 30), "float32")) < 0.05
    True
    """
    leaves = [np.asarray(leaf) for leaf in tree.flatten(x) if leaf is not None]
    columns = sum(leaf.size // max(len(leaf), 1) for leaf in leaves if leaf.ndim)
    return 0.002 + 0.0003 * columns + 1e-8 * sum(leaf.size for leaf in leaves)


def _matrix(x: Any, names: Sequence[str] | None) -> tuple[Array | None, list[str]]:
    """Return all numbers as one matrix (rows, features), and a name for each column."""
    leaves = [np.asarray(leaf) for leaf in tree.flatten(x) if leaf is not None]
    used = [a.reshape(len(a), -1) for a in leaves if a.dtype.kind in "fiub" and a.ndim and a.size]
    if not used:
        return None, []
    matrix = used[0] if len(used) == 1 else np.concatenate(used, axis=1)
    given = list(names or ())
    return matrix, given if len(given) == matrix.shape[1] else [f"column {i}" for i in range(matrix.shape[1])]


def _some_rows(array: Array) -> Array:
    """Return at most some thousand rows, evenly spread."""
    return array[:: -(-len(array) // int(limit("rows_looked_at"))) or 1]


def _constant_columns(x: Array) -> Array:
    """Return which columns have one value; what some rows suggest is looked up in all."""
    some = _some_rows(x)
    steady: Array = (some == some[:1]).all(axis=0) & (len(x) > 1)
    for i in np.flatnonzero(steady):
        steady[i] = bool((x[:, i] == x[0, i]).all())
    return steady


def _target(y: Any, classes: bool | None) -> tuple[Array, bool] | None:
    """Return the target as one column, and whether it holds classes."""
    leaves = [leaf for leaf in tree.flatten(y) if leaf is not None]
    if len(leaves) != 1:
        return None
    array = np.asarray(leaves[0])
    if array.ndim == 2 and array.shape[1] > 1:
        one_hot = array.dtype.kind in "fiub" and ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all()
        return (array.argmax(axis=1), True) if one_hot and classes is not False else None
    if array.size != len(array) or not array.size:
        return None
    array = array.reshape(-1)
    if array.dtype.kind not in "fiub":
        return (array.astype(str), True) if classes is not False else None
    if not np.isfinite(array).all():
        return None
    if classes is None:
        classes = bool((array == np.trunc(array)).all()) and bool(len(np.unique(array)) <= limit("few_values"))
    return array, classes
