"""`find_learning_rate` finds a rate that trains well, and leaves no trace."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError


def data(rows: int = 256) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(np.float32)


def network(optimizer: Any = "adam", dropout: float = 0.1) -> cr.Sequential:
    cr.utils.set_random_seed(1)
    layers = [cr.layers.Dense(16, "tanh"), cr.layers.Dropout(dropout), cr.layers.Dense(1, "sigmoid")]
    model = cr.Sequential([cr.Input((4,)), *layers])
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def test_training_with_the_suggestion_is_better_than_far_from_it() -> None:
    x, _ = data()
    y = (x[:, 0] + x[:, 1] > 0).astype(np.float32)

    def loss(rate: float) -> float:
        return float(network(cr.optimizers.SGD(rate)).fit(x, y, epochs=20, verbose=0).history["loss"][-1])

    found = cr.find_learning_rate(network("sgd"), x, y).suggestion
    assert loss(found) < loss(found / 100)
    assert loss(found) < 0.3


def test_nothing_of_the_model_changes() -> None:
    x, y = data()
    model = network()
    model.fit(x, y, epochs=2, verbose=0)
    before = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
    kept, seen, key = dict(model.history.history), model._epochs_seen, model._random_key
    drawn = (cr.random.seeds._Process.drawn, random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    cr.find_learning_rate(model, x, y, steps=20)
    after = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    assert (model.history.history, model._epochs_seen, model._random_key) == (kept, seen, key)
    assert drawn == (cr.random.seeds._Process.drawn, random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002


def test_a_model_that_has_no_weights_yet_still_has_none() -> None:
    x, y = data()
    model = cr.Sequential([cr.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    found = cr.find_learning_rate(model, x, y, steps=20)
    assert len(found.rates) == 20
    assert not model.built


def test_the_same_call_gives_the_same_numbers() -> None:
    x, y = data()
    first, second = (cr.find_learning_rate(network(), x, y) for _ in range(2))
    assert np.array_equal(first.losses, second.losses)
    assert not np.array_equal(first.losses[:8], cr.find_learning_rate(network(), x, y, seed=1).losses[:8])


def test_rates_grow_by_a_constant_factor_until_the_loss_runs_away() -> None:
    x, y = data()
    model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    found = cr.find_learning_rate(model, x, y, start=1e-4, end=1e4, steps=50)
    assert found.exploded
    assert len(found.rates) < 50
    assert found.rates[0] == pytest.approx(1e-4)
    assert np.diff(np.log(found.rates)) == pytest.approx(np.log(1e8) / 49)


def test_a_schedule_is_put_aside_and_stays() -> None:
    x, y = data()
    fixed = cr.find_learning_rate(network(cr.optimizers.SGD(0.3)), x, y)
    model = network(cr.optimizers.SGD(cr.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)))
    found = cr.find_learning_rate(model, x, y)
    assert found.losses == pytest.approx(fixed.losses, rel=1e-3)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.1)


def test_a_loss_without_a_name() -> None:
    x, y = data()
    model, same = network(dropout=0.0), network(dropout=0.0)
    model.compile("adam", lambda y, p: cr.ops.mean(cr.ops.square(y - p), axis=-1))
    same.compile("adam", "mse")
    losses = [cr.find_learning_rate(m, x, y[:, None], steps=20).losses for m in (model, same)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_a_model_that_cannot_be_copied() -> None:
    model = network(cr.optimizers.SGD(lambda: 0.1))
    with pytest.raises(DataError, match=r"find_learning_rate: Model .* cannot be copied .* a lambda cannot be written"):
        cr.find_learning_rate(model, *data())


def test_functional_models_with_several_inputs_and_outputs() -> None:
    a, b = cr.Input((2,), name="a"), cr.Input((3,), name="b")
    h = cr.layers.Dense(8, "relu")(cr.layers.Concatenate()([a, b]))
    model = cr.Model([a, b], [cr.layers.Dense(1, name="p")(h), cr.layers.Dense(1, name="q")(h)])
    model.compile("adam", {"p": "mse", "q": "mae"})
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(64, 2)), "b": rng.normal(size=(64, 3))}
    found = cr.find_learning_rate(model, x, {"p": x["a"][:, :1], "q": x["b"][:, :1]}, steps=30)
    assert 1e-7 < found.suggestion < 10


class Batches(cr.utils.PyDataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        x, y = data(128)
        return x[index::4], y[index::4]


def test_data_sets_that_give_batches() -> None:
    assert len(cr.find_learning_rate(network(), Batches(), steps=12).rates) == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start": 0}, "expected 0 < start < end, but start=0 and end=10.0"),
        ({"start": 1, "end": 1}, "expected 0 < start < end, but start=1 and end=1"),
        ({"end": float("inf")}, "expected 0 < start < end"),
        ({"steps": 5}, "steps must be a whole number of at least 10, but is 5"),
        ({"steps": 20.5}, "steps must be a whole number of at least 10, but is 20.5"),
    ],
)
def test_arguments_that_make_no_sense(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        cr.find_learning_rate(network(), *data(), **arguments)


def test_data_whose_loss_is_no_number() -> None:
    x, y = data()
    model = network()
    model.layers[0].set_weights([w * np.nan for w in model.layers[0].get_weights()])
    with pytest.raises(DataError, match="the loss is no number from learning rate 1e-07 on"):
        cr.find_learning_rate(model, x, y)


def test_a_model_that_is_not_compiled() -> None:
    with pytest.raises(ValueError, match="compile"):
        cr.find_learning_rate(cr.Sequential([cr.Input((4,)), cr.layers.Dense(1)]), *data())
