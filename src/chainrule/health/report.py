"""`Report`: what was looked at and what was found, for a terminal and for a page."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from chainrule.health.finding import Finding
from chainrule.plot.colours import BLUE, CLASSES, VERMILLION
from chainrule.records import Record

_MARKS = {"error": "✗", "warning": "⚠", "note": "·"}
_COLOURS = {"error": VERMILLION, "warning": CLASSES[4], "note": BLUE}


class Report(Record):
    """What `check` found.

    Attributes:
        findings: the worst first.
        subject: of what, for the first line.
        looked_at: what the rules saw, in a few words each; what is not here was not judged.

    >>> report = Report((), "model 'net'", ("100 rows of 3 features", "12 epochs"))
    >>> print(report)
    Health of model 'net': nothing found.
    Looked at: 100 rows of 3 features, 12 epochs.
    >>> report.ok, len(report)
    (True, 0)
    """

    findings: tuple[Finding, ...]
    subject: str
    looked_at: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def codes(self) -> list[str]:
        """The findings' codes, in order."""
        return [f.code for f in self.findings]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __str__(self) -> str:
        lines = [f"Health of {self.subject}: {self._verdict()}."]
        for f in self.findings:
            lines.append(f"{_MARKS[f.severity]} {f}")
        return "\n".join([*lines, f"Looked at: {', '.join(self.looked_at)}."])

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        found = [{k: v for k, v in f.to_message().items() if k != "kind"} for f in self.findings]
        return {"subject": self.subject, "looked_at": list(self.looked_at), "findings": found}

    def _repr_html_(self) -> str:
        head = f"<p><strong>Health of {escape(self.subject)}</strong>: {self._verdict()}.</p>"
        looked_at = f"<p><small>Looked at: {escape(', '.join(self.looked_at))}.</small></p>"
        return f"<div>{head}{''.join(map(_html, self.findings))}{looked_at}</div>"

    def _verdict(self) -> str:
        n = len(self.findings)
        return f"{n} finding{'s' * (n > 1)}" if n else "nothing found"


def _html(found: Finding) -> str:
    tries = "".join(f"<li>{escape(t)}</li>" for t in found.tries)
    title = f"{_MARKS[found.severity]} {found.severity}, {found.where}:"
    return (
        f'<div style="border-left: 4px solid {_COLOURS[found.severity]}; padding: 0 0 0 0.8em; margin: 0.8em 0">'
        f"<strong>{escape(title)}</strong> {escape(found.message)}<br>Try:"
        f'<ul style="margin: 0.2em 0">{tries}</ul></div>'
    )
