"""Predicted against true values, and what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.errors import within
from chainrule.plot import canvas, numbers
from chainrule.plot.arrays.sample import some
from chainrule.plot.colours import VERMILLION, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST = 2000


@within("plot.predictions")
def predictions(*what: Any, output: int | None = None, ax: Axes | None = None, theme: str | None = None) -> Axes:
    """Draw the predicted over the true value of each row; of more than 2000 rows a sample.

    Args:
        what: a model, its inputs and targets; or targets and outputs; or `numbers.residuals(...)`.
        output: which of several outputs.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> predictions([1.0, 2.0, 3.0], [1.5, 2.0, 2.5]).get_title(loc="right")
    'R² 0.750, RMSE 0.408'
    """
    shown = numbers.residuals(*what, output=output)
    ax, look = canvas.begin(ax, theme, (4.8, 4.4))
    rows = some(len(shown.y), _MOST)
    _points(ax, look, shown.y[rows], shown.predicted[rows])
    low = min(shown.y[rows].min(), shown.predicted[rows].min())
    high = max(shown.y[rows].max(), shown.predicted[rows].max())
    margin = 0.04 * (high - low) or 1.0
    ends = [low - margin, high + margin]
    ax.plot(ends, ends, color=look.line, linestyle=":", linewidth=1, zorder=1)
    ax.set_xlim(*ends)
    ax.set_ylim(*ends)
    ax.set_aspect("equal")
    aside = f"R² {shown.r2:.3f}, RMSE {shown.rmse:.3g}".replace("-", "−")
    canvas.finish(ax, look, title="predicted and true", aside=aside, x="true value", y="predicted value", grid="both")
    return canvas.describe(ax, f"Predicted over true values of {len(shown.y)} rows: R² {shown.r2:.3f}.")


@within("plot.residuals")
def residuals(*what: Any, output: int | None = None, ax: Axes | None = None, theme: str | None = None) -> Axes:
    """Draw `true - predicted` over the prediction, and its mean in ten groups: a trend is what the model has missed.

    Args:
        what: a model, its inputs and targets; or targets and outputs; or `numbers.residuals(...)`.
        output: which of several outputs.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> residuals([1.0, 2.0, 3.0], [1.5, 2.0, 2.5]).get_ylabel()
    'true − predicted'
    """
    shown = numbers.residuals(*what, output=output)
    ax, look = canvas.begin(ax, theme, (5.6, 3.8))
    rows = some(len(shown.y), _MOST)
    _points(ax, look, shown.predicted[rows], shown.residuals[rows])
    ax.axhline(0, color=look.line, linestyle=":", linewidth=1, zorder=1)
    if len(shown.y) >= 50:
        at, mean, _ = shown.by_prediction()
        ax.plot(at, mean, color=VERMILLION, linestyle="--", marker="s", ms=4, label="mean of a tenth of the rows")
    aside = f"RMSE {shown.rmse:.3g}, mean {shown.bias:+.2g}".replace("-", "−")
    x, y = "predicted value", "true − predicted"
    canvas.finish(ax, look, title="residuals", aside=aside, x=x, y=y, grid="y", legend=len(shown.y) >= 50)
    return canvas.describe(ax, f"Residuals of {len(shown.y)} rows: RMSE {shown.rmse:.3g}, mean {shown.bias:.2g}.")


def _points(ax: Axes, theme: Theme, x: Any, y: Any) -> None:
    size, alpha = (18, 0.75) if len(x) <= 200 else (9, 0.5 if len(x) <= 1000 else 0.35)
    ax.scatter(
        x, y, s=size, color=theme.data, alpha=alpha, linewidths=0, zorder=2,
        rasterized=len(x) > 200,
    )  # fmt: skip
