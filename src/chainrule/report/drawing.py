"""Pictures that only a report needs, drawn as those of `chainrule.plot`: importance bars and dependence curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.inspect.importance import Importance
from chainrule.plot import canvas
from chainrule.plot.colours import BLUE
from chainrule.report.grids import ColumnDependence, days_as_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BAR = 0.3  # height of a bar, in inches
_MOST_LINES = 40


def importance(found: Importance, most: int = 15, *, ax: Axes | None = None, theme: str | None = None) -> Axes:
    """Draw the importance of columns as bars with error bars, the largest on top."""
    order = found.order[:most]
    ax, look = canvas.begin(ax, theme, (7.2, 1.1 + _BAR * len(order)))
    places = np.arange(len(order))[::-1]
    mean, std = found.mean[order], found.std[order]
    ax.barh(places, mean, 0.62, xerr=std, color=BLUE, error_kw={"ecolor": look.text, "elinewidth": 1, "capsize": 2.5})
    ax.axvline(0, color=look.line, linewidth=0.8)
    ax.set_yticks(places, [canvas.plain(found.names[i], 36) for i in order])
    ax.set_ylim(-0.6, len(order) - 0.4)
    said = ", ".join(f"{found.names[i]} {m:.4g} ± {s:.2g}" for i, m, s in zip(order[:5], mean, std, strict=False))
    canvas.finish(ax, look, x=f"{found.score.replace('_', ' ')} rises by", grid="x")
    ax.tick_params(axis="y", length=0, labelcolor=look.text)
    return canvas.describe(ax, f"Importance of {len(order)} columns, the largest: {said}.")


def dependence(
    found: ColumnDependence,
    of_what: str,
    *,
    lines: bool = True,
    shares: bool = False,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw partial dependence, with thin lines for single rows if wanted; categories as points with bars.

    Args:
        shares: whether the axis goes from 0 to 1, so that small effects look small.
    """
    ax, look = canvas.begin(ax, theme, (4.6, 3.4))
    shown = found.individual[:: -(-len(found.individual) // _MOST_LINES)]
    if found.is_ordered:
        if lines:
            ax.plot(found.labels, shown.T, color=look.muted, linewidth=0.6, alpha=0.35)
        ax.plot(found.labels, found.average, color=BLUE, linewidth=2.4)
        if found.kind == "date":
            _dates(ax, found)
    else:
        _categories(ax, look, found, lines)
    canvas.finish(ax, look, x=found.name, y=canvas.plain(of_what, 34), grid="y")
    if shares:
        ax.set_ylim(-0.03, 1.03)
    at, mean = [str(v) if not found.is_ordered else f"{v:.4g}" for v in found.labels], found.average
    low, high = int(mean.argmin()), int(mean.argmax())
    return canvas.describe(
        ax, f"{of_what} over {found.name}: lowest {mean[low]:.4g} at {at[low]}, highest {mean[high]:.4g} at {at[high]}."
    )


def _categories(ax: Axes, look: Any, found: ColumnDependence, spread: bool) -> None:
    places = np.arange(len(found.labels))
    if spread:
        low, high = np.quantile(found.individual, [0.1, 0.9], axis=0)
        ax.vlines(places, low, high, color=look.muted, linewidth=5, alpha=0.35)
    ax.plot(places, found.average, "o", color=BLUE, markersize=7)
    names = [canvas.plain(str(n), 18) for n in found.labels]
    crowded = sum(map(len, names)) > 34
    ax.set_xticks(places, names, rotation=35 if crowded else 0, ha="right" if crowded else "center")
    ax.set_xlim(-0.6, len(places) - 0.4)


def _dates(ax: Axes, found: ColumnDependence) -> None:
    ticks = np.linspace(found.labels[0], found.labels[-1], 4)
    ax.set_xticks(ticks, [days_as_text(t) for t in ticks], rotation=20, ha="right")
