"""One derivative as a sum over paths: every way from a weight to the loss, each a product of local derivatives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chainrule.glassbox.derive import facts as f
from chainrule.glassbox.derive import loss as losses
from chainrule.glassbox.derive.backward import Backward
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.network import Activation, Affine, Steps, Units
from chainrule.glassbox.notation import Math, word

MAX_PATHS = 8


@dataclass
class Link:
    """One factor: the derivative of `top` with respect to `bottom`, what it is in symbols, and its value."""

    symbol: Math
    formula: Math | None
    value: float


@dataclass
class Path:
    """The factors from the loss down to the weight."""

    links: list[Link]

    @property
    def value(self) -> float:
        return float(np.prod([link.value for link in self.links]))


class Paths:
    """Finds the paths from the loss to a number.

    Args:
        view: the observation.
        backward: its backward pass, which knows the local derivatives.
    """

    def __init__(self, view: View, backward: Backward) -> None:
        self.view = view
        self.backward = backward
        self.counts: dict[int, int] = {}

    def to(self, n: int) -> list[Path] | None:
        """Return all paths to the weight of this id, or None if there are more than `MAX_PATHS`."""
        heads = self._weight_links(n)
        if heads is None or sum(self.count(h) for h, _ in heads) + bool(self._rest(n)) > MAX_PATHS:
            return None
        paths = [Path([*links, link]) for h, link in heads for links in self._down(h)]
        missing = self.view.slope(n) - sum(p.value for p in paths)
        if abs(missing) > 1e-12 * max(1.0, abs(self.view.slope(n))):
            paths.append(Path([self._rest(n) or Link(word("through the other rows"), None, missing)]))
        return paths

    def count(self, n: int) -> int:
        """Return how many ways lead from the loss to a number; counting ends where there are too many to be listed."""
        if n not in self.counts:
            found = int(bool(self._rest(n)))
            for m, _ in self._edges(n):
                found += self.count(m) if found <= MAX_PATHS else 0
            self.counts[n] = found
        return self.counts[n]

    # -- one step -----------------------------------------------------------------------------------------------------

    def _symbol(self, top: int, bottom: int) -> Math:
        return self.view.names.partial(self.view.symbol(top, short=True), self.view.symbol(bottom, short=True))

    def _weight_links(self, n: int) -> list[tuple[int, Link]] | None:
        """Return the last factor of each path, `∂h/∂w = x`, with the unit it belongs to."""
        view = self.view
        quantity, at = view.network.quantity_of(n)
        found: list[tuple[int, Link]] = []
        for block in view.network.blocks:
            if isinstance(block, Steps) and quantity in block.variables:
                found += [(m, Link(self._symbol(m, n), None, s)) for m, s in self.backward.local.links(block, n)]
            if isinstance(block, Affine) and quantity is block.kernel:
                i, j = np.unravel_index(at, quantity.tensor.shape)
                source, out = view.ids_of(block.source), view.ids(block.out)
                if source.ndim != 1:
                    return None
                found.append(
                    (
                        int(out[j]),
                        Link(self._symbol(int(out[j]), n), view.symbol(int(source[i])), view.value(int(source[i]))),
                    )
                )
            elif isinstance(block, Affine) and quantity is block.bias:
                out = view.ids(block.out)
                if out.ndim != 1:
                    return None
                found.append((int(out[at]), Link(self._symbol(int(out[at]), n), Math("1", "1"), 1.0)))
        return found

    def _edges(self, n: int) -> list[tuple[int, Link]]:
        """Return the numbers computed from this one, each with the local derivative."""
        view, found = self.view, []
        for block in view.network.blocks:
            if isinstance(block, Steps):
                links = self.backward.local.links(block, n)
                found += [(m, Link(self._symbol(m, n), None, slope)) for m, slope in links]
            if not isinstance(block, Units) or view.ids_of(block.source).ndim != 1:
                continue
            source, out = view.ids_of(block.source), view.ids(block.out)
            for i in np.flatnonzero(source == n):
                if isinstance(block, Affine):
                    kernel = view.network.ids[id(block.kernel.tensor)]
                    for j, m in enumerate(out):
                        w = int(kernel[i, j])
                        found.append((int(m), Link(self._symbol(int(m), n), view.symbol(w), view.value(w))))
                elif isinstance(block, Activation):
                    found += self._activation_edges(block, int(i), out, n)
        return found

    def _activation_edges(self, block: Activation, i: int, out: np.ndarray, n: int) -> list[tuple[int, Link]]:
        view, found = self.view, []
        for k, slope in self.backward.local.outputs_of(block, i):
            formula = None
            if block.facts is not None and not block.facts.vector:
                symbols = {"h": view.symbol(n, short=True), "p": view.symbol(int(out[k]), short=True)}
                formula = f.derivative(block.facts, symbols)
            found.append((int(out[k]), Link(self._symbol(int(out[k]), n), formula, slope)))
        return found

    def _rest(self, n: int) -> Link | None:
        """Return the factor that leads to the loss at once: `∂ℓ/∂p`, or a penalty's."""
        view = self.view
        part = losses.part_of(self.backward.parts, n)
        through = self._through(n)
        value = view.slope(n) - through
        if part is not None:
            formula, _, _ = losses.slope(view, *part, value)
            return Link(view.partial(view.symbol(n, short=True)), formula, value)
        if view.penalized and abs(value) > 1e-12 * max(1.0, abs(view.slope(n))):
            omega = Math("Ω", r"\Omega")
            return Link(view.names.partial(omega, view.symbol(n, short=True)), None, value)
        return None

    def _through(self, n: int) -> float:
        quantity, _ = self.view.network.quantity_of(n)
        if quantity.variable is not None:
            links = self._weight_links(n) or []
            return sum(self.view.slope(h) * link.value for h, link in links)
        return sum(self.view.slope(m) * link.value for m, link in self._edges(n))

    def _down(self, n: int) -> list[list[Link]]:
        """Return the factors from the loss to this number, for every path."""
        found = [[*links, link] for m, link in self._edges(n) for links in self._down(m)]
        rest = self._rest(n)
        return [[rest], *found] if rest else found
