"""Decision regions: what a model says over two of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, within
from chainrule.plot import canvas
from chainrule.plot.arrays.given import model_and_data, names_of_classes, names_of_features
from chainrule.plot.arrays.inputs import Inputs, as_arrays
from chainrule.plot.arrays.outcome import classified
from chainrule.plot.arrays.regions import Regions
from chainrule.plot.arrays.regions import regions as compute
from chainrule.plot.arrays.sample import some
from chainrule.plot.colours import NEGATIVE, POSITIVE, SURFACE, Theme, class_style, mix, rgb
from chainrule.plot.pictures import plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STRENGTH = 0.5  # of the shades, so that points stand out


@within("plot.regions")
def regions(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    features: Sequence[int | str] = (0, 1),
    fixed: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    grid: int = 120,
    bounds: tuple[float, float, float, float] | None = None,
    output: int | None = None,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw what a model says over two inputs, and the data; the stronger the shade, the surer it is.

    With more than two inputs it is a slice: the others are held at their median or most frequent value, or at those
    given. Rows are the paler the further they are from that slice.

    Args:
        model: has one output layer; or a recording, whose last model is taken.
        x: the data: arrays, a data frame, or a dict of columns; of a recording the rows it holds.
        y: targets; without them no points are drawn.
        features: numbers or names of the two inputs.
        fixed: values of other inputs by name.
        names: of the inputs, in order.
        classes: names of the classes, in order.
        grid: points along each axis.
        bounds: `(left, right, bottom, top)`.
        output: which of several outputs that are no classes.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> import chainrule as cr
    >>> net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    >>> ax = regions(net, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 1])
    >>> ax.get_xlabel(), ax.get_ylabel(), [t.get_text() for t in ax.get_legend().get_texts()]
    ('x1', 'x2', ['0', '1'])
    """
    names, classes = names_of_features(model, names), names_of_classes(model, classes)
    model, x, y = model_and_data(model, x, y)
    data = Inputs(x, names)
    targets = None if y is None else _targets(y, data)
    shown = compute(
        model, data, targets, features=features, fixed=fixed, grid=grid, bounds=bounds, output=output
    )  # fmt: skip
    if not np.isfinite(shown.outputs).any():
        raise DataError("The model's outputs are no numbers (NaN), so there is nothing to draw. Look at its weights.")
    ax, look = canvas.begin(ax, theme, (5.6, 4.3))
    if shown.kind == "values":
        _values(ax, look, shown)
    else:
        _classes(ax, look, shown)
    if targets is not None:
        _data(ax, look, data, shown, targets, classes)
    for which, feature in zip("xy", shown.features, strict=True):
        plane.axis_of(ax, which, feature)
    edges = plane.extent(shown.x, shown.y)
    ax.set_xlim(edges[0], edges[1])
    ax.set_ylim(edges[2], edges[3])
    words = plane.fixed_in_words(shown.fixed)
    across, up = (f.name for f in shown.features)
    title = "prediction" if shown.kind == "values" else "decision regions"
    canvas.finish(ax, look, title=title, aside=words, x=across, y=up, frame=True)
    return canvas.describe(ax, _sentence(shown, words))


def _targets(y: Any, data: Inputs) -> Array:
    """Return the targets as an array with one row for each of the data's; text stays text."""
    if hasattr(y, "columns") or np.asarray(y).dtype.kind not in "OUS":
        return np.asarray(tree.flatten(as_arrays(data.arrays, y)[1])[0])
    if np.ndim(y) == 0 or len(y) != data.size:
        raise ShapeError(f"expected one target for each of the {data.size} rows, but y has shape {np.shape(y)}.")
    return np.array([*map(str, y)])


def _classes(ax: Axes, theme: Theme, shown: Regions) -> None:
    numbers = all(f.kind != "category" for f in shown.features)
    if shown.kind == "binary":
        half = shown.threshold if shown.threshold > 0 else 1.0
        place = 0.5 + 0.5 * np.clip((shown.outputs - shown.threshold) / half, -1, 1)
        back = theme.background
        pixels = plane.shades([mix(NEGATIVE, back, _STRENGTH), back, mix(POSITIVE, back, _STRENGTH)], place)
        plane.image(ax, pixels, shown.x, shown.y, numbers)
        if numbers:
            plane.boundary(ax, theme, shown.x, shown.y, shown.outputs - shown.threshold)
        return
    best = shown.classes
    plane.image(ax, _mixed(shown, theme, best), shown.x, shown.y, False)
    if numbers:
        for k in np.unique(best):
            others = np.delete(shown.outputs, k, axis=-1).max(axis=-1)
            plane.boundary(ax, theme, shown.x, shown.y, shown.outputs[..., k] - others)


def _mixed(shown: Regions, theme: Theme, best: Array) -> Array:
    """The colour of the likeliest class, stronger where it leaves the others less."""
    k = shown.outputs.shape[-1]
    colours = np.array([rgb(class_style(i, theme).colour) for i in range(k)], np.float64)
    top = np.take_along_axis(shown.outputs, best[..., None], -1)
    sure = np.clip((top - 1 / k) / (1 - 1 / k), 0, 1) if shown.outputs.min() >= 0 else np.ones_like(top)
    share = _STRENGTH * (0.3 + 0.7 * sure)
    return np.asarray(share * colours[best] + (1 - share) * np.array(rgb(theme.background)))


def _values(ax: Axes, theme: Theme, shown: Regions) -> None:
    picture = ax.imshow(
        shown.outputs, extent=plane.extent(shown.x, shown.y), origin="lower", aspect="auto", cmap=SURFACE, zorder=0
    )
    canvas.colour_bar(ax, theme, picture, "prediction")


def _data(ax: Axes, theme: Theme, data: Inputs, shown: Regions, targets: Array, classes: Sequence[str] | None) -> None:
    if shown.kind == "values":
        flat = targets.reshape(len(targets), -1)[:, 0]
        rows = some(data.size, plane.MOST_POINTS)
        i, j = (data.number(f.name) for f in shown.features)
        low, high = ax.images[0].get_clim()
        ax.scatter(
            data.column(i)[rows], data.column(j)[rows], s=16, c=flat[rows], cmap=SURFACE, vmin=low, vmax=high,
            edgecolors=theme.background, linewidths=0.7, zorder=3,
        )  # fmt: skip
        return
    count = shown.outputs.shape[-1] if shown.kind == "multiclass" else 2
    blank = np.zeros(len(targets)) if count == 2 else np.zeros((len(targets), count))
    found = classified(targets, blank + 0.5, classes=classes)
    keys = plane.points(ax, theme, data, shown, found.y, found.names)
    canvas.side_legend(ax, theme, "class", keys)


def _sentence(shown: Regions, words: str) -> str:
    across, up = (f.name for f in shown.features)
    text = f"What the model says over {across} and {up}{' ' + words if words else ''}: "
    if shown.kind == "values":
        return text + f"from {shown.outputs.min():.4g} to {shown.outputs.max():.4g}."
    if shown.kind == "binary":
        return text + f"class 1 on {100 * shown.classes.mean():.0f} % of the picture."
    shares = [f"class {k} on {100 * np.mean(shown.classes == k):.0f} %" for k in np.unique(shown.classes)[:8]]
    return text + ", ".join(shares) + " of the picture."
