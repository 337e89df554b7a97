"""`Normalization.adapt` on arrays, tables and batches, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError

L = cr.layers
ADAPT = json.loads((Path(__file__).parents[2] / "parity" / "fixtures" / "layer_adapt.json").read_text())
TABLE = np.random.default_rng(0).normal(5.0, 3.0, (40, 3))


def test_of_keras() -> None:
    for row in ADAPT["learnt"]:
        layer = L.Normalization(axis=row["axis"], dtype="float64")
        layer.adapt(np.array(ADAPT["data"][row["data"]]))
        np.testing.assert_allclose(layer.mean, row["mean"], rtol=1e-12)
        np.testing.assert_allclose(layer.variance, row["variance"], rtol=1e-12)


def batches() -> Any:
    yield TABLE[:7]
    yield TABLE[7:8], np.zeros(1)  # with targets, which are left out
    yield TABLE[8:]


@pytest.mark.parametrize(
    "data", [TABLE, TABLE.tolist(), TABLE.astype("float32"), [TABLE[:9], TABLE[9:]], batches(), list(batches())]
)
def test_arrays_lists_and_batches(data: Any) -> None:
    layer = L.Normalization()
    layer.adapt(data)
    np.testing.assert_allclose(layer.mean, TABLE.mean(0, keepdims=True), rtol=1e-6)
    np.testing.assert_allclose(layer.variance, TABLE.var(0, keepdims=True), rtol=1e-5)
    y = layer(TABLE).numpy()
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(0), 1, rtol=1e-5)


def test_vectors() -> None:
    layer = L.Normalization()
    layer.adapt([1.0, 3.0])  # one column; Keras takes it for one observation
    assert layer([[3.0]]).numpy().tolist() == [[1.0]]
    layer = L.Normalization(axis=None)
    layer.adapt([1.0, 3.0])
    assert layer(np.array([1.0, 3.0])).numpy().tolist() == [-1.0, 1.0]


def test_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    layer = L.Normalization()
    layer.adapt(pandas.DataFrame(TABLE, columns=list("abc")))
    np.testing.assert_allclose(layer.mean, TABLE.mean(0, keepdims=True), rtol=1e-6)


def test_a_large_mean_and_a_small_spread_keep_their_digits() -> None:
    data = 1e8 + np.random.default_rng(1).normal(size=(1000, 1))
    layer = L.Normalization(dtype="float64")
    layer.adapt([data[:300], data[300:]])
    np.testing.assert_allclose(layer.variance.item(), data.var(), rtol=1e-6)


def test_adapting_again_starts_anew() -> None:
    layer = L.Normalization()
    layer.adapt(TABLE * 100)
    layer.adapt(TABLE)
    np.testing.assert_allclose(layer.mean, TABLE.mean(0, keepdims=True), rtol=1e-6)


def test_a_column_without_spread_is_not_divided_by_zero() -> None:
    layer = L.Normalization()
    layer.adapt(np.ones((5, 1)))
    assert layer([[1.0]]).numpy().tolist() == [[0.0]]
    assert np.isfinite(layer([[2.0]]).numpy()).all()


def test_there_and_back() -> None:
    forth = L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0])
    back = L.Normalization(mean=[1.0, 2.0], variance=[4.0, 9.0], invert=True)
    x = np.array([[5.0, -3.0]])
    np.testing.assert_allclose(back(forth(x)), x, rtol=1e-6)


def test_a_model_follows_a_layer_that_is_adapted_later() -> None:
    layer = L.Normalization()
    x = cr.Input((3,))
    model = cr.Model(x, layer(x))
    layer.adapt(TABLE)
    np.testing.assert_allclose(model.predict(TABLE, verbose=0).mean(0), 0, atol=1e-6)
    assert model.trainable_weights == []


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_there(bad: float) -> None:
    layer = L.Normalization(name="n")
    layer.adapt(TABLE)
    before = layer.mean.copy()
    data = TABLE.copy()
    data[3, 1] = bad
    with pytest.raises(
        DataError, match=r"Normalization 'n': adapt received NaN or infinite values. Fill or drop them first"
    ):
        layer.adapt([TABLE * 7, data])
    np.testing.assert_array_equal(layer.mean, before)


@pytest.mark.parametrize("data", [np.zeros((0, 3)), [np.zeros((0, 3))]])
def test_no_data(data: Any) -> None:
    with pytest.raises(DataError, match="Normalization 'n': adapt received no data"):
        L.Normalization(name="n").adapt(data)


def test_another_width() -> None:
    layer = L.Normalization(name="n")
    layer.adapt(TABLE)
    with pytest.raises(
        ShapeError, match=r"adapt received data of shape \(2, 4\), but the layer has \(3,\) means along axi"
    ):
        layer.adapt(np.zeros((2, 4)))


def test_arguments() -> None:
    with pytest.raises(
        ValueError, match="Normalization 'n': give mean and variance together, or neither and use adapt"
    ):
        L.Normalization(mean=1.0, name="n")
    with pytest.raises(ValueError, match=r"Normalization 'n': the variance must not be negative, but is \[1.0, -1.0\]"):
        L.Normalization(mean=[0.0, 0.0], variance=[1.0, -1.0], name="n")
    with pytest.raises(
        ValueError, match="Normalization 'n': mean and variance were given, so there is nothing to adapt"
    ):
        L.Normalization(mean=0.0, variance=1.0, name="n").adapt(TABLE)
    with pytest.raises(ShapeError, match=r"Normalization 'n': axis .* does not exist in an input of 2 axes"):
        L.Normalization(axis=4, name="n").adapt(TABLE)
    with pytest.raises(ShapeError, match=r"Normalization 'n': axis \(-1,\) must be known, but the input shape is"):
        L.Normalization(name="n").build((None, None))
    with pytest.raises(
        ShapeError, match=r"Normalization 'n': mean of shape \(2,\) does not fit an input of shape \(None, 3"
    ):
        L.Normalization(mean=[0.0, 0.0], variance=1.0, name="n").build((None, 3))


def test_rescaling() -> None:
    np.testing.assert_allclose(L.Rescaling(1 / 255, offset=-0.5)(np.array([[255.0, 0.0]])), [[0.5, -0.5]], rtol=1e-6)
    assert L.Rescaling(0.5)(np.array([[3]])).numpy().tolist() == [[1.5]]  # whole numbers become floats
