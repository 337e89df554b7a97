"""`chainrule.trace`: what it leaves alone, what it refuses, and what it shows of unusual models."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError, DataError, ShapeError, UnknownNameError
from chainrule.random import seeds

X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = np.array([0, 1, 1, 1])


def model_of(*layers: Any, inputs: int = 2, loss: Any = "mse", optimizer: Any = "sgd") -> cr.Model:
    model = cr.Sequential([cr.Input((inputs,)), *layers])
    model.compile(optimizer=optimizer, loss=loss)
    return model


def perceptron() -> cr.Model:
    model = model_of(cr.layers.Dense(1, activation="sigmoid"), optimizer=cr.optimizers.SGD(1.0))
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    return model


# -- it is pure -------------------------------------------------------------------------------------------------------


def state_of(model: cr.Model) -> list[Any]:
    return [
        [w.tolist() for w in model.get_weights()],
        [np.asarray(v).tolist() for v in model.optimizer.variables],
        model.optimizer.built,
        [sorted(layer.__dict__) for layer in model._flatten_layers()],
        [getattr(layer, "_drawn", None) for layer in model._flatten_layers()],
        np.random.get_state()[1].tolist(),  # noqa: NPY002
        random.getstate(),
        (seeds._Process.key, seeds._Process.drawn),
    ]


@pytest.mark.parametrize("trained", [False, True])
@pytest.mark.parametrize("training", [False, True])
def test_nothing_of_the_model_changes(trained: bool, training: bool) -> None:
    model = model_of(
        cr.layers.Dense(4, activation="tanh"),
        cr.layers.BatchNormalization(),
        cr.layers.Dropout(0.5),
        cr.layers.Dense(1, kernel_regularizer="l2"),
        optimizer="adam",
    )
    if trained:
        model.fit(X, Y, epochs=2, verbose=0)
    before = state_of(model)
    t = cr.trace(model, X, Y, training=training)
    for shown in (t, t[1], t.mean(), t.update(), t[1].update(), t[0].node("b1(1)")):
        assert str(shown)
    assert t.check().ok
    assert state_of(model) == before


def test_training_goes_on_as_if_nobody_had_looked() -> None:
    results = []
    for look in (False, True):
        cr.utils.set_random_seed(3)
        model = model_of(cr.layers.Dense(8, activation="relu"), cr.layers.Dropout(0.5), cr.layers.Dense(1))
        model.fit(X, Y, epochs=2, verbose=0)
        if look:
            str(cr.trace(model, X, Y, training=True)[0])
        model.fit(X, Y, epochs=2, verbose=0)
        results.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    np.testing.assert_array_equal(*results)


def test_a_trace_shows_the_model_as_it_was() -> None:
    for optimizer in ("sgd", "adam", "nadam"):
        model = model_of(cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(1), optimizer=optimizer)
        model.train_on_batch(X, Y)
        first, second = cr.trace(model, X, Y), cr.trace(model, X, Y)
        expected = [str(first), str(first[1]), str(first.mean()), str(first.update())]
        model.train_on_batch(X, Y)
        assert [str(second), str(second[1]), str(second.mean()), str(second.update())] == expected


# -- what it refuses --------------------------------------------------------------------------------------------------


def test_a_model_without_weights() -> None:
    model = cr.Sequential([cr.layers.Dense(1)])
    with pytest.raises(
        ChainruleError, match=r"has no weights yet. Give it an Input, or call it once: model\(x\[:1\]\)"
    ):
        cr.trace(model, X, Y)


def test_a_model_without_loss() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    with pytest.raises(
        ChainruleError, match=r"Compile it first: model\.compile\(optimizer='sgd'.*or trace the forward pass"
    ):
        cr.trace(model, X, Y)


def test_a_model_compiled_without_loss() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile(optimizer="sgd")
    with pytest.raises(ChainruleError, match=r"is compiled without a loss\. Compile it first"):
        cr.trace(model, X, Y)


def test_something_that_is_no_model() -> None:
    with pytest.raises(TypeError, match="trace takes a model, x and y, but the first argument is a ndarray"):
        cr.trace(X, X, Y)


def test_inputs_of_another_width() -> None:
    with pytest.raises(ShapeError, match=r"expected shape .*2.*received shape \(4, 3\)"):
        cr.trace(perceptron(), np.ones((4, 3)), Y)


def test_targets_of_another_length() -> None:
    with pytest.raises((ShapeError, DataError), match="trace"):
        cr.trace(perceptron(), X, Y[:3])


@pytest.mark.parametrize("index", [4, -5])
def test_an_observation_that_is_not_there(index: int) -> None:
    with pytest.raises(IndexError, match=r"the trace has 4 observations, t\[0\] to t\[3\]"):
        cr.trace(perceptron(), X, Y)[index]


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown notation 'lectur'\. Did you mean 'lecture'"):
        cr.trace(perceptron(), X, Y, notation="lectur")
    with pytest.raises(UnknownNameError, match=r"Unknown form 'scalars'\. Did you mean 'scalar'"):
        cr.trace(perceptron(), X, Y, form="scalars")
    with pytest.raises(UnknownNameError, match=r"Unknown weight 'w3'\. Known: 'b', 'w1', 'w2'"):
        cr.trace(perceptron(), X, Y)[0].node("w3")
    with pytest.raises(DataError, match="digits must be a whole number from 1 to 15"):
        cr.trace(perceptron(), X, Y, digits=0)


# -- what it shows ----------------------------------------------------------------------------------------------------


def test_without_targets_only_the_forward_pass() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2, activation="relu")])
    t = cr.trace(model, X, unicode=True)
    assert "Backward" not in str(t[0])
    assert "Forward pass" in str(t[0])
    assert "forward pass only" in str(t)
    with pytest.raises(ChainruleError, match=r"mean\(\) needs the loss. Pass y to trace"):
        t.mean()


def test_negative_indices_and_length() -> None:
    t = cr.trace(perceptron(), X, Y)
    assert len(t) == 4
    assert t[-1].index == 3
    assert t[3] is t[-1]


def test_a_tie_is_marked_and_counted_as_zero() -> None:
    model = perceptron()
    model.layers[0].set_weights([[[1.0], [-1.0]], [0.0]])
    text = str(cr.trace(model, X, Y, unicode=True))
    assert "0.5000   0   0.2500  ✓  p is exactly 0.5, counted as 0" in text
    assert "accuracy 2 of 4" not in text.splitlines()[6]
    assert "exactly on the threshold" in str(cr.trace(model, X, Y, unicode=True)[0])


def test_frozen_weights_are_not_shown_as_zero() -> None:
    model = model_of(cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(1))
    model.layers[0].trainable = False
    model.compile(optimizer="sgd", loss="mse")
    text = str(cr.trace(model, X, Y, unicode=True)[1])
    rows = [line for line in text.splitlines() if line.lstrip().startswith("∂ℓ/∂w₁₁⁽¹⁾")]
    assert len(rows) == 1
    assert rows[0].split()[1:] == ["·", "not", "computed:", "the", "layer", "is", "frozen"]
    assert not any(line.lstrip().startswith("w₁₁⁽¹⁾ ") and "0.01" in line for line in text.splitlines())


def test_many_rows_show_the_first_the_worst_and_the_last(rng: np.random.Generator) -> None:
    x = rng.normal(size=(100, 2))
    y = rng.integers(0, 2, 100)
    t = cr.trace(perceptron(), x, y, rows=6, unicode=True)
    lines = str(t).splitlines()
    numbers = [int(line.split()[0]) for line in lines if line.split() and line.split()[0].isdigit()]
    assert numbers[:2] == [1, 2]
    assert numbers[-2:] == [99, 100]
    assert len(numbers) == 6
    losses = t.losses
    assert losses is not None
    inner = losses[2:98]
    assert losses[numbers[2] - 1] == inner.max()
    assert any("the worst of the others" in line for line in lines)


def test_numbers_agree_with_what_the_model_predicts_and_evaluates(rng: np.random.Generator) -> None:
    model = model_of(cr.layers.Dense(3, activation="tanh"), cr.layers.Dense(1, activation="sigmoid"))
    x, y = rng.normal(size=(6, 2)), rng.integers(0, 2, 6)
    columns = cr.trace(model, x, y).to_dict()["table"]
    np.testing.assert_allclose(columns["p"], model.predict(x, verbose=0)[:, 0], rtol=1e-6)
    np.testing.assert_allclose(np.mean(columns["loss"]), model.evaluate(x, y, verbose=0), rtol=1e-6)


def test_gradients_agree_with_training(rng: np.random.Generator) -> None:
    model = model_of(cr.layers.Dense(3, activation="tanh"), cr.layers.Dense(1), optimizer=cr.optimizers.SGD(1.0))
    x, y, w = rng.normal(size=(6, 2)), rng.normal(size=(6, 1)), rng.uniform(1, 2, 6)
    t = cr.trace(model, x, y, w)
    before = {v.path: v.numpy() for v in model.trainable_variables}
    gradients = t.mean().gradients
    model.train_on_batch(x, y, w)
    for v in model.trainable_variables:
        np.testing.assert_allclose(before[v.path] - v.numpy(), gradients[v.path], rtol=1e-4, atol=1e-6)
    each = [t[i].gradients for i in range(6)]
    for key, g in t.gradients.items():
        np.testing.assert_allclose(np.mean([e[key] for e in each], axis=0), g, rtol=1e-10, atol=1e-13)


def test_gradients_and_steps_are_found_by_path() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid", name="unit")])
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mse")
    t = cr.trace(model, X, Y)
    kernel, bias = (v.path for v in model.layers[0].weights)
    assert kernel.endswith("unit/kernel")
    for found in (t.gradients, t[2].gradients, t.step().gradients, t.step().after, t.step().before, t[0].step.after):
        assert list(found) == [kernel, bias]
    np.testing.assert_allclose(t[2].gradients[kernel][0, 0], -0.17744691734927, rtol=1e-12)
    step = t.step()
    np.testing.assert_allclose(step.after[kernel], step.before[kernel] - t.gradients[kernel], rtol=1e-12)


def test_two_variables_of_one_path_keep_apart() -> None:
    model = model_of(cr.layers.Dense(2, name="a"), cr.layers.Dense(1, name="b"))
    for v in model.variables:
        v.path = "same"
    assert list(cr.trace(model, X, Y).gradients) == ["same", "same#2", "same#3", "same#4"]


def test_sample_weights_are_factors() -> None:
    t = cr.trace(perceptron(), X, Y, np.array([1.0, 2.0, 1.0, 1.0]), unicode=True)
    assert "s·(y − p)² = 2·(1 − 0.1824)²" in str(t[1])
    assert "s·(−2(y − p)) = 2·(−2·(1 − 0.1824))" in str(t[1])


def test_sums_are_called_sums() -> None:
    model = perceptron()
    model.compile(optimizer="sgd", loss=cr.losses.MeanSquaredError(reduction="sum"))
    t = cr.trace(model, X, Y)
    assert "sum of losses 1.3410" in str(t)
    assert str(t.mean()).splitlines()[-1].startswith("  sum")


def test_penalties_are_lines() -> None:
    model = model_of(cr.layers.Dense(1, kernel_regularizer=cr.regularizers.L2(0.5)))
    model.layers[0].set_weights([[[1.0], [2.0]], [0.0]])
    text = str(cr.trace(model, X, Y, unicode=True)[1])
    assert "Ω       = 0.5·(w₁² + w₂²) = 0.5·(1² + 2²)" in text
    assert "L       = ℓ + Ω = 1 + 2.5" in text
    assert "∂L/∂w₂  = ∂L/∂p · x₂ + 2·0.5·w₂ = 2·1 + 2·0.5·2" in text
    assert "mean loss" in str(cr.trace(model, X, Y))


def test_softmax_shows_both_ways() -> None:
    model = model_of(cr.layers.Dense(3, activation="softmax"), loss="sparse_categorical_crossentropy")
    text = str(cr.trace(model, X, Y, unicode=True, class_names=["a", "b", "c"])[1])
    assert "∂pᵢ/∂hⱼ" in text
    assert "pᵢ(δᵢⱼ − pⱼ)" in text
    assert text.count("the same, in one step") == 3
    assert "p₂ − 1 = " in text
    assert "y = 1 (b)" in text


def test_classes_and_features_by_name() -> None:
    model = model_of(cr.layers.Dense(3, activation="softmax"), loss="sparse_categorical_crossentropy")
    lines = str(cr.trace(model, X, Y, feature_names=["age", "size"], class_names=["low", "mid", "top"])).splitlines()
    head = next(line for line in lines if line.startswith("  obs"))
    assert head.split()[1:4] == ["age", "size", "y"]
    assert any(" mid " in line for line in lines)


def test_names_must_be_as_many_as_what_they_name() -> None:
    three = model_of(cr.layers.Dense(3, activation="softmax"), loss="sparse_categorical_crossentropy")
    with pytest.raises(
        DataError, match=r"feature_names must hold 2 names, one for each number of an input, but holds 1"
    ):
        cr.trace(three, X, Y, feature_names=["a"])
    for names in (["low"], ["a", "b", "c", "d"]):
        with pytest.raises(
            DataError, match=f"class_names must hold 3 names, one for each class, but holds {len(names)}"
        ):
            cr.trace(three, X, Y, class_names=names)
    with pytest.raises(
        DataError, match=r"class_names must hold 2 names, one for each class, but holds 3: \['a', 'b', 'c'\]"
    ):
        cr.trace(perceptron(), X, Y, class_names=["a", "b", "c"])
    assert "no" in str(cr.trace(perceptron(), X, Y, feature_names=["a", "b"], class_names=["no", "yes"]))


def test_other_notations() -> None:
    model = model_of(cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(1))
    text = str(cr.trace(model, X, Y, notation="textbook", unicode=True)[1])
    assert "z₁⁽¹⁾          = w₁₁⁽¹⁾x₁ + w₁₂⁽¹⁾x₂ + b₁⁽¹⁾" in text
    text = str(cr.trace(model, X, Y, notation="keras", unicode=True)[1])
    assert "kernel⁽¹⁾[0,0]·x[0] + kernel⁽¹⁾[1,0]·x[1] + bias⁽¹⁾[0]" in text
    text = str(cr.trace(model, X, Y, notation="textbook", form="matrix", unicode=True)[1])
    assert "δ⁽¹⁾ = ∂ℓ/∂z⁽¹⁾  = (W⁽²⁾ᵀδ⁽²⁾) ⊙ tanh′(z⁽¹⁾)" in text
    text = str(cr.trace(model, X, Y, form="matrix", unicode=True)[1])
    assert "δ⁽¹⁾ = ∂ℓ/∂h⁽¹⁾  = (W⁽²⁾δ⁽²⁾) ⊙ tanh′(h⁽¹⁾)" in text


def test_a_textbook_turns_the_matrices() -> None:
    model = model_of(cr.layers.Dense(3), cr.layers.Dense(1))
    lines = {}
    for notation in ("lecture", "textbook"):
        page = cr.trace(model, X, Y, notation=notation, form="matrix", unicode=True)[1].page
        lines[notation] = next(line for line in page.lines() if line.symbol.text == "∂ℓ/∂W⁽¹⁾").value
    np.testing.assert_array_equal(lines["lecture"], lines["textbook"].T)


def test_form_follows_the_width() -> None:
    wide = model_of(cr.layers.Dense(9), cr.layers.Dense(1))
    assert "W⁽¹⁾ᵀx" in str(cr.trace(wide, X, Y, unicode=True)[0])
    assert "w₁₁⁽¹⁾x₁" in str(cr.trace(wide, X, Y, unicode=True, form="scalar")[0])


def test_more_than_eight_paths_become_layers() -> None:
    model = model_of(cr.layers.Dense(2), cr.layers.Dense(3), cr.layers.Dense(3))
    x, y = X, np.zeros((4, 3))
    node = cr.trace(model, x, y, unicode=True)[1].node("w21(1)")
    assert node.paths is None
    text = str(node)
    assert "More than 8 paths lead to w₂₁⁽¹⁾" in text
    assert "δ⁽²⁾ = ∂ℓ/∂h⁽²⁾  = W⁽³⁾δ⁽³⁾" in text
    assert "= ∂ℓ/∂h₁⁽¹⁾ · x₂" in text


def test_paths_add_up() -> None:
    model = model_of(cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(3, activation="tanh"), cr.layers.Dense(2))
    node = cr.trace(model, X, np.zeros((4, 2)), unicode=True)[3].node("w12(1)")
    assert node.paths is not None
    assert len(node.paths) == 6
    assert sum(p.value for p in node.paths) == pytest.approx(node.value, rel=1e-12)
    assert "path 6" in str(node)


def test_weights_are_found_by_their_stored_name_too() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="only")])
    model.compile(optimizer="sgd", loss="mse")
    observation = cr.trace(model, X, Y)[2]
    kernel = observation.view.network.variables[id(model.layers[0].kernel)].variable
    assert observation.node(f"{kernel.path}[1, 0]").value == observation.node("w2").value


# -- users' own code --------------------------------------------------------------------------------------------------


class Scale(cr.layers.Layer):
    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")

    def call(self, x: Any) -> Any:
        return cr.ops.tanh(x) * self.factor


def test_a_layer_of_the_user_is_shown_op_by_op() -> None:
    model = model_of(cr.layers.Dense(2), Scale(name="scale"), cr.layers.Dense(1))
    text = str(cr.trace(model, X, Y, unicode=True)[1])
    assert "u₁             = tanh(h⁽¹⁾)" in text
    assert "v⁽²⁾           = u₁ ⊙ factor⁽²⁾" in text
    assert "by ops.tanh: g * (1 - y * y), g = ∂ℓ/∂u₁" in text
    assert "∂ℓ/∂v₁⁽²⁾ · ∂v₁⁽²⁾/∂h₁⁽¹⁾" in text


class Doubling(cr.layers.Layer):
    """Names an activation but does more than apply it."""

    def __init__(self) -> None:
        super().__init__()
        self.activation = cr.activations.get("tanh")

    def call(self, x: Any) -> Any:
        return 2.0 * self.activation(x)


def test_a_formula_is_only_claimed_where_it_holds() -> None:
    model = model_of(cr.layers.Dense(2), Doubling(), cr.layers.Dense(1))
    text = str(cr.trace(model, X, Y, unicode=True)[1])
    assert "= tanh(h₁⁽¹⁾)" not in text
    assert "2 ⊙ u₁" in text


def test_a_loss_of_the_user() -> None:
    def quartic(y: Any, p: Any) -> Any:
        return cr.ops.mean((y - p) ** 4, axis=-1)

    t = cr.trace(model_of(cr.layers.Dense(1), loss=quartic), X, Y, unicode=True)
    assert "ℓ       = quartic(y, p)" in str(t[1])
    assert t.check().ok


def test_a_model_with_a_loss_of_its_own() -> None:
    class Mine(cr.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = cr.layers.Dense(1)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def compute_loss(self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None,
                         training: bool = True) -> Any:  # fmt: skip
            return cr.ops.mean(cr.ops.square(y_pred - 1.0))

    model = Mine()
    model(X.astype("float32"))
    model.compile(optimizer="sgd")
    t = cr.trace(model, X, Y, unicode=True)
    assert "Mine.compute_loss" in str(t[0])
    assert t.check().ok


def test_an_optimizer_of_the_user() -> None:
    class Signs(cr.optimizers.Optimizer):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.assign_sub(variable, learning_rate * np.sign(gradient))

    t = cr.trace(model_of(cr.layers.Dense(1), optimizer=Signs(0.25)), X, Y, unicode=True)
    assert "Update by Signs" in str(t[3])
    after = t.step().after
    for q in t.view.network.variables.values():
        moved = after[q.variable.path] - q.variable.numpy()
        assert np.isin(np.round(moved, 6), (-0.25, 0.0, 0.25)).all()


# -- other forms ------------------------------------------------------------------------------------------------------


def test_data_frames_and_dictionaries() -> None:
    t = cr.trace(perceptron(), X, Y)
    for library in ("pandas", "polars"):
        frame = t.to_frame(library)
        assert type(frame).__module__.startswith(library)
        assert list(frame.columns) == ["observation", "x₁", "x₂", "y", "h", "p", "ŷ", "loss"]
        assert t[0].to_frame(library).shape[1] == 5
        assert t.mean().to_frame(library).shape[0] == 5
    data = json.loads(json.dumps(t.to_dict()))
    assert data["loss"] == pytest.approx(0.33523936, abs=1e-7)
    lines = [line for s in data["observations"]["2"]["sections"] for line in s["lines"]]
    assert next(line["value"] for line in lines if line["symbol"] == "∂ℓ/∂w₁") == pytest.approx(
        -0.17744691734927, abs=1e-12
    )


def test_minus_zero_is_never_printed() -> None:
    text = str(cr.trace(perceptron(), X, Y, unicode=True)[0])
    assert "−0 " not in text + " "
    assert "−0\n" not in text


def test_a_weight_by_its_path_in_the_model() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, "tanh", name="first"), cr.layers.Dense(1, name="last")])
    model.compile("sgd", "mse")
    observation = cr.trace(model, X, Y)[1]
    for path, gradient in observation.gradients.items():
        for index in np.ndindex(gradient.shape):
            name = f"{path}[{', '.join(map(str, index))}]"
            assert observation.node(name).value == gradient[index]
    path = model.layers[0].kernel.path
    for wrong in (f"{path}[2,0]", f"{path}[0]", f"{path}[a,0]", path, f"{path}[-1,0]"):
        with pytest.raises(UnknownNameError, match="Unknown weight"):
            observation.node(wrong)
