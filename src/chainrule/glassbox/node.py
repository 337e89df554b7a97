"""`Node`: one derivative, with every path of the chain rule that leads to it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from chainrule.errors import UnknownNameError, unknown_name
from chainrule.glassbox import page
from chainrule.glassbox.ascii import to_ascii
from chainrule.glassbox.derive import paths
from chainrule.glassbox.derive.view import View
from chainrule.glassbox.notation import Math, factor, plus, times
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.page import Line, Page, Section
from chainrule.glassbox.render.printable import Printable

if TYPE_CHECKING:
    from chainrule.glassbox.observation import Observation

_LARGE = 100_000
_SUM = Math("the sum over the paths", r"\text{the sum over the paths}")


class Node(Printable):
    """The derivative of one observation's loss with respect to one weight.

    Args:
        observation: where it belongs.
        number: id of the weight.
    """

    def __init__(self, observation: Observation, number: int) -> None:
        self.observation = observation
        self.options = observation.options
        self.number = number

    @property
    def view(self) -> View:
        """The recorded run."""
        return self.observation.view

    @property
    def value(self) -> float:
        """The derivative, unrounded."""
        return self.view.slope(self.number)

    @cached_property
    def paths(self) -> list[paths.Path] | None:
        """All paths, or None if there are more than 8."""
        return paths.Paths(self.view, self.observation.backward).to(self.number)

    @cached_property
    def page(self) -> Page:
        """The chain of each path; with too many, the layers from the loss down to the weight."""
        if self.paths is None:
            many, name = paths.MAX_PATHS, self.view.symbol(self.number).text
            title = f"More than {many} paths lead to {name}, so they are summed layer by layer:"
            return Page(title, [Section("", self.observation.backward.layer_by_layer(self.number))])
        style, symbol = self.view.style, self.view.partial(self.view.symbol(self.number))
        if len(self.paths) == 1:
            return Page("", [Section("", [chain(self.paths[0], symbol, style)])])
        names = [Math(f"path {i + 1}", rf"\text{{path {i + 1}}}") for i in range(len(self.paths))]
        lines = [chain(path, name, style) for path, name in zip(self.paths, names, strict=True)]
        values = plus([factor(path.value, style) for path in self.paths])
        return Page("", [Section("", [*lines, page.scalar(symbol, _SUM, values, self.value, style)])])

    def text(self, unicode: Any = None) -> str:
        """Return the chain on one line, or a line for each path."""
        if self.paths is None or len(self.paths) != 1:
            return super().text(unicode)
        line = next(self.page.lines())
        assert line.shown is not None
        parts = [p.text for p in (line.symbol, line.formula, line.numbers) if p is not None]
        text = f"{' = '.join(parts)} {line.relation} {line.shown.text}"
        return text if self._unicode(unicode) else to_ascii(text)

    def latex(self) -> str:
        """Return the forward pass, then the chain with a brace under each factor."""
        from chainrule.glassbox.render.latex import write_node

        return write_node(self)


def chain(path: paths.Path, symbol: Math, style: Style) -> Line:
    """Return `∂ℓ/∂p·∂p/∂h·∂h/∂w = (−0.7551)·0.2350·1 ≈ −0.1774`."""
    formula = times([link.symbol for link in path.links])
    numbers = times([factor(link.value, style) for link in path.links])
    return page.scalar(symbol, formula, numbers, path.value, style)


def find_weight(view: View, name: str) -> int:
    """Return the id of the weight of this name: as printed, in ASCII, or by its path in the model.

    Raises:
        UnknownNameError: there is none.
    """
    stored = _by_path(view, name)
    if stored is not None:
        return stored
    wanted, known = _plain(name), []
    for quantity in view.network.variables.values():
        if not quantity.variable.trainable or quantity.tensor.size > _LARGE:
            continue
        for n in view.network.ids[id(quantity.tensor)].ravel():
            full, short = view.symbol(int(n)).text, view.symbol(int(n), short=True).text
            if wanted in (_plain(full), _plain(short)):
                return int(n)
            known.append(to_ascii(full))
    error: UnknownNameError = unknown_name("weight", name, known[:200])
    raise error


def _by_path(view: View, name: str) -> int | None:
    """Return the id of the weight named by its path, `dense/kernel[0, 1]`, or None; the model's name may be missing."""
    bare = name.replace(" ", "")
    path, _, index = bare.removesuffix("]").rpartition("[") if bare.endswith("]") else (bare, "", "")
    at = tuple(int(i) if i.isdecimal() else -1 for i in index.split(",")) if index else ()
    trained = [(q, q.variable.path.replace(" ", "")) for q in view.network.variables.values() if q.variable.trainable]
    exact = [q for q, known in trained if known == path]
    ending = [q for q, known in trained if path and known.endswith(f"/{path}")]
    for quantity in exact or (ending if len(ending) == 1 else []):
        shape = quantity.tensor.shape
        if len(at) == len(shape) and all(0 <= i < n for i, n in zip(at, shape, strict=True)):
            return int(view.network.ids[id(quantity.tensor)].reshape(shape)[at])
    return None


def _plain(name: str) -> str:
    return to_ascii(name).replace("^", "").replace(" ", "")
