"""What native steps tell the metrics: sums for those that are means, batches for the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.engines.native.feed import Arrays
from chainrule.engines.native.translate import Translation


def columns(model: Any, translation: Translation) -> list[Any]:
    """Return the metrics whose sums a row of totals holds: the loss, the losses of the outputs, the compiled ones.

    A row is: the loss times its rows, the rows, each output's loss times its rows, each metric's total, its count.
    """
    return [model._loss_tracker, *model._compile_loss.metrics, *(m.state for m in translation.metrics)]


def add_totals(model: Any, translation: Translation, totals: Array) -> None:
    """Add a row of totals to the metrics."""
    sums, counts = split(model, translation, totals)
    for metric, total, count in zip(columns(model, translation), sums, counts, strict=True):
        metric.total.add(total)
        metric.count.add(count)


def split(model: Any, translation: Translation, totals: Array) -> tuple[Array, Array]:
    """Return the totals and the counts of `columns`, from one row of totals or several."""
    losses = len(model._compile_loss.outputs)
    metrics = len(translation.metrics)
    tracked = len(model._compile_loss.metrics)
    rows = totals[..., 1:2]
    each = totals[..., 2 : 2 + tracked]
    total = totals[..., 2 + losses : 2 + losses + metrics]
    count = totals[..., 2 + losses + metrics :]
    sums = np.concatenate([totals[..., :1], each, total], axis=-1)
    return sums, np.concatenate([rows, np.broadcast_to(rows, each.shape), count], axis=-1)


def records(translation: Translation, steps: int, batch_size: int, dtype: Any) -> list[Array | None]:
    """Return where steps are to keep the predictions that metrics in Python want to see, by output."""
    wanted = {m.output for m in translation.handed}
    return [
        np.empty((steps * batch_size, *node.shape), dtype) if o in wanted else None
        for o, node in enumerate(translation.outputs)
    ]


def hand_over(
    translation: Translation,
    arrays: Arrays,
    kept: list[Array | None],
    order: Array | None,
    first_row: int,
    rows: int,
    batch_size: int,
    ran: int,
) -> None:
    """Hand the batches of steps that ran to the metrics that are computed in Python.

    Args:
        kept: the predictions, as `records` made them.
        first_row: of the first of these steps, within the epoch.
        rows: of the epoch.
    """
    if not translation.handed:
        return
    for step in range(ran):
        low = first_row + step * batch_size
        high = min(low + batch_size, rows)
        chosen: Any = slice(low, high) if order is None else order[low:high]
        for m in translation.handed:
            predictions, target, weight = kept[m.output], arrays.targets[m.output], arrays.weights[m.output]
            assert predictions is not None
            batch = predictions[step * batch_size : step * batch_size + high - low]
            y = None if target is None else target[chosen]
            if m.weighted and weight is not None:
                m.state.update_state(y, batch, sample_weight=weight[chosen])
            else:
                m.state.update_state(y, batch)
