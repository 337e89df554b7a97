"""The loss at many learning rates, with the suggestion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import within
from chainrule.plot import canvas
from chainrule.plot.arrays.given import result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TALLEST = 1.5  # what the loss may rise above its start before it leaves the picture


@within("plot.learning_rates")
def learning_rates(found: Any, *, ax: Axes | None = None, theme: str | None = None) -> Axes:
    """Draw the loss over the learning rate, and the suggested rate.

    Args:
        found: what `chainrule.find_learning_rate` gave.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> from chainrule.tuning.rates import LearningRates
    >>> found = LearningRates.of([0.001, 0.01, 0.1, 1.0, 10.0], [1.0, 0.9, 0.5, 0.3, 9.0])
    >>> learning_rates(found).get_xscale()
    'log'
    """
    found = result(found, "LearningRates", "plot.learning_rates", "find_learning_rate(model, x, y)")
    ax, look = canvas.begin(ax, theme, (5.6, 3.8))
    ax.plot(found.rates, found.losses, color=look.line, linewidth=0.9, label="loss of a batch")
    ax.plot(found.rates, found.smooth, color=look.data, linewidth=2, label="smoothed")
    ax.axvline(found.suggestion, color=look.text, linewidth=1.2, linestyle="--", label="suggestion")
    height = float(np.interp(np.log(found.suggestion), np.log(found.rates), found.smooth))
    ax.plot([found.suggestion], [height], "o", ms=7, mfc=look.background, mec=look.text)
    low, high = float(np.nanmin(found.losses)), float(np.nanmax(found.losses[: max(2, len(found.losses) // 2)]))
    if np.isfinite([low, high]).all() and high > low:
        ax.set_ylim(low - 0.06 * (high - low), high + (_TALLEST - 1) * (high - low))
    canvas.logarithmic(ax, "x")
    canvas.finish(
        ax, look, title="learning rates", aside=f"suggestion {found.suggestion:.2g}", x="learning rate", y="loss",
        grid="y", legend=True,
    )  # fmt: skip
    count = len(found.rates)
    sentence = f"Loss at {count} learning rates from {found.rates[0]:.2g} to {found.rates[-1]:.2g}"
    return canvas.describe(ax, f"{sentence}: suggested is {found.suggestion:.3g}.")
