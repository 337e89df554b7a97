"""The native engine notices what changes between its calls, and within `fit`: layers, statistics, shared variables."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers
from chainrule.variables import Changes

pytest.importorskip("chainrule._native")

x = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")
y = x[:, :1] * 2 - x[:, 1:2]


class Then(cr.callbacks.Callback):
    def __init__(self, on_epoch: Callable[[Any], None] | None = None, on_batch: Callable[[Any], None] | None = None):
        super().__init__()
        self.on_epoch, self.on_batch = on_epoch, on_batch

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if self.on_epoch is not None:
            self.on_epoch(self.model)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.on_batch is not None and batch == 1:
            self.on_batch(self.model)


def both(run: Callable[[str], list[Any]]) -> None:
    """Compare what the engines give."""
    results = []
    for engine in ("native", "reference"):
        cr.utils.clear_session()
        cr.utils.set_random_seed(3)
        results.append([np.asarray(value) for value in run(engine)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=2e-4, atol=2e-5)


def net(engine: str, *first: Any) -> Any:
    model = cr.Sequential([cr.Input((4,)), *first, layers.Dense(6, activation="tanh"), layers.Dense(1)])
    model.compile("adam", "mse", engine=engine)
    return model


def test_programs_with_statistics_are_kept_from_fit_to_fit() -> None:
    scale = layers.Rescaling(np.full(4, 0.5))
    model = net("native", layers.Normalization(mean=[0.0, 1.0, 2.0, 3.0], variance=1.0), scale)
    model.fit(x, y, verbose=0)
    (job,) = model._engine._jobs.values()
    model.fit(x, y, verbose=0)
    assert list(model._engine._jobs.values()) == [job]
    scale.scale[0] = 0.25
    model.fit(x, y, verbose=0)
    assert job not in model._engine._jobs.values()


def answers(model: Any) -> list[Any]:
    return [
        model.predict(x, verbose=0),
        np.asarray(model(x)),
        model.predict_on_batch(x),
        model.evaluate(x, y, verbose=0),
        model.fit(x, y, verbose=0).history["loss"],
        *model.get_weights(),
    ]


CHANGES: dict[str, Callable[[Any], None]] = {
    "activation": lambda m: setattr(m.layers[1], "activation", cr.activations.relu),
    "epsilon": lambda m: setattr(m.layers[0], "epsilon", 0.5),
    "frozen": lambda m: setattr(m.layers[0], "trainable", False),
    "statistics": lambda m: m.layers[0].moving_mean.assign([1.0, 2.0, 3.0, 4.0]),
    "weights": lambda m: m.set_weights([w + 0.25 for w in m.get_weights()]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_between_two_calls_counts_at_once(what: str) -> None:
    def run(engine: str) -> list[Any]:
        model = net(engine, layers.BatchNormalization())
        before = [model.predict(x, verbose=0), np.asarray(model(x))]
        CHANGES[what](model)
        return [*before, *answers(model)]

    both(run)


@pytest.mark.parametrize("how", ["adapt", "set_weights"])
def test_statistics_learnt_anew_count_at_once(how: str) -> None:
    def run(engine: str) -> list[Any]:
        normalise = layers.Normalization()
        normalise.adapt(x)
        model = net(engine, normalise)
        before = [model.predict(x, verbose=0), np.asarray(model(x))]
        if how == "adapt":
            normalise.adapt(3 * x + 2)
        else:
            mean, *others = model.get_weights()
            model.set_weights([mean + 5, *others])
        return [*before, *answers(model)]

    both(run)


def test_epsilon_counts_at_once() -> None:
    def run(engine: str) -> list[Any]:
        model = net(engine, layers.Normalization(mean=np.zeros(4), variance=np.full(4, 1e-6)))
        before = [model.predict(x, verbose=0), np.asarray(model(x))]
        old = cr.config.epsilon()
        try:
            cr.config.set_epsilon(0.1)
            return [*before, model.predict(x, verbose=0), np.asarray(model(x)), model.evaluate(x, y, verbose=0)]
        finally:
            cr.config.set_epsilon(old)

    both(run)


@pytest.mark.parametrize("when", ["on_epoch", "on_batch"])
@pytest.mark.parametrize("quick", [True, False])
def test_a_callback_may_use_a_model_that_shares_layers(when: str, quick: bool) -> None:
    def run(engine: str) -> list[Any]:
        entry = cr.Input((4,))
        code = layers.Dense(3, activation="tanh")(entry)
        whole, encoder = cr.Model(entry, layers.Dense(4)(code)), cr.Model(entry, code)
        whole.compile("adam", "mse", engine=engine)
        seen: list[Any] = []
        look = (lambda _: seen.append(encoder(x))) if quick else (lambda _: seen.append(encoder.predict(x, verbose=0)))
        history = whole.fit(x, x, epochs=3, batch_size=8, verbose=0, callbacks=[Then(**{when: look})]).history
        return [*seen, history["loss"], *whole.get_weights(), encoder(x)]

    both(run)


@pytest.mark.parametrize("when", ["on_epoch", "on_batch"])
def test_a_callback_may_change_the_model_and_its_optimizer(when: str) -> None:
    def change(model: Any) -> None:
        model.layers[0].activation = cr.activations.relu
        model.optimizer.beta_1 = 0.5

    def run(engine: str) -> list[Any]:
        model = net(engine)
        history = model.fit(x, y, epochs=3, batch_size=8, verbose=0, callbacks=[Then(**{when: change})]).history
        return [history["loss"], *model.get_weights()]

    both(run)


def test_another_engine_goes_on_where_the_native_one_cannot() -> None:
    def run(engine: str) -> list[Any]:
        model = net("auto" if engine == "native" else engine)
        then = Then(on_batch=lambda m: setattr(m.layers[0], "activation", lambda v: v * 0.5))
        history = model.fit(x, y, epochs=2, batch_size=8, verbose=0, callbacks=[then]).history
        assert model.engine.startswith("reference")
        return [history["loss"], *model.get_weights()]

    both(run)


def test_training_counts_no_changes() -> None:
    model = net("native", layers.BatchNormalization(), layers.Dropout(0.5))
    model.fit(x, y, verbose=0)
    model.predict(x, verbose=0)
    before = Changes.count
    model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y), callbacks=[Then()])
    model.evaluate(x, y, verbose=0)
    model.train_on_batch(x, y)
    model.predict(x, verbose=0)
    model(x)
    assert Changes.count == before


# -- data -------------------------------------------------------------------------------------------------------------

PARTS: dict[str, tuple[Any, ...]] = {
    "narrow": (x[:8, :2], y[:8]),
    "wide": (np.tile(x[:8], 2), y[:8]),
    "deep": (x[:8, None], y[:8]),
    "targets": (x[:8], np.tile(y[:8], 2)),
    "weights": (x[:8], y[:8], np.ones((8, 2), np.float32)),
    "untargeted": (x[:8],),
}


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("part", PARTS)
def test_a_batch_of_a_stream_that_does_not_fit_is_refused_by_either_engine(part: str, engine: str) -> None:
    model = net(engine)
    batches = [(x[:8], y[:8]), PARTS[part]]
    with pytest.raises((cr.errors.ShapeError, cr.errors.DataError), match=r"shape|targets"):
        model.fit(iter(batches), steps_per_epoch=2, verbose=0)
    with pytest.raises((cr.errors.ShapeError, cr.errors.DataError), match=r"shape|targets"):
        model.evaluate(iter(batches), steps=2, verbose=0)
    if part in ("narrow", "wide", "deep"):
        with pytest.raises(cr.errors.ShapeError, match="shape"):
            model.predict(iter([(batch[0],) for batch in batches]), steps=2, verbose=0)


def test_two_weights_for_each_observation_are_refused() -> None:
    with pytest.raises(cr.errors.ShapeError, match="sample_weight has shape"):
        net("native").fit(x, y, sample_weight=np.ones((40, 2)), verbose=0)


def test_epochs_that_ended_are_in_the_history_when_a_later_one_fails() -> None:
    def run(engine: str) -> list[Any]:
        schedule = cr.optimizers.schedules.PiecewiseConstantDecay([12], [0.01, 1e30])
        model = cr.Sequential([cr.Input((4,)), layers.Dense(6), layers.Dense(1)])
        model.compile(cr.optimizers.SGD(schedule), "mse", engine=engine)
        with pytest.raises(cr.errors.DivergedError):
            model.fit(x, y, epochs=50, batch_size=8, verbose=0)
        assert model.history.epoch == [0, 1]
        return [model.history.history["loss"], *model.get_weights()]

    both(run)


# -- classes of the user's own ----------------------------------------------------------------------------------------


class Twice(layers.Dense):
    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return super().call(inputs, training) * 2


class Always(layers.Dropout):
    def call(self, inputs: Any, training: Any = None) -> Any:
        return super().call(inputs, training=True)


class Named(layers.Dense):
    """A class of one's own that computes as ours does."""


@pytest.mark.parametrize("make", [lambda: Twice(3), lambda: Always(0.5)])
def test_a_layer_that_computes_otherwise_than_ours_beneath_it_is_python(make: Callable[[], Any]) -> None:
    model = net("auto", make())
    model.evaluate(x, y, verbose=0)
    assert "is Python code" in model.engine
    with pytest.raises(cr.errors.EngineError, match=r"is Python code \((Twice|Always)\.call\)"):
        net("native", make()).evaluate(x, y, verbose=0)


def test_a_layer_whose_call_is_replaced_is_python() -> None:
    model = net("auto")
    model.evaluate(x, y, verbose=0)
    assert model.engine == "native"
    model.layers[0].call = lambda inputs, training=None: inputs[:, :1] + np.zeros((1, 6), np.float32)
    assert not np.array_equal(model.predict(x, verbose=0), net("auto").predict(x, verbose=0))
    assert "is Python code" in model.engine


def test_a_class_of_ones_own_with_our_call_stays_native() -> None:
    model = net("auto", Named(3))
    model.evaluate(x, y, verbose=0)
    assert model.engine == "native"


def test_a_predict_step_of_ones_own_predicts() -> None:
    class Zeros(cr.Sequential):
        def predict_step(self, data: Any) -> Any:
            return np.zeros((len(data[0]), 1))

    model = Zeros([cr.Input((4,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0)
    assert model.engine == "native"
    assert not model.predict(x, verbose=0).any()


@pytest.mark.parametrize("method", ["fit", "evaluate", "predict", "train_on_batch", "test_on_batch"])
def test_data_are_let_go_of(method: str) -> None:
    model, data = net("native"), x.copy()
    alive = weakref.ref(data)
    options = {} if method.endswith("batch") else {"verbose": 0}
    getattr(model, method)(*((data,) if method == "predict" else (data, y)), **options)
    del data
    gc.collect()
    assert alive() is None
