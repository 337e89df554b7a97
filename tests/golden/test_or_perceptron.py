"""The lecture's OR perceptron: what a trace prints, to the letter."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.glassbox import Trace

HERE = Path(__file__).parent / "or_perceptron"
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 1])


def perceptron() -> cr.Model:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    return model


@pytest.fixture
def trace() -> Trace:
    return cr.trace(perceptron(), X, Y, unicode=True)


def masked(text: str) -> str:
    """Return a page without the size of the numerical error, whose last digit is the processor's own."""
    found = re.search(r"largest difference (\d+e-\d+)", text)
    assert found is not None
    assert float(found[1]) < 1e-10
    return text.replace(found[1], "")


def golden(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8").removesuffix("\n")


def test_the_table(trace: Trace) -> None:
    assert str(trace) == golden("table.txt")


def test_one_observation(trace: Trace) -> None:
    assert masked(str(trace[2])) == masked(golden("observation_3.txt"))
    assert repr(trace[2]) == str(trace[2])


def test_the_mean(trace: Trace) -> None:
    assert str(trace.mean()) == golden("mean.txt")


def test_latex_of_one_derivative(trace: Trace) -> None:
    assert trace[2].node("w1").latex() == golden("node_w1.tex")


def test_two_digits_show_the_slide_s_slip() -> None:
    text = str(cr.trace(perceptron(), X, Y, unicode=True, digits=2))
    assert text == golden("table_2_digits.txt")
    rows = [line.split() for line in text.splitlines() if line.endswith(("✓", "wrong"))]
    assert [row[5] for row in rows] == ["0.38", "0.18", "0.62", "0.38"]
    assert [row[6] for row in rows] == ["0", "0", "1", "0"]


def test_ascii() -> None:
    t = cr.trace(perceptron(), X, Y, unicode=False)
    for name, text in (
        ("table_ascii.txt", str(t)),
        ("observation_3_ascii.txt", str(t[2])),
        ("mean_ascii.txt", str(t.mean())),
    ):
        expected = golden(name)
        assert (masked(text) == masked(expected)) if "Check" in text else text == expected
        assert text.isascii()


def test_the_step_of_the_whole_batch(trace: Trace) -> None:
    assert str(trace.update()) == golden("update.txt")
    after = {path.split("/")[-1]: value for path, value in trace.step().after.items()}
    assert after["kernel"].ravel().round(4).tolist() == [1.1175, -0.8659]
    assert after["bias"].round(4).tolist() == [-0.3659]
