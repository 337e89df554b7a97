"""The reader of printed formulas that the other tests rely on: it must find errors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from chainrule.glassbox import page
from chainrule.glassbox.notation import same
from chainrule.glassbox.numbers import Style


def one_row(numbers: str, value: float) -> page.Page:
    return page.Page("", [page.Section("", [page.scalar(same("s"), same("f"), same(numbers), value, Style(4))])])


@pytest.mark.parametrize(
    ("numbers", "value"),
    [
        ("1·1 + (−1)·0 + (−0.5)", 0.5),
        ("1/(1 + e^(−0.5))", 1 / (1 + math.exp(-0.5))),
        ("−2·(1 − 0.6225)²", -2 * (1 - 0.62246) ** 2),
        ("0.1·(|−0.25| + 3) − √4/2", 0.1 * 3.25 - 1),
        ("max(0, −1) + log(e^2)", 2.0),
        ("2e−3·10", 0.02),
        ("(−0.5)² + e^(−1)·3", 0.25 + 3 * math.exp(-1)),
    ],
)
def test_right_rows_pass(numbers: str, value: float, reread: Callable[..., Any]) -> None:
    assert reread(one_row(numbers, value), 4) == ([], 1)


@pytest.mark.parametrize(("numbers", "value"), [("1·1 + (−1)·0 + (−0.5)", 0.501), ("0.6225·2", 1.2452), ("−2²", 4.0)])
def test_wrong_rows_are_found(numbers: str, value: float, reread: Callable[..., Any]) -> None:
    wrong, _ = reread(one_row(numbers, value), 4)
    assert len(wrong) == 1
