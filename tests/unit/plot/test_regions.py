"""Decision regions and hidden units."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

import chainrule as cr
from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.plot import numbers
from chainrule.plot.arrays.regions import kind_of
from chainrule.plot.colours import NEGATIVE, POSITIVE

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
Y = np.array([0, 1, 1, 1])


def network(
    inputs: int = 2, outputs: int = 1, activation: str | None = "sigmoid", hidden: int = 0, **compiled: Any
) -> Any:
    layers: list[Any] = [cr.Input((inputs,))]
    if hidden:
        layers.append(cr.layers.Dense(hidden, activation="tanh", name="hidden"))
    model = cr.Sequential([*layers, cr.layers.Dense(outputs, activation=activation, name="out")])
    if compiled:
        model.compile("sgd", **compiled)
    return model


def test_outputs_on_the_grid_are_the_models() -> None:
    model = network(3)
    x = np.array([[0.0, 0.0, 4.0], [1.0, 2.0, 6.0]], np.float32)
    found = numbers.regions(model, x, features=(2, 0), grid=7)
    assert found.fixed == {"x2": 1.0}
    for j, b in enumerate(found.y):
        for i, a in enumerate(found.x):
            expected = float(model(np.array([[b, 1.0, a]], np.float32))[0, 0])
            assert found.outputs[j, i] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("model", "y", "expected"),
    [
        (network(), None, ("binary", 0.5)),
        (network(activation=None), None, ("values", 0.5)),
        (network(activation=None), Y, ("binary", 0.5)),
        (network(activation=None), 2 * Y - 1, ("binary", 0.0)),
        (network(activation=None), ["a", "b"], ("binary", 0.5)),
        (network(activation=None), [0.3, 5.0], ("values", 0.5)),
        (network(activation=None, loss="hinge"), None, ("binary", 0.0)),
        (network(activation=None, loss="binary_crossentropy"), None, ("binary", 0.5)),
        (network(outputs=3, activation="softmax"), None, ("multiclass", 0.5)),
        (network(outputs=3, activation=None), None, ("values", 0.5)),
        (network(outputs=3, activation=None, loss="sparse_categorical_crossentropy"), None, ("multiclass", 0.5)),
    ],
)
def test_what_outputs_are(model: Any, y: Any, expected: tuple[str, float]) -> None:
    assert kind_of(model, np.asarray(model(X)), y) == expected


def test_shades_say_the_class_and_lie_where_it_is() -> None:
    model = network()
    model.layers[-1].set_weights([np.array([[20.0], [0.0]], np.float32), np.array([-10.0], np.float32)])
    ax: Any = cr.plot.regions(model, X, Y, grid=20)
    pixels = np.asarray(ax.images[0].get_array())
    left, right = to_hex(pixels[10, 0] / 255), to_hex(pixels[10, -1] / 255)
    from chainrule.plot.colours import mix

    assert left == mix(NEGATIVE, "#ffffff", 0.5)
    assert right == mix(POSITIVE, "#ffffff", 0.5)
    lines = [p.vertices for c in ax.collections for p in c.get_paths() if len(p.vertices) > 10]
    assert any(np.allclose(v[:, 0], 0.5, atol=0.05) for v in lines), "the boundary is x1 = 0.5"


def test_each_class_has_its_marker_at_its_points() -> None:
    ax: Any = cr.plot.regions(network(), X, Y, classes=["off", "on"])
    places = [c.get_offsets().tolist() for c in ax.collections if len(c.get_offsets()) and c.get_zorder() == 3]
    assert places == [[[0.0, 0.0]], [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["off", "on"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("outputs", [1, 3])
def test_slices_of_many_inputs(rng: np.random.Generator, outputs: int, theme: str) -> None:
    x = rng.normal(size=(50, 6)).astype(np.float32)
    y = rng.integers(0, max(outputs, 2), 50)
    model = network(6, outputs, "softmax" if outputs > 1 else "sigmoid", hidden=5)
    ax: Any = cr.plot.regions(model, x, y, names=list("abcdef"), features=("c", "e"), fixed={"a": 1.5}, theme=theme)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("c", "e")
    assert "at a = 1.5, b = " in cr.plot.description(ax)
    ax.figure.draw_without_rendering()


def test_rows_far_from_the_slice_are_pale() -> None:
    x = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 9]], np.float32)
    ax: Any = cr.plot.regions(network(3), x, [1, 1, 1, 1])
    (points,) = [c for c in ax.collections if c.get_zorder() == 3]
    near, far = points.get_alpha()[:3], points.get_alpha()[3]
    assert (near > 0.9).all()
    assert far < 0.4
    ax = cr.plot.regions(network(2), x[:, :2], [1, 1, 1, 1])
    (points,) = [c for c in ax.collections if c.get_zorder() == 3]
    assert (points.get_alpha() == 0.95).all()


def test_predicted_numbers_have_a_scale(rng: np.random.Generator) -> None:
    x = rng.normal(size=(30, 2)).astype(np.float32)
    ax: Any = cr.plot.regions(network(activation=None), x, x[:, 0] * 3)
    assert len(ax.figure.axes) == 2
    assert ax.figure.axes[1].get_ylabel() == "prediction"


def test_texts_as_targets_and_categories_as_inputs() -> None:
    L = cr.layers
    age, sex = cr.Input((1,), name="age"), cr.Input((1,), dtype="string", name="sex")
    lookup = L.StringLookup(vocabulary=["m", "f"], output_mode="one_hot")
    joined = L.Concatenate()([age, lookup(sex)])
    model = cr.Model({"age": age, "sex": sex}, L.Dense(1, activation="sigmoid")(joined))
    x = {"age": np.arange(6.0)[:, None], "sex": np.array([["m"], ["f"]] * 3, object)}
    ax: Any = cr.plot.regions(model, x, ["no", "yes"] * 3)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["f", "m"]
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["no", "yes"]
    ax.figure.draw_without_rendering()


def test_nan_weights_are_said() -> None:
    model = network()
    model.layers[-1].set_weights([np.full((2, 1), np.nan, np.float32), np.zeros(1, np.float32)])
    with pytest.raises(DataError, match="no numbers"):
        cr.plot.regions(model, X, Y)
    with pytest.raises(DataError, match="Layer 'out' gives no numbers"):
        cr.plot.units(model, X)


def test_the_model_stays_as_it_was() -> None:
    model = network(hidden=3)
    model.predict(X, verbose=0)
    before, attributes = model.get_weights(), [dict(layer.__dict__) for layer in model.layers]
    cr.plot.regions(model, X, Y)
    cr.plot.units(model, X)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert [set(layer.__dict__) for layer in model.layers] == [set(a) for a in attributes]


# -- units ------------------------------------------------------------------------------------------------------------


def test_units_are_those_of_the_layer() -> None:
    model = network(hidden=4)
    found = numbers.units(model, X, grid=5)
    assert found.layer == "hidden"
    kernel, bias = model.layers[0].get_weights()
    for j, b in enumerate(found.y):
        for i, a in enumerate(found.x):
            np.testing.assert_allclose(found.values[:, j, i], np.tanh(np.array([a, b]) @ kernel + bias), atol=1e-6)


def test_a_layer_by_name_or_number() -> None:
    model = network(hidden=4)
    assert numbers.units(model, X, "out", grid=3).values.shape == (1, 3, 3)
    assert numbers.units(model, X, -1, grid=3).layer == "out"
    assert numbers.units(model, X, "out", grid=3).rest == 0.5
    with pytest.raises(UnknownNameError, match=r"Unknown layer 'hiden'\. Did you mean 'hidden'"):
        numbers.units(model, X, "hiden")


def test_units_of_functional_and_subclassed_models() -> None:
    inputs = cr.Input((2,))
    hidden = cr.layers.Dense(3, activation="relu", name="h")(inputs)
    assert numbers.units(cr.Model(inputs, cr.layers.Dense(1)(hidden)), X, grid=4).layer == "h"

    class Own(cr.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner, self.last = cr.layers.Dense(3, name="inner"), cr.layers.Dense(1)

        def call(self, inputs: Any, *args: Any, **options: Any) -> Any:
            return self.last(self.inner(inputs))

    model = Own()
    model(X)
    assert numbers.units(model, X, grid=4).layer == "inner"


def test_a_layer_that_gives_no_plain_units() -> None:
    model = cr.Sequential([cr.Input((4,)), cr.layers.Reshape((2, 2), name="square"), cr.layers.Flatten()])
    with pytest.raises(ShapeError, match=re.escape("Layer 'square' gives shape (2, 2) for each row")):
        numbers.units(model, np.ones((3, 4), np.float32), "square")


def test_pictures_of_units() -> None:
    ax: Any = cr.plot.units(network(hidden=20), X, most=6)
    titles = [a.get_title(loc="left") for a in ax.figure.axes]
    assert titles[1:7] == [f"unit {k}" for k in range(1, 7)]
    assert "Outputs of 6 of 20 units of layer hidden over x1 and x2" in cr.plot.description(ax)
    ax.figure.draw_without_rendering()


def test_dead_units_are_said() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2, activation="relu"), cr.layers.Dense(1)])
    model.layers[0].set_weights([np.array([[1.0, -1.0], [1.0, -1.0]], np.float32), np.array([0.0, -9.0], np.float32)])
    assert "1 of them do not change" in cr.plot.description(cr.plot.units(model, X))


def test_a_model_of_two_outputs_is_told_what_regions_takes() -> None:
    inputs = cr.Input((2,))
    outputs = [cr.layers.Dense(1, activation="sigmoid", name=n)(inputs) for n in ("a", "b")]
    model = cr.Model(inputs, outputs)
    with pytest.raises(ShapeError, match=r"2 outputs\. Choose one: draw chainrule\.Model\(model\.inputs, model\.outp"):
        cr.plot.regions(model, X, Y)
    cr.plot.regions(cr.Model(model.inputs, model.outputs[0]), X, Y)
