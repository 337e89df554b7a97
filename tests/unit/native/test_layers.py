"""Layers other than Dense on the native engine: a step of training and a prediction against the reference engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers as kl
from chainrule._typing import Array

pytest.importorskip("chainrule._native")

WIDE = (4, 3, 2)
Build = Callable[[], Any]


@pytest.fixture(autouse=True)
def doubles() -> Any:
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


def stack(shape: tuple[int, ...], *middle: Any) -> Any:
    """Return a model with layers under test between two that are trained, so that gradients pass through them."""
    return cr.Sequential([cr.Input(shape), kl.Dense(shape[-1]), *middle, kl.Flatten(), kl.Dense(3)])


def joined(merge: Any, *shapes: tuple[int, ...]) -> Any:
    """Return a model that merges trained inputs of these shapes."""
    inputs = [cr.Input(shape) for shape in shapes]
    y = merge([kl.Dense(shape[-1])(x) for x, shape in zip(inputs, shapes, strict=True)])
    return cr.Model(inputs, kl.Dense(3)(kl.Flatten()(y)))


MODELS: dict[str, Build] = {
    "dropout": lambda: stack((7,), kl.Dropout(0.4), kl.Dropout(0.5, seed=3)),
    "dropout of nothing": lambda: stack((7,), kl.Dropout(0.0)),
    "dropout of all": lambda: stack((7,), kl.Dropout(1.0)),
    "dropout of whole columns": lambda: stack((4, 3), kl.Dropout(0.4, noise_shape=(None, 1, 3))),
    "dropout of whole rows": lambda: stack((4, 3), kl.Dropout(0.4, noise_shape=(None, 4, 1))),
    "dropout of all rows alike": lambda: stack((4, 3), kl.Dropout(0.4, noise_shape=(1, 4, 3))),
    "dropout of a share for all": lambda: stack((4, 3), kl.Dropout(0.4, noise_shape=(1, 1, 3))),
    "dropout of features": lambda: stack((4, 3), kl.SpatialDropout1D(0.4)),
    "alpha dropout": lambda: stack((7,), kl.AlphaDropout(0.4), kl.AlphaDropout(0.2, seed=3)),
    "alpha dropout of nothing": lambda: stack((7,), kl.AlphaDropout(0.0)),
    "alpha dropout of all": lambda: stack((7,), kl.AlphaDropout(1.0)),
    "alpha dropout of whole columns": lambda: stack((4, 3), kl.AlphaDropout(0.4, noise_shape=(None, 1, 3))),
    "alpha dropout of all rows alike": lambda: stack((4, 3), kl.AlphaDropout(0.4, noise_shape=(1, 4, 1))),
    "gaussian dropout": lambda: stack((7,), kl.GaussianDropout(0.3), kl.GaussianDropout(0.1, seed=5)),
    "gaussian dropout of nothing": lambda: stack((7,), kl.GaussianDropout(0.0)),
    "noise": lambda: stack((7,), kl.GaussianNoise(0.3), kl.GaussianNoise(0.1, seed=5)),
    "noise of nothing": lambda: stack((7,), kl.GaussianNoise(0.0)),
    "batch normalisation": lambda: stack((21,), kl.BatchNormalization()),
    "batch normalisation of one column": lambda: stack((1,), kl.BatchNormalization(momentum=0.7, epsilon=1e-2)),
    "batch normalisation, bare": lambda: stack((7,), kl.BatchNormalization(center=False, scale=False)),
    "batch normalisation, gamma": lambda: stack((7,), kl.BatchNormalization(center=False)),
    "batch normalisation, beta": lambda: stack((7,), kl.BatchNormalization(scale=False)),
    "batch normalisation, frozen": lambda: stack((7,), kl.BatchNormalization(trainable=False)),
    "batch normalisation of higher rank": lambda: stack(WIDE, kl.BatchNormalization()),
    "batch normalisation of a middle axis": lambda: stack(WIDE, kl.BatchNormalization(axis=2)),
    "batch normalisation of the first axis": lambda: stack(WIDE, kl.BatchNormalization(axis=1)),
    "batch normalisation, middle, frozen": lambda: stack(WIDE, kl.BatchNormalization(axis=2, trainable=False)),
    "layer normalisation": lambda: stack((21,), kl.LayerNormalization()),
    "layer normalisation, bare": lambda: stack((7,), kl.LayerNormalization(center=False, scale=False)),
    "layer normalisation, beta": lambda: stack((7,), kl.LayerNormalization(scale=False, epsilon=1e-2)),
    "layer normalisation of two axes": lambda: stack(WIDE, kl.LayerNormalization(axis=(2, 3))),
    "layer normalisation of a middle axis": lambda: stack(WIDE, kl.LayerNormalization(axis=2)),
    "layer normalisation of outer axes": lambda: stack(WIDE, kl.LayerNormalization(axis=[-1, 1])),
    "group normalisation": lambda: stack((6,), kl.GroupNormalization(2)),
    "group normalisation, each feature": lambda: stack((4, 3), kl.GroupNormalization(-1, epsilon=1e-2)),
    "group normalisation of one group": lambda: stack((21,), kl.GroupNormalization(1, scale=False)),
    "group normalisation of a middle axis": lambda: stack((3, 4, 2), kl.GroupNormalization(2, axis=2, center=False)),
    "group normalisation, bare": lambda: stack(WIDE, kl.GroupNormalization(2, center=False, scale=False)),
    "root normalisation": lambda: stack((21,), kl.RMSNormalization()),
    "root normalisation of a middle axis": lambda: stack(WIDE, kl.RMSNormalization(axis=2, epsilon=0.1)),
    "root normalisation of outer axes": lambda: stack(WIDE, kl.RMSNormalization(axis=[-1, 1])),
    "root normalisation, frozen": lambda: stack((7,), kl.RMSNormalization(trainable=False)),
    "unit normalisation": lambda: stack((21,), kl.UnitNormalization()),
    "unit normalisation of nothing": lambda: stack(
        (5,), kl.Activation("relu"), kl.Rescaling(1e-7), kl.UnitNormalization()
    ),
    "unit normalisation of two axes": lambda: stack(WIDE, kl.UnitNormalization(axis=[1, 2])),
    "permute": lambda: stack(WIDE, kl.Permute((3, 1, 2)), kl.Dense(5)),
    "flatten with the channels first": lambda: stack(WIDE, kl.Flatten("channels_first"), kl.Dense(5)),
    "repeat": lambda: stack((5,), kl.RepeatVector(4), kl.Dense(3)),
    "mean over steps": lambda: stack((4, 3), kl.GlobalAveragePooling1D()),
    "mean over the last axis": lambda: stack((4, 9), kl.GlobalAveragePooling1D("channels_first", keepdims=True)),
    "largest over steps": lambda: stack((4, 21), kl.GlobalMaxPooling1D(keepdims=True)),
    "largest over the last axis": lambda: stack((4, 9), kl.GlobalMaxPooling1D("channels_first")),
    "largest of equal ones": lambda: stack((5,), kl.RepeatVector(4), kl.GlobalMaxPooling1D()),
    "largest of equal ones in a row": lambda: stack(
        (5,), kl.RepeatVector(4), kl.Permute((2, 1)), kl.GlobalMaxPooling1D("channels_first")
    ),
    "softmax along a middle axis": lambda: stack(WIDE, kl.Softmax(axis=2)),
    "softmax along the last axis, counted": lambda: stack(WIDE, kl.Softmax(axis=3)),
    "softmax along two axes": lambda: stack(WIDE, kl.Softmax(axis=(1, -1))),
    "activity regularization": lambda: stack((7,), kl.ActivityRegularization(0.01, 0.02)),
    "einsum": lambda: stack((4, 3), kl.EinsumDense("abc,cd->abd", (None, 5), activation="tanh", bias_axes="d")),
    "dense at each step": lambda: stack((4, 3), kl.TimeDistributed(kl.Dense(5, activation="elu"))),
    "rescaling": lambda: stack((7,), kl.Rescaling(0.3, -0.2)),
    "rescaling by column": lambda: stack((4, 3), kl.Rescaling([0.3, 2.0, -1.0], offset=[[1.0], [2.0], [3.0], [4.0]])),
    "normalization": lambda: stack((3,), kl.Normalization(mean=[1.0, 2.0, 3.0], variance=[0.5, 0.0, 4.0])),
    "normalization, inverted": lambda: stack((3,), kl.Normalization(mean=0.5, variance=2.0, invert=True)),
    "normalization of a middle axis": lambda: stack(
        WIDE, kl.Normalization(axis=2, mean=[1.0, 2.0, 3.0], variance=[0.5, 1.0, 4.0])
    ),
    "reshape": lambda: stack((4, 3), kl.Reshape((2, 6)), kl.Dense(5)),
    "prelu": lambda: stack((7,), kl.PReLU(alpha_initializer="random_normal")),
    "prelu, shared": lambda: stack(WIDE, kl.PReLU(alpha_initializer="random_normal", shared_axes=[1, 3])),
    "activity penalty": lambda: stack((7,), kl.Dense(5, activity_regularizer=cr.regularizers.L1L2(0.01, 0.02))),
    "activity penalty l1": lambda: stack((7,), kl.Activation("tanh", activity_regularizer="l1")),
    "activity penalty l2": lambda: stack((4, 3), kl.Activation("relu", activity_regularizer="l2")),
    "add": lambda: joined(kl.Add(), (5,), (5,), (5,)),
    "subtract": lambda: joined(kl.Subtract(), (5,), (5,)),
    "multiply": lambda: joined(kl.Multiply(), (5,), (5,), (5,)),
    "average": lambda: joined(kl.Average(), (5,), (5,), (5,)),
    "maximum": lambda: joined(kl.Maximum(), (5,), (5,), (5,)),
    "minimum": lambda: joined(kl.Minimum(), (5,), (5,), (5,)),
    "add, spread": lambda: joined(kl.Add(), (4, 3), (1, 3), (3,)),
    "subtract, spread": lambda: joined(kl.Subtract(), (1, 3), (4, 1)),
    "multiply, spread": lambda: joined(kl.Multiply(), (4, 1), (4, 3), (1,)),
    "maximum, spread": lambda: joined(kl.Maximum(), (4, 3), (3,), (4, 1)),
    "minimum, spread": lambda: joined(kl.Minimum(), (200, 3), (3,)),
    "dot": lambda: joined(kl.Dot(axes=1), (9,), (9,)),
    "dot of a pair of axes": lambda: joined(kl.Dot(axes=(2, 1)), (4, 3), (3, 5)),
    "dot of higher rank": lambda: joined(kl.Dot(axes=(1, -1)), (3, 4, 2), (5, 3)),
    "cosine": lambda: joined(kl.Dot(axes=-1, normalize=True), (9,), (9,)),
    "cosines": lambda: joined(kl.Dot(axes=(1, 2), normalize=True), (3, 4), (5, 3)),
    "concatenate": lambda: joined(kl.Concatenate(), (5,), (2,), (1,)),
    "concatenate along a middle axis": lambda: joined(kl.Concatenate(axis=1), (4, 3), (2, 3)),
    "concatenate along the last axis": lambda: joined(kl.Concatenate(axis=-1), (4, 3), (4, 2)),
}


def twice_read() -> Any:
    """Return a model that reads one value in several places, with equal numbers to share the gradient of a maximum."""
    x = cr.Input((6,))
    h = kl.Dense(6)(x)
    y = kl.Add()([kl.Maximum()([h, h]), kl.Multiply()([h, kl.Dropout(0.5)(h)])])
    return cr.Model(x, kl.Dense(3)(y))


def shared_dropout() -> Any:
    """Return a model that runs one random layer twice in a step: its draws differ."""
    x, drop = cr.Input((6,)), kl.Dropout(0.5)
    return cr.Model(x, kl.Dense(3)(kl.Add()([drop(kl.Dense(6)(x)), drop(kl.Dense(6)(x))])))


MODELS |= {"read twice": twice_read, "shared dropout": shared_dropout}


def learnt(build: Build, engine: str, rows: int, batch: int) -> tuple[list[Array], Array, Any]:
    """Return the weights after two steps of gradient descent, a prediction, and the losses."""
    cr.utils.set_random_seed(4)
    model = build()
    model.compile(optimizer=cr.optimizers.SGD(0.1), loss="mse", engine=engine)
    rng = np.random.default_rng(rows)
    for weights in model.weights:  # gamma, beta and moving averages that are not 0 and 1
        weights.assign(np.asarray(weights) + rng.uniform(0.1, 0.5, weights.shape))
    x = [rng.normal(size=(rows, *t.shape[1:])) for t in model.inputs]
    y = rng.normal(size=(rows, 3))
    history = model.fit(x, y, batch_size=batch, epochs=1, shuffle=False, verbose=0)
    assert model.engine.startswith(engine)
    return [w.numpy() for w in model.weights], np.asarray(model.predict(x, verbose=0)), history.history["loss"]


@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (10, 5), (37, 37), (600, 300)])
@pytest.mark.parametrize("name", MODELS)
def test_steps_are_those_of_the_reference_engine(name: str, rows: int, batch: int) -> None:
    expected, actual = (learnt(MODELS[name], engine, rows, batch) for engine in ("reference", "native"))
    for a, b in zip([*actual[0], *actual[1:]], [*expected[0], *expected[1:]], strict=True):
        scale = max(1.0, float(np.abs(b).max()))
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize(("rows", "batch"), [(1, 1), (37, 16), (600, 300)])
@pytest.mark.parametrize("trainable", [True, False])
def test_embedding_is_that_of_the_reference_engine(trainable: bool, rows: int, batch: int) -> None:
    def run(engine: str) -> list[Array]:
        cr.utils.set_random_seed(4)
        table = kl.Embedding(9, 4, trainable=trainable)
        model = cr.Sequential([cr.Input((3,), dtype="int32"), table, kl.Flatten(), kl.Dense(2)])
        model.compile(optimizer=cr.optimizers.SGD(0.1), loss="mse", engine=engine)
        rng = np.random.default_rng(rows)
        x, y = rng.integers(0, 9, (rows, 3)), rng.normal(size=(rows, 2))
        model.fit(x, y, batch_size=batch, epochs=2, verbose=0)
        return [*(w.numpy() for w in model.weights), np.asarray(model.predict(x, verbose=0))]

    for a, b in zip(run("native"), run("reference"), strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-13)


def test_a_number_outside_of_the_table_is_refused_as_by_the_layer() -> None:
    def message(engine: str) -> str:
        model = cr.Sequential([cr.Input((1,), dtype="int32"), kl.Embedding(3, 2, name="table"), kl.Flatten()])
        model.compile(loss="mse", engine=engine)
        with pytest.raises(cr.errors.DataError) as caught:
            model.fit(np.array([[0], [3]]), np.zeros((2, 2)), verbose=0)
        return str(caught.value)

    assert message("native") == message("reference")
