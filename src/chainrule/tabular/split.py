"""Rows for training, validation and test: drawn by a key, in equal shares of each class, or keeping groups together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.random.threefry import Key, permutation

FEWEST_ROWS = 10


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts, each ascending."""

    train: Array
    validation: Array
    test: Array


def split_rows(
    n: int, validation: float, test: float, key: Key, classes: Array | None = None, groups: Array | None = None
) -> Split:
    """Return a split of the rows `0 ... n - 1`.

    Args:
        validation, test: shares of all rows, each in (0, 1), together below 1.
        key: decides who goes where; the same key gives the same split.
        classes: class of each row (n,); each has about the same share in every part, and at least one training row.
        groups: group of each row (n,); rows of a group then stay together (and classes are not balanced).

    Raises:
        DataError: too few rows or groups, or shares that leave nothing for training.

    >>> s = split_rows(20, 0.2, 0.3, key=(0, 1), classes=np.repeat([0, 1], 10))
    >>> len(s.train), len(s.validation), len(s.test), int(np.repeat([0, 1], 10)[s.test].sum())
    (10, 4, 6, 3)
    """
    if not (0 < validation < 1 and 0 < test < 1 and validation + test < 1):
        raise DataError(
            f"The shares for validation ({validation}) and test ({test}) must be between 0 and 1, and below 1 together."
        )
    if n < FEWEST_ROWS:
        raise DataError(
            f"The table has {n} usable rows, but at least {FEWEST_ROWS} are needed to train, validate and test."
        )
    if groups is not None:
        return _by_groups(groups, validation, test, key)
    order = permutation(key, n)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
        first = np.r_[True, np.diff(classes[order]) != 0]
        order = np.r_[order[first], order[~first]]  # the first row of each class is for training
        kept = int(first.sum())
    else:
        kept = 1
    in_test = _every(order[kept:], test * n / (n - kept))
    rest = np.setdiff1d(order[kept:], in_test, assume_unique=True)
    in_validation = _every(rest, validation * n / max(len(rest), 1))
    return _parts(n, in_validation, in_test)


def _every(rows: Array, share: float) -> Array:
    """Return about `share` of the rows, evenly spread over their order (so that runs of a class give their share)."""
    ticks = np.floor(np.arange(len(rows) + 1) * min(share, 1.0) + 0.5)
    chosen: Array = rows[np.diff(ticks) > 0]
    return chosen


def _by_groups(groups: Array, validation: float, test: float, key: Key) -> Split:
    names, group_of = np.unique(groups, return_inverse=True)
    if len(names) < 3:
        raise DataError(f"To split by groups, at least 3 groups are needed, but there are {len(names)}.")
    order = permutation(key, len(names))
    upto = np.cumsum(np.bincount(group_of)[order]) / len(groups)
    n_test = min(max(int(np.searchsorted(upto, test)) + 1, 1), len(names) - 2)
    n_both = min(max(int(np.searchsorted(upto, test + validation)) + 1, n_test + 1), len(names) - 1)
    in_test = np.flatnonzero(np.isin(group_of, order[:n_test]))
    in_validation = np.flatnonzero(np.isin(group_of, order[n_test:n_both]))
    return _parts(len(groups), in_validation, in_test)


def _parts(n: int, in_validation: Array, in_test: Array) -> Split:
    train = np.setdiff1d(np.arange(n), np.r_[in_validation, in_test])
    if not (len(train) and len(in_validation) and len(in_test)):
        raise DataError(
            f"The {n} rows leave {len(train)} for training, {len(in_validation)} for validation and {len(in_test)} for "
            "test; each part needs at least one. Pass more rows or larger shares."
        )
    return Split(train, np.sort(in_validation), np.sort(in_test))
