"""Which task a target poses: binary, multiclass or regression."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, unknown_name
from chainrule.tabular import parse
from chainrule.tabular.read import import_polars

if TYPE_CHECKING:
    import polars as pl

TASKS = ("binary", "multiclass", "regression")

_MOST_CODES = 15
_ORDERED_FROM = 5
_ASKED = "as you said"


@dataclass(frozen=True)
class Task:
    """The task and the reason for it.

    Attributes:
        kind: one of `TASKS`.
        why: a sentence fragment for the user.
    """

    kind: str
    why: str

    @property
    def because(self) -> str:
        """The reason as part of a sentence: `because the target has two values`, or `as you said`."""
        return self.why if self.why == _ASKED else f"because {self.why}"

    @property
    def is_classification(self) -> bool:
        return self.kind != "regression"


def infer_task(target: pl.Series, asked: str | None = None, path: str | Path = "table") -> Task:
    """Return the task that a target column without missing cells poses.

    - Two values of any kind: binary. One: an error.
    - Text or truth values: multiclass.
    - Numbers with fractions, or whole numbers of more than 15 values: regression.
    - Whole numbers that run from 0 or 1 upwards with few gaps look like class codes: multiclass; unless they have at
      least five values whose frequency rises to a peak in the middle and falls again: the mark of an ordered score.
    - Other whole numbers, such as scores from 3 to 9: regression.

    Args:
        target: the column.
        asked: a task that overrides the rules.

    Raises:
        DataError: one value only, or a target that cannot be what was asked for.
        UnknownNameError: no such task.
    """
    if asked is not None and asked not in TASKS:
        raise unknown_name("task", asked, TASKS)
    distinct = target.n_unique()
    if distinct == 1:
        raise DataError(
            f"{path}: the target {target.name!r} has one value only ({target[0]!r}), so there is nothing to learn. "
            "Choose another target, or add rows of other classes."
        )
    task = _inferred(target, distinct)
    if asked is None:
        if task.is_classification and distinct > max(20, len(target) // 2):
            raise DataError(
                f"{path}: the target {target.name!r} is text with {distinct} different values in {len(target)} rows, "
                "which is neither a class nor a number. Choose another target."
            )
        return task
    if asked == "binary" and distinct != 2:
        raise DataError(f"{path}: --task binary needs a target of 2 values, but {target.name!r} has {distinct}.")
    if asked == "regression":
        unread = np.flatnonzero(np.isnan(parse.numbers(target)))
        if len(unread):
            row = int(unread[0])
            raise DataError(
                f"{path}: --task regression needs numbers, but the target {target.name!r} has {target[row]!r} "
                f"in row {row + 1} ({len(unread)} such cells)."
            )
    return Task("binary" if asked == "multiclass" and distinct == 2 else asked, _ASKED)


def _inferred(target: pl.Series, distinct: int) -> Task:
    polars = import_polars()
    if distinct == 2:
        return Task("binary", "the target has two values")
    values = parse.numbers(target) if target.dtype != polars.Boolean else np.full(len(target), np.nan)
    if np.isnan(values).any():
        return Task("multiclass", f"the target is text with {distinct} values")
    if (values != np.floor(values)).any():
        return Task("regression", "the target is a number with fractions")
    codes, counts = np.unique(values, return_counts=True)
    if len(codes) > _MOST_CODES:
        return Task("regression", f"the target is a number with {distinct} values")
    low, high = int(codes[0]), int(codes[-1])
    if low in (0, 1) and len(codes) > 0.7 * (high - low + 1) and not _has_peak(counts):
        return Task(
            "multiclass", f"the target is a class code from {low} to {high}; if it is a quantity: --task regression"
        )
    return Task(
        "regression", f"the target is an ordered number from {low} to {high}; if it names classes: --task multiclass"
    )


def _has_peak(counts: Array) -> bool:
    """Whether frequencies rise to a peak inside and fall again, to at most a fifth of it on both sides."""
    if len(counts) < _ORDERED_FROM:
        return False
    top = int(np.argmax(counts))
    rises, falls = np.diff(counts[: top + 1]) >= 0, np.diff(counts[top:]) <= 0
    return bool(
        0 < top < len(counts) - 1 and rises.all() and falls.all() and 5 * max(counts[0], counts[-1]) <= counts[top]
    )
