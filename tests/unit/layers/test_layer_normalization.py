"""Arguments and messages of `LayerNormalization` and `UnitNormalization`."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers


def test_each_observation_by_itself() -> None:
    x = np.array([[1.0, 3.0], [10.0, 30.0]])
    y = L.LayerNormalization(epsilon=0.0, dtype="float64")(x)
    np.testing.assert_allclose(y, [[-1.0, 1.0], [-1.0, 1.0]], rtol=1e-14)


def test_variables() -> None:
    layer = L.LayerNormalization(axis=[1, 2], name="n")
    layer.build((None, 2, 3))
    assert [(v.path, v.shape) for v in layer.weights] == [("n/gamma", (2, 3)), ("n/beta", (2, 3))]
    bare = L.LayerNormalization(center=False, scale=False)
    bare.build((None, 3))
    assert bare.weights == []


def test_axes_that_are_not_there() -> None:
    with pytest.raises(ShapeError, match="LayerNormalization 'n': axis 3 does not exist in an input of 2 axes"):
        L.LayerNormalization(axis=3, name="n").build((None, 2))
    with pytest.raises(
        ShapeError, match=r"'n': the normalised axes must be known, but the input shape is \(None, None\)"
    ):
        L.LayerNormalization(name="n").build((None, None))


def test_what_keras_has_given_up() -> None:
    assert L.LayerNormalization(rms_scaling=False).rms_scaling is False
    with pytest.raises(ValueError, match="rms_scaling=True is not supported"):
        L.LayerNormalization(rms_scaling=True)


def test_lengths_of_one() -> None:
    y = L.UnitNormalization(dtype="float64")(np.array([[3.0, 4.0], [0.0, 0.0]]))
    np.testing.assert_allclose(y, [[0.6, 0.8], [0.0, 0.0]], rtol=1e-14)
