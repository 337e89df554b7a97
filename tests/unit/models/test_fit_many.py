"""`fit_many` gives every model what `fit` alone would give it, says which models diverged, and stops them together."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, DivergedError, ShapeError, SomeDivergedError

RNG = np.random.default_rng(7)
X = RNG.normal(size=(90, 4)).astype("float32")
Y = (X @ [1.0, -2.0, 0.5, 0.0] > 0).astype("int64")
W = RNG.uniform(0.2, 2.0, 90).astype("float32")


def network(seed: int = 0, rate: float = 0.01, optimizer: Any = None, engine: str = "auto") -> cr.Sequential:
    cr.utils.set_random_seed(seed)
    net = cr.Sequential(
        [
            cr.Input((4,)),
            cr.layers.Dense(8, activation="tanh"),
            cr.layers.BatchNormalization(),
            cr.layers.Dropout(0.2),
            cr.layers.Dense(1, activation="sigmoid"),
        ]
    )
    net.compile(optimizer or cr.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"], engine=engine)
    return net


def straight(rate: float = 0.1) -> cr.Sequential:
    cr.utils.set_random_seed(1)
    net = cr.Sequential([cr.Input((4,)), cr.layers.Dense(1, kernel_initializer="zeros")])
    net.compile(cr.optimizers.SGD(rate), "mse")
    return net


def assert_same(one: Any, other: Any) -> None:
    """Compare all that training changes, bit for bit."""
    for a, b in zip(
        [*one.weights, *one.optimizer.variables], [*other.weights, *other.optimizer.variables], strict=True
    ):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)
    assert one.history.history == other.history.history
    assert one.history.epoch == other.history.epoch


def compare(
    make: Callable[[int], Any], count: int = 3, each: Callable[[int], dict[str, Any]] | None = None, **given: Any
) -> list[Any]:
    """Train models together and alone; `each` gives what belongs to one model."""
    models = [make(i) for i in range(count)]
    own = [each(i) if each else {} for i in range(count)]
    columns = {name: [one[name] for one in own] for name in own[0]}
    x = columns.pop("x", X)
    y = columns.pop("y", Y)
    histories = cr.fit_many(models, x, y, verbose=0, **columns, **given)
    assert [m.history for m in models] == histories
    for i, model in enumerate(models):
        alone = make(i)
        alone.fit(
            own[i].get("x", X),
            own[i].get("y", Y),
            verbose=0,
            **{k: v for k, v in own[i].items() if k not in "xy"},
            **given,
        )
        assert_same(model, alone)
    return models


# -- the same as alone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_seeds(engine: str) -> None:
    models = compare(lambda i: network(i, engine=engine), 5, epochs=3, batch_size=16)
    assert len({float(m.get_weights()[0][0, 0]) for m in models}) == 5


def test_learning_rates_and_optimizers() -> None:
    makers = [
        lambda: cr.optimizers.SGD(0.1, momentum=0.9),
        lambda: cr.optimizers.Adam(0.1, clipnorm=0.1),
        lambda: cr.optimizers.RMSprop(cr.optimizers.schedules.ExponentialDecay(0.01, 10, 0.5)),
    ]
    compare(lambda i: network(0, optimizer=makers[i]()), epochs=4)


def test_folds() -> None:
    def fold(i: int) -> dict[str, Any]:
        held_out = np.arange(90) % 3 == i
        return {"x": X[~held_out], "y": Y[~held_out], "validation_data": (X[held_out], Y[held_out])}

    models = compare(lambda i: network(1), each=fold, epochs=3)
    assert "val_accuracy" in models[0].history.history


def test_weights_of_rows_and_classes() -> None:
    compare(lambda i: network(2), each=lambda i: {"sample_weight": W**i}, epochs=2)
    compare(lambda i: network(2), each=lambda i: {"sample_weight": [W, None, W][i]}, epochs=2)
    compare(lambda i: network(2), each=lambda i: {"class_weight": {0: 1.0, 1: 1.0 + i}}, epochs=2)


def test_settings_are_for_all_models() -> None:
    compare(
        lambda i: network(i), epochs=5, initial_epoch=2, batch_size=8, shuffle=False, validation_split=0.25,
        validation_batch_size=7, validation_freq=2,
    )  # fmt: skip
    compare(lambda i: network(i), epochs=4, steps_per_epoch=2, batch_size=16)
    compare(lambda i: network(i), epochs=0)


def test_models_may_be_trained_again() -> None:
    models = [network(i) for i in range(3)]
    for _ in range(2):
        cr.fit_many(models, X, Y, epochs=2, verbose=0)
    for i, model in enumerate(models):
        alone = network(i)
        alone.fit(X, Y, epochs=2, verbose=0)
        alone.fit(X, Y, epochs=2, verbose=0)
        assert_same(model, alone)


def test_models_are_built_in_their_order() -> None:
    def unbuilt() -> list[Any]:
        cr.utils.set_random_seed(3)
        models = [cr.Sequential([cr.layers.Dense(3, activation="relu"), cr.layers.Dense(1)]) for _ in range(6)]
        for net in models:
            net.compile("sgd", "mse")
        return models

    together, alone = unbuilt(), unbuilt()
    cr.fit_many(together, X, Y, epochs=2, verbose=0)
    for one, other in zip(together, alone, strict=True):
        other.fit(X, Y, epochs=2, verbose=0)
        assert_same(one, other)


def test_engines_may_differ() -> None:
    compare(lambda i: network(i, engine=["reference", "native"][i % 2]), 4, epochs=2)


def test_the_number_of_threads_changes_nothing() -> None:
    try:
        cr.config.set_num_threads(1)
        compare(lambda i: network(i), epochs=2)
    finally:
        cr.config.set_num_threads(None)


def test_without_compiled_code_models_train_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.models.crew.compiled", lambda: "the native engine is not installed")
    compare(lambda i: network(i, engine="reference"), epochs=2)


# -- one for all, or one for each -----------------------------------------------------------------------------------


def test_several_inputs_are_a_tuple_or_a_dict() -> None:
    def two(seed: int) -> Any:
        cr.utils.set_random_seed(seed)
        a, b = cr.Input((3,), name="a"), cr.Input((1,), name="b")
        net = cr.Model([a, b], cr.layers.Dense(1)(cr.layers.concatenate([a, b])))
        net.compile("sgd", "mse")
        return net

    left, right = X[:, :3], X[:, 3:]
    for x in ((left, right), {"a": left, "b": right}):
        models = [two(0), two(1)]
        cr.fit_many(models, x, Y, verbose=0)
        alone = two(1)
        alone.fit([left, right], Y, verbose=0)
        assert_same(models[1], alone)
    models = [two(0), two(1)]
    cr.fit_many(models, [(left, right), (-left, right)], Y, verbose=0)
    alone = two(1)
    alone.fit([-left, right], Y, verbose=0)
    assert_same(models[1], alone)


def test_lists_of_numbers_are_arrays() -> None:
    models = [straight(), straight()]
    x, y = [(0.0, 0.0, 0.0, 1.0), (0.0, 1.0, 0.0, 1.0)], [1.0, 2.0]
    cr.fit_many(models, x, y, verbose=0)
    alone = straight()
    alone.fit(x, y, verbose=0)
    assert_same(models[0], alone)
    assert_same(models[1], alone)


def test_a_list_has_an_entry_for_each_model() -> None:
    with pytest.raises(
        DataError, match=r"^fit_many: x is a list of 3, but there are 2 models: a list has one entry for each model\."
    ):
        cr.fit_many([straight(), straight()], [X, X, X], Y, verbose=0)


def test_generators_serve_one_model() -> None:
    def batches() -> Any:
        for _ in range(8):
            yield X[:32], Y[:32]

    with pytest.raises(DataError, match=r"models\[0\] and models\[1\] have the same generator as x"):
        cr.fit_many([straight(), straight()], batches(), verbose=0)
    models = [straight(0.1), straight(0.2)]
    cr.fit_many(models, [batches(), batches()], epochs=2, steps_per_epoch=3, verbose=0)
    alone = straight(0.2)
    alone.fit(batches(), epochs=2, steps_per_epoch=3, verbose=0)
    assert_same(models[1], alone)


def test_samples_are_arrays() -> None:
    samples, _ = cr.utils.split_dataset((X, Y), left_size=60)
    models = [straight(), straight()]
    cr.fit_many(models, samples, verbose=0)
    alone = straight()
    alone.fit(samples, verbose=0)
    assert_same(models[1], alone)


# -- callbacks ------------------------------------------------------------------------------------------------------


def test_callbacks_belong_to_one_model_each() -> None:
    stops = [cr.callbacks.EarlyStopping("loss", min_delta=100.0, patience=i) for i in range(3)]
    models = [network(i) for i in range(3)]
    cr.fit_many(models, X, Y, epochs=6, verbose=0, callbacks=[[one] for one in stops])
    assert [len(m.history.epoch) for m in models] == [2, 2, 3]
    assert [one.model for one in stops] == models
    models = [network(i) for i in range(3)]
    cr.fit_many(
        models,
        X,
        Y,
        epochs=6,
        verbose=0,
        callbacks=lambda i: [cr.callbacks.EarlyStopping("loss", min_delta=100.0, patience=i)],
    )
    assert [len(m.history.epoch) for m in models] == [2, 2, 3]


def test_callbacks_are_not_shared() -> None:
    stop = cr.callbacks.EarlyStopping("loss")
    for given in ([stop], stop, [[stop]], [stop, cr.callbacks.History()]):
        with pytest.raises(
            DataError, match=r"^fit_many: no two models can share a callback, so callbacks must be a list"
        ):
            cr.fit_many([network(), network()], X, Y, verbose=0, callbacks=given)
    with pytest.raises(
        DataError, match=r"models\[0\] and models\[1\] have the same EarlyStopping among their callbacks"
    ):
        cr.fit_many([network(), network()], X, Y, verbose=0, callbacks=lambda i: [stop])


def test_an_error_in_a_callback_stops_all_models() -> None:
    class Fails(cr.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("the disk is full")

    models = [network(i) for i in range(4)]
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="the disk is full") as caught:
        cr.fit_many(models, X, Y, epochs=1_000_000, verbose=0, callbacks=lambda i: [Fails()] if i == 1 else None)
    assert time.monotonic() - began < 60
    assert caught.value.__notes__ == [f"This came up in fit_many, in the training of models[1] ('{models[1].name}')."]
    assert all(np.isfinite(w).all() for m in models for w in m.get_weights())


# -- errors ---------------------------------------------------------------------------------------------------------


def test_models_that_diverge_do_not_stop_the_others() -> None:
    rates = [0.01, 1e30, 0.02, 1e30]
    models = [straight(rate) for rate in rates]
    before = [m.get_weights() for m in models]
    with pytest.raises(SomeDivergedError, match=r"^fit_many: 2 of 4 models diverged; the other 2 are") as caught:
        cr.fit_many(models, X, Y, epochs=5, verbose=0)
    error = caught.value
    assert [h is not None for h in error.histories] == [True, False, True, False]
    assert list(error.errors) == [1, 3]
    assert f"models[3] ('{models[3].name}'): fit: the " in str(error)
    assert isinstance(error, DivergedError)
    for i in (0, 2):
        alone = straight(rates[i])
        alone.fit(X, Y, epochs=5, verbose=0)
        assert_same(models[i], alone)
    for a, b in zip(before[1], models[1].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(SomeDivergedError, match=r"^fit_many: 1 of 1 models diverged:\n  models\[0\]"):
        cr.fit_many([straight(1e30)], X, Y, epochs=5, verbose=0)


def test_bad_data_name_the_model() -> None:
    bad = X.copy()
    bad[3, 1] = np.nan
    with pytest.raises(DataError, match=r"^fit_many, models\[1\] \('sequential.*'\): fit: x\[3, 1\] is NaN"):
        cr.fit_many([straight(), straight()], [X, bad], Y, verbose=0)
    with pytest.raises(ShapeError, match=r"^fit_many, models\[0\]"):
        cr.fit_many([straight()], X[:, :2], Y, verbose=0)
    with pytest.raises(DataError, match=r"^fit_many: x is None"):
        cr.fit_many([straight()], verbose=0)
    with pytest.raises(DataError, match=r"^fit: epochs must be a whole number"):
        cr.fit_many([straight()], X, Y, epochs="3", verbose=0)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"^verbose must be"):
        cr.fit_many([straight()], X, Y, verbose=3)


def test_models_share_nothing_that_training_changes() -> None:
    net = straight()
    other = cr.Sequential([cr.Input((4,)), *net.layers])
    other.compile("sgd", "mse")
    with pytest.raises(
        DataError, match=r"^fit_many: models\[0\] and models\[1\] have the same weights \('.*/kernel'\)"
    ):
        cr.fit_many([net, other], X, Y, verbose=0)
    with pytest.raises(
        DataError, match=r"models\[0\] and models\[2\] have the same model, .* Make one for each model\."
    ):
        cr.fit_many([net, straight(), net], X, Y, verbose=0)
    optimizer = cr.optimizers.SGD(0.1)
    with pytest.raises(DataError, match="have the same optimizer"):
        cr.fit_many([network(optimizer=optimizer), network(optimizer=optimizer)], X, Y, verbose=0)
    metric = cr.metrics.BinaryAccuracy(name="hits")
    both = [straight(), straight()]
    for one in both:
        one.compile("sgd", "mse", metrics=[metric])
    with pytest.raises(DataError, match=r"have the same metric \('hits'\)"):
        cr.fit_many(both, X, Y, verbose=0)


def test_models_are_compiled_models() -> None:
    for wrong in ([], None, straight(), [straight(), "model"]):
        with pytest.raises(DataError, match=r"^fit_many: models must be a list of compiled models\."):
            cr.fit_many(wrong, X, Y, verbose=0)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"models\[1\] \('raw'\) must be compiled first"):
        cr.fit_many([straight(), cr.Sequential([cr.layers.Dense(1)], name="raw")], X, Y, verbose=0)


@pytest.mark.parametrize("validates", [False, True])
def test_an_interrupt_stops_all_models(validates: bool) -> None:
    models = [network(i) for i in range(4)]
    more = {"validation_data": (X, Y)} if validates else {}
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        cr.fit_many(models, X, Y, epochs=10_000_000, verbose=0, **more)
    timer.join()
    assert not any("_work" in thread.name for thread in threading.enumerate())
    assert int(models[0].optimizer.iterations) > 0
    assert all(np.isfinite(w).all() for m in models for w in m.get_weights())
    models[0].fit(X, Y, verbose=0)  # and may go on


# -- the line -------------------------------------------------------------------------------------------------------


def test_one_line_for_all_models(capsys: pytest.CaptureFixture[str]) -> None:
    models = [network(i) for i in range(3)]
    histories = cr.fit_many(models, X, Y, epochs=4, verbose=1)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("12/12 ━━━━━━━━━━━━━━━━━━━━ ")
    assert "/epoch - accuracy: " in line
    assert line.endswith(f" - loss: {np.mean([h.history['loss'][-1] for h in histories]):.4f}")


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    cr.fit_many([network(0), network(1)], X, Y, epochs=2, verbose=0)
    assert capsys.readouterr().out == ""


def test_level_two_shows_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    cr.fit_many([network(0), network(1)], X, Y, epochs=2, verbose=2)
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("4/4 - 0s - ")
    assert " - loss: " in line
