"""The page about pictures shows every one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chainrule as cr

DOCS = Path(__file__).parents[3] / "docs"
OTHERS = {"colours", "description", "network", "numbers", "svg"}


@pytest.mark.skipif(not DOCS.exists(), reason="the documentation is not here")
def test_every_picture_is_there_and_small() -> None:
    text = (DOCS / "plots.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\((img/plot_\w+\.(?:svg|png))\)", text))
    assert {path.name for path in (DOCS / "img").glob("plot_*")} == {Path(name).name for name in linked}
    for name in linked:
        assert 2_000 < (DOCS / name).stat().st_size <= 60_000, name


@pytest.mark.skipif(not DOCS.exists(), reason="the documentation is not here")
def test_every_function_is_described_and_drawn() -> None:
    text = (DOCS / "plots.md").read_text(encoding="utf-8")
    for name in set(cr.plot.__all__) - OTHERS:
        assert f"`plot.{name}" in text, name
        assert any((DOCS / "img").glob(f"plot_{name}*")), name


def test_numbers_have_the_names_of_their_pictures() -> None:
    drawn = set(cr.plot.__all__) - OTHERS - {"learning_rates", "predictions", "importance", "dependence"}
    assert drawn <= set(cr.plot.numbers.__all__)
