"""Bad input: one clear message for each kind, and a model that is as it was before."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, DivergedError, EngineError, ShapeError, UnknownNameError

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


Case = tuple[Callable[[], Any], Callable[[Any], Any], type[Exception], str]

FEATURES = (
    "x has shape (8, 2), but input 'in' (of layer 'hidden') expects (None, 3). The model was built for 3 features per row, "
    "x has 2: check its columns."
)
CASES: dict[str, Case] = {
    # -- shapes
    "width, fit": (regressor, lambda m: m.fit(X[:, :2], Y, verbose=0), ShapeError, f"fit: {FEATURES}"),
    "width, evaluate": (regressor, lambda m: m.evaluate(X[:, :2], Y, verbose=0), ShapeError, f"evaluate: {FEATURES}"),
    "width, predict": (regressor, lambda m: m.predict(X[:, :2], verbose=0), ShapeError, f"predict: {FEATURES}"),
    "width, call": (
        regressor, lambda m: m(X[:, :2]), ShapeError,
        "Input 'in' (of layer 'hidden'): expected shape (None, 3), received shape (8, 2). The model was built for 3 features "
        "per row, the array has 2: check its columns.",
    ),
    "width of validation data": (
        regressor, lambda m: m.fit(X, Y, validation_data=(X[:, :2], Y), verbose=0), ShapeError, f"fit (validation): {FEATURES}",
    ),
    "images": (
        regressor, lambda m: m.fit(X.reshape(8, 1, 3), Y, verbose=0), ShapeError,
        "fit: x has shape (8, 1, 3), but input 'in' (of layer 'hidden') expects (None, 3). Flatten each observation: "
        "x.reshape(len(x), -1).",
    ),
    "one observation, call": (
        regressor, lambda m: m(X[0]), ShapeError,
        "Input 'in' (of layer 'hidden'): expected shape (None, 3), received shape (3,). One observation is a batch of one: "
        "x[None, :], or x.reshape(1, -1).",
    ),
    "one observation, predict": (
        regressor, lambda m: m.predict(X[0], verbose=0), ShapeError,
        "predict: x has shape (3, 1), but input 'in' (of layer 'hidden') expects (None, 3). If these are the 3 features of one "
        "observation, pass a batch of one: x.reshape(1, -1).",
    ),
    "a layer's width": (
        regressor, lambda m: m.layers[0](X[:, :2]), ShapeError,
        "Layer 'hidden' (Dense): expected an input with axis -1 of length 3, received shape (8, 2). Feed 3 features per row, or "
        "build the model anew for 2.",
    ),
    "a layer's rank": (
        regressor, lambda m: m.layers[0](X[0]), ShapeError,
        "Layer 'hidden' (Dense): expected an input with at least 2 axes (the first is the batch), received shape (3,). One "
        "observation is a batch of one: x[None, :], or x.reshape(1, -1).",
    ),
    "a layer before flattening": (
        lambda: None, lambda _: cr.Sequential([cr.Input((6,)), L.Dense(1, name="d")]).layers[0](np.zeros((4, 2, 3))), ShapeError,
        "Layer 'd' (Dense): expected an input with axis -1 of length 6, received shape (4, 2, 3). Put a Flatten layer in front, "
        "or reshape x to two axes.",
    ),
    "an input is missing": (
        two_inputs, lambda m: m.predict({"a": X}, verbose=0), ShapeError,
        "predict: the model's input 'b' is missing: its inputs are ['a', 'b'], received ['a'].",
    ),
    "too few inputs": (
        two_inputs, lambda m: m.fit([X], Y, verbose=0), ShapeError,
        "fit: the model has 2 inputs ['a', 'b'], but received 1. Pass a list in this order, or a dict by name.",
    ),
    "width of one of two inputs": (
        two_inputs, lambda m: m.fit({"a": X, "b": X}, Y, verbose=0), ShapeError,
        "fit: x['b'] has shape (8, 3), but input 'b' (of layer 'join') expects (None, 2). The model was built for 2 features per "
        "row, x['b'] has 3: check its columns.",
    ),
    "unknown width": (
        lambda: None, lambda _: L.Dense(2, name="d")(cr.Input((None,))), ShapeError,
        "Dense 'd': the last axis of the input must be known, but its shape is (None, None).",
    ),
    "shape of an Input": (
        lambda: None, lambda _: cr.Input(3, name="x"), ShapeError, "Input 'x': the shape must be a tuple: write shape=(3,).",
    ),
    "weights of another shape": (
        regressor, lambda m: m.set_weights([np.ones((2, 2))] * 4), ShapeError,
        "'net': weight 'net/hidden/kernel' has shape (3, 4), but received shape (2, 2).",
    ),
    # -- types
    "text": (
        regressor, lambda m: m.fit([["a", "b", "c"]] * 8, Y, verbose=0), DataError,
        "x holds text, such as 'a', but a network computes with numbers. Encode categories as numbers first, for example one "
        "column of 0 and 1 per value.",
    ),
    "text labels": (
        classifier, lambda m: m.fit(X, np.array(list("abcabcab")), verbose=0), DataError,
        "y holds text, such as 'a', but a network computes with numbers. Encode the classes as 0, 1, 2, ...: `names, codes = "
        "numpy.unique(y, return_inverse=True)`.",
    ),
    "objects": (
        regressor, lambda m: m.fit(np.array([["a", 1, 2]] * 8, dtype=object), Y, verbose=0), DataError,
        "x has dtype object and holds 'a', but a network computes with numbers. Encode categories as numbers first, for example "
        "one column of 0 and 1 per value.",
    ),
    "dates": (
        regressor, lambda m: m.predict(np.full((8, 3), "2020-01-01", "M8[D]"), verbose=0), DataError,
        "x holds dates, such as datetime.date(2020, 1, 1), but a network computes with numbers. Turn them into numbers first, for "
        "example days since a fixed date.",
    ),
    # -- values
    "NaN in x": (
        regressor, lambda m: m.fit(odd(X, (2, 1), np.nan), Y, verbose=0), DataError,
        "fit: x[2, 1] is NaN (missing). It is the only one. Fill such values (for example with the column's median) or drop their "
        "rows first.",
    ),
    "infinity in x": (
        regressor, lambda m: m.predict(odd(X, (2, 1), np.inf), verbose=0), DataError,
        "predict: x[2, 1] is infinity. It is the only one. Remove or clip such values first: a network cannot learn from them.",
    ),
    "NaN in y": (
        regressor, lambda m: m.fit(X, odd(Y, 3, np.nan), verbose=0), DataError,
        "fit: y[3] is NaN (missing). It is the only one. Fill such values (for example with the column's median) or drop their "
        "rows first.",
    ),
    "infinity in y": (
        regressor, lambda m: m.evaluate(X, odd(Y, 3, -np.inf), verbose=0), DataError,
        "evaluate: y[3] is -infinity. It is the only one. Remove or clip such values first: a network cannot learn from them.",
    ),
    "NaN in a weight": (
        regressor, lambda m: m.fit(X, Y, sample_weight=odd(Y, 3, np.nan), verbose=0), DataError,
        "fit: sample_weight[3] is NaN (missing). It is the only one. Fill such values (for example with the column's median) or "
        "drop their rows first.",
    ),
    "NaN in a generator's batch": (
        regressor, lambda m: m.fit(iter([(X, Y), (odd(X, (0, 0), np.nan), Y)]), verbose=0), DataError,
        "fit: batch 2: x[0, 0] is NaN (missing). It is the only one. Fill such values (for example with the column's median) or "
        "drop their rows first.",
    ),
    "no rows": (
        regressor, lambda m: m.fit(X[:0], Y[:0], verbose=0), DataError,
        "fit: x has no rows (shape (0, 3)). Pass at least one observation.",
    ),
    "no data": (
        regressor, lambda m: m.fit(None, Y, verbose=0), DataError,
        "fit: x is None. Pass arrays, a data frame, a generator of batches or a PyDataset.",
    ),
    "y of another length": (
        regressor, lambda m: m.fit(X, Y[:5], verbose=0), ShapeError,
        "fit: x has 8 rows, but y has 5 rows. Row i of y belongs to row i of x, so both need the same number of rows.",
    ),
    # -- labels
    "a label too high": (
        classifier, lambda m: m.fit(X, C + (C == 2), verbose=0), DataError,
        "fit: sparse_categorical_crossentropy: label 3 in row 2 is outside the 3 classes 0 to 2 that the model predicts (2 such "
        "labels). If the labels start at 1, subtract 1; else the last layer needs 4 units or more.",
    ),
    "a label of a later batch": (
        classifier, lambda m: m.fit(X, np.where(np.arange(8) == 7, 9, C), batch_size=2, verbose=0), DataError,
        "fit: sparse_categorical_crossentropy: label 9 in row 7 is outside the 3 classes 0 to 2 that the model predicts. Number "
        "the classes 0, 1, 2, ... and give the last layer one unit for each.",
    ),
    "a label of the validation data": (
        classifier, lambda m: m.fit(X, C, validation_data=(X, C - 1), verbose=0), DataError,
        "fit (validation): sparse_categorical_crossentropy: label -1 in row 0 is outside the 3 classes 0 to 2 that the model "
        "predicts (3 such labels). Number the classes 0, 1, 2, ... and give the last layer one unit for each.",
    ),
    "a target beyond 0 and 1": (
        sigmoid, lambda m: m.fit(X, C, verbose=0), DataError,
        "fit: binary_crossentropy: y[2] is 2, but targets must lie between 0 and 1: number the two classes 0 and 1, or use "
        "another loss if this is no classification.",
    ),
    "labels -1 and 1": (
        sigmoid, lambda m: m.evaluate(X, np.where(C > 0, 1, -1), verbose=0), DataError,
        "evaluate: binary_crossentropy: y[0] is -1, but targets must lie between 0 and 1: use loss='hinge' for labels -1 and 1, or "
        "use another loss if this is no classification.",
    ),
    "one-hot targets of a sparse loss": (
        classifier, lambda m: m.fit(X, np.eye(3)[C], verbose=0), ShapeError,
        "fit: sparse_categorical_crossentropy: y_true has shape (8, 3), but y_pred has shape (8, 3). One-hot rows as targets need "
        "loss='categorical_crossentropy', or class numbers: y_true.argmax(-1).",
    ),
    "class numbers of a one-hot loss": (
        one_hot, lambda m: m.fit(X, C, verbose=0), ShapeError,
        "fit: categorical_crossentropy: y_true has shape (8,), but y_pred has shape (8, 3); they must be equal. Class numbers as "
        "targets need loss='sparse_categorical_crossentropy'; otherwise encode them: utils.to_categorical(y, 3).",
    ),
    # -- targets and outputs
    "y missing": (
        regressor, lambda m: m.fit(X, verbose=0), DataError,
        "fit: the model was compiled with a loss, but no targets were given: pass y as well as x.",
    ),
    "too few targets": (
        two_outputs, lambda m: m.fit(X, [Y], verbose=0), ShapeError,
        "fit: The model has 2 outputs ['p', 'q'], but y has 1 parts. Give y as a list with one array for each output, or as a dict "
        "by output name.",
    ),
    "too many targets": (
        two_outputs, lambda m: m.fit(X, [Y, Y, Y], verbose=0), ShapeError,
        "fit: The model has 2 outputs ['p', 'q'], but y has 3 parts. Give y as a list with one array for each output, or as a dict "
        "by output name.",
    ),
    "a target of no output": (
        two_outputs, lambda m: m.fit(X, {"p": Y, "r": Y}, verbose=0), UnknownNameError,
        "fit: y has the key 'r'. Unknown output 'r'. Known: 'p', 'q'.",
    ),
    "a wide target": (
        regressor, lambda m: m.fit(X, X, verbose=0), ShapeError,
        "fit: mean_squared_error: y_true has shape (8, 3), but y_pred has shape (8, 1); they must be equal. The last layer needs as "
        "many units as y_true has columns: 3.",
    ),
    # -- names
    "activation": (
        lambda: None, lambda _: L.Dense(2, activation="rellu"), UnknownNameError,
        "Unknown activation 'rellu'. Did you mean 'relu' or 'relu6' or 'elu'?",
    ),
    "initializer": (
        lambda: None, lambda _: L.Dense(2, kernel_initializer="glorot"), UnknownNameError,
        "Unknown initializer 'glorot'. Did you mean 'glorot_normal' or 'glorot_uniform'?",
    ),
    "regularizer": (
        lambda: None, lambda _: L.Dense(2, kernel_regularizer="l3"), UnknownNameError,
        "Unknown regularizer 'l3'. Known: 'L1', 'L1L2', 'L2', 'OrthogonalRegularizer', 'l1', 'l1l2', 'l2', "
        "'orthogonal_regularizer'.",
    ),
    "constraint": (
        lambda: None, lambda _: L.Dense(2, kernel_constraint="max_nrom"), UnknownNameError,
        "Unknown constraint 'max_nrom'. Did you mean 'max_norm' or 'min_max_norm'?",
    ),
    "optimizer": (
        regressor, lambda m: m.compile("adm", "mse"), UnknownNameError,
        "Unknown optimizer 'adm'. Did you mean 'adam' or 'nadam' or 'adamw'?",
    ),
    "loss": (
        regressor, lambda m: m.compile("sgd", "mean_square_error"), UnknownNameError,
        "Unknown loss 'mean_square_error'. Did you mean 'mean_squared_error' or 'MeanSquaredError' or "
        "'mean_squared_logarithmic_error'?",
    ),
    "metric": (
        regressor, lambda m: m.compile("sgd", "mse", metrics=["mae", "acuracy"]), UnknownNameError,
        "Unknown metric 'acuracy'. Did you mean 'accuracy' or 'Accuracy' or 'BinaryAccuracy'?",
    ),
    "engine": (
        regressor, lambda m: m.compile("sgd", "mse", engine="referense"), UnknownNameError,
        "Unknown engine 'referense'. Did you mean 'reference'?",
    ),
    "argument": (
        lambda: None, lambda _: L.Dense(2, activatoin="relu"), UnknownNameError,
        "Unknown argument of Dense: 'activatoin'. Did you mean 'activation'?",
    ),
    "layer": (
        regressor, lambda m: m.get_layer("hiden"), UnknownNameError, "Unknown layer of model 'net': 'hiden'. Did you mean 'hidden'?",
    ),
    "attribute of the library": (
        lambda: None, lambda _: cr.Sequental, AttributeError,
        "module 'chainrule' has no attribute 'Sequental'. Did you mean 'Sequential'?",
    ),
    "tool": (
        lambda: None, lambda _: cr.utils.to_categoricl, AttributeError,
        "module 'chainrule.utils' has no attribute 'to_categoricl'. Did you mean 'to_categorical'?",
    ),
    # -- structure
    "the same name twice": (
        lambda: None, lambda _: cr.Sequential([cr.Input((3,)), L.Dense(1, name="a"), L.Dense(1, name="a")], name="net"), ValueError,
        "Sequential 'net': the name 'a' is taken by another layer. Layers need names of their own.",
    ),
    "the same name twice in a graph": (
        lambda: cr.Input((3,)), lambda x: cr.Model(x, L.Dense(1, name="a")(L.Dense(2, name="a")(x))), ValueError,
        "The name 'a' is used 2 times in the model: give each layer a name of its own.",
    ),
    "a disconnected graph": (
        lambda: cr.Input((3,), name="x"), lambda x: cr.Model(cr.Input((3,)), L.Dense(1, name="end")(x)), ValueError,
        "Graph disconnected: 'end' needs 'x', which does not come from the model's inputs. List every Input it depends on in "
        "`inputs`.",
    ),
    "units 0": (
        lambda: None, lambda _: L.Dense(0, name="d"), ValueError, "Dense 'd': units must be a positive whole number, but is 0.",
    ),
    "units 2.5": (
        lambda: None, lambda _: L.Dense(2.5, name="d"), ValueError,  # type: ignore[arg-type]
        "Dense 'd': units must be a positive whole number, but is 2.5.",
    ),
    "units '10'": (
        lambda: None, lambda _: L.Dense("10", name="d"), ValueError,  # type: ignore[arg-type]
        "Dense 'd': units must be a positive whole number, but is '10'.",
    ),
    "a class for a layer": (
        lambda: None, lambda _: cr.Sequential([L.Flatten], name="net"), ValueError,
        "Sequential 'net': expected a layer, but <class 'chainrule.layers.reshaping.Flatten'> was added. Write Flatten(...).",
    ),
    # -- settings of fit
    "validation_split 1.5": (
        regressor, lambda m: m.fit(X, Y, validation_split=1.5, verbose=0), DataError,
        "fit: expected validation_split between 0 and 1, received 1.5.",
    ),
    "validation_split of a row": (
        regressor, lambda m: m.fit(X[:1], Y[:1], validation_split=0.1, verbose=0), DataError,
        "fit: validation_split=0.1 of 1 rows leaves none for training. Pass more data or another fraction.",
    ),
    "validation_split of a generator": (
        regressor, lambda m: m.fit(iter([(X, Y)]), validation_split=0.1, verbose=0), DataError,
        "fit: validation_split needs arrays or data frames, because it takes the last rows. For a list_iterator, pass "
        "validation_data instead.",
    ),
    "validation_data of four parts": (
        regressor, lambda m: m.fit(X, Y, validation_data=(X, Y, Y, Y), verbose=0), DataError,
        "fit: validation_data: expected x, (x,), (x, y) or (x, y, sample_weight), but received 4 parts.",
    ),
    "batch_size 0": (
        regressor, lambda m: m.fit(X, Y, batch_size=0, verbose=0), DataError,
        "fit: expected batch_size to be a positive integer or None, received 0.",
    ),
    "epochs -1": (
        regressor, lambda m: m.fit(X, Y, epochs=-1, verbose=0), DataError,
        "fit: epochs must be a whole number of at least 0, but is -1.",
    ),
    "epochs 2.0": (
        regressor, lambda m: m.fit(X, Y, epochs=2.0, verbose=0), DataError,
        "fit: epochs must be a whole number of at least 0, but is 2.0.",
    ),
    "validation_freq 0": (
        regressor, lambda m: m.fit(X, Y, validation_freq=0, verbose=0), DataError,
        "fit: validation_freq must be a whole number of epochs, or a list of epochs from 1, but is 0.",
    ),
    "verbose": (
        regressor, lambda m: m.fit(X, Y, verbose="loud"), DataError,
        "verbose must be 'auto', 0 (silent), 1 (progress line) or 2 (a line per epoch), but is 'loud'.",
    ),
    "a generator and y": (
        regressor, lambda m: m.fit(iter([(X, Y)]), Y, verbose=0), DataError,
        "fit: with x a list_iterator, y must not be passed: it is part of each batch, as (x, y) or (x, y, sample_weight).",
    ),
    "both kinds of weights": (
        classifier, lambda m: m.fit(X, C, class_weight={0: 1.0}, sample_weight=Y, verbose=0), DataError,
        "fit: class_weight and sample_weight cannot be given together. Multiply one into the other.",
    ),
    "a class for a callback": (
        regressor, lambda m: m.fit(X, Y, callbacks=[cr.callbacks.EarlyStopping], verbose=0), TypeError,
        "callbacks[0]: expected a callback object, received the class EarlyStopping. Write EarlyStopping(...).",
    ),
    "steps_per_execution 0": (
        regressor, lambda m: m.compile("sgd", "mse", steps_per_execution=0), DataError,
        "compile: steps_per_execution must be a positive whole number, but is 0.",
    ),
    # -- order of calls
    "fit before compile": (
        uncompiled, lambda m: m.fit(X, Y, verbose=0), ValueError,
        "Model 'raw' must be compiled before fit(): model.compile(optimizer='adam', loss='mean_squared_error').",
    ),
    "evaluate before compile": (
        uncompiled, lambda m: m.evaluate(X, Y, verbose=0), ValueError,
        "Model 'raw' must be compiled before evaluate(): model.compile(optimizer='adam', loss='mean_squared_error').",
    ),
    "no loss": (
        without_loss, lambda m: m.fit(X, Y, verbose=0), ValueError,
        "Model 'raw' has no loss: give one to compile(loss=...), or use add_loss in a layer.",
    ),
    "predict without layers": (
        lambda: cr.Sequential(name="none"), lambda m: m.predict(X, verbose=0), ValueError,
        "Sequential 'none' has no layers yet: add some with add(layer).",
    ),
    "set_weights before build": (
        unbuilt, lambda m: m.set_weights([np.ones(3)]), ShapeError,
        "'raw' has 0 weights, but set_weights received 1. It is not built yet: give it an input shape, or call it on data first.",
    ),
    "count_params before build": (
        unbuilt, lambda m: m.count_params(), ValueError,
        "Sequential 'raw' has no weights yet: give it an Input, or call it on data first.",
    ),
    "output_shape before build": (
        unbuilt, lambda m: m.output_shape, AttributeError,
        "Sequential 'raw' has no symbolic inputs and outputs yet: give it an Input as its first entry, or call it on data. (A "
        "model whose `call` is Python code never has any.)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_message(name: str) -> None:
    make, act, kind, message = CASES[name]
    model = make()
    is_model = isinstance(model, cr.Model)
    before = model.get_weights() if is_model else []
    with pytest.raises(kind) as caught:
        act(model)
    assert str(caught.value) == message
    assert type(caught.value) is kind or kind in (ValueError, TypeError)
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


SOFTMAX = (
    "Layer '{}' applies softmax to a single unit, so its output is always 1 and nothing can be learnt. For two classes use "
    "activation='sigmoid' with loss='binary_crossentropy', or 2 units."
)


def test_softmax_over_one_unit_is_said_once_when_compiled() -> None:
    net = cr.Sequential([cr.Input((3,)), L.Dense(1, activation="softmax", name="out")])
    with pytest.warns(UserWarning) as caught:
        net.compile("sgd", "binary_crossentropy")
        net.fit(X, C > 0, verbose=0)
    assert [str(w.message) for w in caught] == [SOFTMAX.format("out")]


def test_softmax_over_one_unit_is_said_once_when_built() -> None:
    net = cr.Sequential([L.Dense(1), L.Softmax(name="shares")])
    net.compile("sgd", "binary_crossentropy")
    with pytest.warns(UserWarning) as caught:
        net.fit(X, C > 0, verbose=0)
        net.fit(X, C > 0, verbose=0)
        net.evaluate(X, C > 0, verbose=0)
    assert [str(w.message) for w in caught] == [SOFTMAX.format("shares")]


@pytest.mark.parametrize(
    ("make", "y", "label"), [(classifier, C * 0 + 2, 2), (sigmoid, np.ones(8), 1), (one_hot, np.eye(3)[C * 0], 0)]
)
def test_one_class_only(make: Any, y: Any, label: int) -> None:
    net = make()
    with pytest.warns(UserWarning) as caught:
        net.fit(X, y, verbose=0)
        net.fit(X, y, verbose=0)
    assert [str(w.message) for w in caught] == [
        f"fit: all 8 rows of y have the class {label}: the model can only learn to say so. Check how y was made, or shuffle "
        "before splitting."
    ]


def test_good_input_warns_of_nothing() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier().fit(X, C, verbose=0)
        classifier(2).fit(X, C > 0, verbose=0)
        sigmoid().fit(X, np.linspace(0, 1, 8), verbose=0)
        sigmoid().fit(X[:1], [1], verbose=0)
        one_hot().fit(X, np.eye(3)[C], verbose=0)
        regressor().fit(X, np.zeros(8), verbose=0)


def test_a_diverging_loss_says_what_to_try() -> None:
    net = regressor()
    before = net.get_weights()
    with pytest.raises(DivergedError) as caught:
        net.fit(X * 1e20, Y, verbose=0)
    assert str(caught.value) == (
        "fit: the loss became inf in epoch 1, batch 1. Training stopped, and the weights are those from the start of this "
        "epoch. Try a smaller learning rate (it is 0.001), scale the inputs and targets to about 1 (layers.Normalization), or "
        "clip the gradients (clipnorm=1.0)."
    )
    for old, new in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
