"""The sentence about a baseline says no more than the rows can tell."""

from __future__ import annotations

import pytest

from chainrule.cli.train import _verdict


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.01, 0.05, "beats"),
        (-0.05, -0.01, "does NOT beat"),
        (-0.05, 0.04, "is about as good as (95 % interval of the gain: −0.0500 to +0.0400)"),
        (0.0, 0.04, "is about as good as (95 % interval of the gain: +0.0000 to +0.0400)"),
        (0.0, 0.0, "is exactly as good as"),
        (None, None, "beats (too few rows to tell)"),
    ],
)
def test_verdict(low: float | None, high: float | None, words: str) -> None:
    assert "".join(_verdict({"value": 0.01, "low": low, "high": high})) == words
