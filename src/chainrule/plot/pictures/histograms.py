"""Histograms of weights and of what layers give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import within
from chainrule.plot import canvas, numbers
from chainrule.plot.colours import NEGATIVE, POSITIVE, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.plot.arrays.histograms import Histogram, Spread

_MOST = 12
_COLUMNS = 3


@within("plot.weights")
def weights(what: Any, *, bins: int = 40, most: int = _MOST, ax: Axes | None = None, theme: str | None = None) -> Axes:
    """Draw how the weights are spread, a panel for each: a histogram, or for a recording bands over the steps.

    Args:
        what: a model; a recording; or a dict of arrays by path.
        bins: of histograms.
        most: panels at most, the first ones.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> weights({"d/kernel": np.array([[-1.0], [1.0], [1.0]])}).get_title(loc="left")
    'd/kernel'
    """
    if hasattr(what, "frames") and len(what.frames) > 1:
        return _bands(numbers.spreads(what), most, ax, theme)
    found = numbers.weights(what, bins=bins)
    ax = _histograms(found, most, "value", ax, theme)
    return canvas.describe(ax, [f"{h.name}: {h.size} weights, mean {h.mean:.3g}, spread {h.std:.3g}." for h in found])


@within("plot.activations")
def activations(
    what: Any,
    x: Any = None,
    *,
    bins: int = 40,
    rows: int | None = 2000,
    most: int = _MOST,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw how the outputs of each layer are spread, a panel for each.

    Args:
        what: a model, which needs `x`; or a recording, whose last frame is shown.
        x: inputs.
        bins: of histograms.
        rows: at most so many rows are used.
        most: panels at most, the first ones.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(2, activation="relu", name="d")])
    >>> activations(model, [[-1.0], [2.0]]).get_title(loc="left")
    'd'
    """
    found = numbers.activations(what, x, bins=bins, rows=rows)
    ax = _histograms(found, most, "output", ax, theme)
    return canvas.describe(ax, [
        f"Outputs of {h.name}: mean {h.mean:.3g}, spread {h.std:.3g}"
        + (f", {100 * h.zero:.0f} % are 0." if h.zero > 0 else ".") for h in found
    ])  # fmt: skip


def _grid(count: int, ax: Axes | None, theme: str | None) -> tuple[Axes, Theme, list[Axes], int]:
    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    size = (5.2, 3.4) if count == 1 else (2.8 * columns, 2.2 * rows)
    ax, look = canvas.begin(ax, theme, size)
    return ax, look, canvas.panels(ax, look, count, columns), columns


def _histograms(found: tuple[Histogram, ...], most: int, x: str, ax: Axes | None, theme: str | None) -> Axes:
    shown = found[:most]
    ax, look, panels, columns = _grid(len(shown), ax, theme)
    for k, (panel, one) in enumerate(zip(panels, shown, strict=True)):
        middle = (one.edges[:-1] + one.edges[1:]) / 2
        colours = [NEGATIVE if m < 0 else POSITIVE for m in middle]
        panel.bar(one.edges[:-1], one.counts, np.diff(one.edges), align="edge", color=colours)
        if one.edges[0] <= 0 <= one.edges[-1]:
            panel.axvline(0, color=look.line, linewidth=0.8)
        aside = f"{100 * one.zero:.0f} % zero" if one.zero >= 0.005 and one.size > 4 else ""
        aside = f"{one.lost} not finite" if one.lost else aside
        last = k + columns >= len(shown)
        canvas.finish(panel, look, title=one.name, aside=aside, x=x if last else "", grid="y")
        panel.locator_params(axis="x", nbins=4)
        panel.locator_params(axis="y", nbins=4, integer=True)
    return ax


def _bands(found: tuple[Spread, ...], most: int, ax: Axes | None, theme: str | None) -> Axes:
    shown = found[:most]
    ax, look, panels, columns = _grid(len(shown), ax, theme)
    for k, (panel, one) in enumerate(zip(panels, shown, strict=True)):
        q = one.quantiles
        for low, high, alpha in ((0, 6, 0.18), (1, 5, 0.3), (2, 4, 0.45)):
            panel.fill_between(one.steps, q[:, low], q[:, high], color=look.data, alpha=alpha, linewidth=0)
        panel.plot(one.steps, q[:, 3], color=look.text, linewidth=1.1)
        panel.axhline(0, color=look.line, linewidth=0.8, linestyle=":")
        canvas.finish(panel, look, title=one.name, x="step" if k + columns >= len(shown) else "", grid="y")
        panel.locator_params(axis="both", nbins=4)
    sentences = [
        f"{s.name}: from {s.quantiles[-1, 0]:.3g} to {s.quantiles[-1, 6]:.3g}, median {s.quantiles[-1, 3]:.3g} at step "
        f"{s.steps[-1]}."
        for s in shown
    ]
    return canvas.describe(ax, ["Weights over the steps: median, and bands of 50, 90 and 100 %.", *sentences])
