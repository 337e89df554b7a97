"""`LayerNormalization` and `UnitNormalization` against their formulas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
X = np.random.default_rng(3).normal(2.0, 3.0, (5, 3, 4))


@pytest.mark.parametrize("axis", [-1, 1, [1, 2], [2, 1], (-2, -1)])
def test_each_observation_by_itself(axis: Any) -> None:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    layer = L.LayerNormalization(axis=axis, epsilon=0.1)
    layer.build((None, 3, 4))
    shape = tuple(X.shape[a] for a in sorted(a % 3 for a in axes))
    assert [v.shape for v in layer.weights] == [shape, shape]
    gamma, beta = np.random.default_rng(4).normal(size=(2, *shape))
    layer.set_weights([gamma, beta])
    spread = [n if a in {b % 3 for b in axes} else 1 for a, n in enumerate(X.shape)]
    expected = (X - X.mean(axes, keepdims=True)) / np.sqrt(X.var(axes, keepdims=True) + 0.1)
    expected = expected * gamma.reshape(spread) + beta.reshape(spread)
    np.testing.assert_allclose(layer(X).numpy(), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer(X[:1]).numpy(), expected[:1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("center", "scale", "names"), [(True, False, ["beta"]), (False, True, ["gamma"])])
def test_either_variable_may_be_missing(center: bool, scale: bool, names: list[str]) -> None:
    layer = L.LayerNormalization(center=center, scale=scale)
    layer(X)
    assert [v.name for v in layer.weights] == names


@pytest.mark.parametrize("axis", [-1, 1, [1, 2]])
def test_unit_length(axis: Any) -> None:
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    y = L.UnitNormalization(axis)(X).numpy()
    np.testing.assert_allclose(np.square(y).sum(axes), 1, rtol=1e-5)
    np.testing.assert_allclose(y, X / np.sqrt(np.square(X).sum(axes, keepdims=True)), rtol=1e-5)
    assert not L.UnitNormalization(axis)(np.zeros_like(X)).numpy().any()


def test_what_is_refused() -> None:
    with pytest.raises(ShapeError) as caught:
        L.LayerNormalization(axis=3, name="n")(X)
    assert str(caught.value) == "LayerNormalization 'n': axis 3 does not exist in an input of 3 axes."
    with pytest.raises(ShapeError) as caught:
        L.LayerNormalization(name="n").build((None, None))
    assert str(caught.value) == (
        "LayerNormalization 'n': the normalised axes must be known, but the input shape is (None, None)."
    )
    with pytest.raises(ValueError, match=r"^LayerNormalization 'n': rms_scaling=True is not supported\. Leave it out"):
        L.LayerNormalization(rms_scaling=True, name="n")
