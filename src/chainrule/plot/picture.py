"""Axes that a notebook shows by themselves, without pyplot."""

from __future__ import annotations

import io

from matplotlib.axes import Axes

_DPI = 144  # two dots for each of a screen's


class Picture(Axes):
    """Axes in a figure of their own; the last value of a notebook's cell is shown as their picture."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """Return the whole figure as PNG, and its width and height on the page."""
        figure, out = self.figure.figure, io.BytesIO()
        figure.savefig(out, format="png", dpi=_DPI, facecolor=figure.get_facecolor())
        width, height = figure.get_size_inches()
        return out.getvalue(), {"width": round(width * _DPI / 2), "height": round(height * _DPI / 2)}
