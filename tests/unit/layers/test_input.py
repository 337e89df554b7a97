"""Where data enter: `Input`, `InputLayer`, `InputSpec`."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError
from chainrule.layers.input_spec import check_input


def test_signatures() -> None:
    assert list(inspect.signature(cr.Input).parameters) == [
        "shape", "batch_size", "dtype", "sparse", "ragged", "batch_shape", "name", "tensor", "optional",
    ]  # fmt: skip
    assert list(inspect.signature(cr.InputSpec).parameters) == [
        "dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "allow_last_axis_squeeze", "name", "optional",
    ]  # fmt: skip


def test_shapes_and_types() -> None:
    assert cr.Input((3,)).shape == (None, 3)
    assert cr.Input((3,), batch_size=5).shape == (5, 3)
    assert cr.Input(batch_shape=(2, 3)).shape == (2, 3)
    assert cr.Input(()).shape == (None,)
    assert cr.Input((None, 2)).shape == (None, None, 2)
    assert cr.Input((1,), dtype="int32").dtype == "int32"
    assert cr.Input((1,), dtype="string").dtype == "string"
    assert cr.Input((3,), name="x").name == "x"
    assert cr.Input(tensor=cr.Input((3,), dtype="int32")).dtype == "int32"
    cr.config.set_floatx("float64")
    try:
        assert cr.Input((3,)).dtype == "float64"
    finally:
        cr.config.set_floatx("float32")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs `shape` (without the batch axis) or `batch_shape`, and only one of them"),
        ({"shape": (3,), "batch_shape": (None, 3)}, "and only one of them"),
        ({"shape": 3}, "write shape=(3,)."),
        ({"shape": (-3,)}, "axis lengths must not be negative, but the shape is (-3,)"),
        ({"shape": (3,), "sparse": True}, "sparse and ragged inputs are not supported"),
    ],
)
def test_bad_inputs(arguments: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        cr.Input(**arguments)
    assert message in str(caught.value)


def test_an_input_layer_is_a_layer_without_variables() -> None:
    layer = cr.layers.InputLayer((3,), name="in")
    assert layer.built
    assert layer.weights == []
    assert layer.output.shape == (None, 3)
    twin = cr.layers.InputLayer.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config()


def test_symbolic_tensors_have_no_values() -> None:
    x = cr.Input((3,), name="x")
    for use in (np.asarray, bool, float, int, len, list):
        with pytest.raises(TypeError, match="Symbolic tensor 'x' has no values yet"):
            use(x)  # type: ignore[operator]
    assert repr(x) == "<KerasTensor shape=(None, 3), dtype=float32, name=x>"
    assert cr.utils.is_keras_tensor(x)
    assert not cr.utils.is_keras_tensor(np.ones(3))


def test_specs_say_what_is_wrong() -> None:
    spec = cr.InputSpec
    assert spec(ndim=2).problem((3,)) == "2 axes"
    assert spec(max_ndim=2).problem((3, 4, 5)) == "at most 2 axes"
    assert spec(min_ndim=2).problem((3,)) == "at least 2 axes (the first is the batch)"
    assert spec(axes={-1: 8}).problem((3, 4)) == "axis -1 of length 8"
    assert spec(axes={-1: 8}).problem((3, None)) is None
    assert spec(shape=(None, 3)).problem((5, 4)) == "shape (None, 3)"
    assert spec(shape=(None, 3)).problem((5, 3)) is None
    assert repr(spec(min_ndim=2, axes={-1: 8})) == "InputSpec(min_ndim=2, axes={-1: 8})"


def test_several_specs_are_checked_one_by_one() -> None:
    class Pair(cr.layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="pair")
            self.input_spec = [cr.InputSpec(ndim=2), cr.InputSpec(ndim=3, optional=True)]

        def call(self, inputs: Any) -> Any:
            return inputs[0]

    layer = Pair()
    x = np.ones((2, 3))
    layer([x, np.ones((2, 3, 4))])
    layer([x, None])
    with pytest.raises(ShapeError, match="Layer 'pair' expects 2 inputs, but received 1"):
        layer([x])
    with pytest.raises(ShapeError, match=r"expected an input with 3 axes, received shape \(2, 3\)"):
        layer([x, x])
    check_input(cr.layers.Layer(), x)


class OfTensorFlow:
    __module__ = "tensorflow.python.framework.dtypes"
    name = "string"


@pytest.mark.parametrize("dtype", ["string", str, object, np.dtype("U5"), OfTensorFlow()])
def test_types_of_text(dtype: Any) -> None:
    assert cr.Input((1,), dtype=dtype).dtype == "string"
    assert cr.layers.InputLayer((1,), dtype=dtype).get_config()["dtype"] == "string"


def test_types_of_numpy() -> None:
    assert cr.layers.InputLayer((1,), dtype=np.int64).get_config()["dtype"] == "int64"
    assert cr.layers.InputLayer((1,), dtype=np.dtype("float64")).get_config()["dtype"] == "float64"
