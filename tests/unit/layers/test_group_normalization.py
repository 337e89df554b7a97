"""`GroupNormalization`, `RMSNormalization`, pooling over steps: what they refuse. Numbers: `test_against_keras.py`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers


@pytest.mark.parametrize("groups", [0, -2, 1.5, True])
def test_numbers_of_groups(groups: Any) -> None:
    with pytest.raises(ValueError, match="GroupNormalization 'g': groups must be a positive whole number or -1"):
        L.GroupNormalization(groups, name="g")


def test_groups_that_do_not_divide_the_features() -> None:
    with pytest.raises(ShapeError, match="GroupNormalization 'g': 6 features cannot be cut into 4 groups"):
        L.GroupNormalization(4, name="g").build((None, 6))
    with pytest.raises(ShapeError, match="3 features cannot be cut into 32 groups"):
        L.GroupNormalization().build((None, 3))


def test_axes_that_do_not_exist_or_are_not_known() -> None:
    with pytest.raises(
        ShapeError, match=r"GroupNormalization 'g': axis 3 does not exist in an input of shape \(None, 6"
    ):
        L.GroupNormalization(2, axis=3, name="g").build((None, 6))
    with pytest.raises(ShapeError, match=r"GroupNormalization 'g': axis -1 of the input must be known"):
        L.GroupNormalization(2, name="g").build((None, None))
    with pytest.raises(ShapeError, match=r"RMSNormalization 'r': axis \[1, 2\] does not exist in an input of 2 axes"):
        L.RMSNormalization(axis=[1, 2], name="r").build((None, 6))


def test_observations_do_not_see_each_other() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4, 6)).astype("float32")
    layer = L.GroupNormalization(3)
    np.testing.assert_allclose(np.asarray(layer(x))[1:2], layer(x[1:2]), rtol=1e-5, atol=1e-6)


def test_one_group_per_feature() -> None:
    x = np.random.default_rng(0).normal(size=(3, 50, 2)).astype("float32")
    y = np.asarray(L.GroupNormalization(-1)(x))
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=1), 1, rtol=1e-2)


# -- pooling ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GlobalAveragePooling1D", "GlobalMaxPooling1D"])
def test_pooling_takes_sequences(kind: str) -> None:
    with pytest.raises(ValueError, match=f"{kind} 'p': data_format must be 'channels_last' or 'channels_first'"):
        getattr(L, kind)("last", name="p")
    with pytest.raises(
        ShapeError, match=rf"Layer 'p' \({kind}\): expected an input with 3 axes, received shape \(2, 3\)"
    ):
        getattr(L, kind)(name="p")(np.ones((2, 3), "float32"))


def test_second_names() -> None:
    assert L.GlobalAvgPool1D is L.GlobalAveragePooling1D
    assert L.GlobalMaxPool1D is L.GlobalMaxPooling1D


def test_shapes_of_pooling() -> None:
    x = cr.Input((None, 3))
    assert L.GlobalMaxPooling1D()(x).shape == (None, 3)
    assert L.GlobalAveragePooling1D(keepdims=True)(x).shape == (None, 1, 3)
    assert L.GlobalMaxPooling1D("channels_first")(cr.Input((5, None))).shape == (None, 5)


def test_a_sequence_without_steps_has_no_mean() -> None:
    y = np.asarray(L.GlobalAveragePooling1D()(L.Masking()(np.array([[[0.0], [0.0]], [[4.0], [0.0]]], "float32"))))
    assert np.isnan(y[0, 0])
    assert y[1, 0] == 4.0


# -- dropout ----------------------------------------------------------------------------------------------------------


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    x = np.random.default_rng(0).normal(size=(400, 100)).astype("float32")
    for rate in (0.1, 0.5):
        y = np.asarray(L.AlphaDropout(rate, seed=2)(x, training=True))
        assert abs(y.mean()) < 0.02
        assert abs(y.std() - 1) < 0.02
        counts = np.unique(y, return_counts=True)[1]  # what is dropped has one value, the others are all different
        assert abs(counts.max() / y.size - rate) < 0.02
    assert not np.isnan(np.asarray(L.AlphaDropout(1.0)(x, training=True))).any()


@pytest.mark.parametrize("rate", [-0.1, 1.1])
@pytest.mark.parametrize("kind", ["AlphaDropout", "SpatialDropout1D"])
def test_rates(kind: str, rate: float) -> None:
    with pytest.raises(ValueError, match=f"'d': rate must be between 0 and 1, but is {rate}"):
        getattr(L, kind)(rate, name="d")


def test_whole_features_are_dropped() -> None:
    y = np.asarray(L.SpatialDropout1D(0.5, seed=1)(np.ones((8, 5, 30), "float32"), training=True))
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {0.0, 2.0}
    with pytest.raises(ShapeError, match=r"expected an input with 3 axes"):
        L.SpatialDropout1D(0.5)(np.ones((8, 5), "float32"))
