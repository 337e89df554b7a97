"""What the model decides: ŷ from p, and how inputs and targets are told in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox import page
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Network
from chainrule.glassbox.notation import Math, word
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.page import Line

Y_HAT = Math("ŷ", r"\hat{y}")


@dataclass(frozen=True)
class Decision:
    """How an output becomes a class.

    Args:
        kind: `'threshold'` (one unit), `'each'` (several, each for itself), `'largest'` (a class of several), or `''`.
        threshold: what p (or h) must exceed.
        low, high: the two classes of a threshold.
    """

    kind: str = ""
    threshold: float = 0.5
    low: int = 0
    high: int = 1

    def of(self, outputs: Array) -> Array:
        """Return the classes of rows of outputs."""
        if self.kind == "largest":
            return np.asarray(np.argmax(outputs, axis=-1))
        return np.where(outputs > self.threshold, self.high, self.low)


def decision_of(network: Network, position: int = 0) -> Decision:
    """Return how an output is read: by its activation and its loss; regression has no classes."""
    out = network.outputs[position]
    loss = next((p.loss for p in network.recording.parts if p.position == position), None)
    name = str(getattr(loss, "name", ""))
    parameters = getattr(loss, "parameters", {})
    logits = bool(parameters.get("from_logits"))
    block = next((b for b in network.blocks if isinstance(b, Activation) and b.out is out), None)
    activation = block.name if block is not None else ""
    tensor = network.recording.outputs[position]
    if tensor.ndim != 2:
        return Decision()
    size = tensor.shape[-1]
    if activation in ("softmax", "log_softmax", "sparsemax") or "categorical" in name:
        return Decision("largest") if size > 1 else Decision()
    if name in ("hinge", "squared_hinge"):
        y = np.concatenate([np.asarray(p.y).ravel() for p in network.recording.parts if p.position == position])
        signed = bool(np.any(y == -1))
        return Decision("threshold" if size == 1 else "each", 0.0, -1 if signed else 0)
    if activation in ("sigmoid", "hard_sigmoid") or name.startswith("binary"):
        return Decision("threshold" if size == 1 else "each", 0.0 if logits else 0.5)
    return Decision()


def lines(view: View) -> list[Line]:
    """Return the line of ŷ for each output that is read as a class."""
    found = []
    for position, out in enumerate(view.network.outputs):
        decision = decision_of(view.network, position)
        if out is None or not decision.kind or len(out.shape) != 1:
            continue
        several = len(view.network.outputs) > 1
        raised = view.names._raised(out.layer) if several else Math("", "")
        values = view.values(out)
        if decision.kind == "each":
            for k, n in enumerate(view.ids(out)):
                symbol = view.names.unit("ŷ", k, out.layer if several else None, out.size)
                found.append(_threshold_line(view, symbol, int(n), decision))
        elif decision.kind == "threshold":
            found.append(_threshold_line(view, Y_HAT + raised, int(view.ids(out)[0]), decision))
        else:
            letter = view.whole(out)
            k = int(np.argmax(values))
            formula = Math(
                f"the class of the largest {letter.text.lower()}", rf"\text{{the class of the largest }} {letter.latex}"
            )
            shown = word(class_name(view, k))
            found.append(Line(Y_HAT + raised, formula, None, float(k), shown, True, "ŷ"))
    return found


def _threshold_line(view: View, symbol: Math, n: int, decision: Decision) -> Line:
    p, limit = view.symbol(n), view.style.number(decision.threshold)
    low, high = view.style.number(decision.low), view.style.number(decision.high)
    formula = Math(
        f"{high} if {p.text} > {limit} else {low}",
        rf"{high} \text{{ if }} {p.latex} > {limit} \text{{ else }} {low}".replace("−", "-"),
    )
    value = float(decision.of(np.asarray(view.value(n))))
    note = "exactly on the threshold" if view.value(n) == decision.threshold else ""
    return page.scalar(symbol, formula, None, value, view.style, note)


def class_name(view: View, k: int) -> str:
    """Return the name of class `k`, or its number."""
    names = view.options.class_names
    return names[k] if 0 <= k < len(names) else str(k)


def listed(values: Any, style: Style, most: int = 8) -> str:
    """Return an observation's numbers: `(1, 0)`; one by itself without parentheses."""
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        return str(array.tolist())
    flat = array.ravel()
    if flat.size == 1 and array.ndim <= 1:
        return style.number(float(flat[0]))
    if flat.size > most:
        shape = "×".join(map(str, array.shape)) if array.ndim > 1 else str(flat.size)
        first = ", ".join(style.number(float(v)) for v in flat[:3])
        return f"({first}, …, {style.number(float(flat[-1]))})  {shape} numbers"
    return "(" + ", ".join(style.number(float(v)) for v in flat) + ")"


def target_text(view: View) -> str:
    """Return `y = 1`, for several outputs one after another."""
    parts = []
    for part in view.recording.parts:
        y = np.asarray(part.y)
        out = view.network.outputs[part.position]
        several = len(view.network.outputs) > 1
        symbol = view.names.unit("y", None, out.layer if several and out is not None else None)
        shown = listed(y[0] if y.ndim else y, view.style)
        names = view.options.class_names
        value = y.ravel()[0] if y.size == 1 else -1
        if names and y.size == 1 and float(value).is_integer() and 0 <= int(value) < len(names):
            shown += f" ({names[int(value)]})"
        parts.append(f"{symbol.text} = {shown}")
    return ",  ".join(parts)


def silent_layers(view: View) -> list[str]:
    """Return a remark for each layer that passes its input through, such as dropout outside of training."""
    from chainrule.layers.random_layer import RandomLayer

    heard = {id(b.layer) for b in view.network.blocks}
    idle = [
        layer
        for layer in view.recording.model._flatten_layers()
        if isinstance(layer, RandomLayer) and id(layer) not in heard
    ]
    return [
        f"{layer.name} ({type(layer).__name__}) passes its input through: it acts only while training" for layer in idle
    ]
