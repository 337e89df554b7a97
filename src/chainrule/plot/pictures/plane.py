"""What pictures over two inputs share: shades, boundaries, the data's points, and the words for what is fixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.plot import canvas
from chainrule.plot.arrays.inputs import Feature, Inputs
from chainrule.plot.arrays.plane import distances, positions
from chainrule.plot.arrays.sample import some
from chainrule.plot.colours import Theme, class_style, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.plot.arrays.regions import Regions

MOST_POINTS = 800
_CHOICES = 12


def shades(stops: Sequence[str], place: Array) -> Array:
    """Return the colours (..., 3), 0 to 255, of places from 0 to 1 along a scale of evenly spaced colours."""
    table = np.array([rgb(c) for c in stops], np.float64)
    at = np.clip(np.nan_to_num(place), 0, 1) * (len(table) - 1)
    low = np.minimum(at.astype(int), len(table) - 2)
    part = (at - low)[..., None]
    return np.asarray((1 - part) * table[low] + part * table[low + 1])


def extent(x: Array, y: Array) -> tuple[float, float, float, float]:
    """Return the outer edges of a grid whose points are the middles of its cells."""
    return (*_edges(x), *_edges(y))


def _edges(ticks: Array) -> tuple[float, float]:
    half = (ticks[1] - ticks[0]) / 2 if len(ticks) > 1 else 0.5
    return float(ticks[0] - half), float(ticks[-1] + half)


def image(ax: Axes, pixels: Array, x: Array, y: Array, smooth: bool = True) -> None:
    """Draw colours (len(y), len(x), 3) behind everything else."""
    ax.imshow(
        pixels.astype(np.uint8), extent=extent(x, y), origin="lower", aspect="auto",
        interpolation="bilinear" if smooth else "nearest", zorder=0,
    )  # fmt: skip


def boundary(ax: Axes, theme: Theme, x: Array, y: Array, height: Array) -> None:
    """Draw the line at height 0 as a double line, seen on every background."""
    if min(height.shape) < 2 or not (np.nanmin(height) < 0 < np.nanmax(height)):
        return
    outer, inner = theme.boundary
    ax.contour(x, y, height, levels=[0.0], colors=[outer], linewidths=3.2, zorder=1)
    ax.contour(x, y, height, levels=[0.0], colors=[inner], linewidths=1.3, zorder=1)


def axis_of(ax: Axes, which: str, feature: Feature) -> None:
    """Label the ticks of an axis whose feature has choices in place of numbers."""
    axis = getattr(ax, f"{which}axis")
    if feature.kind == "category":
        shown = feature.choices[:_CHOICES]
        axis.set_ticks(range(len(shown)), [canvas.plain(str(c), 14) for c in shown])
    elif feature.kind == "boolean":
        axis.set_ticks([0, 1], ["0", "1"])


def points(ax: Axes, theme: Theme, data: Inputs, shown: Regions, y: Array, names: Sequence[str]) -> list[Any]:
    """Draw the rows with the marker of their class, paler the further they are from what is fixed; return the keys."""
    rows = some(data.size, MOST_POINTS)
    i, j = (data.number(f.name) for f in shown.features)
    across, up = (positions(f, data.column(k)[rows]) for f, k in zip(shown.features, (i, j), strict=True))
    crowded = len(np.unique(np.stack([across, up]), axis=1).T) < len(rows) / 2
    across, up = (
        _jittered(at, feature, crowded, seed)
        for seed, (at, feature) in enumerate(zip((across, up), shown.features, strict=True))
    )
    near = np.exp(-0.5 * distances(data, shown.fixed, rows) ** 2)
    alpha: Any = 0.2 + 0.75 * near if shown.fixed else np.full(len(rows), 0.95)
    size = 34 if len(rows) <= 100 else 20 if len(rows) <= 400 else 12
    keys = []
    for k, name in enumerate(names):
        style, mine = class_style(k, theme), y[rows] == k
        edge = "#000000" if style.outline else "#ffffff"
        look: dict[str, Any] = {"marker": style.marker, "c": style.colour, "edgecolors": edge, "linewidths": 0.6}
        keys.append(ax.scatter([], [], s=34, label=canvas.plain(name, 24), **look))
        if mine.any():
            ax.scatter(across[mine], up[mine], s=size, alpha=alpha[mine], zorder=3, **look)
    return keys


def _jittered(place: Array, feature: Feature, crowded: bool, seed: int) -> Array:
    """Move values that are choices apart, where they would hide each other."""
    if feature.kind == "number" or (feature.kind == "boolean" and not crowded):
        return place
    return np.asarray(place + np.random.default_rng(seed).uniform(-0.25, 0.25, len(place)))


def fixed_in_words(fixed: Mapping[str, Any], length: int = 48) -> str:
    """Return what the other features are held at, those named that fit into a line.

    >>> fixed_in_words({"age": 28.0, "sex": "female"})
    'at age = 28, sex = female'
    >>> fixed_in_words({f"x{i}": 0.0 for i in range(9)})
    'at x0 = 0, x1 = 0, x2 = 0 and 6 others'
    """
    words = [f"{name} = {f'{v:.4g}' if isinstance(v, float | np.floating) else v}" for name, v in fixed.items()]
    for most in range(min(3, len(words)), 0, -1):
        rest = len(words) - most
        text = f"at {', '.join(words[:most])}" + (f" and {rest} other{'s' if rest > 1 else ''}" if rest else "")
        if len(text) <= length or most == 1:
            return text
    return ""
