"""Which inputs matter, and how: pictures of what `chainrule.inspect` finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import within
from chainrule.plot import canvas
from chainrule.plot.arrays.given import result
from chainrule.plot.arrays.sample import some

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.inspect import Dependence, Importance
    from chainrule.plot.colours import Theme

_LINES = 40


@within("plot.importance")
def importance(
    found: Importance, *others: Any, most: int = 20, ax: Axes | None = None, theme: str | None = None
) -> Axes:
    """Draw how much worse the score gets when a feature is shuffled: mean and standard deviation over the repeats.

    Args:
        found: what `inspect.permutation_importance` gave.
        others: nothing; a model and its data go to `inspect.permutation_importance`.
        most: features at most, the most important ones.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> from chainrule.inspect import permutation_importance
    >>> x = np.arange(40.0).reshape(20, 2) % 7
    >>> found = permutation_importance(lambda m: 3 * m[:, 0], x, 3 * x[:, 0], feature_names=["used", "unused"])
    >>> [t.get_text() for t in importance(found).get_yticklabels()]
    ['used', 'unused']
    """
    found = result(found, "Importance", "plot.importance", "inspect.permutation_importance(model, x, y)", others)
    order = found.order[:most]
    ax, look = canvas.begin(ax, theme, (5.6, 1.2 + 0.32 * len(order)))
    places, mean, std = np.arange(len(order)), found.mean[order], found.std[order]
    bars: dict[str, Any] = {"ecolor": look.text, "elinewidth": 1, "capsize": 2.5}
    ax.barh(places, mean, 0.62, xerr=std, color=look.data, error_kw=bars)
    ax.axvline(0, color=look.line, linewidth=0.8)
    ax.set_yticks(places, [canvas.plain(found.names[i], 28) for i in order])
    ax.set_ylim(len(order) - 0.4, -0.6)
    score = found.score.replace("_", " ")
    change = "falls" if found.higher_is_better else "rises"
    canvas.finish(ax, look, title="importance", x=f"{score} {change} by, if shuffled", grid="x")
    ax.tick_params(axis="y", length=0)
    said = ", ".join(f"{found.names[i]} {m:.3g}" for i, m in list(zip(order, mean, strict=True))[:8])
    return canvas.describe(ax, f"Importance of {len(found.names)} features ({score} {change} by): {said}.")


@within("plot.dependence")
def dependence(
    found: Dependence, *others: Any, lines: int = _LINES, ax: Axes | None = None, theme: str | None = None
) -> Axes:
    """Draw how the output moves with one feature: the mean of all rows, and thin lines for some of them.

    Args:
        found: what `inspect.partial_dependence` gave.
        others: nothing; a model and its data go to `inspect.partial_dependence`.
        lines: rows drawn at most.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> from chainrule.inspect import partial_dependence
    >>> found = partial_dependence(lambda m: m[:, :1] ** 2, [[0.0, 1.0], [2.0, 1.0]], 0, grid=[0, 1, 2])
    >>> ax = dependence(found)
    >>> ax.get_xlabel(), ax.lines[-1].get_ydata().tolist()
    ('x1', [0.0, 1.0, 4.0])
    """
    found = result(found, "Dependence", "plot.dependence", "inspect.partial_dependence(model, x, feature)", others)
    ax, look = canvas.begin(ax, theme, (5.0, 3.6))
    curves(ax, look, found, lines)
    canvas.finish(ax, look, title="partial dependence", aside="mean, and some rows", x=found.name, y="output", grid="y")
    low, high = found.average.min(), found.average.max()
    return canvas.describe(ax, f"Mean output over {found.name}: from {low:.4g} to {high:.4g}.")


def curves(ax: Axes, theme: Theme, found: Dependence, lines: int = _LINES) -> None:
    """Draw the mean of all rows, and at most so many of them: as lines over numbers, as points with bars over names."""
    if np.asarray(found.grid).dtype.kind not in "fiub":
        _points(ax, theme, found, spread=lines > 0)
        return
    for row in some(len(found.individual), lines):
        ax.plot(found.grid, found.individual[row], color=theme.muted, linewidth=0.6, alpha=0.4)
    ax.plot(found.grid, found.average, color=theme.data, linewidth=2.4)


def _points(ax: Axes, theme: Theme, found: Dependence, spread: bool) -> None:
    """Draw a point for the mean at each name, and a bar for the middle eight rows of ten."""
    places = np.arange(len(found.grid))
    if spread:
        low, high = np.quantile(found.individual, [0.1, 0.9], axis=0)
        ax.vlines(places, low, high, color=theme.muted, linewidth=5, alpha=0.35)
    ax.plot(places, found.average, "o", color=theme.data, markersize=7)
    names = [canvas.plain(str(n), 18) for n in found.grid]
    crowded = sum(map(len, names)) > 34
    ax.set_xticks(places, names, rotation=35 if crowded else 0, ha="right" if crowded else "center")
    ax.set_xlim(-0.6, len(places) - 0.4)
