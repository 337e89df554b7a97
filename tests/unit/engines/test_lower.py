"""From models to plans: steps, slots, penalties, descriptions, and the reasons why there is no plan."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import plan as plans
from chainrule.engines.lower import lower
from chainrule.engines.plan import CannotLower, LossOf, MetricOf, Part
from chainrule.variables import Slot

L = cr.layers
X = np.random.default_rng(0).normal(size=(12, 3)).astype("float32")


def run(plan: Any, model: Any, inputs: list[Any]) -> list[Any]:
    """Compute a plan's outputs (in inference) with a few lines of NumPy: what an engine would do."""
    flat = model.pack().array
    values: dict[int, Any] = {i.value: np.asarray(x, "float64") for i, x in zip(plan.inputs, inputs, strict=True)}

    def at(slot: Any) -> Any:
        return slot.view(flat).astype("float64")

    for instruction in plan.instructions:
        step, args = instruction.step, [values[n] for n in instruction.inputs]
        x = args[0]
        match step:
            case plans.Affine():
                y = x @ at(step.kernel) + (0 if step.bias is None else at(step.bias))
            case plans.Activate():
                y = np.asarray(getattr(cr.activations, step.name)(x, **step.options))
            case plans.ParametricReLU():
                y = np.where(x > 0, x, at(step.alpha) * x)
            case plans.BatchNormalize():
                y = (x - at(step.moving_mean)) / np.sqrt(at(step.moving_variance) + step.epsilon)
                y = y * (1 if step.gamma is None else at(step.gamma)) + (0 if step.beta is None else at(step.beta))
            case plans.LayerNormalize():
                mean, variance = x.mean(axis=step.axes, keepdims=True), x.var(axis=step.axes, keepdims=True)
                y = (x - mean) / np.sqrt(variance + step.epsilon)
                y = y * (1 if step.gamma is None else at(step.gamma)) + (0 if step.beta is None else at(step.beta))
            case plans.Rescale():
                y = x * step.scale + step.offset
            case plans.Reshape():
                y = x.reshape(len(x), *step.shape)
            case plans.Embed():
                y = at(step.table)[x.astype(int)]
            case plans.Merge(kind="concatenate"):
                y = np.concatenate(args, axis=step.axis)
            case plans.Merge(kind="add"):
                y = sum(args)
            case plans.Dropout() | plans.Noise() | plans.PenalizeActivity():
                y = x
            case _:
                raise AssertionError(f"unexpected step {step}")
        values[instruction.output] = y
    return [values[n] for n in plan.outputs]


def randomize(model: Any) -> Any:
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.1, 1, v.shape) for v in model.weights])
    return model


def test_a_plan_computes_what_the_model_does() -> None:
    model = randomize(
        cr.Sequential(
            [
                cr.Input((3,)),
                L.Rescaling(0.5, offset=1.0),
                L.Dense(4, activation="tanh", activity_regularizer="l1"),
                L.BatchNormalization(),
                L.Dropout(0.5),
                L.LayerNormalization(),
                L.PReLU(),
                L.Dense(2, use_bias=False, activation="softmax"),
            ]
        )
    )
    plan = lower(model)
    np.testing.assert_allclose(run(plan, model, [X])[0], model.predict(X, verbose=0), rtol=1e-5)
    kinds = [type(i.step).__name__ for i in plan.instructions]
    assert kinds == [
        "Rescale", "Affine", "Activate", "PenalizeActivity", "BatchNormalize", "Dropout", "LayerNormalize",
        "ParametricReLU", "Affine", "Activate",
    ]  # fmt: skip


def test_wiring_shared_layers_and_models_within() -> None:
    a, b = cr.Input((3,), name="a"), cr.Input((1,), dtype="int32", name="b")
    tower = cr.Sequential(
        [cr.Input((3,)), L.Dense(4, activation="relu"), L.Dense(2, activation="sigmoid")], name="tower"
    )
    codes = L.Flatten(name="flat")(L.Embedding(5, 2, name="codes")(b))
    joined = L.Concatenate(name="join")([tower(a), tower(L.Dense(3, name="turn")(a)), codes])
    model = randomize(cr.Model([a, b], [L.Dense(1, name="out")(joined), codes]))
    plan = lower(model)
    rows = np.array([[0], [4], [2]] * 4)
    expected = model.predict([X, rows], verbose=0)
    for found, wanted in zip(run(plan, model, [X, rows]), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert [i.name for i in plan.inputs] == ["a", "b"]
    assert [i.dtype for i in plan.inputs] == ["float32", "int32"]
    assert len(plan.slots) == len(model.weights)


def test_describe() -> None:
    a = cr.Input((3,), name="a")
    model = cr.Model(a, L.Add(name="sum")([L.Dense(2, activation="relu", name="one")(a), L.Dense(2, name="two")(a)]))
    assert lower(model).describe().splitlines() == [
        "v1 = Affine(v0)       one",
        "v2 = Activate(v1)     one",
        "v3 = Affine(v0)       two",
        "v4 = Merge(v2, v3)    sum",
    ]


def test_slots_name_the_parameters_trainable_ones_first() -> None:
    model = cr.Sequential([cr.Input((3,)), L.BatchNormalization(), L.Dense(2)])
    plan = lower(model)
    step = plan.instructions[0].step
    assert isinstance(step, plans.BatchNormalize)
    assert plan.slots == (Slot(0, (3,)), Slot(3, (3,)), Slot(6, (3, 2)), Slot(12, (2,)), Slot(14, (3,)), Slot(17, (3,)))
    assert (plan.n_params, plan.n_trainable) == (20, 14)
    assert (step.moving_mean, step.moving_variance) == (Slot(14, (3,)), Slot(17, (3,)))
    assert step.frozen is False
    model.layers[0].trainable = False
    again = lower(model)
    assert again.n_trainable == 8
    assert again.instructions[0].step.frozen is True
    assert again.instructions[1].step.kernel == Slot(0, (3, 2))
    for v, slot in zip([*model.trainable_weights, *model.non_trainable_weights], again.slots, strict=True):
        np.testing.assert_array_equal(slot.view(model.pack().array), v.value)


def test_penalties_constraints_and_compile_settings_are_data() -> None:
    model = cr.Sequential(
        [
            cr.Input((3,)),
            L.Dense(2, kernel_regularizer=cr.regularizers.L2(0.1), bias_constraint="non_neg", activation="tanh"),
            L.Dropout(0.25, seed=3),
            L.Dense(1, activity_regularizer=cr.regularizers.L1(0.5)),
        ]
    )
    model.compile(
        cr.optimizers.Adam(0.01, beta_1=0.8, clipnorm=1.0),
        cr.losses.Huber(delta=2.0, reduction="sum"),
        metrics=["mae", cr.metrics.RootMeanSquaredError()],
        weighted_metrics=["mse"],
    )
    model.fit(X, X[:, 0], verbose=0)
    plan = lower(model)
    assert plan.penalties == ((Slot(0, (3, 2)), Part("L2", {"l2": 0.1})),)
    assert plan.constraints == ((Slot(6, (2,)), Part("NonNeg", {})),)
    assert plan.losses == (LossOf(0, Part("huber", {"delta": 2.0}), "sum", 1.0),)
    assert plan.optimizer is not None
    assert plan.optimizer.kind == "Adam"
    assert plan.optimizer.options["beta_1"] == 0.8
    assert plan.optimizer.options["clipnorm"] == 1.0
    assert "learning_rate" not in plan.optimizer.options
    assert [(m.output, m.weighted) for m in plan.metrics] == [(0, False), (0, False), (0, True)]
    assert [m.metric.kind for m in plan.metrics][1] == "RootMeanSquaredError"
    assert all(isinstance(m, MetricOf) and m.state.variables for m in plan.metrics)
    assert plan.python == ()
    dropout = next(i.step for i in plan.instructions if isinstance(i.step, plans.Dropout))
    assert dropout == plans.Dropout(0.25, index=2, seed=3)
    assert plan.instructions[-1].step == plans.PenalizeActivity(Part("L1", {"l1": 0.5}))


def test_losses_and_metrics_of_several_outputs() -> None:
    a = cr.Input((3,))
    model = cr.Model(a, [L.Dense(1, name="p")(a), L.Dense(2, activation="softmax", name="q")(a)])
    model.compile(
        "sgd", {"p": "mse", "q": "crossentropy"}, loss_weights={"p": 0.5, "q": 2.0}, metrics={"q": ["accuracy"]}
    )
    model.fit(X, [X[:, 0], (X[:, 0] > 0).astype(int)], verbose=0)
    plan = lower(model)
    assert [(loss.output, loss.loss.kind, loss.weight) for loss in plan.losses] == [
        (0, "mean_squared_error", 0.5),
        (1, "sparse_categorical_crossentropy", 2.0),
    ]
    assert [(m.output, m.metric.kind) for m in plan.metrics] == [(1, "SparseCategoricalAccuracy")]


def test_an_uncompiled_model_has_a_plan_for_prediction() -> None:
    plan = lower(cr.Sequential([cr.Input((3,)), L.Dense(1)]))
    assert (plan.losses, plan.optimizer, plan.metrics, plan.python) == ((), None, (), ())


class Scale(L.Layer):
    def call(self, x: Any) -> Any:
        return 2.0 * x


class Net(cr.Model):
    def call(self, x: Any) -> Any:
        return 2.0 * x


class OwnStep(cr.Sequential):
    def train_step(self, data: Any) -> Any:
        return super().train_step(data)

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        return super().compute_loss(*args, **kwargs)


def own_loss(y_true: Any, y_pred: Any) -> Any:
    return cr.ops.mean((y_true - y_pred) ** 4, axis=-1)


def wired(build: Any) -> Any:
    a = cr.Input((3,), name="a")
    return cr.Model(a, build(a), name="net")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: wired(Scale(name="twice")), "layer 'twice' is Python code (Scale.call)"),
        (lambda: wired(L.Lambda(lambda x: x, name="same")), "layer 'same' is Python code (Lambda.call)"),
        (
            lambda: wired(lambda a: cr.Sequential([cr.Input((3,)), Scale(name="deep")])(a)),
            "layer 'deep' is Python code (Scale.call)",
        ),
        (
            lambda: wired(L.Dense(2, activation=lambda x: x, name="own")),
            "the activation '<lambda>' of layer 'own' is Python code",
        ),
        (
            lambda: wired(lambda a: L.Dropout(0.5, name="always")(a, training=True)),
            "layer 'always' is called with training=True",
        ),
        (lambda: wired(lambda a: cr.ops.erf(a)), "operation 'erf' has no step"),
        (
            lambda: wired(L.Dense(1, activity_regularizer=lambda x: cr.ops.sum(x), name="pen")),
            "activity regularizer 'pen' is Python code",
        ),
        (lambda: Net(name="net"), "model 'net' is Python code (Net.call)"),
    ],
)
def test_reasons_why_there_is_no_plan(make: Any, reason: str) -> None:
    cr.utils.clear_session()
    model = make()
    model(X)
    with pytest.raises(CannotLower) as caught:
        lower(model)
    assert str(caught.value) == reason


def test_reasons_why_training_needs_python() -> None:
    model = OwnStep([cr.Input((3,)), L.Dense(1, kernel_regularizer=lambda w: cr.ops.sum(w * w))], name="net")
    model.compile("sgd", own_loss, metrics=[own_loss])
    model.fit(X, X[:, 0], verbose=0)
    plan = lower(model)
    assert len(plan.instructions) == 1
    assert plan.python[:2] == ("model 'net' has its own train_step", "model 'net' has its own compute_loss")
    assert any(r.startswith("regularizer 'net/dense") and r.endswith("/kernel' is Python code") for r in plan.python)
    assert "loss 'own_loss' is Python code" in plan.python
    assert not any(r.startswith("metric") for r in plan.python)  # it is handed the batches
    assert [m.metric.kind for m in plan.metrics] == ["MeanMetricWrapper"]


def test_layers_are_numbered_for_their_random_numbers() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dropout(0.1), L.Dense(2), L.GaussianNoise(0.2), L.Dropout(0.3)])
    steps = [i.step for i in lower(model).instructions if isinstance(i.step, plans.Dropout | plans.Noise)]
    assert [s.index for s in steps] == [1, 3, 4]
