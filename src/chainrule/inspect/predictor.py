"""What every inspection shares: the matrix of inputs, the function that predicts, and the names of columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, KindError, ShapeError, an, unknown_name
from chainrule.plot.arrays.given import no_model

Predict: TypeAlias = Callable[[Array], Array]
"""From a matrix (n, features) to outputs (n, k) in float64."""
Columns: TypeAlias = tuple[int, ...]

_BATCH = 1024


def predictor(model: Any) -> Predict:
    """Return the function that gives outputs (n, k) in float64: of a model, or of a function.

    Raises:
        KindError: it is neither.
    """
    if not isinstance(model, type) and hasattr(model, "predict") and hasattr(model, "layers"):
        return lambda x: _as_columns(model.predict(x, batch_size=_BATCH, verbose=0))
    if callable(model) and not isinstance(model, type):
        return lambda x: _as_columns(model(x))
    raise no_model(model, "a model or a function from a matrix to outputs")


def matrix(x: Any, single: bool = False) -> Array:
    """Return inputs as a matrix (n, features) of floats.

    Args:
        x: an array, a list of rows, or a data frame.
        single: whether one row (features,) will do.

    Raises:
        KindError, DataError, ShapeError: they are no matrix of numbers, or there are no rows.
    """
    if x is None or isinstance(x, str):
        raise KindError(f"expected inputs, a matrix (rows, features) or a data frame, but received {an(x)}.")
    if isinstance(x, Mapping | list | tuple) and not np.isscalar(x) and _has_arrays(x):
        raise ShapeError(
            f"expected one matrix of inputs (rows, features), but received {len(x)} arrays. "
            "Join them, and give a function that takes them apart: lambda m: model.predict([m[:, :3], m[:, 3:]])."
        )
    try:
        found = np.asarray(x)
    except ValueError:
        raise ShapeError("expected inputs of shape (rows, features), but the rows are of different lengths.") from None
    if found.dtype.kind not in "fiub":
        raise DataError(f"expected numbers, but the inputs are of type {found.dtype}. Encode text as numbers first.")
    if found.dtype.kind != "f":
        found = found.astype(np.float32)
    if single and found.ndim == 1:
        found = found[None]
    if found.ndim != 2 or not found.size:
        raise ShapeError(f"expected inputs of shape (rows, features), one row at least, but received {found.shape}.")
    return found


def names_of(x: Any, features: int, given: Sequence[str] | None) -> tuple[str, ...]:
    """Return one name per feature: those given, a data frame's, or x1, x2, ...

    Raises:
        ShapeError: not one name per feature.
    """
    if given is None:
        given = [str(c) for c in getattr(x, "columns", ())] or [f"x{i + 1}" for i in range(features)]
    if len(given) != features:
        raise ShapeError(f"expected {features} feature names, one per column of x, but received {len(given)}.")
    return tuple(map(str, given))


def columns_of(feature: int | str, names: Sequence[str], groups: Mapping[str, Sequence[int]] | None) -> Columns:
    """Return the numbers of the columns that a feature, by name or number, or a group, by name, stands for.

    Raises:
        UnknownNameError: there is none of that name.
        DataError: there is none of that number.
    """
    if groups and feature in groups:
        return tuple(groups[str(feature)])
    if isinstance(feature, str):
        if feature not in names:
            raise unknown_name("feature", feature, [*names, *(groups or ())])
        return (list(names).index(feature),)
    if not 0 <= feature < len(names):
        raise DataError(f"There is no feature {feature}; the features are 0 to {len(names) - 1}.")
    return (int(feature),)


def some_rows(n: int, most: int, seed: int) -> Array:
    """Return the numbers of at most `most` rows, ascending; the same for the same seed."""
    if n <= most:
        return np.arange(n)
    from chainrule.random.threefry import key_from_seed, permutation

    return np.sort(permutation(key_from_seed(seed), n)[:most])


def _has_arrays(x: Any) -> bool:
    values = list(x.values()) if isinstance(x, Mapping) else list(x)
    return bool(values) and all(np.ndim(v) >= 2 for v in values)


def _as_columns(outputs: Any) -> Array:
    found = np.asarray(outputs, np.float64)
    if found.ndim == 1:
        return found[:, None]
    if found.ndim != 2:
        raise ShapeError(f"Expected outputs of shape (rows, outputs), but the model gives {found.shape}.")
    return found
