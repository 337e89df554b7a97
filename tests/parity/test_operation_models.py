"""Arithmetic between layers: both engines train as Keras does. `make_operation_model_fixtures.py` recorded Keras."""

from __future__ import annotations

import json
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

import chainrule as cr

HERE = Path(__file__).parent
MODELS = runpy.run_path(str(HERE / "operation_models.py"))
KERAS = json.loads((HERE / "fixtures" / "operation_models.json").read_text())


@pytest.fixture
def float64() -> Iterator[None]:
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize("name", KERAS)
def test_trajectories_are_kerass(name: str, engine: str) -> None:
    if engine == "native":
        pytest.importorskip("chainrule._native")
    model, found = MODELS["trained"](cr, name, engine=engine)
    assert model.engine == engine
    for what, expected in KERAS[name].items():
        assert found[what] == pytest.approx(expected, rel=1e-6, abs=1e-6), what  # parts of Keras compute in float32


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", KERAS)
def test_engines_agree_to_rounding(name: str) -> None:
    pytest.importorskip("chainrule._native")
    (_, ours), (_, reference) = (MODELS["trained"](cr, name, epochs=1, engine=e) for e in ("native", "reference"))
    for what, expected in reference.items():
        assert ours[what] == pytest.approx(expected, rel=1e-13, abs=1e-14), what


def test_every_model_is_recorded() -> None:
    assert set(KERAS) == set(MODELS["between"](cr))
