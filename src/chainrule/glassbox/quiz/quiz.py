"""`Quiz`: a derivation with blanks, for working out by hand; answers are checked to the digits shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chainrule.errors import DataError, unknown_name
from chainrule.glassbox.ascii import to_ascii
from chainrule.glassbox.page import Page
from chainrule.glassbox.quiz import rules
from chainrule.glassbox.quiz.blanks import Blank, blanked, choose
from chainrule.glassbox.quiz.verdict import Answer, Verdict
from chainrule.glassbox.render.printable import Printable
from chainrule.glassbox.render.text import write

if TYPE_CHECKING:
    from chainrule.glassbox.observation import Observation


class Quiz(Printable):
    """The page of one observation with some of its numbers hidden.

    Args:
        observation: a row of a trace.
        blanks: how many numbers to hide; fewer where the page has not so many.
        seed: which ones.

    Raises:
        DataError: an impossible number of blanks.

    >>> import numpy as np, chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    >>> model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    >>> model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    >>> quiz = cr.trace(model, np.array([[1.0, 0.0]]), np.array([1.0]))[0].quiz(blanks=2, seed=3)
    >>> [blank.symbol for blank in quiz.blanks]
    ['p', '∂ℓ/∂p']
    >>> quiz.check({"A": 0.6225, "dl/dp": 0.7551})
    ✓ A  p = 0.6225  right
    ✗ B  ∂ℓ/∂p = 0.7551  the size is right, the sign is not. Think of the derivative of the loss with respect to ...
    1 of 2 right
    """

    def __init__(self, observation: Observation, blanks: int = 5, seed: int = 0) -> None:
        self.observation = observation
        self.options = observation.options
        self.seed = seed
        self.blanks: list[Blank] = choose(observation.page, blanks, seed)

    @cached_property
    def page(self) -> Page:
        """The derivation with a mark where each hidden number would stand."""
        return blanked(self.observation.page, self.blanks)

    def text(self, unicode: Any = None) -> str:
        """Return the page with marks, and below it what is to be filled in."""
        last = self.blanks[-1].name
        names = f"A to {last}" if len(self.blanks) > 1 else "A"
        example = ", ".join(f'"{b.name}": ...' for b in self.blanks[:2])
        task = f'Work out {names}: quiz.check({{{example}}}); quiz.hint("A"), quiz.solution()'
        return f"{write(self.page, self._unicode(unicode))}\n\n{task}"

    def html(self, full: bool = False) -> str:
        """Return a page to fill in: it marks answers as right or not yet without any script.

        Raises:
            MissingExtraError: latex2mathml is not installed.
        """
        from chainrule.glassbox.quiz import html

        return html.write(self, full)

    def to_dict(self) -> dict[str, Any]:
        """Return the blanks and the page as plain data, without the values asked for."""
        blanks = [
            {"name": b.name, "symbol": b.symbol, "decimals": b.decimals, "hint": self.hint(b.name)} for b in self.blanks
        ]
        page: dict[str, Any] = super().to_dict()
        own = {b.mark for b in self.blanks}
        for section in page["sections"]:
            for line in section["lines"]:
                if line["shown"] is not None and any(mark in line["shown"] for mark in own):
                    line["value"] = None
        return {"blanks": blanks, **page}

    # -- answers ------------------------------------------------------------------------------------------------------

    def check(self, answers: Any, value: Any = None) -> Verdict:
        """Compare answers with the numbers, to one in the last digit shown.

        Args:
            answers: a dict of letters (or symbols, `"dl/dw1"`) and numbers; or one letter, with `value`.
            value: the number, if `answers` is a letter.

        Raises:
            UnknownNameError: no blank has this name.
            DataError: an answer is not a number.
        """
        given = answers if isinstance(answers, Mapping) else {answers: value}
        found = {self._find(name).name: _number(name, v) for name, v in given.items()}
        asked = self.blanks if isinstance(answers, Mapping) else [b for b in self.blanks if b.name in found]
        return Verdict(tuple(self._judge(b, found.get(b.name)) for b in asked), len(asked))

    def hint(self, name: str) -> str:
        """Return the rule that a blank follows from."""
        return rules.hint(self._find(name), self._loss)

    def solution(self) -> Verdict:
        """Return all numbers."""
        answers = [Answer(b.name, b.symbol, b.value, True, f"shown as {b.shown}") for b in self.blanks]
        return Verdict(tuple(answers), len(answers))

    @property
    def _loss(self) -> str:
        return self.observation.view.target.text

    def _judge(self, blank: Blank, given: float | None) -> Answer:
        if given is None:
            return Answer(blank.name, blank.symbol, None, False, "not answered yet")
        ok = abs(given - blank.value) <= blank.tolerance
        words = "right" if ok else rules.diagnosis(blank, given, self._loss)
        return Answer(blank.name, blank.symbol, given, ok, words)

    def _find(self, name: Any) -> Blank:
        wanted = to_ascii(str(name)).replace("^", "").replace(" ", "")
        for blank in self.blanks:
            if wanted.upper() == blank.name or wanted == to_ascii(blank.symbol).replace("^", "").replace(" ", ""):
                return blank
        raise unknown_name("blank", name, [w for b in self.blanks for w in (b.name, to_ascii(b.symbol))])


def _number(name: Any, value: Any) -> float:
    try:
        found = float(str(value).strip().replace("−", "-").replace(",", "."))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise DataError(f"quiz: the answer for {name!r} must be a number, but is {value!r}.")
    return found
