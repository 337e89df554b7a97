"""Numbers that an `Embedding` takes and refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff import GradientTape
from chainrule.errors import DataError

L = cr.layers


def table() -> Any:
    layer = L.Embedding(3, 2, name="e")
    layer.build()
    layer.set_weights([[[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]])
    return layer


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "float32", "float64"])
def test_rows_by_number(dtype: str) -> None:
    assert table()(np.array([[2, 0]], dtype)).numpy().tolist() == [[[4.0, 5.0], [0.0, 1.0]]]


@pytest.mark.parametrize(
    ("numbers", "bad", "at"), [([[0, 3]], 3, "(0, 1)"), ([[-1, 0]], -1, "(0, 0)"), ([5], 5, "(0,)")]
)
def test_a_number_outside_of_the_table(numbers: Any, bad: int, at: str) -> None:
    with pytest.raises(DataError) as error:
        table()(np.array(numbers))
    assert str(error.value) == (
        f"Embedding 'e': expected whole numbers from 0 to 2, but found {bad} at {at}. "
        "Raise input_dim, or map unknown values to a number of their own."
    )


@pytest.mark.parametrize("numbers", [[[0.5]], [[np.nan]], [["a"]]])
def test_what_is_no_whole_number(numbers: Any) -> None:
    with pytest.raises(DataError, match="Embedding 'e': expected whole numbers from 0 to 2, but received"):
        table()(np.array(numbers))


def test_no_rows() -> None:
    assert table()(np.zeros((0, 2), "int32")).shape == (0, 2, 2)


def test_rows_used_twice_get_both_gradients() -> None:
    layer = table()
    with GradientTape() as tape:
        y = cr.ops.sum(layer(np.array([1, 1, 2])))
    assert np.asarray(tape.gradient(y, layer.embeddings)).tolist() == [[0.0, 0.0], [2.0, 2.0], [1.0, 1.0]]


def test_initial_values_and_weights() -> None:
    layer = L.Embedding(100, 10)
    layer.build()
    assert np.abs(layer.embeddings.numpy()).max() <= 0.05
    given = np.arange(6.0).reshape(3, 2)
    for weights in (given, [given]):
        layer = L.Embedding(3, 2, weights=weights)
        layer.build((None,))
        np.testing.assert_array_equal(layer.embeddings, given)


def test_arguments() -> None:
    with pytest.raises(ValueError, match="Embedding 'e': input_dim and output_dim must be positive, but are 0 and 2"):
        L.Embedding(0, 2, name="e")
    with pytest.raises(ValueError, match="lora_rank and quantization_config are not supported"):
        L.Embedding(2, 2, lora_rank=1)
    assert L.Embedding(2, 2, input_length=5).input_dim == 2  # Keras 2


def test_as_first_layer_the_input_is_whole_numbers() -> None:
    model = cr.Sequential([L.Embedding(3, 2), L.Flatten(), L.Dense(1)])
    assert model(np.array([[0, 1], [2, 2]])).shape == (2, 1)
    assert model.inputs[0].dtype == "int32"
