"""The reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import within
from chainrule.plot import canvas, numbers

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@within("plot.calibration")
def calibration(
    *what: Any,
    bins: int = 10,
    strategy: str = "uniform",
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw the share of rows that are of a class over the probability they were given, with 95 % intervals.

    On the dotted line the probabilities are right; below it the model is too sure. The bars at the foot and the sizes
    of the points say how many rows there are.

    Args:
        what: a model, its inputs and targets; or targets and probabilities; or `numbers.calibration(...)`.
        bins: how many.
        strategy: `'uniform'` makes bins of equal width, `'quantile'` of equally many rows.
        classes: names of the classes in order.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> calibration([0, 1, 1, 1], [0.2, 0.4, 0.9, 0.8], bins=2).get_title(loc="right")
    'Brier 0.1125, ECE 0.175'
    """
    shown = numbers.calibration(*what, bins=bins, strategy=strategy, classes=classes)
    ax, look = canvas.begin(ax, theme, (4.8, 4.4))
    widths, left = np.diff(shown.edges), shown.edges[:-1]
    place = np.searchsorted(shown.edges[1:-1], shown.predicted)
    height = 0.16 * shown.counts / shown.counts.max()
    ax.bar(
        left[place], height, widths[place], align="edge", color=look.grid, edgecolor=look.background, linewidth=0.8,
        label="rows",
    )  # fmt: skip
    ax.plot([0, 1], [0, 1], color=look.line, linestyle=":", linewidth=1)
    spread = np.abs(np.stack([shown.observed - shown.low, shown.high - shown.observed]))
    ax.plot(shown.predicted, shown.observed, color=look.data, linewidth=1, alpha=0.5)
    ax.errorbar(shown.predicted, shown.observed, spread, color=look.data, linestyle="", elinewidth=0.9)
    ax.scatter(shown.predicted, shown.observed, 20 + 60 * shown.counts / shown.counts.max(), look.data, zorder=3)
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_aspect("equal")
    whose = shown.of if shown.of.startswith(("the ", "class ")) else f"class {shown.of}"
    aside = f"Brier {shown.brier:.4g}, ECE {shown.ece:.3g}"
    x, y = f"probability of {whose}", "share of rows that are"
    canvas.finish(ax, look, title="calibration", aside=aside, x=x, y=y, grid="both")
    return canvas.describe(ax, [
        f"Calibration of {int(shown.counts.sum())} rows: Brier score {shown.brier:.4g},",
        f"expected calibration error {shown.ece:.3g}.",
    ])  # fmt: skip
