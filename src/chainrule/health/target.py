"""Rules about the target: classes that are rare, and features that give it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.health.features import listed, quoted
from chainrule.health.finding import Finding
from chainrule.health.thresholds import limit

_SEED = 20_26


def imbalance(y: Array) -> list[Finding]:
    """Find classes that are much rarer than they would be if all were as frequent.

    >>> print(imbalance(np.array([0] * 97 + [1] * 3))[0].message)
    Class 1 has 3 of 100 rows (3.0 %): always saying 0 is right on 97.0 % of them.
    """
    known, counts = np.unique(y, return_counts=True)
    rare = int(counts.argmin())
    if len(known) < 2 or len(y) < limit("fewest_rows") or counts[rare] >= limit("rare_class") * len(y) / len(known):
        return []
    often = int(counts.argmax())
    return [
        Finding(
            "class-imbalance", "warning", "target", None,
            f"Class {_value(known[rare])} has {counts[rare]} of {len(y)} rows ({100 * counts[rare] / len(y):.1f} %): "
            f"always saying {_value(known[often])} is right on {100 * counts[often] / len(y):.1f} % of them.",
            {
                "class": _value(known[rare]), "rows": int(counts[rare]), "of": len(y), "classes": len(known),
                "limit": limit("rare_class"),
            },
            (
                "judge by metrics.AUC or F1Score instead of accuracy",
                f"fit(..., class_weight=...): len(y) / ({len(known)} * count) for each class",
                "more rows of the rare class",
            ),
        )
    ]  # fmt: skip


def leakage(x: Array, y: Array, names: Sequence[str], which: Sequence[int], classes: bool) -> list[Finding]:
    """Find features that give the target away all by themselves; see `told_by`."""
    if len(which) < 2 or len(x) < limit("fewest_rows"):
        return []
    scores = {i: told_by(x[:, i], y, classes) for i in which}
    needed = limit("leak_classes" if classes else "leak_numbers")
    found = [i for i in which if scores[i] >= needed]
    if not found:
        return []
    best = scores[found[0]]
    what = "the class of a row is that of the row with the next value" if classes else "the share of variance explained"
    return [
        Finding(
            "leakage-suspect", "warning", listed(names, found), None,
            f"{quoted(names, found)} alone {'tell' if len(found) > 1 else 'tells'} the target nearly perfectly "
            f"({best:.3f} of 1: {what}): {'they' if len(found) > 1 else 'it'} may have been written down after the "
            "outcome was known.",
            {"features": [names[i] for i in found], "score": best, "limit": needed},
            (
                "ask whether its value is known at the time of the prediction; if not, leave it out",
                "train without it, and see what is left",
            ),
        )
    ]  # fmt: skip


def told_by(feature: Array, y: Array, classes: bool) -> float:
    """Return how well one feature alone tells the target, from 0 (not at all) to 1.

    The rows are shuffled, then sorted by the feature, so that equal ones are in random order. For classes: how often
    neighbours have the same one, beyond chance. For numbers: the share of variance that the mean of both neighbours
    explains.

    >>> x = np.arange(100.0)
    >>> told_by(x, x > 30, classes=True) > 0.9, told_by(x, x**2, classes=False) > 0.99, told_by(x, x % 2, True)
    (True, True, 0.0)
    """
    shuffled = np.random.default_rng(_SEED).permutation(len(feature))
    y = y[shuffled[np.argsort(feature[shuffled])]]
    if classes:
        _, counts = np.unique(y, return_counts=True)
        chance = float(np.square(counts / len(y)).sum())
        return max(float((y[1:] == y[:-1]).mean() - chance) / max(1 - chance, 1e-12), 0.0)
    y = y.astype(np.float64)
    variance = float(y.var())
    left = y[1:-1] - (y[2:] + y[:-2]) / 2
    return max(1 - float(np.square(left).mean()) / variance, 0.0) if variance else 0.0


def _value(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, np.number) else str(value)
