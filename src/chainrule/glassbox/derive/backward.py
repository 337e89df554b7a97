"""The backward pass: the chain rule from the loss to every weight, with the numbers put in."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox import page
from chainrule.glassbox.derive import facts as f
from chainrule.glassbox.derive import fused, matrix, penalties, steps
from chainrule.glassbox.derive import loss as losses
from chainrule.glassbox.derive import uses as by_use
from chainrule.glassbox.derive.local import Local
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Affine, Block, Quantity, Steps
from chainrule.glassbox.notation import Math, factor, join, number, plus, times, word
from chainrule.glassbox.page import Line, Section


@dataclass
class Term:
    """One summand of a derivative: in symbols, in numbers, and its value."""

    formula: Math
    numbers: Math
    value: float
    note: str = ""


class Backward:
    """Writes the backward pass of one observation.

    Args:
        view: the observation.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.parts = losses.parts(view)
        self.local = Local(view)

    def sections(self) -> list[Section]:
        """Return one section per layer, the last layer first (one in all if there is only one layer)."""
        view = self.view
        found: list[Section] = []
        written: set[int] = set()
        for block in reversed(view.network.blocks):
            lines = self._outputs(block, written) + self._block(block)
            title = view.title(block) if view.names.layered else ""
            if found and found[-1].key == str(block.number):
                found[-1] = Section(title, found[-1].lines + lines, level=2, key=found[-1].key)
            else:
                found.append(Section(title, lines, level=2, key=str(block.number)))
        return found

    # -- derivatives with respect to what a block puts out ------------------------------------------------------------

    def _outputs(self, block: Block, written: set[int]) -> list[Line]:
        lines: list[Line] = []
        for out in block.made:
            if id(out) in written:
                continue
            written.add(id(out))
            lines += self.gradient_lines(out) if self.view.is_small(out) else matrix.gradient(self.view, out, self)
        return lines

    def gradient_lines(self, quantity: Quantity) -> list[Line]:
        """Return `∂ℓ/∂a₁ = ∂ℓ/∂h·w₁ + ...` for each number of a small quantity."""
        view = self.view
        lines = []
        for n in view.ids(quantity):
            terms = self.terms(int(n))
            lines.append(self._sum(view.partial(view.symbol(n)), terms, view.slope(n)))
        return lines + fused.lines(view, self.parts, quantity)

    def _sum(self, symbol: Math, terms: list[Term], value: float) -> Line:
        style = self.view.style
        if not terms:
            return page.scalar(symbol, None, None, value, style)
        if abs(value) <= 1e-14 * max(abs(t.value) for t in terms):
            value = 0.0  # the terms cancel; what is left is rounding
        formula, note = plus([t.formula for t in terms]), "; ".join(t.note for t in terms if t.note)
        if len(terms) == 1 and terms[0].numbers.text == "":
            return page.scalar(symbol, formula, None, value, style, note)
        return page.scalar(symbol, formula, plus([t.numbers for t in terms]), value, style, note)

    def terms(self, n: int) -> list[Term]:
        """Return the summands of the derivative with respect to the number of this id: one for each way it is used."""
        found: list[Term] = []
        for block in self.view.network.blocks:
            if isinstance(block, Affine):
                found += self._through_affine(block, n)
            elif isinstance(block, Activation):
                found += self._through_activation(block, n)
            elif isinstance(block, Steps):
                found += self._through_steps(block, n)
        return found + self._direct(n, sum(t.value for t in found))

    def _through_affine(self, block: Affine, n: int) -> list[Term]:
        view, found = self.view, []
        kernel, out = view.network.ids[id(block.kernel.tensor)], view.ids(block.out)
        source = view.ids_of(block.source)
        if source.ndim != 1:
            return self._through_steps(block, n)
        for i in np.flatnonzero(source == n):
            for j, h in enumerate(out):
                w = kernel[i, j]
                found.append(
                    self._product([(view.partial(view.symbol(h)), view.slope(h)), (view.symbol(w), view.value(w))])
                )
        return found

    def _product(self, factors: list[tuple[Math, float]]) -> Term:
        view = self.view
        formula = times([m for m, _ in factors], spaced=True)
        numbers = times([factor(v, view.style) for _, v in factors])
        return Term(formula, numbers, float(np.prod([v for _, v in factors])))

    def _through_activation(self, block: Activation, n: int) -> list[Term]:
        view = self.view
        source = view.ids_of(block.source)
        if source.ndim != 1:
            return self._through_steps(block, n)
        at = np.flatnonzero(source == n)
        if not at.size:
            return []
        out, j, found = view.ids(block.out), int(at[0]), []
        for k, slope in self.local.outputs_of(block, j):
            inner = (view.names.partial(view.symbol(out[k]), view.symbol(n)), slope)
            found.append(self._product([(view.partial(view.symbol(out[k])), view.slope(out[k])), inner]))
        return found

    def _through_steps(self, block: Block, n: int) -> list[Term]:
        """What comes back through ops that are shown one by one: by their local derivatives, or as one number."""
        view, found = self.view, []
        total = steps.pulled_back(view, block).get(n)
        if total is None:
            return []
        for m, slope in self.local.links(block, n) if isinstance(block, Steps) else []:
            inner = (view.names.partial(view.symbol(m), view.symbol(n)), slope)
            found.append(self._product([(view.partial(view.symbol(m)), view.slope(m)), inner]))
        rest = total - sum(t.value for t in found)
        if not found or abs(rest) > 1e-12 * max(1.0, abs(total)):
            name = getattr(block.layer, "name", "") or "ops"
            words = f"back through {name}" if not found else "back through the other rows"
            found.append(Term(word(words), factor(rest, view.style), rest))
        return found

    def _direct(self, n: int, rest: float) -> list[Term]:
        """What the loss and the penalties contribute without a layer between."""
        view = self.view
        found = losses.part_of(self.parts, n)
        value = view.slope(n) - rest
        if found is not None:
            formula, numbers, note = losses.slope(view, *found, value)
            alone = Math("", "") if not rest else factor(value, view.style)
            return [Term(formula, alone if numbers is None else numbers, value, note)]
        quantity, at = view.network.quantity_of(n)
        penalty = penalties.slope(view, quantity, at, value)
        if penalty is not None:
            return [Term(*penalty, value)]
        if abs(value) > 1e-12 * max(1.0, abs(view.slope(n))) and view.penalized:
            return [Term(view.names.partial(penalties.OMEGA, view.symbol(n)), factor(value, view.style), value)]
        return []

    # -- inside a block -----------------------------------------------------------------------------------------------

    def _block(self, block: Block) -> list[Line]:
        if isinstance(block, Steps):
            return by_use.backward(self.view, block)
        if not self.view.is_scalar(block):
            return matrix.backward(self.view, block)
        if isinstance(block, Activation):
            return self._slopes(block)
        return self._weights(block) if isinstance(block, Affine) else []

    def _slopes(self, block: Activation) -> list[Line]:
        """`∂p/∂h = p(1 − p) = 0.6225·(1 − 0.6225)`, one line per unit; one matrix for a function of vectors."""
        view = self.view
        source, out = view.ids_of(block.source), view.ids(block.out)
        if self.local.mixes(block):
            return self._mixed_slopes(block, source, out)
        lines, slopes = [], self.local.slopes(block)
        for k, n in enumerate(source):
            symbols = {"h": view.symbol(n), "p": view.symbol(out[k])}
            symbol = view.names.partial(symbols["p"], symbols["h"])
            formula, numbers, note = None, None, ""
            if block.facts is not None:
                formula, h = f.derivative(block.facts, symbols), view.value(n)
                numbers, note = f.put(
                    functools.partial(f.derivative_numbers, block.facts, symbols, view.style, h=h),
                    functools.partial(block.facts.slope, h=h),
                    slopes[k],
                )
            lines.append(page.scalar(symbol, formula, numbers, slopes[k], view.style, note))
        return lines

    def _mixed_slopes(self, block: Activation, source: Array, out: Array) -> list[Line]:
        view = self.view
        h, p = view.vector(source), view.vector(out)
        symbol = view.names.partial(_element(view, p, "i"), _element(view, h, "j"))
        formula = f.derivative(block.facts, {"h": h, "p": p}) if block.facts is not None else None
        return [matrix.array_line(symbol, formula, self.local.jacobian(block), view.style)]

    def _weights(self, block: Affine) -> list[Line]:
        """`∂ℓ/∂w₁ = ∂ℓ/∂h · x₁`, one line for each weight whose first use this is."""
        return [
            line
            for q in (block.kernel, block.bias)
            if q is not None and self._first_use(q, block)
            for line in self.variable(q)
        ]

    def _first_use(self, quantity: Quantity, block: Block) -> bool:
        return next(b for b in self.view.network.blocks if quantity in uses(b)) is block

    def variable(self, quantity: Quantity) -> list[Line]:
        """Return one line for each number of a variable; frozen ones get a dot."""
        view = self.view
        lines = []
        kernel = quantity.tensor.ndim == 2
        ids = view.network.ids[id(quantity.tensor)]
        for n in ids.T.ravel() if kernel else ids.ravel():
            symbol = view.partial(view.symbol(n))
            if not quantity.variable.trainable:
                lines.append(
                    Line(
                        symbol,
                        None,
                        None,
                        None,
                        Math("·", r"\cdot"),
                        True,
                        symbol.text,
                        "not computed: the layer is frozen",
                    )
                )
                continue
            lines.append(self._sum(symbol, self.weight_terms(quantity, int(n)), view.slope(n)))
        return lines

    def layer_by_layer(self, n: int) -> list[Line]:
        """Return the derivatives of whole layers from the loss down to this weight's, then the weight's own."""
        quantity, _ = self.view.network.quantity_of(n)
        lines: list[Line] = []
        for block in reversed(self.view.network.blocks):
            for out in block.made:
                lines += matrix.gradient(self.view, out, self, named=True)
            if quantity in uses(block):
                break
        terms = self.weight_terms(quantity, n)
        return [*lines, self._sum(self.view.partial(self.view.symbol(n)), terms, self.view.slope(n))]

    def weight_terms(self, quantity: Quantity, n: int) -> list[Term]:
        """Return the summands of the derivative with respect to one weight: one for each use of its layer."""
        found: list[Term] = []
        for block in self.view.network.blocks:
            if isinstance(block, Affine) and quantity in (block.kernel, block.bias):
                found += self._affine_weight(block, quantity, n)
            elif quantity in uses(block):
                found += self._through_steps(block, n)
        found += self._direct(n, sum(t.value for t in found))
        if len(found) == 1 and quantity.kind == "b":
            found[0].numbers = Math("", "")
        return found

    def _affine_weight(self, block: Affine, quantity: Quantity, n: int) -> list[Term]:
        """`∂ℓ/∂h · x` for a weight, `∂ℓ/∂h · 1` for a bias."""
        view = self.view
        if view.ids(block.out).ndim != 1:
            return [Term(word("the sum over all positions"), factor(view.slope(n), view.style), view.slope(n))]
        place = np.unravel_index(n - quantity.start, quantity.tensor.shape)
        h = view.ids(block.out)[place[-1]]
        slope = (view.partial(view.symbol(h)), view.slope(h))
        if quantity is block.bias:
            one = join([slope[0], number(1, view.style)], " · ", r" \cdot ")
            found = [Term(one, factor(slope[1], view.style), slope[1])]
        else:
            x = view.ids_of(block.source)[place[0]]
            found = [self._product([slope, (view.symbol(x), view.value(x))])]
        others = self._other_rows(block, quantity, place)
        if others:
            found.append(Term(word("through the other rows"), factor(others, view.style), others))
        return found

    def _other_rows(self, block: Affine, quantity: Quantity, place: tuple[np.intp, ...]) -> float:
        """Return what reaches this observation's loss through other rows: batch statistics tie them together."""
        gradients = self.view.gradients.get(id(block.out))
        if gradients is None or len(gradients) == 1:
            return 0.0
        slopes = np.delete(gradients[:, place[-1]], self.view.row)
        if quantity is block.bias:
            return float(slopes.sum())
        return float(slopes @ np.delete(block.source_tensor.value[:, place[0]], self.view.row))


def uses(block: Block) -> list[Quantity]:
    """Return the variables a block reads."""
    if isinstance(block, Affine):
        return [q for q in (block.kernel, block.bias) if q is not None]
    return list(block.variables) if isinstance(block, Steps) else []


def _element(view: View, name: Math, index: str) -> Math:
    from chainrule.formulas.notation import subscript

    return Math(name.text + (subscript(index) or index), f"{{{name.latex}}}_{{{index}}}")
