"""Gradient flow: how much of the error arrives at each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import within
from chainrule.plot import canvas, numbers
from chainrule.plot.colours import Theme, class_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from chainrule.plot.arrays.flow import GradientFlow

_DASHES = ("-", "--", "-.", ":")
_MOST = 16
_USUAL = 1e-3


@within("plot.gradient_flow")
def gradient_flow(
    what: Any,
    x: Any = None,
    y: Any = None,
    *,
    rows: int | None = 1000,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw the norm of the gradient of each weight: bars for a model, lines over the steps for a recording.

    Beside the lines: how far a step moves each weight, as a share of its norm; around 0.001 is usual.

    Args:
        what: a recording, or a built and compiled model, which needs `x` and `y`.
        x, y: data; the gradient is that of its mean loss.
        rows: at most so many rows are used.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, kernel_initializer="ones", name="d")])
    >>> model.compile(loss="mse")
    >>> ax = gradient_flow(model, [[3.0]], [0.0])
    >>> [t.get_text() for t in ax.get_yticklabels()]
    ['d/kernel', 'd/bias']
    """
    shown = numbers.gradient_flow(what, x, y, rows=rows)
    if len(shown.steps) == 1:
        ax, look = canvas.begin(ax, theme, (5.6, min(1.2 + 0.32 * len(shown.names), 9.0)))
        _bars(ax, look, shown)
    else:
        ax, look = canvas.begin(ax, theme, (8.8, 3.4))
        _lines(ax, look, shown)
    return canvas.describe(ax, _sentence(shown))


def _bars(ax: Axes, theme: Theme, shown: GradientFlow) -> None:
    norms = shown.norms[-1]
    positive = norms[np.isfinite(norms) & (norms > 0)]
    floor = float(positive.min()) / 10 if positive.size else 1e-12
    places = np.arange(len(norms))
    known = np.isfinite(norms) & (norms > 0)
    ax.barh(places[known], norms[known] - floor, left=floor, height=0.62, color=theme.data)
    for k in places:
        text = f"{norms[k]:.2g}" if np.isfinite(norms[k]) else "not finite"
        ax.annotate(text, (max(norms[k], floor) if known[k] else floor, k), (4, 0), textcoords="offset points",
                    va="center", fontsize=canvas.TICK - 1, color=theme.muted, annotation_clip=False)  # fmt: skip
    ax.set_xlim(floor, (float(positive.max()) if positive.size else 1.0) * 4)
    canvas.logarithmic(ax, "x")
    ax.set_yticks(places, [canvas.plain(n, 28) for n in shown.names])
    ax.set_ylim(len(norms) - 0.4, -0.6)
    canvas.finish(ax, theme, title="gradient flow", x="norm of the gradient", grid="x")
    ax.tick_params(axis="y", length=0)


def _lines(ax: Axes, theme: Theme, shown: GradientFlow) -> None:
    kernels = [k for k, name in enumerate(shown.names) if not name.endswith("bias")] or list(range(len(shown.names)))
    chosen = kernels[:_MOST]
    both = int(np.isfinite(shown.ratios).any(axis=1).sum()) > 1
    panels = canvas.panels(ax, theme, 2 if both else 1, 2)
    _draw(panels[0], theme, shown, shown.norms, chosen)
    canvas.finish(panels[0], theme, title="norm of the gradient", x="step", grid="y")
    if both:
        _draw(panels[1], theme, shown, shown.ratios, chosen)
        panels[1].axhline(_USUAL, color=theme.line, linestyle=":", linewidth=1)
        canvas.finish(panels[1], theme, title="change of a step / weight", x="step", grid="y")
    more = f" (first {_MOST} of {len(kernels)})" if len(kernels) > _MOST else ""
    canvas.side_legend(panels[-1], theme, f"weight, input first{more}")


def _draw(ax: Axes, theme: Theme, shown: GradientFlow, values: Array, chosen: list[int]) -> None:
    drawn = False
    for place, k in enumerate(chosen):
        line = np.where(np.isfinite(values[:, k]) & (values[:, k] > 0), values[:, k], np.nan)
        drawn = drawn or bool(np.isfinite(line).any())
        style = class_style(place, theme)
        dashes = _DASHES[place % len(_DASHES)]
        ax.plot(
            shown.steps,
            line,
            color=style.colour,
            linestyle=dashes,
            linewidth=1.5,
            label=canvas.plain(shown.names[k], 24),
        )
    if drawn:
        canvas.logarithmic(ax, "y")


def _sentence(shown: GradientFlow) -> str:
    last = shown.norms[-1]
    pairs = [f"{name} {norm:.2g}" for name, norm in list(zip(shown.names, last, strict=True))[:12]]
    when = "" if len(shown.steps) == 1 else f" at step {shown.steps[-1]}"
    return f"Norms of the gradients{when}: {', '.join(pairs)}."
