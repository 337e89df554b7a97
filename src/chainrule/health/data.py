"""Rules about the data: features that say nothing, say the same, or say too much; classes that are rare."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chainrule.health.finding import Finding


def check_data(x: Any, y: Any = None, names: Iterable[str] | None = None) -> list[Finding]:
    """Return what is wrong with some data."""
    return []
