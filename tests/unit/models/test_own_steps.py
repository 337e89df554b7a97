"""Training steps of the user's own, written with our GradientTape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1)


def dense_net(cls: Any, **arguments: Any) -> Any:
    cr.utils.set_random_seed(4)
    inputs = cr.Input((3,))
    outputs = cr.layers.Dense(1)(cr.layers.Dense(5, activation="tanh")(inputs))
    return cls(inputs, outputs, **arguments)


class TapeModel(cr.Model):
    """Keras's own training step, spelt out."""

    def train_step(self, data: Any) -> Any:
        x, y = data
        with cr.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x=x, y=y, y_pred=y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(loss, sample_weight=len(x))
            else:
                metric.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


def test_a_step_spelt_out_equals_the_built_in_one() -> None:
    weights, histories = [], []
    for kind in (cr.Model, TapeModel):
        net = dense_net(kind)
        net.compile(cr.optimizers.Adam(0.01), "mse", metrics=["mae"], engine="reference")
        histories.append(net.fit(X, Y, epochs=3, batch_size=7, verbose=0).history)
        weights.append(net.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_array_equal(a, b)
    assert histories[1] == histories[0]


def test_data_come_as_users_unpack_them() -> None:
    shapes: list[Any] = []

    class Net(cr.Model):
        def train_step(self, data: Any) -> Any:
            shapes.append(("train", [v.shape for v in data] if isinstance(data, tuple) else data.shape))
            return {"loss": 0.0}

        def test_step(self, data: Any) -> Any:
            shapes.append(("test", [v.shape for v in data]))
            return {"own": 1.5}

        def predict_step(self, data: Any) -> Any:
            shapes.append(("predict", data.shape))
            return self(data)

    net = dense_net(Net)
    net.compile("sgd")
    net.fit(X, Y, batch_size=24, verbose=0)
    net.fit(X, Y, sample_weight=Y, batch_size=24, verbose=0)
    net.fit(X, batch_size=24, verbose=0)
    assert net.evaluate(X, Y, batch_size=24, verbose=0, return_dict=True) == {"own": 1.5}
    net.predict(X, verbose=0)
    assert shapes == [
        ("train", [(24, 3), (24,)]),
        ("train", [(24, 3), (24,), (24,)]),
        ("train", (24, 3)),
        ("test", [(24, 3), (24,)]),
        ("predict", (24, 3)),
    ]


def test_what_a_step_returns_is_the_log() -> None:
    class Net(cr.Model):
        def train_step(self, data: Any) -> Any:
            super().train_step(data)
            return {"loss": 2.0, "extra": np.float32(0.25)}

    net = dense_net(Net)
    net.compile("sgd", "mse")
    record = net.fit(X, Y, epochs=2, verbose=0)
    assert record.history == {"extra": [0.25, 0.25], "loss": [2.0, 2.0]}
    assert net.train_on_batch(X, Y, return_dict=True) == {"extra": 0.25, "loss": 2.0}


def test_a_metric_of_the_model_is_reset_each_epoch() -> None:
    class Net(cr.Model):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.seen = cr.metrics.Sum(name="seen")

        def train_step(self, data: Any) -> Any:
            self.seen.update_state(len(data[0]))
            return super().train_step(data)

    net = dense_net(Net)
    net.compile("sgd", "mse")
    assert net.fit(X, Y, epochs=2, batch_size=5, verbose=0).history["seen"] == [24.0, 24.0]
    assert net.metrics_names == ["loss", "seen"]


def test_a_metric_in_a_layer_is_reported() -> None:
    class Watching(cr.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.mean_input = cr.metrics.Mean(name="mean_input")

        def call(self, x: Any) -> Any:
            self.mean_input.update_state(np.asarray(x))
            return x

    net = cr.Sequential([cr.Input((3,)), Watching(), cr.layers.Dense(1)])
    net.compile("sgd", "mse")
    record = net.fit(X, Y, verbose=0)
    assert record.history["mean_input"][0] == pytest.approx(float(X.mean()), rel=1e-5)
    assert [v.name for v in net.weights] == ["kernel", "bias"]


def test_second_derivatives_in_a_step() -> None:
    """A penalty on the gradient with respect to the inputs, checked against central differences of the whole loss."""

    class Smooth(cr.Model):
        def penalised(self, x: Any, y: Any) -> Any:
            x = ops.convert_to_tensor(x)
            with cr.GradientTape() as inner:
                inner.watch(x)
                p = self(x, training=True)
                total = ops.sum(p)
            slope = inner.gradient(total, x)
            return ops.mean((p[:, 0] - y) ** 2) + 0.1 * ops.mean(ops.sum(slope * slope, axis=-1))

        def train_step(self, data: Any) -> Any:
            x, y = data
            with cr.GradientTape() as outer:
                loss = self.penalised(x, y)
            self.gradients = outer.gradient(loss, self.trainable_variables)
            self.optimizer.apply(self.gradients, self.trainable_variables)
            return {"loss": loss}

    cr.config.set_floatx("float64")
    try:
        net = dense_net(Smooth)
        net.compile(cr.optimizers.SGD(0.0))
        x, y = X.astype("float64"), Y.astype("float64")
        net.fit(x, y, batch_size=24, shuffle=False, verbose=0)
        for v, g in zip(net.trainable_variables, net.gradients, strict=True):
            value, index = v.numpy(), tuple(n // 2 for n in v.shape)
            losses = []
            for step in (1e-5, -1e-5):
                moved = value.copy()
                moved[index] += step
                v.assign(moved)
                losses.append(float(net.penalised(x, y)))
            v.assign(value)
            assert np.asarray(g)[index] == pytest.approx((losses[0] - losses[1]) / 2e-5, rel=1e-6, abs=1e-9)
        net.optimizer.learning_rate = 0.05
        history = net.fit(x, y, epochs=30, verbose=0).history["loss"]
        assert history[-1] < 0.5 * history[0]
    finally:
        cr.config.set_floatx("float32")


def test_a_variational_autoencoder_collects_the_losses_of_its_parts() -> None:
    class Divergence(cr.layers.Layer):
        def call(self, inputs: Any) -> Any:
            mean, log_variance = inputs
            self.add_loss(-0.5 * ops.mean(1 + log_variance - mean**2 - ops.exp(log_variance)))
            return mean + ops.exp(0.5 * log_variance) * cr.random.normal(tuple(mean.shape))

    cr.utils.set_random_seed(0)
    inputs = cr.Input((3,))
    h = cr.layers.Dense(8, activation="relu")(inputs)
    z = Divergence(name="kl")([cr.layers.Dense(2)(h), cr.layers.Dense(2)(h)])
    net = cr.Model(inputs, cr.layers.Dense(3)(z))
    net.compile(cr.optimizers.Adam(0.02), "mse")
    history = net.fit(X, X, epochs=30, verbose=0).history["loss"]
    assert len(net.losses) == 1
    assert history[-1] < history[0]


def test_gradient_tape_needs_a_built_model() -> None:
    net = cr.Sequential([cr.layers.Dense(1)])
    net.compile("sgd", "mse")
    with (
        cr.GradientTape(),
        pytest.raises(cr.errors.DataError, match="must be built before it is used inside a GradientTape"),
    ):
        net.fit(X, Y, verbose=0)


def test_a_loss_that_is_no_number_is_explained() -> None:
    class Net(cr.Model):
        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None) -> Any:
            return (y_pred[:, 0] - y) ** 2

    net = dense_net(Net)
    net.compile("sgd")
    with pytest.raises(
        cr.errors.ShapeError, match=r"the loss of a batch must be one number, but it has shape \(24,\)\."
    ):
        net.fit(X, Y, batch_size=24, verbose=0)


def test_nothing_to_train_is_said_once() -> None:
    net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    net.trainable = False
    net.compile("sgd", "mse")
    before = net.get_weights()
    with pytest.warns(UserWarning, match="does not have any trainable weights: nothing is learnt") as caught:
        net.fit(X, Y, epochs=3, batch_size=4, verbose=0)
    assert len(caught) == 1
    for a, b in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_loss_scale_of_an_optimizer_changes_nothing() -> None:
    results = []
    for factor in (None, 1024.0):
        net = dense_net(cr.Model)
        net.compile(cr.optimizers.SGD(0.1, loss_scale_factor=factor), "mse")
        net.fit(X, Y, epochs=2, verbose=0)
        results.append(net.get_weights())
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-7)


def test_two_models_that_train_each_other_need_no_call() -> None:
    class Pair(cr.Model):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.up = cr.layers.Dense(2), cr.layers.Dense(3)
            self.tracker = cr.metrics.Mean(name="error")

        @property
        def metrics(self) -> list[Any]:
            return [self.tracker]

        def train_step(self, data: Any) -> Any:
            with cr.GradientTape() as tape:
                error = ops.mean(ops.square(self.up(self.down(data)) - data))
            variables = self.trainable_variables
            self.optimizer.apply(tape.gradient(error, variables), variables)
            self.tracker.update_state(error)
            return {"error": self.tracker.result()}

    pair = Pair()
    pair.compile("sgd")
    errors = pair.fit(X, epochs=4, verbose=0).history["error"]
    assert errors == sorted(errors, reverse=True)
    with pytest.raises(TypeError, match="Pair does not define `call"):
        pair.predict(X, verbose=0)
