"""The lecture's small MLP, 2-2-1: the derivation page, and the chain of one hidden weight, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import chainrule as cr
from chainrule.glassbox import Trace

HERE = Path(__file__).parent / "mlp"
CHAIN = "∂ℓ/∂w₁₁⁽¹⁾ = ∂ℓ/∂p·∂p/∂h⁽²⁾·∂h⁽²⁾/∂a₁·∂a₁/∂h₁·∂h₁/∂w₁₁ = (−0.8487)·0.2443·1·0.2350·1 ≈ −0.0487"


def trace() -> Trace:
    model = cr.Sequential(
        [
            cr.Input((2,)),
            cr.layers.Dense(2, activation="sigmoid", name="hidden"),
            cr.layers.Dense(1, activation="sigmoid", name="output"),
        ]
    )
    model.set_weights([[[1.0, -1.0], [-1.0, 1.0]], [-0.5, -0.5], [[1.0], [1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    return cr.trace(model, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], unicode=True)


def masked(text: str) -> str:
    """Return a page without the size of the numerical error, whose last digit is the processor's own."""
    found = re.search(r"largest difference (\d+e-\d+)", text)
    assert found is not None
    assert float(found[1]) < 1e-10
    return text.replace(found[1], "")


def golden(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8").removesuffix("\n")


def test_the_chain_of_a_hidden_weight() -> None:
    node = trace()[2].node("w11^(1)")
    assert str(node) == CHAIN
    assert abs(node.value - -0.04872248656029619) < 1e-12


def test_the_table() -> None:
    assert str(trace()) == golden("table.txt")


def test_one_observation() -> None:
    assert masked(str(trace()[2])) == masked(golden("observation_3.txt"))


def test_the_mean() -> None:
    assert str(trace().mean()) == golden("mean.txt")


def test_latex() -> None:
    assert trace()[2].node("w₁₁⁽¹⁾").latex() == golden("node_w11.tex")
