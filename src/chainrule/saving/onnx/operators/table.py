"""How functions get into the table of operators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.saving.onnx.build import OPERATORS, Builder, Reading
from chainrule.symbolic import KerasTensor


def reads(*kinds: str) -> Callable[[Reading], Reading]:
    """Put a function into the table of operators."""

    def mark(function: Reading) -> Reading:
        OPERATORS.update(dict.fromkeys(kinds, function))
        return function

    return mark


def symbolic(to: Builder, x: Any) -> Any:
    if not isinstance(x, KerasTensor):
        raise to.refusal("it computes with nothing that comes from an input")
    return x
