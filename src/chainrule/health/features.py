"""Rules about features: missing numbers, those that say nothing, and those that say the same as others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._typing import Array
from chainrule.health.finding import Finding
from chainrule.health.thresholds import limit

_SEED = 20_26
_NAMED = 3
_PRINTS = 4


def not_finite(x: Array, names: Sequence[str]) -> list[Finding]:
    """Find missing or infinite numbers, which make every output and every gradient NaN."""
    with np.errstate(all="ignore"):
        suspects = np.flatnonzero(~np.isfinite(x.sum(axis=0, dtype=np.float64)))
    counts = {int(i): int((~np.isfinite(x[:, i])).sum()) for i in suspects}
    bad = [i for i in counts if counts[i]]
    if not bad:
        return []
    return [
        Finding(
            "missing-values", "error", listed(names, bad), None,
            f"{quoted(names, bad)} {'hold' if len(bad) > 1 else 'holds'} {sum(counts.values())} missing or infinite "
            f"numbers in {len(x)} rows: a network makes NaN of them.",
            {"cells": sum(counts.values()), "rows": len(x), "features": [names[i] for i in bad]},
            (
                "fill them with the median of the training rows, and add a column that says where they were",
                "chainrule train, which does that",
            ),
        )
    ]  # fmt: skip


def constant(x: Array, names: Sequence[str], steady: Array, rows: int) -> list[Finding]:
    """Find features with one value only, `steady` ones, in all `rows` of the data."""
    which = [int(i) for i in np.flatnonzero(steady)]
    if not which or usual(len(which), x.shape[1]):
        return []
    value = "" if len(which) > 1 else f" ({x[0, which[0]]:.6g})"
    verb = "are each" if len(which) > 1 else "is"
    return [
        Finding(
            "constant-feature", "warning", listed(names, which), None,
            f"{quoted(names, which)} {verb} the same on all {rows} rows{value}: nothing can be learnt from "
            f"{'them' if len(which) > 1 else 'it'}.",
            {"features": [names[i] for i in which], "rows": rows},
            ("leave it out", "look whether the file or the query has lost what it should hold"),
        )
    ]  # fmt: skip


def near_constant(x: Array, names: Sequence[str], which: Sequence[int]) -> list[Finding]:
    """Find features that have one value nearly always; those of two values, such as one-hot columns, may be rare."""
    if len(x) < limit("near_rows") or x.shape[1] >= limit("wide"):
        return []
    shares = {}
    for i in which:
        values, counts = np.unique(x[:, i], return_counts=True)
        if len(values) > 2 and counts.max() >= limit("near_constant") * len(x):
            shares[i] = (float(counts.max() / len(x)), float(values[counts.argmax()]))
    if not shares:
        return []
    found = list(shares)
    share, value = shares[found[0]]
    return [
        Finding(
            "near-constant-feature", "warning", listed(names, found), None,
            f"{quoted(names, found)} {'are' if len(found) > 1 else 'is'} nearly constant: {100 * share:.1f} % of "
            f"{names[found[0]]!r} is {value:.6g}.",
            {"features": [names[i] for i in found], "share": share, "limit": limit("near_constant")},
            ("leave it out, or make it a yes/no column", "look at the few rows that differ: they may be errors"),
        )
    ]  # fmt: skip


def duplicates(x: Array, names: Sequence[str], which: Sequence[int]) -> list[Finding]:
    """Find features that are copies of each other, or the same in another unit.

    Columns are compared by their sums with random weights after scaling, so that each is looked at once.
    """
    which = [i for i in which if len(np.unique(x[: 1 << 10, i])) > 2]
    if len(which) < 2 or len(x) < limit("fewest_rows"):
        return []
    weights = np.random.default_rng(_SEED).standard_normal((_PRINTS, len(x))) / len(x) ** 0.5
    prints = np.array([_print(x[:, i], weights) for i in which])
    order = np.lexsort(prints.T)
    near = np.abs(np.diff(prints[order], axis=0)).max(axis=1) < limit("duplicate")
    pairs = sorted(tuple(sorted((which[order[k]], which[order[k + 1]]))) for k in np.flatnonzero(near))
    if not pairs or usual(len({i for pair in pairs for i in pair}), x.shape[1]):
        return []
    first, second = pairs[0]
    more = f", and {len(pairs) - 1} more such pair{'s' * (len(pairs) > 2)}" if len(pairs) > 1 else ""
    return [
        Finding(
            "duplicate-feature", "warning", listed(names, [second]), None,
            f"{names[second]!r} is {names[first]!r} again, perhaps in another unit{more}: it says nothing new.",
            {"pairs": [[names[a], names[b]] for a, b in pairs], "limit": limit("duplicate")},
            ("leave one of them out", "look whether a column was joined twice"),
        )
    ]  # fmt: skip


def _print(column: Array, weights: Array) -> Array:
    """Return sums of a column that do not depend on its unit and direction."""
    z = column.astype(np.float64)
    sums: Array = weights @ ((z - z.mean()) / z.std())
    return sums if sums[-1] > 0 else -sums


def usual(count: int, of: int) -> bool:
    """Whether so few of so many columns are nothing special: the corners of pictures are always black.

    >>> usual(3, 64), usual(3, 10)
    (True, False)
    """
    return bool(of >= limit("wide")) and bool(count <= limit("wide_share") * of)


def quoted(names: Sequence[str], which: Sequence[int]) -> str:
    """Return the names of some features, quoted, for a sentence."""
    shown = ", ".join(repr(names[i]) for i in which[:_NAMED])
    return shown if len(which) <= _NAMED else f"{shown} and {len(which) - _NAMED} more"


def listed(names: Sequence[str], which: Sequence[int]) -> str:
    """Return the names of some features, for the place of a finding."""
    shown = ", ".join(names[i] for i in which[:_NAMED])
    return shown if len(which) <= _NAMED else f"{shown} and {len(which) - _NAMED} more"
