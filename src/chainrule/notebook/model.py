"""A model in a notebook: the table of its summary, and its network below."""

from __future__ import annotations

import html
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.models.summary import headers, rows, totals
from chainrule.notebook.tables import box, paragraph, table

_DRAWN = 1_000_000
"""Up to so many parameters the weights are drawn; beyond, the layers as boxes: a notebook should not wait."""


def card(model: Any) -> str:
    """Return a model as HTML."""
    if not model.built:
        return box(paragraph(f"Model {model.name}: not built yet; it gets its weights when it first sees data."))
    lines = [list(row) for row in rows(model)]
    numbers = "; ".join(f"{label.lower()}: {count}" for label, count in totals(model))
    title = f"<p><b>{html.escape(type(model).__name__)} {html.escape(model.name)}</b></p>"
    return box(title, table(headers(model), lines, right=[2]), paragraph(numbers), picture(model))


def picture(model: Any) -> str:
    """Return the network as SVG, or nothing where there is none to draw."""
    if model.count_params() <= _DRAWN:
        try:
            return str(model.plot()._repr_html_())
        except ChainruleError:  # does not run on a row of zeros: its layers can still be drawn
            pass
    if model._graph is None:
        return ""
    from chainrule.utils.diagram import model_to_dot

    return f"<div style='overflow-x:auto'>{model_to_dot(model)._repr_svg_()}</div>"
