"""The confusion matrix as a table of shades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import within
from chainrule.plot import canvas, numbers
from chainrule.plot.colours import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.plot.arrays.confusion import Confusion

_WRITTEN = 12  # with more classes than that, cells are too small for numbers
_SLANTED = 6
_DARKEST = 0.6  # so that letters are read on all shades


@within("plot.confusion")
def confusion(
    *what: Any,
    classes: Sequence[str] | None = None,
    threshold: float | None = None,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw how often each class was taken for each: counts, and shares of the row in percent.

    Args:
        what: a model, its inputs and targets; or targets and outputs, or predicted labels; or `numbers.confusion(...)`.
        classes: names of the classes in order.
        threshold: above which the output says class 1, with two classes.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> ax = confusion([0, 0, 1, 1], [0.1, 0.7, 0.8, 0.9])
    >>> [t.get_text() for t in ax.texts]
    ['1\\n50 %', '1\\n50 %', '0\\n0 %', '2\\n100 %']
    """
    shown = numbers.confusion(*what, classes=classes, threshold=threshold)
    k = len(shown.names)
    side = min(max(2.4 + 0.5 * k, 3.6), 8.0)
    ax, look = canvas.begin(ax, theme, (side + 0.9, side))
    _cells(ax, look, shown)
    names = [canvas.plain(n, 18) for n in shown.names]
    slanted = k > _SLANTED and max(map(len, names)) > 3
    at = range(0, k, max(1, k // 25))
    ax.set_xticks(at, [names[i] for i in at], rotation=45 if slanted else 0, ha="right" if slanted else "center")
    ax.set_yticks(at, [names[i] for i in at])
    ax.tick_params(length=0)
    aside = f"accuracy {shown.accuracy:.3f}"
    canvas.finish(ax, look, title="confusion matrix", aside=aside, x="predicted", y="true", frame=True)
    return canvas.describe(ax, _sentences(shown))


def _cells(ax: Axes, theme: Theme, shown: Confusion) -> None:
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    k, shares = len(shown.names), shown.shares
    # Shades are transparent, so that a page's own background shows through them.
    cells = [Rectangle((j - 0.5, i - 0.5), 1, 1) for i in range(k) for j in range(k) if shares[i, j]]
    shades = [to_rgba(theme.data, _DARKEST * float(s)) for s in shares.ravel() if s]
    ax.add_collection(PatchCollection(cells, facecolors=shades, linewidths=0))
    ax.set_xlim(-0.5, k - 0.5)
    ax.set_ylim(k - 0.5, -0.5)
    ax.set_aspect("equal")
    edges = np.arange(0.5, k - 1)
    ax.hlines(edges, -0.5, k - 0.5, color=theme.grid, linewidth=0.6)
    ax.vlines(edges, -0.5, k - 0.5, color=theme.grid, linewidth=0.6)
    if k > _WRITTEN:
        return
    size = canvas.LABEL if k <= 4 else canvas.TICK - (k > 8)
    for i in range(k):
        for j in range(k):
            if shown.counts[i, j] or k <= 4:
                text = f"{shown.counts[i, j]}\n{100 * shares[i, j]:.0f} %"
                weight = "bold" if i == j else "normal"
                ax.text(j, i, text, ha="center", va="center", fontsize=size, fontweight=weight, color=theme.text)


def _sentences(shown: Confusion) -> list[str]:
    total = int(shown.counts.sum())
    found = [f"Confusion matrix of {total} rows: {100 * shown.accuracy:.1f} % are right."]
    wrong = shown.counts - np.diag(np.diag(shown.counts))
    if wrong.any():
        i, j = np.unravel_index(wrong.argmax(), wrong.shape)
        found.append(f"Most often mistaken: {shown.names[i]} taken for {shown.names[j]}, {wrong[i, j]} times.")
    return found
