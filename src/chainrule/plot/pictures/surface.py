"""The loss surface with the optimizer's way on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DataError, within
from chainrule.plot import canvas, numbers
from chainrule.plot.arrays.surface import Surface
from chainrule.plot.colours import PATH, SURFACE, Theme
from chainrule.plot.pictures import plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVELS = 12
_MOST_DOTS = 60


@within("plot.surface")
def surface(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    weights: Sequence[str] | None = None,
    path: Any = None,
    sample_weight: Any = None,
    grid: int = 40,
    bounds: tuple[float, float, float, float] | None = None,
    rows: int | None = 1000,
    seed: int = 0,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw the loss over two weights, or two directions of the training, and the way the optimizer took.

    Args:
        model: built and compiled; or a recording, which is a path, too; or what `numbers.surface` gave.
        x, y, sample_weight: as `fit` takes them; of a recording the rows it holds.
        weights: two numbers of the model, such as `('dense/kernel[0,0]', 'dense/bias[0]')`; None takes the principal
            directions of the path, and without a path two random ones.
        path: a recording, or a list of weights as `model.get_weights()` gives them.
        grid: points along each axis.
        bounds: `(left, right, bottom, top)`; around the path by default.
        rows: at most so many rows of the data are used, drawn by `seed`.
        seed: of rows and random directions.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, name="d")])
    >>> model.compile(loss="mse")
    >>> surface(model, [[1.0]], [3.0], weights=("d/kernel", "d/bias"), grid=5).get_xlabel()
    'd/kernel'
    """
    shown = model if isinstance(model, Surface) else numbers.surface(
        model, x, y, weights=weights, path=path, sample_weight=sample_weight, grid=grid, bounds=bounds, rows=rows,
        seed=seed,
    )  # fmt: skip
    finite = shown.loss[np.isfinite(shown.loss)]
    if not finite.size:
        raise DataError("The loss is no number anywhere on the grid; choose bounds nearer to the weights.")
    ax, look = canvas.begin(ax, theme, (5.8, 4.4))
    _shades(ax, look, shown)
    if shown.path is not None:
        _way(ax, shown)
    else:
        ax.plot(*shown.point, "*", ms=14, mfc=PATH, mec="#ffffff", mew=1.0, label="the model")
    edges = plane.extent(shown.x, shown.y)
    ax.set_xlim(edges[0], edges[1])
    ax.set_ylim(edges[2], edges[3])
    labels = list(shown.labels)
    if shown.explained is not None:
        labels = [
            f"{label} ({100 * share:.0f} % of its variance)"
            for label, share in zip(labels, shown.explained, strict=True)
        ]
        labels[1] = labels[1].replace(" of its variance", "")
    canvas.finish(ax, look, title="loss surface", x=labels[0], y=labels[1], legend=True, frame=True)
    return canvas.describe(ax, _sentence(shown))


def _shades(ax: Axes, theme: Theme, shown: Surface) -> None:
    from matplotlib.colors import PowerNorm

    finite = shown.loss[np.isfinite(shown.loss)]
    low, high = float(finite.min()), float(finite.max())
    loss = np.where(np.isfinite(shown.loss), shown.loss, high)
    norm = PowerNorm(0.5, low, high if high > low else low + 1e-12)  # more shades where the valley is
    picture = ax.imshow(
        loss, extent=plane.extent(shown.x, shown.y), origin="lower", aspect="auto", cmap=SURFACE, norm=norm,
        interpolation="bilinear", zorder=0,
    )  # fmt: skip
    if high > low:
        levels = low + (high - low) * (np.arange(1, _LEVELS) / _LEVELS) ** 2
        ax.contour(shown.x, shown.y, loss, levels=levels, colors="#ffffff", linewidths=0.6, alpha=0.55, zorder=1)
    canvas.colour_bar(ax, theme, picture, "loss")


def _way(ax: Axes, shown: Surface) -> None:
    path = shown.path
    assert path is not None
    rim: dict[str, Any] = {"color": "#ffffff", "linewidth": 4.0, "solid_capstyle": "round"}
    ax.plot(path[:, 0], path[:, 1], zorder=2, **rim)
    ax.plot(path[:, 0], path[:, 1], color=PATH, linewidth=2.0, solid_capstyle="round", zorder=3)
    dots = path[:: max(1, len(path) // _MOST_DOTS)]
    ax.plot(dots[:, 0], dots[:, 1], ".", ms=5, mfc="#ffffff", mec=PATH, mew=0.8, zorder=4)
    ax.plot(*path[0], "o", ms=8, mfc="#ffffff", mec="#000000", mew=1.2, zorder=5, label="start")
    ax.plot(*path[-1], "*", ms=14, mfc=PATH, mec="#000000", mew=0.8, zorder=5, label="end")


def _sentence(shown: Surface) -> str:
    finite = shown.loss[np.isfinite(shown.loss)]
    text = f"Loss over {shown.labels[0]} and {shown.labels[1]}: from {finite.min():.4g} to {finite.max():.4g}"
    if shown.path_loss is None:
        return text + "."
    first, last, count = shown.path_loss[0], shown.path_loss[-1], len(shown.path_loss)
    return f"{text}; along the way from {first:.4g} to {last:.4g} in {count} moments."
