"""What is checked before data reach the network: some rows, equally many everywhere, and finite numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.data.frames import column_names
from chainrule.errors import DataError, ShapeError


def named_leaves(structure: Any, name: str) -> list[tuple[str, Any]]:
    """Return `(name, leaf)` pairs: `('x', array)`, or `("x['age']", array)` and `('x[0]', array)` for structures."""
    if structure is None:
        return []
    if isinstance(structure, dict):
        return [pair for key in structure for pair in named_leaves(structure[key], f"{name}[{key!r}]")]
    if isinstance(structure, list | tuple):
        return [pair for i, part in enumerate(structure) for pair in named_leaves(part, f"{name}[{i}]")]
    return [(name, structure)]


def check_rows(where: str, x: Any, y: Any = None, sample_weight: Any = None) -> int:
    """Return the number of rows, which must be positive and the same everywhere.

    Raises:
        DataError: no rows, or no array at all.
        ShapeError: arrays of different lengths.
    """
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray) and sample_weight is None and 0 < len(x) == len(y):
        return len(x)  # the usual case
    parts = (("x", x), ("y", y), ("sample_weight", sample_weight))
    leaves = [pair for name, part in parts for pair in named_leaves(part, name)]
    if not leaves:
        raise DataError(f"{where}: x is empty: there is no array in it.")
    first, array = leaves[0]
    for name, other in leaves[1:]:
        if len(other) != len(array):
            raise ShapeError(
                f"{where}: {first} has {_count(len(array))}, but {name} has {_count(len(other))}. "
                f"Row i of {name} belongs to row i of {first}, so both need the same number of rows."
            )
    if len(array) == 0:
        raise DataError(f"{where}: {first} has no rows (shape {array.shape}). Pass at least one observation.")
    return len(array)


def _count(n: int) -> str:
    return f"{n} row{'s' * (n != 1)}"


def check_finite(where: str, name: str, array: Any, original: Any = None) -> None:
    """Raise if a float array holds NaN or infinity; costs one pass over the numbers when all is well.

    Args:
        where: `'fit'`.
        name: `'x'`.
        array: the numbers.
        original: what the user passed, to name the column of a data frame.

    Raises:
        DataError: naming the first bad value, its row, its column, and how many there are.
    """
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f" or array.size == 0:
        return
    with np.errstate(all="ignore"):
        if np.isfinite(np.add.reduce(array, axis=None)):  # a NaN or an infinity never leaves a finite sum
            return
    bad = ~np.isfinite(array)
    count = int(np.count_nonzero(bad))
    if count:
        raise DataError(f"{where}: {_first_bad(name, array, bad, count, original)} {_remedy(array, bad)}")


def _first_bad(name: str, array: Array, bad: Array, count: int, original: Any) -> str:
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    value = array[index]
    word = "NaN (missing)" if np.isnan(value) else f"{'-' if value < 0 else ''}infinity"
    columns = column_names(original)
    column = f" (column {columns[index[1]]!r})" if columns and len(index) == 2 and index[1] < len(columns) else ""
    place = ", ".join(map(str, index))
    more = "It is the only one." if count == 1 else f"In all {count} values of {array.size} are NaN or infinite."
    return f"{name}[{place}]{column} is {word}. {more}"


def _remedy(array: Array, bad: Array) -> str:
    if np.isnan(array[bad]).all():
        return "Fill such values (for example with the column's median) or drop their rows first."
    return "Remove or clip such values first: a network cannot learn from them."


def check_all_finite(where: str, parts: dict[str, tuple[Any, Any]]) -> None:
    """Check every leaf of `{name: (arrays, originals)}`."""
    for name, (arrays, originals) in parts.items():
        if arrays is None or isinstance(arrays, np.ndarray):
            check_finite(where, name, arrays, originals)
            continue
        sources = dict(named_leaves(originals, name))
        for leaf_name, leaf in named_leaves(arrays, name):
            check_finite(where, leaf_name, leaf, sources.get(leaf_name))
