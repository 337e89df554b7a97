"""Training curves: loss and metrics over the epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.errors import within
from chainrule.plot import canvas, numbers
from chainrule.plot.colours import VALIDATION, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.plot.arrays.training import Curve, Training


@within("plot.training")
def training(
    history: Any,
    metrics: Sequence[str] | None = None,
    *,
    log: bool | None = None,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw loss and metrics over the epochs, a panel for each; validation is dashed, the best epoch marked.

    Args:
        history: what `fit` returned, a recording, or a dict of lists.
        metrics: names, without `val_`; all by default.
        log: whether the losses have a logarithmic scale; None where they fall by more than a factor of 100.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> ax = training({"loss": [3.0, 1.0, 2.0], "val_loss": [3.0, 2.0, 1.0]})
    >>> len(ax.lines)
    3
    """
    shown = numbers.training(history, metrics)
    count = len(shown.curves)
    columns = min(count, 3)
    rows = -(-count // columns)
    size = (5.6, 4.0) if count == 1 else (3.3 * columns, 2.7 * rows)
    ax, look = canvas.begin(ax, theme, size)
    for panel, curve in zip(canvas.panels(ax, look, count, columns), shown.curves, strict=True):
        _draw(panel, look, shown, curve, curve.logarithmic if log is None else log)
    return canvas.describe(ax, [_sentence(shown, curve) for curve in shown.curves])


def _draw(ax: Axes, theme: Theme, shown: Training, curve: Curve, log: bool) -> None:
    few = len(shown.epochs) <= 2
    marker = "o" if few else ""
    n, m = len(curve.training), len(curve.validation)
    ax.plot(shown.epochs[:n], curve.training, color=theme.data, marker=marker, label="training")
    if m:
        ax.plot(shown.epochs[:m], curve.validation, color=VALIDATION, linestyle="--", marker=marker, label="validation")
    aside = ""
    if curve.best is not None and len(shown.epochs) > 1:
        value = (curve.validation if m else curve.training)[curve.best - shown.epochs[0]]
        ax.plot([curve.best], [value], "o", ms=7, mfc="none", mec=theme.text, label="best epoch")
        aside = f"best {value:.4g} in epoch {curve.best}"
    if log and (curve.training > 0).any():
        canvas.logarithmic(ax, "y")
    canvas.whole_numbers(ax)
    legend = bool(m) and curve is shown.curves[0]
    canvas.finish(ax, theme, title=curve.name, aside=aside, x="epoch", grid="y", legend=legend)


def _sentence(shown: Training, curve: Curve) -> str:
    count = len(shown.epochs)
    text = f"{curve.name} over {count} epoch{'s' if count != 1 else ''}: training from {_ends(curve.training)}"
    if len(curve.validation):
        text += f", validation from {_ends(curve.validation)}, best in epoch {curve.best}"
    return text + "."


def _ends(values: Any) -> str:
    return f"{values[0]:.4g} to {values[-1]:.4g}"
