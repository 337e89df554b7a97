"""SwapEMAWeights: which weights a model has when, against moving averages worked out here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Callback, EarlyStopping, ModelCheckpoint, SwapEMAWeights

X = np.random.default_rng(0).normal(size=(24, 2)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0]])).astype("float32")


class Watch(Callback):
    """Follows the weights and works out their average."""

    def __init__(self) -> None:
        super().__init__()
        self.average: Any = None
        self.weights: Any = None
        self.tested: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.weights = self.model.get_weights()[0]
        self.average = self.weights if self.average is None else 0.5 * self.average + 0.5 * self.weights

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        if batch == 0:
            self.tested.append((self.model.get_weights()[0], self.average))

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if self.weights is not None:
            np.testing.assert_array_equal(self.model.get_weights()[0], self.weights)


def make_model(engine: str = "auto", **arguments: Any) -> Any:
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, use_bias=False)])
    settings = {"use_ema": True, "ema_momentum": 0.5, **arguments}
    model.compile(cr.optimizers.SGD(0.1, **settings), "mse", engine=engine)
    return model


def fit(model: Any, *callbacks: Any, epochs: int = 3) -> Any:
    return model.fit(
        X, Y, batch_size=8, epochs=epochs, validation_data=(X, Y), verbose=0, shuffle=False, callbacks=list(callbacks)
    )


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("swap_on_epoch", [False, True])
def test_validation_sees_the_averages_and_training_the_weights(engine: str, swap_on_epoch: bool) -> None:
    model, watch = make_model(engine), Watch()
    history = fit(model, SwapEMAWeights(swap_on_epoch), watch)
    assert len(watch.tested) == 3
    for seen, average in watch.tested:
        np.testing.assert_allclose(seen, average, rtol=1e-6)
    expected = [np.mean((X @ average - Y) ** 2) for _, average in watch.tested]
    np.testing.assert_allclose(history.history["val_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(model.get_weights()[0], watch.average, rtol=1e-6)


def test_a_checkpoint_after_it_holds_the_averages(tmp_path: Path) -> None:
    model, watch = make_model(), Watch()
    fit(model, SwapEMAWeights(swap_on_epoch=True), watch, ModelCheckpoint(tmp_path / "{epoch}.keras"))
    loaded = cr.models.load_model(tmp_path / "2.keras")
    np.testing.assert_allclose(loaded.get_weights()[0], watch.tested[1][1], rtol=1e-6)


def test_training_that_stops_early_ends_with_the_averages() -> None:
    model, watch = make_model(), Watch()
    stop = EarlyStopping("loss", min_delta=100, patience=2)
    history = fit(model, SwapEMAWeights(swap_on_epoch=True), watch, stop, epochs=9)
    assert len(history.epoch) == 3
    np.testing.assert_allclose(model.get_weights()[0], watch.average, rtol=1e-6)


@pytest.mark.parametrize("method", ["predict", "evaluate"])
def test_outside_of_training_the_weights_come_back(method: str) -> None:
    model = make_model()
    for rows in (slice(8), slice(8, 16)):
        model.train_on_batch(X[rows], Y[rows])
    weights = model.get_weights()[0]
    average = np.asarray(model.optimizer.moment_variables("average")[0])
    assert not np.allclose(weights, average)
    callback = SwapEMAWeights()
    if method == "predict":
        np.testing.assert_allclose(model.predict(X, verbose=0, callbacks=[callback]), X @ average, rtol=1e-4)
    else:
        loss = model.evaluate(X, Y, verbose=0, callbacks=[callback])
        np.testing.assert_allclose(loss, np.mean((X @ average - Y) ** 2), rtol=1e-4)
    np.testing.assert_array_equal(model.get_weights()[0], weights)


def test_before_the_first_step_there_is_nothing_to_swap() -> None:
    model = make_model()
    before = model.get_weights()[0]
    loss = model.evaluate(X, Y, verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_allclose(loss, np.mean((X @ before - Y) ** 2), rtol=1e-5)


def test_an_optimizer_without_averages_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be used when `use_ema=True` is set on the optimizer.*use_ema=False"):
        fit(make_model(use_ema=False), SwapEMAWeights())


def test_of_several_optimizers_those_that_average_count() -> None:
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    averaging, plain = cr.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), cr.optimizers.SGD(0.1)
    model.compile(cr.optimizers.MultiOptimizer(lambda v: averaging if v.name == "kernel" else plain), "mse")
    for rows in (slice(8), slice(8, 16)):
        model.train_on_batch(X[rows], Y[rows])
    kernel, bias = model.get_weights()
    average = np.asarray(averaging.moment_variables("average")[0])
    seen = model.predict(np.zeros((1, 2)), verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_allclose(seen, bias[None])
    seen = model.predict(np.eye(2), verbose=0, callbacks=[SwapEMAWeights()])
    np.testing.assert_allclose(seen, average + bias, rtol=1e-6)
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    new = cr.optimizers.SGD()
    model.compile(cr.optimizers.MultiOptimizer(lambda v: new), "mse")
    with pytest.raises(ValueError, match="Received a MultiOptimizer whose optimizers all have `use_ema=False`"):
        model.fit(X, Y, verbose=0, validation_split=0.5, callbacks=[SwapEMAWeights()])
