"""The messages of a training, compared with the model they are of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.recording import messages

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def _network(**compile_with: Any) -> Any:
    cr.utils.set_random_seed(0)
    layers = [
        cr.Input((3,)),
        cr.layers.Dense(4, "relu", name="a"),
        cr.layers.BatchNormalization(name="bn"),
        cr.layers.Dropout(0.5, name="drop"),
        cr.layers.Dense(1, "sigmoid", name="b"),
    ]
    model = cr.Sequential(layers, name="m")
    model.compile(**{"optimizer": "adam", "loss": "binary_crossentropy", "metrics": ["accuracy"], **compile_with})
    return model


def _frame(model: Any, **changes: Any) -> messages.Message:
    probe = messages.draw(make_batches(X, Y))
    return messages.frame(model, probe, **{"step": 5, "epoch": 0, "batch": 4, "seconds": 0.1, **changes})


# -- start ------------------------------------------------------------------------------------------------------------


def test_start_says_what_is_trained_on_what() -> None:
    made = messages.start(_network(), make_batches(X, Y), make_batches(X[:8], Y[:8]), epochs=7, name="run")
    found = messages.decode(messages.encode(made))
    assert (found["kind"], found["version"], found["run"]["name"]) == ("start", 1, "run")
    assert found["run"]["chainrule"] == cr.__version__
    model = found["model"]
    assert (model["name"], model["parameters"], model["loss"]) == ("m", 37, "binary_crossentropy")
    assert model["metrics"] == ["accuracy"]
    assert [(v["name"], v["class"], v["units"], v["activation"]) for v in model["layers"]] == [
        ("a", "Dense", 4, "relu"),
        ("bn", "BatchNormalization", 4, None),
        ("drop", "Dropout", 4, None),
        ("b", "Dense", 1, "sigmoid"),
    ]
    assert model["layers"][0]["weights"][0] == {"path": "m/a/kernel", "shape": [3, 4]}
    assert cr.models.model_from_json(_json(model["config"])).count_params() == 37
    training = found["training"]
    assert training["optimizer"]["name"] == "adam"
    assert training["optimizer"]["learning_rate"] == pytest.approx(0.001)
    assert training["optimizer"]["beta_1"] == 0.9
    assert (training["batch_size"], training["epochs"], training["steps_per_epoch"]) == (32, 7, 2)
    assert (found["data"]["rows"], found["data"]["validation_rows"]) == (40, 8)


def _json(config: Any) -> str:
    import json

    return json.dumps(config)


def test_the_probe_is_rows_of_the_data() -> None:
    found = messages.start(_network(), make_batches(X, Y))["probe"]
    np.testing.assert_array_equal(found["x"], X[found["rows"]])
    np.testing.assert_array_equal(found["y"], Y[found["rows"]])


def test_forward_computes_what_the_model_predicts() -> None:
    model = _network()
    model.get_layer("bn").moving_mean.assign(np.array([0.1, 0.2, 0.3, 0.4], "float32"))
    found = messages.start(model, make_batches(X, Y))
    w = messages.weights_of(model)
    assert [step["op"] for step in found["forward"]] == ["affine", "activate", "batch_normalize", "affine", "activate"]
    values: dict[int, Any] = {found["inputs"][0]["value"]: X.astype("float64")}
    for step in found["forward"]:
        x = values[step["inputs"][0]]
        if step["op"] == "affine":
            values[step["output"]] = x @ w[step["kernel"]] + w[step["bias"]]
        elif step["op"] == "activate":
            values[step["output"]] = np.maximum(x, 0) if step["name"] == "relu" else 1 / (1 + np.exp(-x))
        else:
            scaled = (x - w[step["moving_mean"]]) / np.sqrt(w[step["moving_variance"]] + step["epsilon"])
            values[step["output"]] = scaled * w[step["gamma"]] + w[step["beta"]]
    np.testing.assert_allclose(values[found["outputs"][0]["value"]], model.predict(X, verbose=0), rtol=1e-5)


def test_a_layer_in_python_has_no_forward_but_a_reason() -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Lambda(lambda v: v, name="mine")])
    model.compile(loss="mse")
    found = messages.start(model, make_batches(X, X))
    assert found["forward"] is None
    assert "layer 'mine' is Python code" in found["forward_why"]


# -- frame ------------------------------------------------------------------------------------------------------------


def test_a_frame_holds_weights_and_outputs_of_the_model() -> None:
    model = _network()
    found = messages.decode(messages.encode(_frame(model)))
    for v in model.weights:
        np.testing.assert_array_equal(found["weights"][v.path], v.value)
    np.testing.assert_allclose(found["outputs"], model.predict(X, verbose=0), rtol=1e-6)
    assert found["learning_rate"] == pytest.approx(0.001)


def test_the_gradients_of_a_frame_are_those_of_the_mean_loss() -> None:
    model = _network()
    found = _frame(model)["gradients"]
    assert sorted(found) == sorted(v.path for v in model.trainable_variables)
    kernel = model.get_layer("b").kernel

    def loss(step: float) -> float:
        kernel.assign(before + step * np.array([[1.0], [0], [0], [0]], "float32"))
        p = np.clip(model.predict(X, verbose=0)[:, 0].astype("float64"), 1e-7, 1 - 1e-7)
        kernel.assign(before)
        return float(-np.mean(Y * np.log(p) + (1 - Y) * np.log(1 - p)))

    before = kernel.numpy()
    slope = (loss(1e-3) - loss(-1e-3)) / 2e-3
    assert slope != 0
    assert found["m/b/kernel"][0, 0] == pytest.approx(slope, rel=1e-2)


def test_a_frame_changes_nothing() -> None:
    first, second = _network(), _network()
    first.fit(X, Y, epochs=1, verbose=0)
    second.fit(X, Y, epochs=1, verbose=0)
    state = [v.numpy() for v in [*first.weights, *first.optimizer.variables]]
    losses = first.metrics[0].result()
    _frame(first)
    for before, v in zip(state, [*first.weights, *first.optimizer.variables], strict=True):
        np.testing.assert_array_equal(before, v.value)
    assert first.metrics[0].result() == losses
    first.fit(X, Y, epochs=1, verbose=0)
    second.fit(X, Y, epochs=1, verbose=0)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_units_say_what_is_dead_or_saturated() -> None:
    model = _network()
    a, b = model.get_layer("a"), model.get_layer("b")
    a.bias.assign(np.array([-100.0, 0.0, 0.0, -100.0], "float32"))
    b.bias.assign(np.array([50.0], "float32"))
    units = {u["layer"]: u for u in _frame(model)["units"]}
    assert units["a"]["dead"] == 2
    assert units["a"]["saturated"] is None
    assert units["b"]["saturated"] == 1
    assert units["b"]["dead"] is None
    assert units["bn"]["dead"] is None
    hidden = np.maximum(X @ a.kernel.value + a.bias.value, 0)
    assert units["a"]["mean"] == pytest.approx(hidden.mean(), rel=1e-5)
    assert units["a"]["std"] == pytest.approx(hidden.std(), rel=1e-5)
    counts, edges = np.histogram(hidden, 20)
    assert sum(units["a"]["histogram"]["counts"]) == hidden.size
    assert units["a"]["histogram"]["counts"][0] == counts[0]
    np.testing.assert_allclose(units["a"]["histogram"]["edges"], edges, rtol=1e-6)


def test_flow_is_the_norm_of_the_gradient_and_the_change_per_step() -> None:
    model = _network()
    first = _frame(model, step=10)
    kernel = model.get_layer("a").kernel
    kernel.assign(kernel.value * 1.5)
    second = _frame(model, step=15, previous=first)
    flow = {f["path"]: f for f in second["flow"]}
    assert flow["m/a/kernel"]["ratio"] == pytest.approx(0.1)
    assert flow["m/b/kernel"]["ratio"] == 0
    assert flow["m/a/kernel"]["norm"] == pytest.approx(np.linalg.norm(second["gradients"]["m/a/kernel"]), rel=1e-6)
    assert first["flow"][0]["ratio"] is None


def test_without_gradients_norms_are_not_known() -> None:
    found = _frame(_network(), gradients=False)
    assert found["gradients"] is None
    assert found["flow"][0]["norm"] is None
    messages.decode(messages.encode(found))


def test_weights_that_are_no_numbers_can_be_written_and_read() -> None:
    model = _network()
    model.get_layer("a").kernel.assign(np.full((3, 4), np.nan, "float32"))
    found = messages.decode(messages.encode(_frame(model)))
    assert np.isnan(found["weights"]["m/a/kernel"]).all()
    assert np.isnan(found["outputs"]).all()
    assert np.isnan(found["units"][0]["mean"])
    assert np.isnan({f["path"]: f for f in found["flow"]}["m/b/kernel"]["norm"])


# -- other models -----------------------------------------------------------------------------------------------------


def _round_trip(model: Any, x: Any, y: Any) -> tuple[messages.Message, messages.Message]:
    batches = make_batches(x, y)
    start = messages.start(model, batches)
    frame = messages.frame(model, messages.draw(batches), step=0, epoch=0, batch=0, seconds=0.0)
    return messages.decode(messages.encode(start)), messages.decode(messages.encode(frame))


def test_several_inputs_and_outputs() -> None:
    left, right = cr.Input((3,), name="left"), cr.Input((2,), name="right")
    joined = cr.layers.Concatenate()([left, right])
    model = cr.Model([left, right], [cr.layers.Dense(2, name="p")(joined), cr.layers.Dense(1, name="q")(joined)])
    model.compile("sgd", ["mse", "mae"])
    start, frame = _round_trip(model, [X, X[:, :2]], [X[:, :2], Y])
    assert [f["name"] for f in start["data"]["features"]] == [
        *(f"input_1[{i}]" for i in range(3)),
        "input_2[0]",
        "input_2[1]",
    ]
    assert [p["name"] for p in start["outputs"]] == ["p", "q"]
    assert start["model"]["loss"] == "mean_squared_error, mean_absolute_error"
    assert start["data"]["task"] == "other"
    assert [o.shape for o in frame["outputs"]] == [(40, 2), (40, 1)]
    assert len(frame["gradients"]) == 4


def test_a_model_of_the_users_own_class() -> None:
    class Mine(cr.Model):
        def __init__(self, size: int) -> None:
            super().__init__(name="mine")
            self.hidden = cr.layers.Dense(size, "tanh", name="hidden")

        def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
            return self.hidden(inputs) * 2.0

    model = Mine(2)
    model.compile("sgd", "mse")
    model(X)
    start, frame = _round_trip(model, X, X[:, :2])
    assert start["forward"] is None
    assert "Mine" in start["forward_why"]
    assert list(frame["weights"]) == ["mine/hidden/kernel", "mine/hidden/bias"]
    assert frame["gradients"]["mine/hidden/kernel"].shape == (3, 2)
    assert frame["units"][0]["layer"] == "hidden"


def test_a_model_within_a_model() -> None:
    inner = cr.Sequential([cr.Input((3,)), cr.layers.Dense(2, "relu", name="d")], name="inner")
    model = cr.Sequential([cr.Input((3,)), inner, cr.layers.Dense(1, name="e")], name="outer")
    model.compile("sgd", "mse")
    start, frame = _round_trip(model, X, Y)
    assert [v["name"] for v in start["model"]["layers"]] == ["d", "e"]
    assert [u["layer"] for u in frame["units"]] == ["d", "e"]
    assert len(start["forward"]) == 3


def test_sum_and_own_losses_count_as_one_number() -> None:
    model = _network(loss=cr.losses.MeanSquaredError(reduction="sum"))
    assert _frame(model)["gradients"] is not None
    model = _network(loss=cr.losses.MeanSquaredError(reduction=None))
    assert _frame(model)["gradients"] is None


def test_without_targets_there_are_no_gradients() -> None:
    model = _network()
    probe = messages.Probe(np.arange(3), X[:3])
    found = messages.frame(model, probe, step=0, epoch=0, batch=0, seconds=0.0)
    assert found["gradients"] is None
    assert found["outputs"].shape == (3, 1)
