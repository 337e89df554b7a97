"""Loss surfaces: every number is the model's loss, in whatever way it is computed."""

from __future__ import annotations

import re
import tracemalloc
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, ShapeError, UnknownNameError
from chainrule.plot import numbers
from chainrule.plot.arrays.directions import principal
from chainrule.plot.arrays.losses import Losses
from chainrule.plot.arrays.trail import Parameters

L = cr.layers
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
Y = np.array([0, 1, 1, 1])


def dense(outputs: int = 1, loss: Any = "binary_crossentropy", name: str | None = None, **options: Any) -> Any:
    activation = {1: "sigmoid"}.get(outputs, "softmax")
    layers = [L.Dense(3, activation="tanh", name="h", **options), L.Dense(outputs, activation=activation, name="o")]
    model = cr.Sequential([cr.Input((2,)), *layers], name=name)
    model.compile("sgd", loss)
    return model


def trained(model: Any, epochs: int = 6) -> tuple[Any, list[Any]]:
    path = [model.get_weights()]
    note = cr.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: path.append(model.get_weights()))
    model.fit(X, Y, epochs=epochs, batch_size=2, verbose=0, callbacks=[note])
    return model, path


def vectors(model: Any, count: int = 12) -> np.ndarray:
    start = Parameters(model).vector()
    return start + np.random.default_rng(1).normal(size=(count, len(start)))


# -- losses -----------------------------------------------------------------------------------------------------------


def normalised() -> Any:
    model = cr.Sequential([cr.Input((2,)), L.Dense(3), L.BatchNormalization(), L.Dense(1)])
    model.compile("sgd", "mse")
    model.layers[1].set_weights([np.full(3, v, np.float32) for v in (1.5, 0.5, 0.25, 4.0)])
    return model


def weighted() -> Any:
    model = dense()
    model.compile("sgd", "binary_crossentropy", loss_weights=[3.0])
    return model


def functional() -> Any:
    inputs = cr.Input((2,))
    hidden = L.Dense(3, activation="relu")(inputs)
    model = cr.Model(inputs, L.Dense(1)(L.Concatenate()([hidden, inputs])))
    model.compile("sgd", cr.losses.Huber(), loss_weights=[2.0])
    return model


MODELS = {
    "dense": dense,
    "weighted loss": weighted,
    "Huber": functional,
    "three classes": lambda: dense(3, "sparse_categorical_crossentropy"),
    "logits": lambda: dense(1, cr.losses.BinaryCrossentropy(from_logits=True)),
    "penalty": lambda: dense(kernel_regularizer="l2"),
    "activity": lambda: dense(activity_regularizer="l2"),
    "summed": lambda: dense(1, cr.losses.BinaryCrossentropy(reduction="sum")),
    "normalised": normalised,
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_losses_are_those_that_evaluate_gives(make: Any) -> None:
    model = make()
    losses = Losses(model, X, Y)
    points = vectors(model)
    expected = []
    kept = model.get_weights()
    for point in points:
        for variable, part in zip(losses.parameters.variables, losses.parameters.parts(point), strict=True):
            variable.assign(part)
        expected.append(model.evaluate(X, Y, verbose=0, batch_size=4))
    model.set_weights(kept)
    np.testing.assert_allclose(losses.of(points), expected, rtol=2e-6)


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_all_ways_give_the_same(make: Any) -> None:
    model = make()
    losses, points = Losses(model, X, Y), vectors(model)
    slow = losses._one_by_one(points)
    np.testing.assert_allclose(losses._by_a_copy(points), slow, rtol=2e-6)
    if losses._can_be_stacked():
        np.testing.assert_allclose(losses._stacked(points), slow, rtol=1e-13)


def test_which_models_can_be_stacked() -> None:
    stacked = {name for name, make in MODELS.items() if Losses(make(), X, Y)._can_be_stacked()}
    assert stacked == {"dense", "weighted loss", "three classes", "logits"}
    assert not Losses(dense(), X, Y, np.ones(4))._can_be_stacked()


def test_models_that_are_python_code() -> None:
    class Own(cr.Model):
        def __init__(self) -> None:
            super().__init__()
            self.last = L.Dense(1)

        def call(self, inputs: Any, *args: Any, **options: Any) -> Any:
            return self.last(inputs) ** 2

    model = Own()
    model(X)
    model.compile("sgd", "mse")
    found = numbers.surface(model, X, Y, grid=5)
    assert found.loss[2, 2] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)


def test_nothing_of_the_model_changes() -> None:
    model, path = trained(dense())
    cr.utils.set_random_seed(5)
    expected = np.random.rand(), float(np.asarray(cr.random.normal((1,)))[0])  # noqa: NPY002
    cr.utils.set_random_seed(5)
    before, moments = model.get_weights(), [v.numpy() for v in model.optimizer.variables]
    for rows in (4, 20_000):
        x, y = np.resize(X, (rows, 2)), np.resize(Y, rows)
        numbers.surface(model, x, y, path=path, grid=4, rows=None)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert all(np.array_equal(a, b.numpy()) for a, b in zip(moments, model.optimizer.variables, strict=True))
    assert (np.random.rand(), float(np.asarray(cr.random.normal((1,)))[0])) == expected  # noqa: NPY002


def test_weights_of_rows_count() -> None:
    model = dense()
    weight = np.array([1.0, 0.0, 0.0, 3.0])
    found = numbers.surface(model, X, Y, sample_weight=weight, grid=3)
    assert found.loss[1, 1] == pytest.approx(
        model.evaluate(X, Y, sample_weight=weight, verbose=0, batch_size=4), rel=1e-6
    )


# -- surfaces ---------------------------------------------------------------------------------------------------------


def test_two_chosen_weights() -> None:
    model = dense()
    found = numbers.surface(model, X, Y, weights=("h/kernel[1,2]", "o/bias"), grid=5)
    assert found.point.tolist() == [pytest.approx(float(model.layers[0].kernel.numpy()[1, 2])), 0.0]
    weights = model.get_weights()
    for j in (0, 3):
        for i in (1, 4):
            weights[0][1, 2], weights[3][0] = found.x[i], found.y[j]
            model.set_weights(weights)
            assert found.loss[j, i] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)


def test_the_path_over_two_chosen_weights_is_where_they_were() -> None:
    model, path = trained(dense())
    found = numbers.surface(model, X, Y, weights=("h/kernel[0,0]", "h/bias[1]"), path=path, grid=3)
    assert found.path is not None
    np.testing.assert_allclose(found.path, [(w[0][0, 0], w[1][1]) for w in path], atol=1e-12)
    assert found.path_loss is not None
    assert found.path_loss[-1] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)
    assert found.x.min() < found.path[:, 0].min()
    assert found.y.max() > found.path[:, 1].max()


def test_the_principal_directions_are_those_of_scikit_learn(rng: np.random.Generator) -> None:
    svd = pytest.importorskip("sklearn.decomposition").TruncatedSVD(2, algorithm="arpack")
    path = np.cumsum(rng.normal(size=(30, 12)), axis=0)
    directions, shares = principal(path)
    svd.fit(path - path[-1])
    for own, theirs in zip(directions, svd.components_, strict=True):
        assert abs(own @ theirs) == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(shares, svd.singular_values_**2 / np.sum((path - path[-1]) ** 2))


def test_paths_go_to_the_right_and_upwards(rng: np.random.Generator) -> None:
    for _ in range(10):
        path = np.cumsum(rng.normal(size=(30, 12)), axis=0)
        assert ((path[-1] - path[0]) @ principal(path)[0].T >= 0).all()


def test_the_end_of_the_path_is_in_the_middle_and_its_losses_are_real() -> None:
    model, path = trained(dense(), epochs=12)
    found = numbers.surface(model, X, Y, path=path)
    assert found.path is not None
    assert found.path_loss is not None
    assert found.path[-1].tolist() == [0.0, 0.0]
    near = np.abs(found.y).argmin(), np.abs(found.x).argmin()
    assert found.loss[near] == pytest.approx(found.path_loss[-1], rel=0.1)
    for weights, loss in zip(path, found.path_loss, strict=True):
        model.set_weights(weights)
        assert loss == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)


def test_paths_that_are_a_line_or_a_point() -> None:
    model = dense()
    start = model.get_weights()
    line = [[w + k for w in start] for k in range(4)]
    found = numbers.surface(model, X, Y, path=line, grid=4)
    assert found.explained is not None
    np.testing.assert_allclose(found.explained, [1, 0], atol=1e-9)
    assert np.ptp(found.y) > 0.1
    for points in ([start], [start, start]):
        assert np.isfinite(numbers.surface(model, X, Y, path=points, grid=3).loss).all()


def test_a_recording_is_a_path(tmp_path: Any) -> None:
    model = dense()
    model.fit(X, Y, epochs=5, verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path / "run", every=1)])
    run = cr.recording.load(tmp_path / "run")
    found = numbers.surface(model, X, Y, path=run)
    assert found.path_loss is not None
    assert len(found.path_loss) == len(run.frames)
    assert found.path_loss[-1] == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-6)
    assert "direction" in cr.plot.surface(model, X, Y, path=run).get_xlabel()


def test_weights_that_were_lost_on_the_way_are_left_out() -> None:
    model, path = trained(dense())
    path.insert(2, [np.full_like(w, np.nan) for w in path[0]])
    found = numbers.surface(model, X, Y, path=path, grid=4)
    assert np.isfinite(found.loss).all()
    assert found.path is not None
    assert np.isnan(found.path[2]).all()
    ax: Any = cr.plot.surface(found)
    ax.figure.draw_without_rendering()


def test_large_models_are_computed_in_blocks() -> None:
    model = cr.Sequential([cr.Input((500,)), L.Dense(600, name="h"), L.Dense(1, name="o")])
    model.compile("sgd", "mse")
    x = np.ones((2, 500), np.float32)
    size = Parameters(model).size
    tracemalloc.start()
    found = numbers.surface(model, x, [0.0, 1.0], weights=("o/kernel[0,0]", "o/bias[0]"), grid=8, bounds=(-1, 1, 0, 1))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 64 * 8 * size  # the 64 points alone, if they were made at once
    weights = model.get_weights()
    weights[2][0, 0], weights[3][0] = found.x[5], found.y[2]
    model.set_weights(weights)
    assert found.loss[2, 5] == pytest.approx(model.evaluate(x, np.array([0.0, 1.0]), verbose=0), rel=1e-5)


def test_numbers_that_are_alone_need_no_index() -> None:
    class Scaled(L.Layer):
        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def call(self, x: Any) -> Any:
            return x * self.scale

    model = cr.Sequential([cr.Input((2,)), Scaled(name="s"), L.Dense(1, name="o")])
    model.compile("sgd", "mse")
    parameters = Parameters(model)
    assert parameters.position("s/scale") == parameters.position("s/scale[]") == 0
    assert parameters.position("o/bias") == parameters.position("o/bias[0]") == 3


def test_many_rows_are_drawn_from() -> None:
    x, y = np.resize(X, (5000, 2)), np.resize(Y, 5000)
    assert numbers.surface(dense(), x, y, grid=2).rows == 1000
    assert numbers.surface(dense(), x, y, grid=2, rows=None).rows == 5000


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda m: numbers.surface(m, X, Y, weights=("h/kernel[0,9]", "o/bias")),
            DataError,
            "an index into shape (2, 3)",
        ),
        (lambda m: numbers.surface(m, X, Y, weights=("h/kernel", "o/bias")), DataError, "such as 'm/h/kernel[0,0]'"),
        (lambda m: numbers.surface(m, X, Y, weights=("h/kernl[0,0]", "o/bias")), UnknownNameError, "'h/kernel'"),
        (lambda m: numbers.surface(m, X, Y, weights=("kernel[0,0]", "o/bias")), DataError, "end of several weights"),
        (lambda m: numbers.surface(m, X, Y, weights=("o/bias",)), DataError, "expected two, such as"),
        (lambda m: numbers.surface(m, X, Y, weights=("o/bias", "o/bias")), DataError, "two different ones"),
        (lambda m: numbers.surface(m, X, Y, path=[]), DataError, "The path has no moments"),
        (lambda m: numbers.surface(m, X, Y, path=[[np.ones(3)]]), ShapeError, "has 1 arrays, but the model has 4"),
        (lambda m: numbers.surface(m, X, Y, path=[{"m/h/kernel": 1}]), DataError, "The path has no weight 'm/h/bias'"),
        (lambda m: numbers.surface(m, X, Y, path=[[np.ones(1)] * 4]), ShapeError, "in the model it has (2, 3)"),
        (lambda m: numbers.surface(cr.Sequential([cr.Input((2,)), L.Dense(1)]), X, Y), ChainruleError, "has no loss"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call(dense(name="m"))


def test_weights_that_are_no_numbers_are_said() -> None:
    model = dense()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    with pytest.raises(DataError, match="no numbers"):
        numbers.surface(model, X, Y)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture_of_a_surface(theme: str) -> None:
    model, path = trained(dense())
    ax: Any = cr.plot.surface(model, X, Y, path=path, grid=20, theme=theme)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["start", "end"]
    assert "of its variance" in ax.get_xlabel()
    assert "in 7 moments" in cr.plot.description(ax)
    ax.figure.draw_without_rendering()
    alone: Any = cr.plot.surface(model, X, Y, grid=5)
    assert [t.get_text() for t in alone.get_legend().get_texts()] == ["the model"]
