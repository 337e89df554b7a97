"""`Section`: one part of a report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from chainrule.report.html import Html


@dataclass(frozen=True)
class Section:
    """One part of a report.

    Attributes:
        key: its address on the page.
        title: its heading.
        body: what it shows.
        numbers: the same as data, for the JSON in the page.
    """

    key: str
    title: str
    body: Html
    numbers: dict[str, Any] = field(default_factory=dict)
