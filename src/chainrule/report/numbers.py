"""Numbers as a report writes them."""

from __future__ import annotations

import math
from typing import Any

from chainrule.cli.show import counted, number

__all__ = ["counted", "number", "of_score", "percent", "plain_numbers", "signed"]


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in percent.

    >>> percent(0.97368), percent(1.0), percent(None), percent(0.0004)
    ('97.4 %', '100 %', '–', '0.04 %')
    >>> percent(1.0, 0), percent(0.816, 0), percent(-0.005)
    ('100 %', '82 %', '−0.5 %')
    """
    if share is None or not math.isfinite(share):
        return "–"
    value = 100 * share
    if value and abs(value) < 0.1:
        words = f"{value:.1g} %"
    else:
        words = f"{round(value):d} %" if round(value, digits) in (0, 100) else f"{value:.{digits}f} %"
    return words.replace("-", "−")


def of_score(name: str, value: float | None) -> str:
    """Return a score: shares in percent, others with four digits.

    >>> of_score("accuracy", 0.9), of_score("rmse", 53.21345)
    ('90.0 %', '53.21')
    """
    if value is None:
        return "–"
    return percent(value) if name in ("accuracy", "r2") else number(value)


def signed(value: float, digits: int = 4) -> str:
    """Return a number with its sign; a minus, not a hyphen.

    >>> signed(-0.5), signed(0.25, 2)
    ('−0.5000', '+0.25')
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def plain_numbers(value: Any) -> Any:
    """Return a value as JSON may hold it: arrays as lists, numbers that are not finite as None.

    >>> import numpy as np
    >>> plain_numbers({"a": np.array([1.0, np.nan]), "b": (np.int64(2), "x")})
    {'a': [1.0, None], 'b': [2, 'x']}
    """
    if isinstance(value, dict):
        return {str(k): plain_numbers(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return plain_numbers(value.tolist())
    if isinstance(value, list | tuple):
        return [plain_numbers(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    return value
