"""What `fit` returned, in a notebook: first, best and last value of each metric, and the curves of the losses."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from chainrule.notebook.curves import Curve, curves
from chainrule.notebook.tables import box, paragraph, table


def card(history: Any) -> str:
    """Return a history as HTML."""
    found = {name: [float(v) for v in values] for name, values in history.history.items() if _plain(values)}
    epochs = max((len(v) for v in found.values()), default=0)
    if not epochs:
        return box(paragraph("History of no epochs: nothing was trained."))
    lines = [[name, _number(v[0]), _best(name, v), _number(v[-1])] for name, v in found.items()]
    shown = [Curve(n, found[n], n.startswith("val_")) for n in ("loss", "val_loss") if n in found]
    title = f"History of {epochs} epoch{'s' * (epochs != 1)}"
    picture = curves(shown, title) if epochs > 1 and shown else ""
    return box(paragraph(title), table(["metric", "first", "best (epoch)", "last"], lines, right=[1, 2, 3]), picture)


def _plain(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(v, int | float) or getattr(v, "ndim", 1) == 0 for v in values)


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _best(name: str, values: list[float]) -> str:
    """Return the best value with its epoch, from 1; what is best is known of losses, errors and accuracies."""
    name = name.removeprefix("val_")
    finite = [v for v in values if math.isfinite(v)]
    up = any(word in name for word in ("acc", "auc", "precision", "recall", "f1", "r2", "iou"))
    down = any(word in name for word in ("loss", "error", "mse", "mae", "entropy", "divergence", "hinge"))
    if not finite or up == down:
        return "·"
    best = max(finite) if up else min(finite)
    return f"{_number(best)} ({values.index(best) + 1})"
