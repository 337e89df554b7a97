"""Products in LaTeX: a command must not swallow the letter behind it."""

from __future__ import annotations

import pytest

from chainrule.formulas import Formula


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        ("alpha * h", r"\alpha h"),
        ("lam * alpha * h", r"\lambda\alpha h"),
        ("eta * g / sqrt(v)", r"\frac{\eta g}{\sqrt{v}}"),
        ("2 * h", "2h"),
    ],
)
def test_commands_end_before_letters(source: str, latex: str) -> None:
    assert Formula(source).latex() == latex
