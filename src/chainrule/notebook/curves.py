"""A few curves over epochs as a small SVG."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from itertools import pairwise

from chainrule.plot.colours import TRAINING, VALIDATION
from chainrule.records import Record

_WIDTH, _HEIGHT = 520.0, 190.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 84.0, 14.0, 28.0


class Curve(Record):
    """A name, a value per epoch, and whether it is drawn as validation (dashed)."""

    name: str
    values: Sequence[float]
    validation: bool = False


def curves(shown: Sequence[Curve], title: str) -> str:
    """Return curves over epochs; numbers that are not finite leave a gap. Logarithmic where values span 100 times."""
    finite = [v for c in shown for v in c.values if math.isfinite(v)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    log = low > 0 and high / low > 100
    scale = math.log10 if log else float
    bottom, top = scale(low), scale(high)
    span = top - bottom or 1.0
    epochs = max(len(c.values) for c in shown)

    def place(epoch: int, value: float) -> tuple[float, float]:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * epoch / max(epochs - 1, 1)
        return x, _TOP + (_HEIGHT - _TOP - _BOTTOM) * (top - scale(value)) / span

    parts = [_frame(low, high, epochs, log)]
    ends = [place(len(c.values) - 1, c.values[-1])[1] if math.isfinite(c.values[-1]) else _TOP for c in shown]
    for curve, y in zip(shown, _apart(ends), strict=True):
        colour = VALIDATION if curve.validation else TRAINING
        dashes = " stroke-dasharray='6 4'" if curve.validation else ""
        path = _path([place(k, v) if math.isfinite(v) else None for k, v in enumerate(curve.values)])
        parts.append(f"<path d='{path}' fill='none' stroke='{colour}' stroke-width='2'{dashes}/>")
        parts.append(f"<text x='{_WIDTH - _RIGHT + 8:.0f}' y='{y + 4:.1f}'>{html.escape(curve.name)}</text>")
    said = "; ".join(f"{c.name} from {c.values[0]:.4g} to {c.values[-1]:.4g}" for c in shown)
    size = f"viewBox='0 0 {_WIDTH:.0f} {_HEIGHT:.0f}' width='{_WIDTH:.0f}' style='max-width:100%;height:auto'"
    font = "font-size='12' fill='currentColor' font-family='system-ui,sans-serif'"
    words = f"<title>{html.escape(title)}</title><desc>{html.escape(said)}</desc>"
    return f"<svg {size} role='img' {font}>{words}{''.join(parts)}</svg>"


def _frame(low: float, high: float, epochs: int, log: bool) -> str:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    lines = f"M{_LEFT},{_TOP}V{bottom}H{right}"
    words = [
        (_LEFT - 7, _TOP + 4, f"{high:.3g}", "end"),
        (_LEFT - 7, bottom + 2, f"{low:.3g}", "end"),
        (_LEFT, _HEIGHT - 8, "1", "middle"),
        (right, _HEIGHT - 8, str(epochs), "middle"),
        ((_LEFT + right) / 2, _HEIGHT - 8, "epoch" + (" (logarithmic scale)" if log else ""), "middle"),
    ]
    labels = "".join(
        f"<text x='{x:.0f}' y='{y:.0f}' text-anchor='{anchor}' fill-opacity='.75'>{text}</text>"
        for x, y, text, anchor in words
    )
    return f"<path d='{lines}' fill='none' stroke='currentColor' stroke-opacity='.4'/>{labels}"


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """Return a path with gaps; a lone point becomes a dot."""
    made, pen = [], False
    for k, point in enumerate(points):
        if point is None:
            pen = False
            continue
        made.append(f"{'L' if pen else 'M'}{point[0]:.1f},{point[1]:.1f}")
        if not pen and (k + 1 == len(points) or points[k + 1] is None):
            made.append("h.01")
        pen = True
    return "".join(made)


def _apart(ys: Sequence[float], least: float = 15.0) -> list[float]:
    """Return places for labels near where the curves end, none on another."""
    order = sorted(range(len(ys)), key=lambda k: ys[k])
    found = list(ys)
    for before, after in pairwise(order):
        if found[after] - found[before] < least:
            middle = (found[after] + found[before]) / 2
            found[before], found[after] = middle - least / 2, middle + least / 2
    return found
