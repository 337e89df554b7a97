"""Which engine runs a model, and what is said about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import choose as choosing
from chainrule.engines.base import describe
from chainrule.engines.reference import ReferenceEngine
from chainrule.errors import EngineError, UnknownNameError


class Fast(ReferenceEngine):
    """Refuses models with more than one layer."""

    name = "fast"

    def refuses(self, model: Any) -> str | None:
        return None if len(model.layers) == 1 else f"it has {len(model.layers)} layers"


class Never(ReferenceEngine):
    name = "never"

    def refuses(self, model: Any) -> str | None:
        return "it never runs"


@pytest.fixture
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "ENGINES", {"fast": Fast, "reference": ReferenceEngine})


def network(layers: int = 1) -> Any:
    return cr.Sequential([cr.Input((2,)), *(cr.layers.Dense(1) for _ in range(layers))], name="net")


def test_auto_takes_the_first_that_does_not_refuse(fast: None) -> None:
    engine = choosing.choose("auto", network())
    assert (engine.name, engine.reason) == ("fast", None)


def test_auto_says_why_it_is_not_the_fastest(fast: None) -> None:
    engine = choosing.choose("auto", network(2))
    assert (engine.name, engine.reason) == ("reference", "it has 2 layers")
    assert describe(engine) == "reference (it has 2 layers)"


def test_an_engine_asked_for_by_name_never_falls_back(fast: None) -> None:
    assert choosing.choose("fast", network()).name == "fast"
    assert choosing.choose("reference", network()).reason is None
    with pytest.raises(EngineError) as caught:
        choosing.choose("fast", network(2))
    assert str(caught.value) == "Engine 'fast' cannot run model 'net': it has 2 layers. Use engine='auto'."


def test_no_engine_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "ENGINES", {"never": Never})
    with pytest.raises(EngineError, match=r"^No engine can run model 'net': it never runs\.$"):
        choosing.choose("auto", network())


def test_unknown_engines() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown engine 'refrence'\. Did you mean 'reference'\?"):
        choosing.check_name("refrence")
    with pytest.raises(UnknownNameError, match=r"Unknown engine 'gpu'\. Known: 'auto', 'native', 'reference'"):
        choosing.choose("gpu", network())


def test_the_model_names_its_engine(fast: None) -> None:
    x = np.zeros((4, 2), "float32")
    net = network()
    assert net.engine == "auto (not chosen yet)"
    net.predict(x, verbose=0)
    assert net.engine == "fast"
    net.add(cr.layers.Dense(1))
    net.predict(x, verbose=0)
    assert net.engine == "reference (it has 2 layers)"
    net.compile("sgd", "mse", engine="reference")
    assert net.engine == "reference (not chosen yet)"
    net.fit(x, x[:, 0], verbose=0)
    assert net.engine == "reference"
    net.compile("sgd", "mse", engine="fast")
    with pytest.raises(EngineError):
        net.predict(x, verbose=0)


def test_every_engine_has_what_the_contract_asks_for() -> None:
    for name, kind in choosing.ENGINES.items():
        engine = kind()
        assert engine.name == name
        assert engine.reason is None
        for method in ("refuses", "train_steps", "test_steps", "predict_batch"):
            assert callable(getattr(engine, method))
