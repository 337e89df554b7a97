"""`compile`: what is set, what is kept, what can be read back."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X.sum(axis=1)


def network() -> cr.Sequential:
    return cr.Sequential([cr.Input((3,)), cr.layers.Dense(1, name="out")])


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        (
            "compile",
            "optimizer='rmsprop', loss=None, loss_weights=None, metrics=None, weighted_metrics=None, "
            "run_eagerly=False, steps_per_execution=1, jit_compile='auto', auto_scale_loss=True, engine='auto'",
        ),
        (
            "fit",
            "x=None, y=None, batch_size=None, epochs=1, verbose='auto', callbacks=None, validation_split=0.0, "
            "validation_data=None, shuffle=True, class_weight=None, sample_weight=None, initial_epoch=0, "
            "steps_per_epoch=None, validation_steps=None, validation_batch_size=None, validation_freq=1",
        ),
        (
            "evaluate",
            "x=None, y=None, batch_size=None, verbose='auto', sample_weight=None, steps=None, callbacks=None, "
            "return_dict=False, **kwargs",
        ),
        ("predict", "x, batch_size=None, verbose='auto', steps=None, callbacks=None"),
        ("train_on_batch", "x, y=None, sample_weight=None, class_weight=None, return_dict=False"),
        ("test_on_batch", "x, y=None, sample_weight=None, return_dict=False"),
        ("predict_on_batch", "x"),
        ("compute_loss", "x=None, y=None, y_pred=None, sample_weight=None, training=True"),
        ("compute_metrics", "x, y, y_pred, sample_weight=None"),
        (
            "summary",
            "line_length=None, positions=None, print_fn=None, expand_nested=False, show_trainable=False, "
            "layer_range=None",
        ),
        ("save", "filepath, overwrite=True, zipped=None, **kwargs"),
        ("save_weights", "filepath, overwrite=True, max_shard_size=None"),
        ("load_weights", "filepath, skip_mismatch=False, **kwargs"),
        ("get_layer", "name=None, index=None"),
    ],
)
def test_signatures_are_keras_3_15s(method: str, expected: str) -> None:
    parameters = list(inspect.signature(getattr(cr.Model, method)).parameters.values())[1:]
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    assert ", ".join(str(p) for p in plain) == expected


def test_settings_can_be_read() -> None:
    net = network()
    assert (net.compiled, net.optimizer, net.loss, net.metrics) == (False, None, None, [])
    net.compile(loss="mse", metrics=["mae"], run_eagerly=True, steps_per_execution=4)
    assert net.compiled
    assert type(net.optimizer).__name__ == "RMSprop"
    assert (net.loss, net.run_eagerly, net.steps_per_execution, net.jit_compile) == ("mse", True, 4, False)
    assert [m.name for m in net.metrics] == ["loss", "compile_metrics"]


def test_compiling_anew_keeps_the_loss_and_the_metrics_that_are_not_given_again() -> None:
    net = network()
    net.compile("sgd", "mse", metrics=["mae"])
    net.fit(X, Y, verbose=0)
    net.compile("sgd", "mae")
    assert list(net.fit(X, Y, verbose=0).history) == ["loss", "mae"]
    net.compile("sgd")
    assert list(net.fit(X, Y, verbose=0).history) == ["loss", "mae"]
    assert net.loss == "mae"
    net.compile("sgd", "mse", metrics=[])
    assert list(net.fit(X, Y, verbose=0).history) == ["loss"]


def test_compile_settings_round_trip() -> None:
    net = network()
    net.compile(cr.optimizers.Adam(0.01), loss=cr.losses.Huber(0.5), metrics=["mae"], loss_weights=[2.0])
    twin = network()
    twin.compile_from_config(net.get_compile_config())  # type: ignore[arg-type]
    assert twin.get_compile_config() == net.get_compile_config()
    assert twin.optimizer.built
    assert network().get_compile_config() is None


def test_a_loss_may_be_given_as_a_class() -> None:
    net = network()
    net.compile("sgd", cr.losses.MeanSquaredError)
    net.fit(X, Y, verbose=0)
    assert net.get_compile_config()["loss"]["class_name"] == "MeanSquaredError"  # type: ignore[index]


def test_one_optimizer_serves_one_model() -> None:
    shared = cr.optimizers.SGD(0.1)
    first, second = network(), network()
    first.compile(shared, "mse")
    second.compile(shared, "mse")
    first.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match=r"unknown variable .*make a new one for another set of variables"):
        second.fit(X, Y, verbose=0)


def test_own_losses_and_metrics_are_functions_of_arrays() -> None:
    def largest(y_true: Any, y_pred: Any) -> Any:
        return np.max(np.abs(y_true - y_pred), axis=-1)

    net = network()
    net.compile("sgd", loss=lambda y, p: cr.ops.mean(cr.ops.abs(y - p), axis=-1), metrics=[largest])
    record = net.fit(X, Y, verbose=0)
    assert sorted(record.history) == ["largest", "loss"]


def test_functions_that_scripts_call_without_need() -> None:
    net = network()
    net.compile("sgd", "mse")
    for method in ("make_train_function", "make_test_function", "make_predict_function"):
        getattr(net, method)(force=True)
