"""What notebooks show of models and histories."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import History
from chainrule.notebook.curves import Curve, curves


def trained(epochs=3):
    cr.utils.set_random_seed(0)
    hidden = cr.layers.Dense(3, activation="tanh", name="hidden")
    model = cr.Sequential([cr.Input((2,)), hidden, cr.layers.Dense(1)], name="net")
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.random.default_rng(0).normal(size=(16, 2)).astype("float32")
    return model, model.fit(x, x.sum(1), epochs=epochs, validation_split=0.25, verbose=0)


def test_a_model_shows_its_table_and_its_network():
    model, _ = trained()
    page = model._repr_html_()
    for words in ("hidden (Dense)", "(None, 3)", "total params: 15", "<svg", "prefers-color-scheme:dark"):
        assert words in page
    assert "<script" not in page
    assert page.count("data-weight=") == 13


def test_names_are_escaped():
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)], name="<b>bold")
    assert "<b>bold" not in model._repr_html_()
    assert "&lt;b&gt;bold" in model._repr_html_()


def test_a_model_without_weights_says_so():
    assert "not built yet" in cr.Sequential([cr.layers.Dense(1)])._repr_html_()


def test_models_that_do_not_run_on_zeros_are_drawn_as_boxes(monkeypatch):
    model, _ = trained()
    monkeypatch.setattr("chainrule.notebook.model._DRAWN", 3)
    page = model._repr_html_()
    assert "data-weight" not in page
    assert "<svg" in page
    words = cr.Input((1,), dtype="string")
    vocabulary = cr.layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    assert "<table" in cr.Model(words, cr.layers.Dense(1)(vocabulary(words)))._repr_html_()


def test_a_history_shows_first_best_and_last():
    _, history = trained()
    page = history._repr_html_()
    losses = history.history["loss"]
    for value in (losses[0], losses[-1]):
        assert f"{value:.4g}" in page
    assert f"{min(history.history['val_loss']):.4g} ({int(np.argmin(history.history['val_loss'])) + 1})" in page
    drawing = ET.fromstring(re.search(r"<svg.*</svg>", page, re.DOTALL)[0])
    assert [t.text for t in drawing.iter("text")][-2:] == ["loss", "val_loss"]


def test_what_is_best_is_said_only_where_it_is_known():
    history = History()
    history.history = {"accuracy": [0.2, 0.9, 0.5], "lr": [0.1, 0.2, 0.3], "loss": [float("nan")] * 3}
    page = history._repr_html_()
    assert "0.9 (2)" in page
    assert page.count(">·<") == 2
    assert "nothing was trained" in History()._repr_html_()


def test_curves_leave_gaps_where_there_is_no_number():
    picture = ET.fromstring(curves([Curve("loss", [3.0, float("nan"), 1.0, 0.5])], "losses"))
    path = [p.get("d") for p in picture.iter("path")][-1]
    assert path.count("M") == 2
    assert "nan" not in path


@pytest.mark.parametrize(("values", "logarithmic"), [([1.0, 0.5], False), ([1.0, 0.001], True), ([1.0, -1.0], False)])
def test_the_scale_follows_the_range(values, logarithmic):
    assert ("logarithmic" in curves([Curve("loss", values)], "losses")) is logarithmic
