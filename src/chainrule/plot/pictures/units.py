"""What each unit of a hidden layer gives over two inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule.errors import DataError, within
from chainrule.plot import canvas
from chainrule.plot.arrays.units import units as compute
from chainrule.plot.colours import NEGATIVE, POSITIVE, Theme
from chainrule.plot.pictures import plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.plot.arrays.units import Units


@within("plot.units")
def units(
    model: Any,
    x: Any = None,
    layer: str | int | None = None,
    *,
    features: Sequence[int | str] = (0, 1),
    fixed: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    grid: int = 120,
    bounds: tuple[float, float, float, float] | None = None,
    most: int = 16,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw the output of each unit of a layer over two inputs: blue above 0, vermillion below.

    The line is where the unit's weighted sum is 0: where it switches.

    Args:
        model: a model; or a recording, whose last model is taken.
        x: the data: arrays, a data frame, or a dict of columns; of a recording the rows it holds.
        layer: name or number; the first with weights by default.
        features: numbers or names of the two inputs.
        fixed: values of other inputs by name; the median or the most frequent value by default.
        names: of the inputs, in order.
        grid: points along each axis.
        bounds: `(left, right, bottom, top)`.
        most: units drawn at most, the first ones.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> import chainrule as cr
    >>> net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="tanh"), cr.layers.Dense(1)])
    >>> ax = units(net, [[-1.0, -1.0], [1.0, 1.0]])
    >>> [a.get_title(loc="left") for a in ax.figure.axes[1:4]]
    ['unit 1', 'unit 2', 'unit 3']
    """
    shown = compute(model, x, layer, features=features, fixed=fixed, names=names, grid=grid, bounds=bounds, most=most)
    count = len(shown.values)
    columns = min(count, 4)
    rows = -(-count // columns)
    if not np.isfinite(shown.values).any():
        raise DataError(f"Layer '{shown.layer}' gives no numbers (NaN), so there is nothing to draw.")
    ax, look = canvas.begin(ax, theme, (2.1 * columns + 0.9, 2.0 * rows + 0.6))
    panels = canvas.panels(ax, look, count, columns)
    finite = shown.values[np.isfinite(shown.values)]
    scale = float(np.abs(finite).max()) if finite.size and finite.any() else 1.0
    for k, panel in enumerate(panels):
        _draw(panel, look, shown, k, scale)
        last_row, first_column = k + columns >= count, k % columns == 0
        across, up = (f.name for f in shown.features)
        canvas.finish(
            panel, look, title=f"unit {k + 1}", x=across if last_row else "", y=up if first_column else "", frame=True
        )
        panel.tick_params(labelbottom=last_row, labelleft=first_column)
    _scale(panels, look, shown, scale)
    return canvas.describe(ax, _sentence(shown, count))


def _draw(ax: Axes, theme: Theme, shown: Units, unit: int, scale: float) -> None:
    values = shown.values[unit]
    pixels = plane.shades([NEGATIVE, theme.background, POSITIVE], 0.5 + 0.5 * values / scale)
    plane.image(ax, pixels, shown.x, shown.y, all(f.kind != "category" for f in shown.features))
    if np.isfinite(shown.rest):
        # Of a unit that is flat below, like ReLU, the line is where it begins to rise.
        plane.boundary(ax, theme, shown.x, shown.y, values - shown.rest - 1e-6 * scale)
    for which, feature in zip("xy", shown.features, strict=True):
        plane.axis_of(ax, which, feature)


def _scale(panels: list[Axes], theme: Theme, shown: Units, scale: float) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize

    low = -scale if shown.values.min() < 0 else 0.0
    stops = [NEGATIVE, theme.background, POSITIVE] if low else [theme.background, POSITIVE]
    mappable = ScalarMappable(Normalize(low, scale), LinearSegmentedColormap.from_list("signs", stops))
    canvas.colour_bar(panels, theme, mappable, f"output of {shown.layer}")


def _sentence(shown: Units, count: int) -> str:
    total = shown.count
    some = f"{count} of {total}" if count < total else f"{total}"
    across, up = (f.name for f in shown.features)
    words = plane.fixed_in_words(shown.fixed)
    dead = int((np.ptp(shown.values, axis=(1, 2)) == 0).sum())
    text = f"Outputs of {some} unit{'s' if total > 1 else ''} of layer {shown.layer} over {across} and {up}"
    return f"{text}{' ' + words if words else ''}" + (f"; {dead} of them do not change." if dead else ".")
