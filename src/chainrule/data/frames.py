"""Data frames and series of pandas, polars and pyarrow, through narwhals; none of them is imported to recognise one."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.data.texts import to_text
from chainrule.errors import DataError

_LIBRARIES = frozenset({"pandas", "polars", "pyarrow", "modin", "cudf", "narwhals"})
_KINDS = frozenset({"DataFrame", "LazyFrame", "Series", "Table", "ChunkedArray"})
_ADVICE = "Encode it as numbers (for example one column of 0 and 1 per value), or leave the column out."


def is_frame(value: Any) -> bool:
    """Whether `value` is a data frame or a series, judged by the names of its classes.

    >>> is_frame([1, 2]), is_frame(np.ones(3))
    (False, False)
    """
    return any(c.__name__ in _KINDS and c.__module__.partition(".")[0] in _LIBRARIES for c in type(value).__mro__)


def column_names(value: Any) -> list[str] | None:
    """Return the column names of a data frame, the name of a series as the only one, or None for anything else."""
    if not is_frame(value):
        return None
    table = _open(value, "x")
    return list(table.columns) if hasattr(table, "columns") else [str(table.name)]


def frame_to_array(value: Any, name: str, text: bool = False) -> Array:
    """Return a data frame as an array (rows, columns), a series as (rows, 1), as Keras does.

    Integer columns stay integers when all columns are; one float column makes all of them `floatx`. Missing is NaN.

    Args:
        value: a frame or series.
        name: what to call it in messages: `'x'`.
        text: return a frame of text alone as an array of Python strings instead of refusing it.

    Raises:
        DataError: a column is not of numbers.
    """
    table = _open(value, name)
    columns = [table.get_column(c) for c in table.columns] if hasattr(table, "columns") else [table]
    if not columns:
        raise DataError(f"{name}: the data frame has no columns.")
    if text and all(_is_text(column) for column in columns):
        return _texts(columns, name)
    numbers = [_numbers(column, name) for column in columns]
    dtype = np.result_type(*numbers)
    array = np.empty((len(numbers[0]), len(numbers)), config.floatx() if dtype.kind == "f" else dtype)
    for j, column in enumerate(numbers):
        array[:, j] = column
    return array


def _open(value: Any, name: str) -> Any:
    import narwhals as nw
    from narwhals.exceptions import DuplicateError

    try:
        table = nw.from_native(value, allow_series=True)
        return table.collect() if isinstance(table, nw.LazyFrame) else table
    except DuplicateError as error:
        raise DataError(
            f"{name}: two columns of the data frame have the same name: {' '.join(str(error).split())}"
        ) from None


def _numbers(column: Any, name: str) -> Array:
    """Return one column as an array of bool, int or float."""
    dtype = column.dtype
    if dtype.is_integer() or str(dtype) == "Boolean":
        missing = np.asarray(column.is_null().to_numpy(), bool)
        if not missing.any():
            return np.asarray(column.to_numpy()).astype(_plain(column), copy=False)
        return np.array([np.nan if m else v for v, m in zip(column.to_list(), missing, strict=True)], np.float64)
    if dtype.is_float():
        return np.asarray(column.to_numpy()).astype(np.float64, copy=False)
    if dtype.is_decimal() or str(dtype) in ("Object", "Unknown"):
        try:
            return np.array([np.nan if v is None else float(v) for v in column.to_list()], np.float64)
        except (TypeError, ValueError):
            pass
    example = next((v for v in column.to_list() if v is not None), None)
    raise DataError(
        f"{name}: column {column.name!r} holds {_word(str(dtype))}, such as {example!r}, not numbers. {_ADVICE}"
    )


def _is_text(column: Any) -> bool:
    kind = str(column.dtype).partition("(")[0]
    if kind in ("Object", "Unknown"):
        return isinstance(next((v for v in column.to_list() if v is not None), None), str | bytes)
    return kind in ("String", "Categorical", "Enum", "Binary")


def _texts(columns: list[Any], name: str) -> Array:
    array = np.empty((len(columns[0]), len(columns)), object)
    for j, column in enumerate(columns):
        array[:, j] = column.to_list()
    return to_text(array, name)


def _plain(column: Any) -> Any:
    """The NumPy type of an integer or boolean column without missing values (pandas' nullable ones give objects)."""
    if str(column.dtype) == "Boolean":
        return np.bool_
    array = np.asarray(column.to_numpy())
    return array.dtype if array.dtype.kind in "iu" else np.int64


def _word(dtype: str) -> str:
    kind = dtype.partition("(")[0]
    words = {"String": "text", "Categorical": "categories", "Enum": "categories", "Object": "mixed objects"}
    return words.get(kind, f"values of type {kind}")
