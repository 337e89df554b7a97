"""`Function` and `Operation`: parts of graphs that are not layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError


class Scale(cr.Operation):
    def __init__(self, factor: float, name: str | None = None) -> None:
        super().__init__(name)
        self.factor = factor

    def call(self, x: Any) -> Any:
        return x * self.factor


def test_a_function_computes() -> None:
    a, b = cr.KerasTensor((None, 2), name="a"), cr.KerasTensor((None, 2))
    add = cr.Function([a, b], cr.ops.sigmoid(a + b))
    expected = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(add([np.ones((1, 2)), np.ones((1, 2))]), np.full((1, 2), expected), rtol=1e-6)
    assert [o.name.split("_")[0] for o in add.operations] == ["add", "sigmoid"]
    assert add.inputs[0] is a
    assert add.compute_output_shape([(3, 2), (3, 2)]) == (3, 2)
    assert add.compute_output_spec([cr.KerasTensor((None, 2)), cr.KerasTensor((None, 2))]).shape == (None, 2)


def test_structures_of_inputs_and_outputs() -> None:
    x, y = cr.Input((3,), name="x"), cr.Input((3,), name="y")
    parts = cr.Function({"x": x, "y": (y,)}, {"sum": x + y, "both": [x * 2, y]})
    given = {"x": np.ones((2, 3)), "y": (np.full((2, 3), 5.0),)}
    found = parts(given)
    assert np.asarray(found["sum"]).tolist() == [[6.0] * 3] * 2
    assert [np.asarray(v)[0, 0] for v in found["both"]] == [2.0, 5.0]
    assert cr.Function(x, x + 1)(np.zeros((1, 3))).numpy().tolist() == [[1.0, 1.0, 1.0]]
    assert cr.Function(x, x)(np.zeros((1, 3))).shape == (1, 3)


def test_layers_in_between_and_inputs_that_a_layer_made() -> None:
    x = cr.Input((2,))
    hidden = cr.layers.Dense(3, "relu")(x)
    output = cr.layers.Dense(1)(hidden)
    rows = np.array([[1.0, -2.0]], "float32")
    whole, tail = cr.Function(x, output), cr.Function(hidden, output)
    model = cr.Model(x, [hidden, output])
    h, o = model(rows)
    np.testing.assert_array_equal(whole(rows), o)
    np.testing.assert_array_equal(tail(h), o)
    with cr.GradientTape() as tape:
        loss = cr.ops.sum(whole(rows))
    assert tape.gradient(loss, model.trainable_weights[-1]).numpy().tolist() == [1.0]


def test_a_function_on_symbolic_tensors_is_part_of_a_graph() -> None:
    x = cr.Input((2,))
    double = cr.Function(x, x * 2)
    z = cr.Input((2,))
    model = cr.Model(z, double(z) + 1)
    assert model(np.ones((1, 2), "float32")).numpy().tolist() == [[3.0, 3.0]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda f, a, b: f([np.ones((1, 3)), np.ones((1, 2))]),
            ShapeError,
            r"expected shape \(None, 2\), but received",
        ),
        (lambda f, a, b: f([np.ones((1, 2))]), ValueError, "invalid input structure"),
        (lambda f, a, b: f({"a": 1, "b": 2}), ValueError, "invalid input structure"),
        (lambda f, a, b: f(3.0), ValueError, "invalid input structure"),
        (lambda f, a, b: cr.Function([a], [a, b]), ValueError, "output with path `1` is not connected to `inputs`"),
        (lambda f, a, b: cr.Function([a], [a + b]), ValueError, "which does not come from the model's inputs"),
        (lambda f, a, b: cr.Function([], a), ValueError, "`inputs` argument cannot be empty"),
        (lambda f, a, b: cr.Function(a, []), ValueError, "`outputs` argument cannot be empty"),
        (lambda f, a, b: cr.Function(a, 3), ValueError, "`outputs` must be symbolic tensors"),
        (lambda f, a, b: f.get_config(), TypeError, "make a Model of the same tensors"),
    ],
)
def test_what_is_refused(call: Any, error: type[Exception], message: str) -> None:
    a, b = cr.KerasTensor((None, 2)), cr.KerasTensor((None, 2))
    with pytest.raises(error, match=message):
        call(cr.Function([a, b], a + b), a, b)


# -- operations of one's own ------------------------------------------------------------------------------------------


def test_an_operation_computes_and_draws() -> None:
    scale = Scale(3.0)
    assert np.asarray(scale(np.ones(2, "float32"))).tolist() == [3.0, 3.0]
    x = cr.Input((2,))
    y = scale(x)
    assert y.shape == (None, 2)
    assert scale.input is x
    assert scale.output is y
    model = cr.Model(x, cr.layers.Dense(1, kernel_initializer="ones")(y))
    assert model(np.ones((1, 2), "float32")).numpy().tolist() == [[6.0]]
    model.compile("sgd", "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    assert "reference" in model.engine
    assert "scale" in model.engine


def test_names_and_configurations() -> None:
    cr.utils.clear_session()
    assert [Scale(1.0).name, Scale(1.0).name, Scale(1.0, name="mine").name] == ["scale", "scale_1", "mine"]
    assert Scale.from_config(Scale(2.0).get_config()).factor == 2.0
    with pytest.raises(ValueError, match="Scale: argument `name` must be a string and cannot contain character `/`"):
        Scale(1.0, name="a/b")
    with pytest.raises(AttributeError, match="has not been called on a symbolic input"):
        _ = Scale(1.0).input
    with pytest.raises(TypeError, match=r"Operation must define call\(...\)"):
        cr.Operation()(1)
