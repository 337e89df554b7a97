"""`Observation`: the whole derivation of one row, and `Node`: one of its derivatives."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from chainrule._typing import Array
from chainrule.glassbox import network, record
from chainrule.glassbox.derive import forward, loss, predict, update
from chainrule.glassbox.derive.backward import Backward
from chainrule.glassbox.derive.view import Options, View
from chainrule.glassbox.network import Units
from chainrule.glassbox.node import Node, find_weight
from chainrule.glassbox.notation import Math, times
from chainrule.glassbox.numeric import CheckResult, check
from chainrule.glassbox.page import Page, Section
from chainrule.glassbox.render.printable import Printable
from chainrule.glassbox.step import Step, take

if TYPE_CHECKING:
    from chainrule.glassbox.quiz import Quiz


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
        return self.view.recording.value

    @cached_property
    def gradients(self) -> dict[str, Array]:
        """The derivative with respect to each trainable variable that the loss depends on, by its path."""
        return self.view.by_path(self.view.learned)

    # -- pages --------------------------------------------------------------------------------------------------------

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
        return title + ",  ".join(filter(None, parts))

    def _notes(self) -> list[str]:
        notes = [p.note for p in self.backward.parts if p.note] if self.with_loss else []
        return list(dict.fromkeys([*predict.silent_layers(self.view), *notes]))

    def _rule(self) -> Math | None:
        view = self.view
        if view.names.layered:
            return Math(
                "the chain rule, from the loss back to the first layer",
                r"\text{the chain rule, from the loss back to the first layer}",
            )
        quantities = [b.out for b in view.network.blocks if isinstance(b, Units)]
        if not quantities or len(quantities) < len(view.network.blocks):
            return None
        letters = [view.target, *(view.names.letter(q.kind) for q in reversed(quantities)), view.names.letter("w")]
        chain = [view.names.partial(a, b) for a, b in pairwise(letters)]
        return Math(view.partial(letters[-1]).text + " = ", view.partial(letters[-1]).latex + " = ") + times(
            chain, spaced=True
        )

    def _foot(self) -> list[str]:
        digits = self.options.style.digits
        foot = [self.check().sentence()] if self.with_loss else []
        return [*foot, f"≈ rounded to {digits} decimals for display; all values computed from unrounded float64"]

    # -- update and check ---------------------------------------------------------------------------------------------

    @cached_property
    def step(self) -> Step:
        """What the compiled optimizer would do after this observation alone."""
        return take(self.runner, self.view.learned)

    def _update_section(self) -> Section:
        after = self.runner.loss(self.batch, self.step.stand_ins, self.row)
        return update.section(self.view, self.step, self.loss, after)

    def update(self) -> Derivation:
        """Return the update alone."""
        return Derivation(Page("", [self._update_section()]), self.options)

    def check(self, limit: int | None = None) -> CheckResult:
        """Compare the backward pass with central differences, on at most `limit` weights (200 by default)."""
        if limit is None:
            return self._check
        return check(self.runner, self.batch, self.view.learned, self.row, limit)

    @cached_property
    def _check(self) -> CheckResult:
        return check(self.runner, self.batch, self.view.learned, self.row, self.options.checked)

    def quiz(self, blanks: int = 5, seed: int = 0) -> Quiz:
        """Return the derivation with blanks to work out by hand.

        Args:
            blanks: how many numbers are hidden.
            seed: which ones.

        Returns:
            A `Quiz`: it prints, `.check({"A": 0.62})` judges answers, `.hint("A")` names the rule, `.html()` is a page
            to fill in.
        """
        from chainrule.glassbox.quiz import Quiz

        return Quiz(self, blanks, seed)

    def diagram(self, gradients: bool = False, labels: str = "auto", digits: int | None = None, ax: Any = None) -> Any:
        """Return the network with this observation's numbers in its units.

        Args:
            gradients: lines show `∂ℓ/∂w` in place of weights, units `∂ℓ/∂h`; a dot stands for what was not computed.
            labels: what stands at the lines: `'both'`, `'values'`, `'symbols'`, `'none'`; `'auto'`: what there is room
                for.
            digits: decimals; those of the trace by default.
            ax: axes of matplotlib to draw on.

        Returns:
            A `Diagram`, which notebooks show and `.save("net.svg")` writes; or `ax` if axes were given.
        """
        from chainrule.diagram.diagram import of_view

        return of_view(self.view, values=True, gradients=gradients, labels=labels, digits=digits, ax=ax)

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
        self.content = content
        self.options = options

    @property
    def page(self) -> Page:
        """The lines."""
        return self.content
