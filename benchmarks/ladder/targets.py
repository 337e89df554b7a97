"""What a rung asks of chainrule, as data: each target turns measured medians into a figure and a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import Literal

from benchmarks.ladder.contestants import split, title

Medians = Mapping[str, float]
"""Median of each contestant of one workload: seconds per unit (bytes for memory, FLOP per second for `sgemm:*`)."""


@dataclass(frozen=True)
class Verdict:
    """What was asked, what came, and whether that is enough; `reached` is None where a figure is missing."""

    asked: str
    came: str
    reached: bool | None


@dataclass(frozen=True)
class AtMost:
    """chainrule's figure is at most `limit` (seconds, or bytes)."""

    limit: float

    def judge(self, medians: Medians, show: Show) -> Verdict:
        ours = medians.get("chainrule")
        asked = f"at most {show.value(self.limit)}"
        return Verdict(asked, show.value(ours), None if ours is None else ours <= self.limit)


@dataclass(frozen=True)
class Faster:
    """chainrule, the way `ours` names, is `factor` times as fast as the fastest of `peers`; `when` is said with it."""

    factor: float
    peers: tuple[str, ...]
    ours: str = "chainrule"
    when: str = ""

    def judge(self, medians: Medians, show: Show) -> Verdict:
        found = {peer: medians[peer] for peer in self.peers if peer in medians}
        asked = f"{self.factor:g}x {self.whom()}" if self.factor != 1 else f"as fast as {self.whom()}"
        asked += self.when and f", {self.when}"
        if self.ours not in medians or not found:
            return Verdict(asked, "not measured", None)
        best = min(found, key=lambda peer: found[peer])
        ratio = found[best] / medians[self.ours]
        return Verdict(asked, f"{show.ratio(ratio)} ({title(best)})", ratio >= self.factor)

    def whom(self) -> str:
        systems = {split(peer)[0].title for peer in self.peers}
        return systems.pop() if len(systems) == 1 else "the best peer"


@dataclass(frozen=True)
class Peak:
    """The arithmetic of a step runs at `share` of the measured matrix product rate of `one` core or `all` cores."""

    share: float
    cores: Literal["one", "all"]

    def judge(self, medians: Medians, show: Show) -> Verdict:
        asked = f"{self.share:.0%} of the sgemm peak of {'one core' if self.cores == 'one' else 'all cores'}"
        peak = medians.get(f"sgemm:{self.cores}")
        if "chainrule" not in medians or peak is None:
            return Verdict(asked, "not measured", None)
        share = show.flops / medians["chainrule"] / peak
        return Verdict(asked, f"{share:.0%}", share >= self.share)


@dataclass(frozen=True)
class Efficiency:
    """Training all models at once uses `share` of the cores, counted against training them `alone`, one by one."""

    share: float
    alone: str

    def judge(self, medians: Medians, show: Show) -> Verdict:
        asked = f"{self.share:.0%} efficient over the cores"
        if "chainrule" not in medians or self.alone not in medians:
            return Verdict(asked, "not measured", None)
        share = medians[self.alone] / medians["chainrule"] / show.cores
        return Verdict(asked, f"{share:.0%}", share >= self.share)


Target = AtMost | Faster | Peak | Efficiency


@dataclass(frozen=True)
class Show:
    """How the figures of one workload are written: their unit, and what a share of the peak is counted from."""

    unit: str
    flops: float
    cores: int

    def value(self, number: float | None) -> str:
        """Return a figure with three significant digits and its unit."""
        if number is None:
            return "not measured"
        scaled = number * {"us": 1e6, "ms": 1e3, "MB": 1e-6}[self.unit]
        return f"{three_digits(scaled)} {self.unit}"

    @staticmethod
    def ratio(number: float) -> str:
        return f"{three_digits(number)}x"


def three_digits(number: float) -> str:
    """Return `number` with three significant digits, never in powers of ten.

    >>> [three_digits(n) for n in (0.000351, 0.1234, 12.345, 1234.5, 0.0)]
    ['0.000351', '0.123', '12.3', '1,234', '0']
    """
    before_point = floor(log10(abs(number))) + 1 if number else 3
    return f"{number:,.{max(0, 3 - before_point)}f}"
