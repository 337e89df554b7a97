"""The inputs of a model as columns of one table: what each is, and rows made of chosen values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, an, unknown_name
from chainrule.records import Record

FEW = 200_000  # medians and modes are those of about so many rows
_MANY = 50


class Feature(Record):
    """One column of the inputs.

    Attributes:
        kind: `'number'`, `'boolean'` (0 and 1 only) or `'category'` (text).
        low, high: the range of a number; 0 and 1 otherwise.
        default: the median of a number, else the most frequent value.
        spread: standard deviation of a number, else 1.
        choices: the values of what is no number, the most frequent ones first.
    """

    name: str
    kind: str
    low: float
    high: float
    default: Any
    spread: float = 1.0
    choices: tuple[Any, ...] = ()


class Inputs:
    """Inputs of a model, taken apart into columns.

    Args:
        x: as `fit` takes them: an array, a data frame, or a list or dict of those.
        names: of the columns, in order; those of the frame, the keys of a dict, or x1, x2, ... if not given.

    Raises:
        ShapeError: there are not as many names as columns, or no rows.

    >>> data = Inputs(np.array([[20.0, 1.0], [30.0, 0.0], [50.0, 1.0]]), ["age", "male"])
    >>> [(f.name, f.kind, f.default) for f in data.features]
    [('age', 'number', 30.0), ('male', 'boolean', 1.0)]
    >>> data.rows(2, {0: [40.0, 60.0]}).tolist()
    [[40.0, 1.0], [60.0, 1.0]]
    """

    def __init__(self, x: Any, names: Sequence[str] | None = None) -> None:
        self.arrays, _ = as_arrays(x)
        blocks = tree.flatten(self.arrays)
        self.blocks: list[Array] = [b.reshape(len(b), -1) for b in blocks]
        self.size = len(blocks[0])
        if not self.size or not sum(b.shape[1] for b in self.blocks):
            raise ShapeError("The inputs have no rows, or no columns.")
        found = _names(x, self.arrays)
        if names is not None and len(names) != len(found):
            raise ShapeError(f"Expected {len(found)} names, one for each column of the inputs, received {len(names)}.")
        self.names = tuple(map(str, names if names is not None else found))
        self.features = tuple(_feature(name, self.column(i)) for i, name in enumerate(self.names))

    def column(self, number: int) -> Array:
        """Return the values of a column (rows,)."""
        for block in self.blocks:
            if number < block.shape[1]:
                return block[:, number]
            number -= block.shape[1]
        raise DataError(f"There is no column {number}; there are {len(self.names)}.")

    def number(self, feature: int | str) -> int:
        """Return the number of a column, given by number or name.

        Raises:
            UnknownNameError, DataError: there is no such column.
        """
        if isinstance(feature, str):
            if feature not in self.names:
                raise unknown_name("feature", feature, self.names)
            return self.names.index(feature)
        if not -len(self.names) <= feature < len(self.names):
            raise DataError(f"There is no feature {feature}: they are numbered from 0 to {len(self.names) - 1}.")
        return int(feature) % len(self.names)

    def rows(self, count: int, values: Mapping[int, Any]) -> Any:
        """Return `count` rows in the form of the inputs: given values in some columns, defaults in the others."""
        made, first = [], 0
        for block, like in zip(self.blocks, tree.flatten(self.arrays), strict=True):
            new = np.empty((count, block.shape[1]), block.dtype)
            for j in range(block.shape[1]):
                number = first + j
                new[:, j] = values[number] if number in values else self.features[number].default
            made.append(new.reshape(count, *like.shape[1:]))
            first += block.shape[1]
        parts = iter(made)
        return tree.map_structure(lambda _: next(parts), self.arrays)


def as_arrays(x: Any, y: Any = None) -> tuple[Any, Any]:
    """Return inputs and targets as `fit` would see them: arrays, in the structure they came in.

    Raises:
        ShapeError, DataError: they are no arrays, or hold no rows, not equally many, or numbers that are not finite.
    """
    from chainrule.data.adapters import make_batches
    from chainrule.data.batches import ArrayBatches

    batches = make_batches(x, y, None, where="plot")
    if not isinstance(batches, ArrayBatches):
        raise DataError(f"expected arrays or data frames, but received {an(x)}. Pass one batch of it.")
    return batches.arrays()[:2]


def _names(x: Any, arrays: Any) -> list[str]:
    from chainrule.data.frames import column_names

    found, count = [], 0
    for path, array in tree.flatten_with_path(arrays):
        width = array.reshape(len(array), -1).shape[1]
        key = path[-1] if path and isinstance(path[-1], str) else None
        if key is None:
            found += [f"x{count + i + 1}" for i in range(width)]
        else:
            found += [key] if width == 1 else [f"{key}[{i}]" for i in range(width)]
        count += width
    columns = column_names(x)
    return list(map(str, columns)) if columns is not None and len(columns) == count else found


def _feature(name: str, column: Array) -> Feature:
    some = column[:: max(1, len(column) // FEW)]
    if column.dtype.kind not in "fiub":
        values, counts = np.unique(some.astype(str), return_counts=True)
        by_count = values[np.argsort(-counts, kind="stable")][:_MANY].tolist()
        return Feature(name, "category", 0.0, 1.0, by_count[0], 1.0, tuple(by_count))
    finite = some[np.isfinite(some)] if some.dtype.kind == "f" else some
    if not len(finite):
        return Feature(name, "number", 0.0, 0.0, 0.0)
    if ((finite == 0) | (finite == 1)).all():
        common = float(finite.mean() >= 0.5)
        return Feature(name, "boolean", 0.0, 1.0, common, 1.0, (common, 1.0 - common))
    values = finite.astype(np.float64)
    middle = np.median(values)
    if finite.dtype.kind in "iu":
        middle = np.floor(middle)
    return Feature(name, "number", float(values.min()), float(values.max()), float(middle), float(values.std()) or 1.0)
