"""Every picture of a recording; and what is large or hostile."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.plot import numbers

X = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)
NAMES = ["a", "b", "c"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    cr.utils.set_random_seed(0)
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(4, activation="relu", name="h"), cr.layers.Dense(1, name="o")]
    )
    model.compile("adam", cr.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    path = tmp_path_factory.mktemp("runs") / "run"
    recorder = cr.callbacks.Recorder(path, every=1, cost=None, features=NAMES, classes=["no", "yes"])
    model.fit(X, Y, epochs=4, verbose=0, callbacks=[recorder])
    found: Any = cr.recording.load(path)
    found.trained = model
    return found


PICTURES = """training regions units surface gradient_flow weights activations confusion roc precision_recall
calibration residuals predictions"""


@pytest.mark.parametrize("name", PICTURES.split())
def test_each_picture_takes_a_recording(run: Any, name: str) -> None:
    ax = getattr(cr.plot, name)(run)
    assert cr.plot.description(ax)
    ax.figure.draw_without_rendering()


def test_a_recording_shows_its_last_model_and_its_names(run: Any) -> None:
    found = numbers.regions(run)
    assert [f.name for f in found.features] == ["a", "b"]
    assert list(found.fixed) == ["c"]
    point = np.array([[found.x[0], found.y[0], found.fixed["c"]]], np.float32)
    logit = float(run.trained(point)[0, 0])
    assert found.outputs[0, 0] == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-5)
    assert numbers.confusion(run).names == ("no", "yes")
    assert numbers.confusion(run).counts.tolist() == numbers.confusion(run.trained, X, Y).counts.tolist()
    assert numbers.surface(run, grid=3).path_loss == pytest.approx(
        numbers.surface(run.trained, X, Y, path=run).path_loss
    )


def test_without_inputs_there_is_no_picture() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    with pytest.raises(DataError, match="a model and its inputs, or a recording: x is missing"):
        cr.plot.regions(model)


# -- what is large ----------------------------------------------------------------------------------------------------


def test_ten_thousand_units() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(10_000, activation="relu", name="wide")])
    found = numbers.units(model, X[:, :2], most=3, grid=40)
    assert found.values.shape == (3, 40, 40)
    assert found.count == 10_000
    ax: Any = cr.plot.units(model, X[:, :2], grid=40)
    assert len(ax.figure.axes) == 1 + 16 + 1
    assert "16 of 10000 units" in cr.plot.description(ax)


def test_five_hundred_columns_and_many_rows() -> None:
    x = np.zeros((100_000, 500), np.float32)
    x[:, :2] = np.random.default_rng(0).normal(size=(100_000, 2))
    model = cr.Sequential([cr.Input((500,)), cr.layers.Dense(1, activation="sigmoid")])
    ax: Any = cr.plot.regions(model, x, (x[:, 0] > 0).astype(int), grid=30)
    assert sum(len(c.get_offsets()) for c in ax.collections if c.get_zorder() == 3) == 800
    assert "and 495 others" in cr.plot.description(ax)


def test_curves_of_a_million_rows_stay_small() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 1_000_000)
    s = rng.normal(size=1_000_000) + y
    for picture in (cr.plot.roc, cr.plot.precision_recall):
        assert len(cr.plot.svg(picture(y, s))) < 200_000
    assert len(cr.plot.svg(cr.plot.residuals(s, s + rng.normal(size=1_000_000)))) < 100_000
    assert len(cr.plot.svg(cr.plot.training({"loss": np.abs(s) + 1}))) < 1_000_000


def test_fifty_layers_and_a_hundred_classes() -> None:
    model = cr.Sequential([cr.Input((3,)), *[cr.layers.Dense(4) for _ in range(50)]])
    model.compile("sgd", "mse")
    ax: Any = cr.plot.weights(model)
    assert len(ax.figure.axes) == 1 + 12
    ax = cr.plot.gradient_flow(model, X, np.zeros((60, 4)))
    ax.figure.draw_without_rendering()
    p = np.random.default_rng(0).dirichlet(np.ones(100), 500)
    ax = cr.plot.roc(np.arange(500) % 100, p)
    assert len(ax.get_legend().get_texts()) == 20
    assert "first 20 of 100" in ax.get_legend().get_title().get_text()
    ax = cr.plot.confusion(np.arange(500) % 100, p)
    ax.figure.draw_without_rendering()


# -- what is hostile --------------------------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "$\\frac{1}",
    "_hidden",
    "a\nb\x00",
    "名前😀",
    "x" * 500,
    "=cmd|' /C calc'!A0",
    "]]>",
]


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_of_columns_and_classes_do_no_harm(name: str) -> None:
    x, y = X[:, :2], Y
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    for ax in (
        cr.plot.regions(model, x, y, names=[name, "other"], classes=[name, "yes"]),
        cr.plot.confusion(model, x, y, classes=[name, "yes"]),
        cr.plot.calibration(model, x, y, classes=["no", name]),
        cr.plot.roc(np.arange(60) % 3, np.full((60, 3), 1 / 3), classes=[name, "b", "c"]),
        cr.plot.training({name: [1.0, 2.0], "val_" + name: [2.0, 1.0]}),
        cr.plot.weights({name: np.ones(3)}),
    ):
        text = cr.plot.svg(ax)
        root = ET.fromstring(text)
        assert "script" not in {e.tag.rpartition("}")[2] for e in root.iter()}
        assert max(len(line) for line in re.findall(r"<text[^>]*>([^<]*)</text>", text)) < 120


def test_a_class_whose_name_begins_with_an_underscore_is_in_the_legend() -> None:
    ax: Any = cr.plot.roc(np.arange(60) % 3, np.full((60, 3), 1 / 3), classes=["_a", "b", "c"])
    assert [t.get_text().strip("\u200b") for t in ax.get_legend().get_texts()] == ["_a: 0.500", "b: 0.500", "c: 0.500"]
