"""Bad input: one clear message for each kind (golden/bad_input.txt), and a model that is as it was before."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DivergedError, EngineError, TrapWarning, UnknownNameError

L = cr.layers
X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X.sum(axis=1)
C = np.array([0, 1, 2, 0, 1, 2, 0, 1])


def regressor() -> Any:
    net = cr.Sequential([cr.Input((3,), name="in"), L.Dense(4, name="hidden"), L.Dense(1, name="out")], name="net")
    net.compile("adam", "mse", metrics=["mae"])
    return net


def classifier(units: int = 3, activation: str = "softmax", loss: str = "sparse_categorical_crossentropy") -> Any:
    net = cr.Sequential([cr.Input((3,), name="in"), L.Dense(units, activation=activation, name="out")], name="net")
    net.compile("adam", loss)
    return net


def two_outputs() -> Any:
    a = cr.Input((3,), name="a")
    net = cr.Model(a, [L.Dense(1, name="p")(a), L.Dense(1, name="q")(a)], name="two")
    net.compile("adam", "mse")
    return net


def two_inputs() -> Any:
    a, b = cr.Input((3,), name="a"), cr.Input((2,), name="b")
    net = cr.Model([a, b], L.Dense(1, name="out")(L.Concatenate(name="join")([a, b])))
    net.compile("adam", "mse")
    return net


def sigmoid() -> Any:
    return classifier(1, "sigmoid", "binary_crossentropy")


def one_hot() -> Any:
    return classifier(3, "softmax", "categorical_crossentropy")


def uncompiled() -> Any:
    return cr.Sequential([cr.Input((3,)), L.Dense(1)], name="raw")


def unbuilt() -> Any:
    return cr.Sequential([L.Dense(1)], name="raw")


def without_loss() -> Any:
    net = uncompiled()
    net.compile("sgd")
    return net


def odd(array: Any, index: Any, value: float) -> Any:
    changed = array.astype("float32")
    changed[index] = value
    return changed


CASES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    # -- shapes
    "width, fit": (regressor, lambda m: m.fit(X[:, :2], Y, verbose=0)),
    "width, evaluate": (regressor, lambda m: m.evaluate(X[:, :2], Y, verbose=0)),
    "width, predict": (regressor, lambda m: m.predict(X[:, :2], verbose=0)),
    "width, call": (regressor, lambda m: m(X[:, :2])),
    "width of validation data": (regressor, lambda m: m.fit(X, Y, validation_data=(X[:, :2], Y), verbose=0)),
    "images": (regressor, lambda m: m.fit(X.reshape(8, 1, 3), Y, verbose=0)),
    "one observation, call": (regressor, lambda m: m(X[0])),
    "one observation, predict": (regressor, lambda m: m.predict(X[0], verbose=0)),
    "a layer's width": (regressor, lambda m: m.layers[0](X[:, :2])),
    "a layer's rank": (regressor, lambda m: m.layers[0](X[0])),
    "a layer before flattening": (
        lambda: cr.Sequential([cr.Input((6,)), L.Dense(1, name="d")]),
        lambda m: m.layers[0](np.zeros((4, 2, 3))),
    ),
    "an input is missing": (two_inputs, lambda m: m.predict({"a": X}, verbose=0)),
    "too few inputs": (two_inputs, lambda m: m.fit([X], Y, verbose=0)),
    "width of one of two inputs": (two_inputs, lambda m: m.fit({"a": X, "b": X}, Y, verbose=0)),
    "unknown width": (lambda: None, lambda _: L.Dense(2, name="d")(cr.Input((None,)))),
    "shape of an Input": (lambda: None, lambda _: cr.Input(3, name="x")),
    "weights of another shape": (regressor, lambda m: m.set_weights([np.ones((2, 2))] * 4)),
    # -- types
    "text": (regressor, lambda m: m.fit([["a", "b", "c"]] * 8, Y, verbose=0)),
    "text labels": (classifier, lambda m: m.fit(X, np.array(list("abcabcab")), verbose=0)),
    "objects": (regressor, lambda m: m.fit(np.array([["a", 1, 2]] * 8, dtype=object), Y, verbose=0)),
    "dates": (regressor, lambda m: m.predict(np.full((8, 3), "2020-01-01", "M8[D]"), verbose=0)),
    # -- values
    "NaN in x": (regressor, lambda m: m.fit(odd(X, (2, 1), np.nan), Y, verbose=0)),
    "infinity in x": (regressor, lambda m: m.predict(odd(X, (2, 1), np.inf), verbose=0)),
    "NaN in y": (regressor, lambda m: m.fit(X, odd(Y, 3, np.nan), verbose=0)),
    "infinity in y": (regressor, lambda m: m.evaluate(X, odd(Y, 3, -np.inf), verbose=0)),
    "NaN in a weight": (regressor, lambda m: m.fit(X, Y, sample_weight=odd(Y, 3, np.nan), verbose=0)),
    "NaN in a generator's batch": (regressor, lambda m: m.fit(iter([(X, Y), (odd(X, (0, 0), np.nan), Y)]), verbose=0)),
    "no rows": (regressor, lambda m: m.fit(X[:0], Y[:0], verbose=0)),
    "no data": (regressor, lambda m: m.fit(None, Y, verbose=0)),
    "y of another length": (regressor, lambda m: m.fit(X, Y[:5], verbose=0)),
    # -- labels
    "a label too high": (classifier, lambda m: m.fit(X, C + (C == 2), verbose=0)),
    "a label of a later batch": (
        classifier,
        lambda m: m.fit(X, np.where(np.arange(8) == 7, 9, C), batch_size=2, verbose=0),
    ),
    "a label of the validation data": (classifier, lambda m: m.fit(X, C, validation_data=(X, C - 1), verbose=0)),
    "a target beyond 0 and 1": (sigmoid, lambda m: m.fit(X, C, verbose=0)),
    "labels -1 and 1": (sigmoid, lambda m: m.evaluate(X, np.where(C > 0, 1, -1), verbose=0)),
    "one-hot targets of a sparse loss": (classifier, lambda m: m.fit(X, np.eye(3)[C], verbose=0)),
    "class numbers of a one-hot loss": (one_hot, lambda m: m.fit(X, C, verbose=0)),
    # -- targets and outputs
    "y missing": (regressor, lambda m: m.fit(X, verbose=0)),
    "too few targets": (two_outputs, lambda m: m.fit(X, [Y], verbose=0)),
    "too many targets": (two_outputs, lambda m: m.fit(X, [Y, Y, Y], verbose=0)),
    "a target of no output": (two_outputs, lambda m: m.fit(X, {"p": Y, "r": Y}, verbose=0)),
    "a wide target": (regressor, lambda m: m.fit(X, X, verbose=0)),
    # -- names
    "activation": (lambda: None, lambda _: L.Dense(2, activation="rellu")),
    "initializer": (lambda: None, lambda _: L.Dense(2, kernel_initializer="glorot")),
    "regularizer": (lambda: None, lambda _: L.Dense(2, kernel_regularizer="l3")),
    "constraint": (lambda: None, lambda _: L.Dense(2, kernel_constraint="max_nrom")),
    "optimizer": (regressor, lambda m: m.compile("adm", "mse")),
    "loss": (regressor, lambda m: m.compile("sgd", "mean_square_error")),
    "metric": (regressor, lambda m: m.compile("sgd", "mse", metrics=["mae", "acuracy"])),
    "engine": (regressor, lambda m: m.compile("sgd", "mse", engine="referense")),
    "argument": (lambda: None, lambda _: L.Dense(2, activatoin="relu")),
    "layer": (regressor, lambda m: m.get_layer("hiden")),
    "attribute of the library": (lambda: None, lambda _: cr.Sequental),
    "tool": (lambda: None, lambda _: cr.utils.to_categoricl),
    # -- structure
    "the same name twice": (
        lambda: None,
        lambda _: cr.Sequential([cr.Input((3,)), L.Dense(1, name="a"), L.Dense(1, name="a")], name="net"),
    ),
    "the same name twice in a graph": (
        lambda: cr.Input((3,)),
        lambda x: cr.Model(x, L.Dense(1, name="a")(L.Dense(2, name="a")(x))),
    ),
    "a disconnected graph": (
        lambda: cr.Input((3,), name="x"),
        lambda x: cr.Model(cr.Input((3,)), L.Dense(1, name="end")(x)),
    ),
    "units 0": (lambda: None, lambda _: L.Dense(0, name="d")),
    "units 2.5": (lambda: None, lambda _: L.Dense(2.5, name="d")),
    "units '10'": (lambda: None, lambda _: L.Dense("10", name="d")),
    "a class for a layer": (lambda: None, lambda _: cr.Sequential([L.Flatten], name="net")),
    # -- settings of fit
    "validation_split 1.5": (regressor, lambda m: m.fit(X, Y, validation_split=1.5, verbose=0)),
    "validation_split of a row": (regressor, lambda m: m.fit(X[:1], Y[:1], validation_split=0.1, verbose=0)),
    "validation_split of a generator": (regressor, lambda m: m.fit(iter([(X, Y)]), validation_split=0.1, verbose=0)),
    "validation_data of four parts": (regressor, lambda m: m.fit(X, Y, validation_data=(X, Y, Y, Y), verbose=0)),
    "batch_size 0": (regressor, lambda m: m.fit(X, Y, batch_size=0, verbose=0)),
    "epochs -1": (regressor, lambda m: m.fit(X, Y, epochs=-1, verbose=0)),
    "epochs 2.0": (regressor, lambda m: m.fit(X, Y, epochs=2.0, verbose=0)),
    "validation_freq 0": (regressor, lambda m: m.fit(X, Y, validation_freq=0, verbose=0)),
    "verbose": (regressor, lambda m: m.fit(X, Y, verbose="loud")),
    "a generator and y": (regressor, lambda m: m.fit(iter([(X, Y)]), Y, verbose=0)),
    "both kinds of weights": (classifier, lambda m: m.fit(X, C, class_weight={0: 1.0}, sample_weight=Y, verbose=0)),
    "a class for a callback": (regressor, lambda m: m.fit(X, Y, callbacks=[cr.callbacks.EarlyStopping], verbose=0)),
    "steps_per_execution 0": (regressor, lambda m: m.compile("sgd", "mse", steps_per_execution=0)),
    # -- order of calls
    "fit before compile": (uncompiled, lambda m: m.fit(X, Y, verbose=0)),
    "evaluate before compile": (uncompiled, lambda m: m.evaluate(X, Y, verbose=0)),
    "no loss": (without_loss, lambda m: m.fit(X, Y, verbose=0)),
    "predict without layers": (lambda: cr.Sequential(name="none"), lambda m: m.predict(X, verbose=0)),
    "set_weights before build": (unbuilt, lambda m: m.set_weights([np.ones(3)])),
    "count_params before build": (unbuilt, lambda m: m.count_params()),
    "output_shape before build": (unbuilt, lambda m: m.output_shape),
}


def read_messages() -> dict[str, tuple[str, str]]:
    """Return the class and the text of each message by the name of its case."""
    blocks = (Path(__file__).parents[1] / "golden" / "bad_input.txt").read_text(encoding="utf-8").strip().split("\n\n")
    found = {}
    for block in blocks:
        head, message = block.split("\n", 1)
        name, kind = head[1:].split("] ")
        found[name] = (kind, message)
    return found


MESSAGES = read_messages()


def test_every_message_has_its_case() -> None:
    assert list(MESSAGES) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_message(name: str) -> None:
    make, act = CASES[name]
    kind, message = MESSAGES[name]
    model = make()
    is_model = isinstance(model, cr.Model)
    before = model.get_weights() if is_model else []
    with pytest.raises(Exception) as caught:  # noqa: PT011
        act(model)
    assert (type(caught.value).__name__, str(caught.value)) == (kind, message)
    for old, new in zip(before, model.get_weights() if is_model else [], strict=True):
        np.testing.assert_array_equal(old, new)
    if is_model and model.compiled and model.optimizer.built:
        assert int(model.optimizer.iterations) == 0


def test_a_failed_compile_leaves_the_old_settings() -> None:
    net = regressor()
    optimizer = net.optimizer
    for bad in ({"optimizer": "adm"}, {"optimizer": "sgd", "loss": "mes"}, {"optimizer": "sgd", "metrics": ["maa"]}):
        with pytest.raises(UnknownNameError):
            net.compile(**bad)
    assert net.optimizer is optimizer
    assert net.loss == "mse"
    net.fit(X, Y, verbose=0)


def test_an_engine_that_refuses_is_not_replaced() -> None:
    class Picky(cr.extend.ReferenceEngine):
        name = "picky"

        def refuses(self, model: Any) -> str | None:
            return "layer 'hidden' has 4 units"

    cr.extend.register_engine(Picky)
    try:
        net = regressor()
        net.compile("sgd", "mse", engine="picky")
        with pytest.raises(EngineError) as caught:
            net.fit(X, Y, verbose=0)
        assert str(caught.value) == (
            "Engine 'picky' cannot run model 'net': layer 'hidden' has 4 units. Use engine='auto'."
        )
    finally:
        cr.extend.unregister_engine("picky")


def said(*actions: Callable[[], Any]) -> list[str]:
    """Return the warnings of some actions."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for action in actions:
            action()
    assert all(w.category is TrapWarning for w in caught)
    return [str(w.message) for w in caught]


SOFTMAX = (
    "Layer '{}' applies softmax to a single unit, so its output is always 1 and nothing can be learnt. For two classes "
    "use activation='sigmoid' with loss='binary_crossentropy', or 2 units."
)


def test_softmax_over_one_unit_is_said_once_when_compiled() -> None:
    net = cr.Sequential([cr.Input((3,)), L.Dense(1, activation="softmax", name="out")])
    compiling = lambda: net.compile("sgd", "binary_crossentropy")  # noqa: E731
    assert said(compiling, lambda: net.fit(X, C > 0, verbose=0)) == [SOFTMAX.format("out")]


def test_softmax_over_one_unit_is_said_once_when_built() -> None:
    net = cr.Sequential([L.Dense(1), L.Softmax(name="shares")])
    net.compile("sgd", "binary_crossentropy")
    fitting = lambda: net.fit(X, C > 0, verbose=0)  # noqa: E731
    assert said(fitting, fitting, lambda: net.evaluate(X, C > 0, verbose=0)) == [SOFTMAX.format("shares")]


@pytest.mark.parametrize(
    ("make", "y", "label"), [(classifier, C * 0 + 2, 2), (sigmoid, np.ones(8), 1), (one_hot, np.eye(3)[C * 0], 0)]
)
def test_one_class_only(make: Any, y: Any, label: int) -> None:
    net = make()
    fitting = lambda: net.fit(X, y, verbose=0)  # noqa: E731
    assert said(fitting, fitting) == [
        f"fit: all 8 rows of y have the class {label}: the model can only learn to say so. Check how y was made, or "
        "shuffle before splitting."
    ]


def test_good_input_warns_of_nothing() -> None:
    assert not said(
        lambda: classifier().fit(X, C, verbose=0),
        lambda: classifier(2).fit(X, C > 0, verbose=0),
        lambda: sigmoid().fit(X, np.linspace(0, 1, 8), verbose=0),
        lambda: sigmoid().fit(X[:1], [1], verbose=0),
        lambda: one_hot().fit(X, np.eye(3)[C], verbose=0),
        lambda: regressor().fit(X, np.zeros(8), verbose=0),
    )


def test_a_diverging_loss_says_what_to_try() -> None:
    net = regressor()
    before = net.get_weights()
    with pytest.warns(TrapWarning, match="column 0 of x runs from"), pytest.raises(DivergedError) as caught:
        net.fit(X * 1e20, Y, verbose=0)
    assert str(caught.value) == (
        "fit: the loss became inf in epoch 1, batch 1. Training stopped, and the weights are those from the start of "
        "this epoch. Try a smaller learning rate (it is 0.001), scale the inputs and targets to about 1 "
        "(layers.Normalization), or clip the gradients (clipnorm=1.0)."
    )
    for old, new in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_metric_in_the_place_of_loss_weights_is_named() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    with pytest.raises(TypeError, match=r"loss_weights holds 'acc'.*metrics=\[\.\.\.\]"):
        model.compile("adam", "mse", ["acc"])


def test_class_weight_must_be_a_dict() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    with pytest.raises(cr.errors.DataError, match=r"class_weight is a dict.*but a list was given"):
        model.fit(np.zeros((4, 2)), np.array([0, 1, 0, 1]), class_weight=[1, 2], verbose=0)


def test_an_old_name_of_the_learning_rate_is_explained() -> None:
    with pytest.raises(ValueError, match=r"'lr': 0\.1.*Keras 3 calls `lr` `learning_rate`"):
        cr.optimizers.Adam(lr=0.1)
