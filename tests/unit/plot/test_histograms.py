"""Histograms of weights and of what layers give; learning rates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.plot import numbers
from chainrule.plot.arrays.histograms import LEVELS
from chainrule.plot.colours import NEGATIVE, POSITIVE

X = np.linspace(-1, 1, 40, dtype=np.float32).reshape(20, 2)
Y = (X[:, 0] > 0).astype(int)


def network() -> Any:
    L = cr.layers
    layers = [L.Dense(6, activation="relu", name="h"), L.Dropout(0.5), L.Dense(1, name="o")]
    model = cr.Sequential([cr.Input((2,)), *layers], name="m")
    model.compile("sgd", "mse")
    return model


def recorded(tmp_path: Any) -> Any:
    model = network()
    recorder = cr.callbacks.Recorder(tmp_path / "run", every=1, cost=None)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[recorder])
    return cr.recording.load(tmp_path / "run")


def test_histograms_count_every_weight() -> None:
    model = network()
    found = numbers.weights(model, bins=5)
    assert [(h.name, h.size) for h in found] == [("h/kernel", 12), ("h/bias", 6), ("o/kernel", 6), ("o/bias", 1)]
    counts, edges = np.histogram(model.layers[0].kernel.numpy().astype(float), 5)
    assert found[0].counts.tolist() == counts.tolist()
    np.testing.assert_allclose(found[0].edges, edges)
    assert found[1].zero == 1.0


def test_numbers_that_are_lost_are_counted() -> None:
    found = numbers.histogram("w", [1.0, np.nan, np.inf, 3.0])
    assert (found.size, found.lost, found.mean) == (2, 2, 2.0)
    nothing = numbers.histogram("w", [np.nan])
    assert (nothing.size, nothing.lost) == (0, 1)
    assert cr.plot.weights({"w": np.array([np.nan, 1.0])}).get_title(loc="right") == "1 not finite"
    ax: Any = cr.plot.weights({"w": np.array([np.nan])})
    ax.figure.draw_without_rendering()


def test_outputs_of_layers() -> None:
    model = network()
    found = {h.name: h for h in numbers.activations(model, X)}
    assert list(found) == ["h", "o"], "dropout passes its input through"
    hidden = np.maximum(X @ model.layers[0].kernel.numpy(), 0)
    assert found["h"].size == hidden.size
    assert found["h"].zero == pytest.approx(np.mean(hidden == 0))
    assert found["h"].mean == pytest.approx(hidden.mean(), rel=1e-5)


def test_many_rows_are_drawn_from() -> None:
    assert numbers.activations(network(), np.resize(X, (5000, 2)))[1].size == 2000


def test_a_recording_shows_its_last_frame(tmp_path: Any) -> None:
    run = recorded(tmp_path)
    found = numbers.activations(run)
    assert found[0].name == "h"
    assert found[0].size == 6 * 20
    assert numbers.weights(run)[0].mean == pytest.approx(run.frames[-1]["weights"]["m/h/kernel"].mean(), rel=1e-6)


def test_the_spread_of_weights_over_a_training(tmp_path: Any) -> None:
    run = recorded(tmp_path)
    found = numbers.spreads(run)
    assert [s.name for s in found] == ["h/kernel", "h/bias", "o/kernel", "o/bias"]
    assert found[0].steps.tolist() == run.steps
    expected = np.quantile(run.frames[2]["weights"]["m/o/kernel"].astype(float), LEVELS)
    np.testing.assert_allclose(found[2].quantiles[2], expected)
    ax: Any = cr.plot.weights(run)
    titles = [a.get_title(loc="left") for a in ax.figure.axes[1:]]
    assert titles == ["h/kernel", "h/bias", "o/kernel", "o/bias"]
    assert "bands of 50, 90 and 100 %" in cr.plot.description(ax)
    ax.figure.draw_without_rendering()


def test_bars_have_the_colour_of_their_sign() -> None:
    from matplotlib.colors import to_hex

    ax: Any = cr.plot.weights({"w": np.array([-2.0, -1.0, 1.0, 1.0, 2.0])})
    for bar in ax.patches:
        middle = bar.get_x() + bar.get_width() / 2
        assert to_hex(bar.get_facecolor()).lower() == (NEGATIVE if middle < 0 else POSITIVE).lower()
    assert sum(bar.get_height() for bar in ax.patches) == 5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_panels_of_activations(theme: str) -> None:
    ax: Any = cr.plot.activations(network(), X, theme=theme)
    titles = [a.get_title(loc="left") for a in ax.figure.axes[1:]]
    assert titles == ["h", "o"]
    assert "zero" in ax.figure.axes[1].get_title(loc="right")
    ax.figure.draw_without_rendering()


def test_what_holds_nothing_is_said(tmp_path: Any) -> None:
    with pytest.raises(DataError, match="no weights to show"):
        numbers.weights({})
    run = recorded(tmp_path)
    run.frames.clear()
    with pytest.raises(DataError, match="holds nothing about units"):
        numbers.activations(run)
    with pytest.raises(DataError, match="holds no weights"):
        numbers.spreads(run)


def test_learning_rates() -> None:
    from chainrule.tuning.rates import LearningRates

    rates = np.geomspace(1e-5, 1, 30)
    found = LearningRates.of(rates, 1 / (1 + 1000 * rates) + 1e4 * (rates > 0.3))
    ax: Any = found.plot()
    assert ax.lines[0].get_ydata().tolist() == found.losses.tolist()
    assert ax.lines[2].get_xdata() == [found.suggestion, found.suggestion]
    assert ax.get_ylim()[1] < 2, "what runs away does not press the rest flat"
    assert ax.get_title(loc="right") == f"suggestion {found.suggestion:.2g}"
    assert found.plot(theme="dark").get_xscale() == "log"
