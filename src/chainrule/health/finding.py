"""`Finding`: one thing that is wrong, with the numbers that show it and what to try next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chainrule.records import Record, field

SEVERITIES = ("error", "warning", "note")
"""The worst first: training is broken; it wastes effort or misleads; it is worth knowing."""


class Finding(Record):
    """One thing that is wrong with a model, a training or its data.

    Attributes:
        code: what it is, as in `docs/health.md`: `'dead-relu'`.
        severity: one of `SEVERITIES`.
        where: the layer, the feature, `'target'` or `'training'`.
        step: updates made when it was seen; None where it was not during a training.
        message: one sentence with the numbers.
        numbers: the numbers that triggered it, and the limits they passed.
        tries: what to try next, the most promising first.

    >>> print(Finding("dead-relu", "warning", "dense_1", 120, "5 of 8 units are dead.", {"dead": 5}, ("Use He.",)))
    warning, dense_1, step 120: 5 of 8 units are dead.
      try: Use He.
    """

    code: str
    severity: str
    where: str
    step: int | None
    message: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    tries: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What tells findings apart: the same illness in the same place is one finding."""
        return self.code, self.where

    def to_message(self) -> dict[str, Any]:
        """Return the finding as a message of a run file.

        >>> Finding("constant-feature", "warning", "age", None, "'age' is always 3.").to_message()["kind"]
        'finding'
        """
        return {
            "kind": "finding", "code": self.code, "severity": self.severity, "where": self.where, "step": self.step,
            "message": self.message, "numbers": dict(self.numbers), "tries": list(self.tries),
        }  # fmt: skip

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> Finding:
        """Return the finding that `to_message` wrote.

        >>> found = Finding("dead-relu", "warning", "dense", 3, "2 of 2 units are dead.", {"dead": 2}, ("Use He.",))
        >>> Finding.from_message(found.to_message()) == found
        True
        """
        return cls(
            code=message["code"], severity=message["severity"], where=message["where"], step=message["step"],
            message=message["message"], numbers=dict(message["numbers"]), tries=tuple(message["tries"]),
        )  # fmt: skip

    def __str__(self) -> str:
        step = "" if self.step is None else f", step {self.step}"
        lines = [f"{self.severity}, {self.where}{step}: {self.message}", *(f"  try: {t}" for t in self.tries)]
        return "\n".join(lines)


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by severity, and by step within it.

    >>> a, b = (Finding(c, s, "dense", 1, "...") for c, s in [("a", "note"), ("b", "error")])
    >>> [f.code for f in worst_first([a, b])]
    ['b', 'a']
    """
    return sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), -1 if f.step is None else f.step))
