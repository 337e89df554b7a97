"""Each trap with a program that falls into it and one that does not; all else fails here if anything warns."""

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import config
from chainrule import layers as L
from chainrule.errors import TrapWarning

N = 200
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(N, 4))
BINARY = (RANDOM.random(N) < 0.4).astype(int)
THREE = RANDOM.integers(0, 3, N)
HOT = np.eye(3)[THREE]
SEVERAL = (RANDOM.random((N, 3)) < 0.5).astype(float)
REAL = X @ [1.0, -2.0, 0.5, 0.0]


def net(units: int, activation: Any, loss: Any, *metrics: Any, front: Any = ()) -> Any:
    model = cr.Sequential([cr.Input((4,)), *front, L.Dense(units, activation=activation, name="out")])
    model.compile("sgd", loss, metrics=list(metrics))
    return model


def heard(model: Any, x: Any, y: Any, **arguments: Any) -> list[str]:
    """Return what fitting warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(x, y, epochs=1, verbose=0, **arguments)
    assert all(issubclass(w.category, TrapWarning) for w in caught)
    return [str(w.message) for w in caught]


def only(messages: list[str]) -> str:
    assert len(messages) == 1, messages
    return messages[0]


# -- the tail that validates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [np.sort(THREE), np.eye(3)[np.sort(THREE)], np.sort(THREE)[:, None]])
def test_a_tail_of_sorted_labels(y: Any) -> None:
    loss = "categorical_crossentropy" if y.shape[-1] == 3 else "sparse_categorical_crossentropy"
    said = only(heard(net(3, "softmax", loss), X, y, validation_split=0.4))
    assert "validation_split takes the last rows, before shuffling, and class 2 occurs only there" in said
    assert "sorted by class. Shuffle first, p = numpy.random.permutation(len(x)); x, y = x[p], y[p]" in said


def test_a_tail_of_one_of_two_classes() -> None:
    model = net(1, "sigmoid", "binary_crossentropy")
    said = only(heard(model, X, np.sort(BINARY), validation_split=0.2))
    assert "class 0, of which some 2" in said
    assert "would be there, is missing" in said


def test_a_class_that_only_the_tail_has() -> None:
    y = np.where(np.arange(N) == N - 1, 2, BINARY)
    said = only(heard(net(3, "softmax", "sparse_categorical_crossentropy"), X, y, validation_split=0.2))
    assert "class 2 occurs only there: the model never learns it" in said


def test_tails_that_are_fine() -> None:
    for y, model in (
        (THREE, net(3, "softmax", "sparse_categorical_crossentropy")),
        (HOT, net(3, "softmax", "categorical_crossentropy")),
        (BINARY, net(1, "sigmoid", "binary_crossentropy")),
        (SEVERAL, net(3, "sigmoid", "binary_crossentropy")),
        (np.arange(N), net(1, None, "mse")),
        (np.sort(REAL), net(1, None, "mse")),
        (np.linspace(0, 1, N), net(1, "sigmoid", "binary_crossentropy")),
        (np.r_[THREE[:-40], THREE[-40:] // 2], net(3, "softmax", "sparse_categorical_crossentropy")),  # could be chance
    ):
        assert not heard(model, X, y, validation_split=0.2)


def test_validation_data_are_the_users_choice() -> None:
    model = net(1, "sigmoid", "binary_crossentropy")
    assert not heard(model, X, BINARY, validation_data=(X[:30], np.ones(30)))


# -- accuracy ---------------------------------------------------------------------------------------------------------


def test_accuracy_of_a_regression() -> None:
    said = only(heard(net(1, None, "mse", "accuracy"), X, REAL))
    assert f"accuracy compares y with 0 and 1, but y holds {REAL[0]:g}, which never counts as right" in said
    assert "for a regression, write metrics=['mae'] or ['r2_score']" in said
    said = only(heard(net(2, None, "mae", "acc"), X, X[:, :2]))
    assert "y holds quantities, but accuracy only compares the place of the largest output" in said


def test_accuracy_of_labels_that_are_not_0_and_1() -> None:
    said = only(heard(net(1, "tanh", "hinge", "accuracy"), X, BINARY * 2 - 1))
    assert "y holds" in said
    assert "number the two classes 0 and 1 for it" in said


def test_accuracy_of_several_labels() -> None:
    said = only(heard(net(3, "sigmoid", "binary_crossentropy", "accuracy"), X, SEVERAL))
    assert "y has rows with 0 to 3 labels, but accuracy only compares the place of the largest output" in said
    assert "write metrics=['binary_accuracy']" in said


def test_accuracy_that_counts_equal_numbers() -> None:
    said = only(heard(net(1, "sigmoid", "binary_crossentropy", cr.metrics.Accuracy()), X, BINARY))
    assert "metrics.Accuracy counts outputs that equal the target exactly" in said


def test_accuracies_that_are_fine() -> None:
    assert not heard(net(1, "sigmoid", "binary_crossentropy", "accuracy"), X, BINARY)
    assert not heard(net(1, "sigmoid", "mse", "accuracy"), X, BINARY > 0)
    assert not heard(net(3, "softmax", "sparse_categorical_crossentropy", "accuracy"), X, THREE)
    assert not heard(net(3, "softmax", "categorical_crossentropy", "accuracy"), X, HOT)
    assert not heard(net(3, "softmax", "mse", "accuracy"), X, HOT)
    assert not heard(net(3, "softmax", "kl_divergence", "accuracy"), X, HOT * 0.7 + 0.1)
    assert not heard(net(3, "sigmoid", "binary_crossentropy", "accuracy"), X, HOT)
    assert not heard(net(3, "sigmoid", "binary_crossentropy", "binary_accuracy"), X, SEVERAL)
    assert not heard(net(1, None, "mse", "mae"), X, REAL)


# -- outputs and losses -----------------------------------------------------------------------------------------------


def test_softmax_over_one_unit() -> None:
    with pytest.warns(TrapWarning, match="'out' applies softmax to a single unit, so its output is always 1"):
        net(1, "softmax", "binary_crossentropy")
    net(2, "softmax", "sparse_categorical_crossentropy")


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y"),
    [
        (1, "sigmoid", "BinaryCrossentropy", BINARY),
        (3, "softmax", "CategoricalCrossentropy", HOT),
        (3, "softmax", "SparseCategoricalCrossentropy", THREE),
    ],
)
def test_from_logits(units: int, activation: str, loss: str, y: Any) -> None:
    make = getattr(cr.losses, loss)
    said = only(heard(net(units, activation, make(from_logits=True)), X, y))
    assert f"layer 'out' ends with {activation}, and {loss}(from_logits=True) applies {activation} to it once" in said
    assert f"Write loss={loss}() for these outputs" in said
    said = only(heard(net(units, None, make()), X, y))
    assert "layer 'out' has no activation, so its outputs can be any number" in said
    assert f"Write loss={loss}(from_logits=True), or activation='{activation}' in the layer." in said
    assert not heard(net(units, None, make(from_logits=True)), X, y)
    assert not heard(net(units, activation, make()), X, y)


def test_the_activation_is_found_where_it_is() -> None:
    inner = cr.Sequential([cr.Input((4,)), L.Dense(3), L.Activation("softmax"), L.Reshape((3, 1)), L.Flatten()])
    x = cr.Input((4,))
    model = cr.Model(x, inner(x))
    model.compile("sgd", cr.losses.CategoricalCrossentropy(from_logits=True))
    assert "ends with softmax" in only(heard(model, X, HOT))
    model.compile("sgd", "categorical_crossentropy")
    assert not heard(model, X, HOT)
    ops = cr.Model(x, cr.ops.softmax(L.Dense(3)(x)))
    ops.compile("sgd", "categorical_crossentropy")
    assert not heard(ops, X, HOT)


def test_layers_of_the_users_own_are_not_judged() -> None:
    class Shares(L.Dense):
        def call(self, inputs: Any) -> Any:
            return cr.ops.softmax(super().call(inputs))

    model = cr.Sequential([cr.Input((4,)), Shares(3)])
    model.compile("sgd", "categorical_crossentropy")
    assert not heard(model, X, HOT)


def test_sigmoid_with_categorical_crossentropy() -> None:
    said = only(heard(net(3, "sigmoid", "categorical_crossentropy"), X, HOT))
    assert "layer 'out' ends with sigmoid, but categorical_crossentropy expects probabilities that sum to 1" in said
    assert "write activation='softmax'; if several can be true at once, write loss='binary_crossentropy'" in said
    assert not heard(net(3, "sigmoid", "binary_crossentropy"), X, SEVERAL)


def test_class_numbers_for_categorical_crossentropy() -> None:
    said = only(heard(net(3, "softmax", "categorical_crossentropy"), X, np.c_[THREE, THREE, THREE]))
    assert "y holds 2, so it looks like class numbers, but categorical_crossentropy expects a row of shares" in said
    assert "Write loss='sparse_categorical_crossentropy', or y = utils.to_categorical(y)." in said
    assert not heard(net(3, "softmax", cr.losses.CategoricalGeneralizedCrossEntropy()), X, THREE)  # expects numbers
    with pytest.raises(ValueError, match="Class numbers as targets need loss='sparse_categorical_crossentropy'"):
        net(3, "softmax", "categorical_crossentropy").fit(X, THREE, verbose=0)


# -- inputs -----------------------------------------------------------------------------------------------------------


def scaled(column: int, size: float, shift: float = 0.0) -> Any:
    x = X.copy()
    x[:, column] = x[:, column] * size + shift
    return x


def test_unscaled_inputs() -> None:
    x = scaled(2, 30, 2000)
    said = only(heard(net(1, "sigmoid", "binary_crossentropy"), x, BINARY))
    low, high = x[:, 2].min(), x[:, 2].max()
    assert f"column 2 of x runs from {low:g} to {high:g} (200 rows looked at), and layer 'out' reads it as" in said
    assert "x = (x - x.mean(axis=0)) / x.std(axis=0)" in said


def test_unscaled_pictures() -> None:
    pictures = RANDOM.integers(0, 256, (N, 4, 5)).astype("uint8")
    model = cr.Sequential([cr.Input((4, 5)), L.Flatten(), L.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    said = only(heard(model, pictures, BINARY))
    assert "and 19 more such columns" in said
    assert "for example x = x / 255" in said
    model.compile("sgd", "binary_crossentropy")
    assert not heard(model, pictures / 255, BINARY)


def test_inputs_of_several_names() -> None:
    a, b = cr.Input((4,), name="a"), cr.Input((2,), name="b")
    model = cr.Model({"a": a, "b": b}, L.Dense(1)(L.Concatenate()([a, b])))
    model.compile("sgd", cr.losses.MeanAbsoluteError())
    said = only(heard(model, {"a": X, "b": 1e4 + X[:, :2]}, REAL))
    assert "of b runs from" in said
    model.compile("sgd", cr.losses.MeanAbsoluteError())
    assert not heard(model, {"a": X, "b": X[:, :2]}, REAL)


def test_large_inputs_of_a_dense_layer_that_is_normalized_at_once() -> None:
    large = scaled(1, 300)

    def said(dense: Any, *between: Any) -> list[str]:
        model = net(1, "sigmoid", "binary_crossentropy", front=[dense, *between, L.BatchNormalization()])
        return heard(model, large, BINARY)

    assert not said(L.Dense(3))
    assert not said(L.Dense(3, "linear"))
    assert "reads it as it is" in only(said(L.Dense(3, "tanh")))
    assert "reads it as it is" in only(said(L.Dense(3), L.Activation("tanh")))


def test_large_inputs_that_are_fine() -> None:
    large = scaled(1, 300)
    assert not heard(net(1, "sigmoid", "binary_crossentropy", front=[L.BatchNormalization()]), large, BINARY)
    assert not heard(net(1, "sigmoid", "binary_crossentropy", front=[L.Rescaling(1 / 300)]), large, BINARY)
    ids = RANDOM.integers(0, 5000, (N, 4))
    embedding = [L.Embedding(5000, 2), L.Flatten()]
    assert not heard(net(1, "sigmoid", "binary_crossentropy", front=embedding), ids, BINARY)
    outlier = X.copy()
    outlier[0, 0] = 150.0
    assert not heard(net(1, "sigmoid", "binary_crossentropy"), outlier, BINARY)
    assert not heard(net(1, "sigmoid", "binary_crossentropy"), scaled(0, 20, 40), BINARY)  # ages


# -- when it is said --------------------------------------------------------------------------------------------------


def test_once_for_each_line() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            net(1, None, "mse", "accuracy").fit(X, RANDOM.normal(size=N), verbose=0)
        assert len(caught) == 1
        assert caught[0].filename == __file__
        net(1, None, "mse", "accuracy").fit(X, REAL, verbose=0)
        assert len(caught) == 2


def test_a_model_is_looked_at_once() -> None:
    model = net(1, "sigmoid", "binary_crossentropy")
    assert not heard(model, X, BINARY)
    assert not heard(model, scaled(2, 30, 2000), BINARY)
    model.compile("sgd", "binary_crossentropy")
    assert heard(model, scaled(2, 30, 2000), BINARY)


def test_silence() -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=TrapWarning)
        net(1, None, "mse", "accuracy").fit(X, REAL, verbose=0)
    config.disable_trap_warnings()
    try:
        net(1, "softmax", "mse", "accuracy").fit(X, REAL, verbose=0, validation_split=0.2)
    finally:
        config.enable_trap_warnings()


def test_streams_are_judged_by_their_first_batch() -> None:
    model = net(3, "sigmoid", "categorical_crossentropy")
    said = heard(model, ((scaled(2, 30, 2000), HOT) for _ in range(2)), None)
    assert ["ends with sigmoid" in said[0], "column 2 of x" in said[1]] == [True, True]


def test_models_of_several_outputs() -> None:
    x = cr.Input((4,))
    model = cr.Model(x, {"a": L.Dense(3, name="a")(x), "b": L.Dense(1, name="b")(x)})
    model.compile("sgd", {"a": "categorical_crossentropy", "b": "mse"}, metrics={"b": ["accuracy"]})
    said = heard(model, X, {"a": HOT, "b": REAL})
    assert ["layer 'a' has no activation" in said[0], "accuracy compares y with 0 and 1" in said[1]] == [True, True]


def test_training_on_batches() -> None:
    model = net(3, "sigmoid", "categorical_crossentropy")
    with pytest.warns(TrapWarning, match="ends with sigmoid"):
        model.train_on_batch(X, HOT)


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits", "diabetes"])
def test_the_data_of_the_text_books(name: str) -> None:
    datasets = pytest.importorskip("sklearn.datasets")
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    classes = len(np.unique(y)) if name != "diabetes" else 1
    loss = "sparse_categorical_crossentropy" if classes > 1 else "mse"

    def fitted(x: Any) -> list[str]:
        model = cr.Sequential([L.Dense(8, activation="relu"), L.Dense(classes, "softmax" if classes > 1 else None)])
        model.compile("adam", loss, metrics=["accuracy"] if classes > 1 else ["mae"])
        return heard(model, x, y, validation_split=0.2)

    assert not fitted((x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9))
    assert bool(fitted(x)) == (name in ("wine", "breast_cancer"))
