"""What `quiz.check` says: each answer, right or wrong, with a hint."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """One answer: `given` is None where nothing was said; `value` is shown only in solutions."""

    name: str
    symbol: str
    given: float | None
    ok: bool
    words: str

    def __str__(self) -> str:
        mark = "✓" if self.ok else "·" if self.given is None else "✗"
        given = "" if self.given is None else f" = {self.given:.10g}".replace("-", "−")
        return f"{mark} {self.name}  {self.symbol}{given}  {self.words}"


@dataclass(frozen=True)
class Verdict:
    """All answers; `ok` is True once every blank is filled in rightly."""

    answers: tuple[Answer, ...]
    total: int

    @property
    def right(self) -> int:
        """How many answers are right."""
        return sum(a.ok for a in self.answers)

    @property
    def ok(self) -> bool:
        return self.right == self.total

    def __bool__(self) -> bool:
        return all(a.ok for a in self.answers if a.given is not None)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.answers), f"{self.right} of {self.total} right"])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        answers = [
            {"name": a.name, "symbol": a.symbol, "given": a.given, "ok": a.ok, "words": a.words} for a in self.answers
        ]
        return {"answers": answers, "right": self.right, "total": self.total, "ok": self.ok}
