"""The short way through the last layer: softmax or sigmoid, with its crossentropy, gives `p − y`."""

from __future__ import annotations

import numpy as np

from chainrule.glassbox import page
from chainrule.glassbox.derive.loss import Part, part_of
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Quantity
from chainrule.glassbox.notation import Math, factor, number, times
from chainrule.glassbox.page import Line

_PAIRS = {
    "sigmoid": ("binary crossentropy",),
    "softmax": ("categorical crossentropy", "sparse categorical crossentropy"),
}
NOTE = "the same, in one step"


def lines(view: View, parts: list[Part], quantity: Quantity) -> list[Line]:
    """Return `∂ℓ/∂h = p − y` for each number of a quantity that such a pair follows; nothing where it does not hold."""
    block = next((b for b in view.network.blocks if isinstance(b, Activation) and _takes(view, b, quantity)), None)
    if block is None or block.name not in _PAIRS:
        return []
    found = part_of(parts, int(view.ids(block.out)[0]))
    if found is None or found[0].facts is None or found[0].facts.title not in _PAIRS[block.name]:
        return []
    part = found[0]
    made = [_line(view, part, block, k, int(n)) for k, n in enumerate(view.ids(quantity))]
    return [line for line in made if line is not None] if all(made) else []


def _takes(view: View, block: Activation, quantity: Quantity) -> bool:
    return np.array_equal(view.ids_of(block.source), view.ids(quantity))


def _line(view: View, part: Part, block: Activation, k: int, n: int) -> Line | None:
    p = view.ids(block.out)[k]
    target = _target(view, part, k)
    scale = part.scale / part.share * (1.0 if part.single else float(part.record.factor or 1.0))
    if abs(scale * (view.value(p) - target[1]) - view.slope(n)) > 1e-9 * max(1.0, abs(view.slope(n))):
        return None
    formula = Math(f"{view.symbol(p).text} − {target[0].text}", f"{view.symbol(p).latex} - {target[0].latex}")
    values = number(view.value(p), view.style), factor(target[1], view.style)
    numbers = Math(f"{values[0].text} − {values[1].text}", f"{values[0].latex} - {values[1].latex}")
    if scale != 1:
        lead = factor(scale, view.style)
        formula, numbers = (times([lead, Math(f"({m.text})", f"({m.latex})")]) for m in (formula, numbers))
    return page.scalar(view.partial(view.symbol(n)), formula, numbers, view.slope(n), view.style, NOTE)


def _target(view: View, part: Part, k: int) -> tuple[Math, float]:
    """Return the target of output `k` after smoothing, and its symbol; for a class number that is 1 or 0."""
    assert part.facts is not None
    if part.sparse:
        hit = float(k == int(part.y))
        return number(hit, view.style), hit
    y = float(part.y[k])
    smoothing = float(part.facts.constants.get("s", 0.0))
    symbol = view.names.unit("y", k, part.layer, len(part.ids))
    if not smoothing:
        return symbol, y
    share = 0.5 if not part.facts.vector else 1 / len(part.ids)
    return Math(symbol.text.replace("y", "t"), symbol.latex.replace("y", "t")), y * (1 - smoothing) + smoothing * share
