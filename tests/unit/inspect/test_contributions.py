"""Gradient times input: exact for linear models, against central differences for the others."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, ShapeError
from chainrule.inspect import contributions

RNG = np.random.default_rng(7)
X = RNG.normal(size=(5, 3))


def test_a_linear_model_is_the_sum_of_weight_times_input_and_bias() -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1, activation="sigmoid")])
    model.layers[0].set_weights([[[1.0], [-2.0], [0.5]], [0.25]])
    found = contributions(model, X)
    np.testing.assert_allclose(found.values, X * [1.0, -2.0, 0.5], rtol=1e-15)
    np.testing.assert_allclose(found.rest, 0.25, rtol=1e-12)
    np.testing.assert_allclose(1 / (1 + np.exp(-found.level)), model.predict(X, verbose=0)[:, 0], rtol=1e-5)


@pytest.mark.parametrize("last", ["sigmoid", "softmax", None, "tanh"])
def test_slopes_are_those_of_central_differences(last: str | None) -> None:
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(5, activation="tanh"), cr.layers.Dropout(0.5), cr.layers.Dense(4, last)]
    )
    before = model.get_weights()
    found = contributions(model, X, output=1)
    h = 1e-5
    for j in range(3):
        moved = [contributions(model, X + s * h * np.eye(3)[j], output=1).level for s in (1, -1)]
        np.testing.assert_allclose(found.slopes[:, j], (moved[0] - moved[1]) / (2 * h), rtol=1e-7, atol=1e-9)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    outputs = model.predict(X.astype("float32"), verbose=0)
    if last in (None, "tanh"):
        np.testing.assert_allclose(found.level, outputs[:, 1], rtol=1e-5, atol=1e-6)
    elif last == "softmax":
        others = [contributions(model, X, output=k).level for k in range(4)]
        np.testing.assert_allclose(
            np.exp(found.level) / np.exp(others).sum(axis=0), outputs[:, 1], rtol=1e-4, atol=1e-6
        )


def test_one_row_names_order_and_frame() -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    model.layers[0].set_weights([[[1.0], [-2.0], [0.5]], [0.0]])
    found = contributions(model, [1.0, 1.0, 1.0], feature_names=["a", "b", "c"])
    assert len(found) == 1
    assert list(found.order()) == [1, 0, 2]
    assert str(found).splitlines()[1].split() == ["b", "-2.0000", "=", "-2.0000", "·", "1"]
    frame = found.to_frame("pandas")
    assert frame["contribution"].tolist() == [1.0, -2.0, 0.5]


def test_what_does_not_fit_is_refused() -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(2)])
    with pytest.raises(DataError, match=r"there is no output 2; the outputs are 0 to 1\."):
        contributions(model, X, output=2)
    with pytest.raises(ShapeError, match="expected 3 feature names"):
        contributions(model, X, feature_names=["a"])
