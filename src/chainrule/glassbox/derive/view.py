"""`View`: one observation of a recorded run, with the symbol, value and derivative of every number in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox import notation
from chainrule.glassbox.functions import activation_of
from chainrule.glassbox.network import Activation, Affine, Block, Network, Quantity, Steps
from chainrule.glassbox.notation import Math, Names
from chainrule.glassbox.numbers import Style
from chainrule.utils.naming import unique_paths

SMALL = 8


@dataclass(frozen=True)
class Options:
    """What a reader asked for; see `chainrule.trace`. `checked`: so many weights are compared with differences."""

    style: Style
    notation: str = "lecture"
    form: str = "auto"
    unicode: Any = "auto"
    feature_names: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    rows: int | None = None
    checked: int | None = None


class View:
    """One observation: `row` of the network's recorded batch.

    Args:
        network: the blocks.
        options: how to write.
    """

    def __init__(self, network: Network, options: Options) -> None:
        self.network = network
        self.recording = network.recording
        self.row = network.recording.row
        self.options = options
        self.style = options.style
        self.names = Names(options.notation, layered=network.layers > 1)

    # -- the target ---------------------------------------------------------------------------------------------------

    @property
    def penalized(self) -> bool:
        """Whether the loss is more than that of the data."""
        return bool(self.recording.penalties)

    @property
    def target(self) -> Math:
        """The symbol of what is differentiated."""
        return self.names.total() if self.penalized else self.names.loss()

    def partial(self, bottom: Math, top: Math | None = None) -> Math:
        return self.names.partial(self.target if top is None else top, bottom)

    @cached_property
    def gradients(self) -> dict[int, Array]:
        """The derivative of the loss with respect to each quantity, by identity; missing where there is none."""
        loss = self.recording.loss
        if loss is None:
            return {}
        spans = [q for q in self.network.spans if q.tensor.dtype.kind == "f"]
        found = self.recording.gradients(loss, [q.tensor for q in spans])
        return {id(q): g for q, g in zip(spans, found, strict=True) if g is not None}

    @cached_property
    def learned(self) -> dict[int, Array]:
        """The derivative with respect to each trainable variable that the loss depends on, by the variable's id."""
        found = self.network.variables.items()
        return {k: self.gradients[id(q)] for k, q in found if q.variable.trainable and id(q) in self.gradients}

    def by_path(self, values: dict[int, Array]) -> dict[str, Array]:
        """Return values of variables by the variables' paths; of two with one path the second is `path#2`."""
        paths = unique_paths([q.variable for q in self.network.variables.values()])
        return {paths[key]: value for key, value in values.items()}

    # -- single numbers -----------------------------------------------------------------------------------------------

    def ids(self, quantity: Quantity) -> Array:
        """Return the ids of this observation's part of a quantity."""
        return quantity.row(self.network.ids[id(quantity.tensor)], self.row)

    def ids_of(self, ids: Array) -> Array:
        """Return this observation's part of an array of ids of a whole batch."""
        return np.asarray(ids[self.row])

    def values(self, quantity: Quantity) -> Array:
        return quantity.row(quantity.tensor.value, self.row)

    def gradient(self, quantity: Quantity) -> Array:
        """Return the derivatives with respect to this observation's part; zeros if the loss does not depend on it."""
        found = self.gradients.get(id(quantity))
        return quantity.row(np.zeros(quantity.tensor.shape) if found is None else found, self.row)

    def oriented(self, quantity: Quantity, array: Array) -> Array:
        """Return an array of a variable's shape as the notation has it: textbooks write one row of W for each unit."""
        turned = quantity.kind == "w" and array.ndim == 2 and self.names.notation == "textbook"
        return array.T if turned else array

    def value(self, number: int) -> float:
        quantity, at = self.network.quantity_of(number)
        return float(quantity.tensor.value.flat[at])

    def slope(self, number: int) -> float:
        """Return the derivative of the loss with respect to one number."""
        quantity, at = self.network.quantity_of(number)
        found = self.gradients.get(id(quantity))
        return 0.0 if found is None else float(found.flat[at])

    def symbol(self, number: int, short: bool = False) -> Math:
        """Return the symbol of one number; `short` drops the layer where nothing else has that name."""
        quantity, at = self.network.quantity_of(number)
        full = self._symbol(quantity, at, quantity.layer)
        if short and quantity.layer is not None and self.names.layered:
            bare = self._symbol(quantity, at, None)
            if self._bare[bare.text] == 1 and bare.text != self.names.letters.get(quantity.kind, quantity.kind):
                return bare
        return full

    def _symbol(self, quantity: Quantity, at: int, layer: int | None) -> Math:
        shape = quantity.tensor.shape
        if quantity.variable is not None:
            index = tuple(int(i) for i in np.unravel_index(at, shape)) if shape else ()
            if not self.names.keras:
                index = tuple(i for i, n in zip(index, shape, strict=True) if n > 1)
            return self.names.weight(quantity.kind, index, layer)
        inside = at - self.row * quantity.size if quantity.batched else at
        if quantity.kind == "x":
            inside += sum(q.size for q in self.network.inputs[: self.network.inputs.index(quantity)])
            return self.names.unit("x", inside, None, sum(q.size for q in self.network.inputs))
        if quantity.kind == "p" and self.names.notation != "textbook" and len(self.network.outputs) == 1:
            layer = None
        return self.names.unit(quantity.kind, inside, layer, quantity.size)

    @cached_property
    def _bare(self) -> Counter[str]:
        """How many numbers share each symbol once the layer is dropped."""
        found: Counter[str] = Counter()
        for q in self.network.spans:
            if q.size <= SMALL * SMALL and q.kind != "x":
                first = 0 if not q.batched else self.row * q.size
                found.update(self._symbol(q, at, None).text for at in range(first, first + q.size))
        return found

    def whole(self, quantity: Quantity) -> Math:
        """Return the symbol of a whole quantity."""
        layer = quantity.layer
        if quantity.kind == "x":
            several = len(self.network.inputs) > 1
            base = self.names.whole("x", None)
            return (
                base + Math(f"[{quantity.owner}]", rf"_{{\text{{{notation.escape(quantity.owner)}}}}}")
                if several
                else base
            )
        if quantity.kind == "p" and self.names.notation != "textbook" and len(self.network.outputs) == 1:
            layer = None
        return self.names.whole(quantity.kind, layer)

    def vector(self, ids: Array) -> Math:
        """Return the letter of a vector, for formulas of its elements: `h⁽²⁾` in `h⁽²⁾ᵢ`."""
        quantity, _ = self.network.quantity_of(int(ids[0]))
        if quantity.kind == "x":
            return self.names.letter("x")
        bare = quantity.kind == "p" and self.names.notation != "textbook" and len(self.network.outputs) == 1
        return self.names.unit(quantity.kind, None, None if bare else quantity.layer)

    # -- form ---------------------------------------------------------------------------------------------------------

    def small(self, ids: Array) -> bool:
        return ids.ndim == 1 and (self.options.form == "scalar" or (self.options.form == "auto" and ids.size <= SMALL))

    def is_scalar(self, block: Block) -> bool:
        """Whether a block is written number by number."""
        if isinstance(block, Affine | Activation):
            return self.small(self.ids_of(block.source)) and self.small(self.ids(block.out))
        return False

    def is_small(self, quantity: Quantity) -> bool:
        return self.small(self.ids(quantity))

    def title(self, block: Block) -> str:
        """Return the heading of a block's layer: `Layer 1  dense: Dense 2 → 3, tanh`."""
        layer = block.layer
        if layer is None:
            return f"Layer {block.number}  ops of the model"
        return f"Layer {block.number}  {layer.name}: {describe(self, block)}"


def describe(view: View, block: Block) -> str:
    """Return the class, widths and activation of a block's layer."""
    kind = type(block.layer).__name__
    if isinstance(block, Affine):
        name, _ = activation_of(block.layer)
        widths = f"{block.kernel.tensor.shape[0]} → {block.kernel.tensor.shape[1]}"
        return f"{kind} {widths}" + (f", {name}" if name and name != "linear" else "")
    if isinstance(block, Activation):
        return f"{kind} {block.name}" if block.name != kind.lower() else kind
    assert isinstance(block, Steps)
    return kind
