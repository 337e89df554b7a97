"""Gradient flow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError
from chainrule.plot import numbers
from chainrule.plot.arrays.flow import short

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
Y = np.array([0, 1, 1, 1])


def network(depth: int = 1, **compiled: Any) -> Any:
    hidden = [cr.layers.Dense(3, activation="sigmoid", name=f"h{k}") for k in range(depth)]
    model = cr.Sequential([cr.Input((2,)), *hidden, cr.layers.Dense(1, name="o")], name="m")
    model.compile(**(compiled or {"loss": "mse", "optimizer": "sgd"}))
    return model


def recorded(tmp_path: Any, epochs: int = 4) -> tuple[Any, Any]:
    model = network()
    recorder = cr.callbacks.Recorder(tmp_path / "run", every=1, cost=None)
    model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[recorder])
    return model, cr.recording.load(tmp_path / "run")


def test_norms_are_those_of_the_trace() -> None:
    model = network(2)
    found = numbers.gradient_flow(model, X, Y)
    gradients = cr.trace(model, X, Y).gradients
    assert found.names == ("h0/kernel", "h0/bias", "h1/kernel", "h1/bias", "o/kernel", "o/bias")
    expected = [np.linalg.norm(np.asarray(g)) for g in gradients.values()]
    np.testing.assert_allclose(found.norms[0], expected, rtol=1e-5)


def test_a_recording_gives_the_norms_of_each_frame(tmp_path: Any) -> None:
    _, run = recorded(tmp_path)
    found = numbers.gradient_flow(run)
    assert found.steps.tolist() == run.steps
    last = [np.linalg.norm(g) for g in run.frames[-1]["gradients"].values()]
    np.testing.assert_allclose(found.norms[-1], last, rtol=1e-6)
    assert np.isnan(found.ratios[0]).all()
    assert np.isfinite(found.ratios[1:, 0]).all()


def test_weights_put_back_at_the_end_are_no_step_of_the_training(tmp_path: Any) -> None:
    model = network()
    recorder = cr.callbacks.Recorder(tmp_path / "run", every=1, cost=None)
    stop = cr.callbacks.EarlyStopping(monitor="loss", mode="max", restore_best_weights=True, patience=2)
    model.fit(X, Y, epochs=6, verbose=0, callbacks=[recorder, stop])
    run = cr.recording.load(tmp_path / "run")
    assert run.steps[-1] == run.steps[-2]
    assert numbers.gradient_flow(run).steps.tolist() == run.steps[:-1]
    assert numbers.spreads(run)[0].steps.tolist() == run.steps[:-1]


def test_bars_of_a_model() -> None:
    model = network(2)
    ax: Any = cr.plot.gradient_flow(model, X, Y)
    norms = numbers.gradient_flow(model, X, Y).norms[0]
    ends = [bar.get_x() + bar.get_width() for bar in ax.patches]
    np.testing.assert_allclose(ends, norms)
    assert [t.get_text() for t in ax.texts] == [f"{n:.2g}" for n in norms]
    ax.figure.draw_without_rendering()


def test_a_gradient_of_zero_has_no_bar_but_its_number() -> None:
    model = network()
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    ax: Any = cr.plot.gradient_flow(model, X, Y)
    assert "0" in [t.get_text() for t in ax.texts]
    ax.figure.draw_without_rendering()


def test_weights_that_are_no_numbers() -> None:
    model = network()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    ax: Any = cr.plot.gradient_flow(model, X, Y)
    assert {t.get_text() for t in ax.texts} == {"not finite"}
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_of_a_recording(tmp_path: Any, theme: str) -> None:
    _, run = recorded(tmp_path)
    ax: Any = cr.plot.gradient_flow(run, theme=theme)
    norms, ratios = ax.figure.axes[1:3]
    found = numbers.gradient_flow(run)
    np.testing.assert_allclose(norms.lines[0].get_ydata(), found.norms[:, 0])
    np.testing.assert_allclose(ratios.lines[1].get_ydata(), found.ratios[:, 2])
    assert [t.get_text() for t in ratios.get_legend().get_texts()] == ["h0/kernel", "o/kernel"]
    ax.figure.draw_without_rendering()


def test_what_has_no_gradients_is_said(tmp_path: Any) -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    with pytest.raises(ChainruleError, match="has no loss to take gradients of"):
        numbers.gradient_flow(model, X)
    model = network()
    model.fit(X, Y, verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path / "run")])
    run = cr.recording.load(tmp_path / "run")
    run.frames.clear()
    with pytest.raises(DataError, match="holds no gradients"):
        numbers.gradient_flow(run)


def test_names_are_shortened_by_what_all_share() -> None:
    assert short(["m/a/kernel", "m/a/bias", "m/b/kernel"]) == ("a/kernel", "a/bias", "b/kernel")
    assert short(["kernel"]) == ("kernel",)
