"""`Observation`: the whole derivation of one row, and `Node`: one of its derivatives."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import UnknownNameError, unknown_name
from chainrule.glassbox import network, page, record
from chainrule.glassbox.ascii import to_ascii
from chainrule.glassbox.derive import forward, loss, paths, predict, update
from chainrule.glassbox.derive.backward import Backward
from chainrule.glassbox.derive.view import Options, View
from chainrule.glassbox.notation import Math, factor, times
from chainrule.glassbox.numeric import LIMIT, CheckResult, check
from chainrule.glassbox.page import Page, Section
from chainrule.glassbox.render.printable import Printable
from chainrule.glassbox.step import Step, take


class Observation(Printable):
    """One row of the data: forward pass, backward pass, update and check, as text, LaTeX, HTML or data.

    Args:
        runner: runs the model on copies.
        batch: the data.
        index: which row, from 0.
        options: how to write.
    """

    def __init__(self, runner: record.Runner, batch: record.Batch, index: int, options: Options) -> None:
        self.runner = runner
        self.index = index
        self.total = batch.rows
        self.options = options
        self.with_loss = batch.y is not None
        # Without batch statistics the rows do not know of each other: one row alone is all there is to see.
        self.batch = batch if runner.training else batch.take(slice(index, index + 1))
        self.row = index if runner.training else None

    @cached_property
    def view(self) -> View:
        """The recorded run."""
        recording = self.runner.record(self.batch, self.row, self.with_loss)
        return View(network.build(recording), self.options)

    @cached_property
    def backward(self) -> Backward:
        return Backward(self.view)

    @property
    def loss(self) -> float:
        """The loss of this observation."""
        return float(self.view.recording.loss)  # type: ignore[arg-type]

    @cached_property
    def gradients(self) -> dict[int, Array]:
        """The derivative with respect to each trainable variable that the loss depends on, by identity of the variable."""
        variables = self.view.network.variables
        return {
            key: self.view.gradients[id(q)]
            for key, q in variables.items()
            if q.variable.trainable and id(q) in self.view.gradients
        }

    # -- pages ----------------------------------------------------------------------------------------------------------

    @cached_property
    def page(self) -> Page:
        """The derivation as data."""
        view = self.view
        sections = [Section("Forward pass"), *forward.sections(view)]
        sections.append(Section("", [*predict.lines(view), *loss.forward(view)], level=2, notes=self._notes()))
        if self.with_loss:
            sections += [Section("Backward pass", rule=self._rule(), key="backward"), *self.backward.sections()]
            if self.view.recording.model.optimizer is not None:
                sections.append(self._update_section())
        return Page(self._title(), sections, self._foot())

    def _title(self) -> str:
        view, style = self.view, self.options.style
        title = f"Observation {self.index + 1} of {self.total}:  "
        parts = []
        for quantity in view.network.inputs:
            name = f"x[{quantity.owner}]" if len(view.network.inputs) > 1 else view.names.letters["x"]
            parts.append(f"{name} = {predict.listed(view.values(quantity), style)}")
        if self.with_loss:
            parts.append(predict.target_text(view))
        return title + ",  ".join(parts)

    def _notes(self) -> list[str]:
        notes = (
            [p.facts.note for p in self.backward.parts if p.facts is not None and p.facts.note]
            if self.with_loss
            else []
        )
        return list(dict.fromkeys([*predict.silent_layers(self.view), *notes]))

    def _rule(self) -> Math | None:
        view = self.view
        if view.names.layered:
            return Math(
                "the chain rule, from the loss back to the first layer",
                r"\text{the chain rule, from the loss back to the first layer}",
            )
        quantities = [b.out for b in view.network.blocks]  # type: ignore[attr-defined]
        if not all(hasattr(b, "out") for b in view.network.blocks) or not quantities:
            return None
        letters = [view.target, *(view.names.letter(q.kind) for q in reversed(quantities)), view.names.letter("w")]
        chain = [view.names.partial(a, b) for a, b in zip(letters, letters[1:], strict=False)]
        return Math(view.partial(letters[-1]).text + " = ", view.partial(letters[-1]).latex + " = ") + times(
            chain, spaced=True
        )

    def _foot(self) -> list[str]:
        digits = self.options.style.digits
        foot = [self.check().sentence()] if self.with_loss else []
        return [*foot, f"≈ rounded to {digits} decimals for display; all values computed from unrounded float64"]

    # -- update and check -----------------------------------------------------------------------------------------------

    @cached_property
    def step(self) -> Step:
        """What the compiled optimizer would do after this observation alone."""
        return take(self.runner, self.gradients)

    def _update_section(self) -> Section:
        after = self.runner.loss(self.batch, {k: self.step.after[k] for k in self.step.before}, self.row)
        return update.section(self.view, self.step, self.loss, after)

    def update(self) -> Derivation:
        """Return the update alone."""
        return Derivation(Page("", [self._update_section()]), self.options)

    def check(self, limit: int = LIMIT) -> CheckResult:
        """Compare the backward pass with central differences, on at most `limit` weights."""
        if limit == LIMIT:
            return self._check
        return check(self.runner, self.batch, self.gradients, self.row, limit)

    @cached_property
    def _check(self) -> CheckResult:
        return check(self.runner, self.batch, self.gradients, self.row)

    def node(self, name: str) -> Node:
        """Return one derivative with the paths its chain rule sums over.

        Args:
            name: a weight as printed (`"w₁₁⁽¹⁾"`, `"w11^(1)"`, `"w1"`, `"b"`) or as stored (`"dense/kernel[0, 0]"`).

        Raises:
            UnknownNameError: no weight has that name.
        """
        return Node(self, find_weight(self.view, name))


class Derivation(Printable):
    """A page by itself."""

    def __init__(self, content: Page, options: Options) -> None:
        self.page = content
        self.options = options


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
        """The chain of each path; with too many, the rows of the backward pass that lead to the weight."""
        view, style = self.view, self.options.style
        symbol = view.partial(view.symbol(self.number))
        if self.paths is None:
            quantity, _ = view.network.quantity_of(self.number)
            lines = [
                line
                for s in self.observation.backward.sections()
                for line in s.lines
                if not _is_other_weight(line, symbol)
            ]
            return Page(
                f"More than {paths.MAX_PATHS} paths lead to {view.symbol(self.number).text}:", [Section("", lines)]
            )
        lines = [
            chain(p, symbol if len(self.paths) == 1 else Math(f"path {i + 1}", rf"\text{{path {i + 1}}}"), style)
            for i, p in enumerate(self.paths)
        ]
        if len(lines) > 1:
            total = [factor(p.value, style) for p in self.paths]
            from chainrule.glassbox.notation import plus

            lines.append(
                page.scalar(
                    symbol,
                    Math("the sum over the paths", r"\text{the sum over the paths}"),
                    plus(total),
                    self.value,
                    style,
                )
            )
        return Page("", [Section("", lines)])

    def text(self, unicode: Any = None) -> str:
        """Return the chain on one line, or a line for each path."""
        if self.paths is None or len(self.paths) != 1:
            return super().text(unicode)
        line = next(self.page.lines())
        assert line.formula is not None and line.numbers is not None and line.shown is not None
        text = f"{line.symbol.text} = {line.formula.text} = {line.numbers.text} {line.relation} {line.shown.text}"
        return text if self._unicode(unicode) else to_ascii(text)

    def latex(self) -> str:
        """Return the forward pass and the chain with what each factor is written under it."""
        from chainrule.glassbox.render.latex import write_node

        return write_node(self)


def chain(path: paths.Path, symbol: Math, style: Any) -> page.Line:
    """Return `∂ℓ/∂p·∂p/∂h·∂h/∂w = (−0.7551)·0.2350·1 ≈ −0.1774`."""
    formula = times([link.symbol for link in path.links])
    numbers = times([factor(link.value, style) for link in path.links])
    return page.scalar(symbol, formula, numbers, path.value, style)


def _is_other_weight(line: page.Line, symbol: Math) -> bool:
    bottom = line.symbol.text.rpartition("/∂")[2]
    return bottom[:1] in ("w", "b", "W", "k") and line.symbol != symbol


def find_weight(view: View, name: str) -> int:
    """Return the id of the weight of this name."""
    wanted = _plain(name)
    known = []
    for quantity in view.network.variables.values():
        if not quantity.variable.trainable or quantity.tensor.size > 100_000:
            continue
        shape = quantity.tensor.shape
        for at, n in enumerate(view.network.ids[id(quantity.tensor)].ravel()):
            index = ",".join(str(int(i)) for i in np.unravel_index(at, shape)) if shape else ""
            names = {
                _plain(view.symbol(int(n)).text),
                _plain(view.symbol(int(n), short=True).text),
                f"{quantity.variable.path}[{index}]",
            }
            if wanted in names or name in names:
                return int(n)
            known.append(to_ascii(view.symbol(int(n)).text))
    error: UnknownNameError = unknown_name("weight", name, known[:200])
    raise error


def _plain(name: str) -> str:
    return to_ascii(name).replace("^", "").replace(" ", "")
