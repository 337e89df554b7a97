"""Hints: which rule a number follows from, and what a wrong answer looks like."""

from __future__ import annotations

from chainrule.glassbox.quiz.blanks import Blank

_UPDATE = "the update: the old weight minus the learning rate times its derivative, as the optimizer has it"


def rule(blank: Blank, loss: str) -> str:
    """Return the name of the rule that a line follows.

    Args:
        blank: the line.
        loss: the symbol of what is differentiated.
    """
    formula = blank.line.formula.text if blank.line.formula is not None else ""
    if blank.key == "update":
        return _UPDATE if blank.symbol != loss else "the loss once more, computed with the new weights"
    if blank.symbol.startswith("∂"):
        return _of_derivative(blank.symbol, formula, loss)
    if blank.symbol == loss or "y" in formula:
        return "the loss: how far the prediction is from the target"
    if "(" in formula and formula.index("(") <= 10 and not formula.startswith("("):
        return "the activation function, applied to the weighted sum"
    return "the weighted sum: each input times its weight, and the bias"


def _of_derivative(symbol: str, formula: str, loss: str) -> str:
    if "∂" in formula and " + " in formula:
        return "the chain rule over several paths: multiply along each path, add the paths up"
    if formula.endswith("· 1"):
        return "the chain rule; a bias adds to the sum as it is, so its own factor is 1"
    if "∂" in formula:
        return "the chain rule: the derivative that comes from behind, times the derivative of this step"
    if symbol.startswith(f"∂{loss}/"):
        return "the derivative of the loss with respect to the prediction"
    return "the derivative of the activation function"


def hint(blank: Blank, loss: str) -> str:
    """Return the rule with its formula: `p: the activation function, ...; p = σ(h)`."""
    name = rule(blank, loss)
    if blank.key == "update":
        return f"{name}; {blank.rule}" if blank.rule and blank.symbol != loss else name
    return f"{name}; {blank.symbol} = {blank.line.formula.text}" if blank.line.formula is not None else name


def diagnosis(blank: Blank, given: float, loss: str) -> str:
    """Return what is wrong with an answer, as far as the number tells, and the rule that helps."""
    near = blank.tolerance
    if abs(given + blank.value) <= near:
        return f"the size is right, the sign is not. Think of {hint(blank, loss)}"
    if _rounded_too_much(blank, given):
        return f"right as far as it goes, but {blank.decimals} decimals are asked for"
    for factor, words in ((2.0, "half of it: a factor 2 is missing"), (0.5, "twice as much: a factor 2 too many")):
        if blank.symbol.startswith("∂") and abs(given * factor - blank.value) <= near:
            return f"{words}. Think of {hint(blank, loss)}"
    return f"think of {hint(blank, loss)}"


def _rounded_too_much(blank: Blank, given: float) -> bool:
    """Whether the answer is the value with fewer digits."""
    return any(round(blank.value, k) == given != 0 for k in range(1, max(blank.decimals, 1)))
