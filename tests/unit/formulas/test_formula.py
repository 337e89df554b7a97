"""One expression, many forms: text, LaTeX, numbers; each must say the same."""

from __future__ import annotations

import math
import random
import re
from typing import Any

import latex2mathml.converter
import pytest

from chainrule.formulas import Formula, format_number
from chainrule.formulas.symbols import FUNCTIONS

PRINTED = [
    ("1 / (1 + exp(-h))", "1/(1 + e⁻ʰ)", r"\frac{1}{1 + e^{-h}}"),
    ("p * (1 - p)", "p(1 − p)", "p(1 - p)"),
    ("-2 * (y - p)", "−2(y − p)", "-2(y - p)"),
    ("(y - p)**2", "(y − p)²", "(y - p)^2"),
    ("max(0, h)", "max(0, h)", r"\max(0, h)"),
    (
        "h if h > 0 else alpha * (exp(h) - 1)",
        "h if h > 0 else α(eʰ − 1)",
        r"\begin{cases}h & \text{if } h > 0 \\ \alpha(e^h - 1) & \text{otherwise}\end{cases}",
    ),
    ("exp(h[i]) / sum(exp(h[k]) for k in K)", "e^(hᵢ)/(Σₖ e^(hₖ))", r"\frac{e^{h_{i}}}{\sum_{k} e^{h_{k}}}"),
    ("p[i] * (kronecker(i, j) - p[j])", "pᵢ(δᵢⱼ − pⱼ)", r"p_{i}(\delta_{ij} - p_{j})"),
    ("-y / p", "−y/p", r"-\frac{y}{p}"),
    ("(-y + p) / (2 * a)", "(−y + p)/(2a)", r"\frac{-y + p}{2a}"),
    ("a - (b - c) - -d", "a − (b − c) − (−d)", "a - (b - c) - (-d)"),
    ("(a / b)**2 * (a * b)", "(a/b)²ab", r"\left(\frac{a}{b}\right)^2ab"),
    ("sqrt(2 * pi) * abs(h)", "√(2π)|h|", r"\sqrt{2\pi}\left|h\right|"),
    ("0.5 * (p[i] > 0)", "0.5[pᵢ > 0]", r"0.5\left[p_{i} > 0\right]"),
    ("a <= b < c", "a ≤ b < c", r"a \le b < c"),
]


@pytest.mark.parametrize(("source", "text", "latex"), PRINTED)
def test_printing_of_symbols(source: str, text: str, latex: str) -> None:
    assert Formula(source).text() == text
    assert Formula(source).latex() == latex


PUT_IN = [
    ("1 / (1 + exp(-h))", {"h": 0.5}, "1/(1 + e^(−0.5))"),
    ("1 / (1 + exp(-h))", {"h": -0.5}, "1/(1 + e^0.5)"),
    ("(y - p)**2", {"y": 1, "p": 0.62245933}, "(1 − 0.6225)²"),
    ("-2 * (y - p)", {"y": 1, "p": 0.62245933}, "−2·(1 − 0.6225)"),
    ("p * (1 - p)", {"p": 0.62245933}, "0.6225·(1 − 0.6225)"),
    ("a * b", {"a": -0.5, "b": -2}, "(−0.5)·(−2)"),
    ("a - b", {"a": -1, "b": -2}, "−1 − (−2)"),
    ("-y / p", {"y": -1, "p": 0.5}, "1/0.5"),
    ("-y / p", {"y": 0, "p": 0.5}, "0/0.5"),
    ("p**2", {"p": -0.5}, "(−0.5)²"),
    ("h if h > 0 else alpha * h", {"h": 2.0, "alpha": 0.1}, "2"),
    ("h if h > 0 else alpha * h", {"h": -2.0, "alpha": 0.1}, "0.1·(−2)"),
    (
        "-sum(y[k] * log(p[k]) for k in K)",
        {"y": [0, 1], "p": [0.25, 0.75], "K": range(2)},
        "−(0·log(0.25) + 1·log(0.75))",
    ),
    ("sum(p[k] for k in K)", {"p": list(range(9)), "K": range(9)}, "0 + 1 + 2 + … + 8"),
    ("p[i] * (kronecker(i, j) - p[j])", {"p": [0.25, 0.75], "i": 0, "j": 0}, "0.25·(1 − 0.25)"),
    ("1 / sum(p[k] > 0 for k in K)", {"p": [0.5, 0.0], "K": range(2)}, "1/(1 + 0)"),
]


@pytest.mark.parametrize(("source", "values", "text"), PUT_IN)
def test_printing_of_numbers(source: str, values: dict[str, Any], text: str) -> None:
    assert Formula(source).put(values) == text


def test_symbols_can_be_renamed() -> None:
    formula = Formula("1 / (1 + exp(-h))")
    assert formula.text({"h": "h₁"}) == "1/(1 + e^(−h₁))"
    assert formula.latex({"h": "h_1"}) == r"\frac{1}{1 + e^{-h_1}}"


def test_numbers_are_printed_as_the_caller_wants() -> None:
    assert Formula("a + b").put({"a": 1.5, "b": -2.25}, number=lambda v: f"{v:.1e}") == "1.5e+00 + (−2.2e+00)"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5"), (2, "2"), (-0.0, "0"), (1 / 3, "0.3333"), (-1 / 3, "−0.3333"), (1e-7, "1e−7"), (1234.5, "1234.5")],
)
def test_numbers_are_short_where_that_is_exact(value: float, text: str) -> None:
    assert format_number(value) == text


# --- every printed line, read again as arithmetic, gives the value ------------------------------------------------

NAMES = ["a", "b", "c"]


def random_expression(draw: random.Random, depth: int) -> str:
    if depth == 0 or draw.random() < 0.15:
        return draw.choice([*NAMES, *NAMES, "2", "0.5", "3"])
    left, right = random_expression(draw, depth - 1), random_expression(draw, depth - 1)
    return draw.choice(
        [
            f"({left}) + ({right})",
            f"({left}) - ({right})",
            f"({left}) * ({right})",
            f"({left}) / (1.5 + abs({right}))",
            f"-({left})",
            f"({left})**2",
            f"exp(-abs({left}))",
            f"sqrt(abs({left}))",
            f"tanh({left})",
            f"max({left}, {right})",
            f"({left}) if ({left}) > ({right}) else ({right})",
        ]
    )


def read(text: str) -> float:
    """Compute a printed line, knowing only what a reader knows."""
    for raised, digit in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True):
        text = text.replace(raised, f"**{digit}")
    text = text.replace("−", "-").replace("·", "*").replace("^", "**")
    text = re.sub(r"(?<![\w.])e(?=\*\*)", "E", text)
    text = re.sub(r"√\|([^|]*)\|", r"sqrt(abs(\1))", text)
    text = re.sub(r"\|([^|]*)\|", r"abs(\1)", text)
    text = re.sub(r"√(\d[\d.]*(?:e-?\d+)?)", r"sqrt(\1)", text).replace("√", "sqrt")
    return float(eval(text, {**FUNCTIONS, "E": math.e}))


def test_lines_with_numbers_compute_to_the_value() -> None:
    draw = random.Random(5)
    seen = 0
    while seen < 400:
        formula = Formula(random_expression(draw, 4))
        values = {name: round(draw.uniform(-2, 2), 3) for name in NAMES}
        line = formula.put(values, number=lambda v: repr(float(v)).replace("-", "−"))
        assert math.isclose(read(line), formula(**values), rel_tol=1e-9, abs_tol=1e-9), (formula.source, values, line)
        latex2mathml.converter.convert(formula.latex())
        latex2mathml.converter.convert(formula.put_latex(values))
        seen += 1
