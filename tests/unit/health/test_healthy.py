"""No false alarm: what is healthy gets no finding, while it trains and afterwards.

The long ones, all data sets and networks, are in `healthy.py`, which is a script too.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

HEALTHY = runpy.run_path(str(Path(__file__).with_name("healthy.py")))
DATA: Path = HEALTHY["DATA"]
needs_tables = pytest.mark.skipif(not DATA.is_dir(), reason=f"the folder of data sets, {DATA.name}, is not here")


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("name", HEALTHY["BUNDLED"])
def test_plain_networks_on_the_data_sets_of_scikit_learn(name: str, activation: str) -> None:
    pytest.importorskip("sklearn")
    assert HEALTHY["plain"](*HEALTHY["bundled"](name), activation=activation, validation_split=0.2) == []


@needs_tables
@pytest.mark.parametrize("name", HEALTHY["SMALL"])
def test_the_recipe_for_tables(name: str) -> None:
    pytest.importorskip("polars")
    assert HEALTHY["by_recipe"](name) == []


@needs_tables
def test_pictures() -> None:
    x, y = HEALTHY["pictures"](2000)
    assert HEALTHY["plain"](x, y, "multiclass", (64,), epochs=5) == []
