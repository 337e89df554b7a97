"""Partial dependence as a report shows it: drawn as by `chainrule.plot`, with the column's own names and dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule.plot import canvas
from chainrule.plot.pictures import inspection
from chainrule.report.grids import ColumnDependence, days_as_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_LINES = 40


def dependence(
    found: ColumnDependence,
    of_what: str,
    *,
    lines: bool = True,
    shares: bool = False,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw partial dependence, with thin lines for single rows if wanted; names as points with bars.

    Args:
        shares: whether the axis goes from 0 to 1, so that small effects look small.
    """
    ax, look = canvas.begin(ax, theme, (4.6, 3.4))
    inspection.curves(ax, look, found, _MOST_LINES if lines else 0)
    if found.kind == "date":
        ticks = np.linspace(found.grid[0], found.grid[-1], 4)
        ax.set_xticks(ticks, [days_as_text(t) for t in ticks], rotation=20, ha="right")
    canvas.finish(ax, look, x=found.name, y=canvas.plain(of_what, 34), grid="y")
    if shares:
        ax.set_ylim(-0.03, 1.03)
    at, mean = [f"{v:.4g}" if found.is_ordered else str(v) for v in found.grid], found.average
    low, high = int(mean.argmin()), int(mean.argmax())
    return canvas.describe(
        ax, f"{of_what} over {found.name}: lowest {mean[low]:.4g} at {at[low]}, highest {mean[high]:.4g} at {at[high]}."
    )
