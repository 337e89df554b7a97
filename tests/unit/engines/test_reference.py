"""The reference engine, held to the contract of engines/base.py."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.engines.epoch import Epoch
from chainrule.engines.reference import ReferenceEngine
from chainrule.models.prepare import prepare
from chainrule.random import threefry

X = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
Y = X.sum(axis=1)
KEY = (1, 2)


def ready(**settings: Any) -> Any:
    cr.utils.set_random_seed(3)
    net = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(4, activation="tanh"), cr.layers.Dropout(0.5), cr.layers.Dense(1)]
    )
    net.compile("adam", "mse", metrics=["mae"], **settings)
    prepare(net, make_batches(X, Y, batch_size=6), "fit")
    return net


def epoch(x: Any = X, y: Any = Y, order: Any = None) -> Epoch:
    return Epoch(make_batches(x, y, batch_size=6), order)


def test_it_refuses_nothing() -> None:
    assert ReferenceEngine().refuses(object()) is None


def test_steps_give_one_loss_each_and_stop_at_the_datas_end() -> None:
    net, data = ready(), epoch()
    engine = ReferenceEngine()
    assert len(engine.train_steps(net, data, KEY, 0, 3)) == 3
    assert len(engine.train_steps(net, data, KEY, 3, 9)) == 1
    assert len(engine.train_steps(net, data, KEY, 5, 9)) == 0
    assert int(net.optimizer.iterations) == 4


@pytest.mark.parametrize("cuts", [[4], [1, 2, 3, 4], [3, 4]])
def test_any_number_of_steps_at_a_time_gives_the_same_bits(cuts: list[int]) -> None:
    nets = [ready(), ready()]
    losses = []
    for net, stops in zip(nets, ([1, 2, 3, 4], cuts), strict=True):
        data, first, found = epoch(order=np.arange(20)[::-1]), 0, []
        for stop in stops:
            found.extend(ReferenceEngine().train_steps(net, data, KEY, first, stop).tolist())
            first = stop
        losses.append(found)
    assert losses[0] == losses[1]
    for a, b in zip(nets[0].get_weights(), nets[1].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_masks_of_a_step_are_keyed_by_epoch_step_and_layer() -> None:
    net = ready()
    net.layers[0].activation = cr.activations.linear
    seen: list[Any] = []
    dropout = net.layers[1]
    original = dropout.mask
    dropout.mask = lambda shape, dtype: seen.append(original(shape, dtype)) or seen[-1]
    ReferenceEngine().train_steps(net, epoch(), KEY, 0, 2)
    for step, mask in enumerate(seen):
        key = threefry.fold_in(threefry.fold_in(KEY, step), 2, 0, 0)
        np.testing.assert_array_equal(np.asarray(mask) != 0, threefry.keep_mask(key, (6, 4), 0.5))


def test_a_loss_that_is_no_number_is_returned_and_changes_nothing() -> None:
    net = ready()
    y = Y.copy()
    y[7] = 1e30
    before = [v.numpy() for v in (*net.weights, *net.optimizer.variables)]
    engine = ReferenceEngine()
    data = epoch(y=y)
    losses = engine.train_steps(net, data, KEY, 0, 1)
    after_one = [v.numpy() for v in (*net.weights, *net.optimizer.variables)]
    losses = engine.train_steps(net, data, KEY, 1, 4)
    assert len(losses) == 1
    assert not np.isfinite(losses[0])
    for a, b in zip(after_one, [v.numpy() for v in (*net.weights, *net.optimizer.variables)], strict=True):
        np.testing.assert_array_equal(a, b)
    assert any(not np.array_equal(a, b) for a, b in zip(before, after_one, strict=True))


def test_metrics_are_updated_in_place() -> None:
    net = ready()
    net.reset_metrics()
    losses = ReferenceEngine().test_steps(net, epoch(), 0, 4)
    p = net.predict(X, verbose=0)[:, 0]
    assert net.get_metrics_result()["loss"] == pytest.approx(float(np.mean((p - Y) ** 2)), rel=1e-5)
    assert net.get_metrics_result()["mae"] == pytest.approx(float(np.mean(np.abs(p - Y))), rel=1e-5)
    assert losses[0] == pytest.approx(float(np.mean((p[:6] - Y[:6]) ** 2)), rel=1e-5)


def test_predictions_have_the_outputs_structure() -> None:
    a = cr.Input((3,))
    net = cr.Model(a, {"p": cr.layers.Dense(1)(a), "q": [cr.layers.Dense(2)(a)]})
    found = ReferenceEngine().predict_batch(net, X)
    assert {k: np.shape(v[0] if isinstance(v, list) else v) for k, v in found.items()} == {"p": (20, 1), "q": (20, 2)}
    assert isinstance(found["p"], np.ndarray)
