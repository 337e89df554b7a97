"""`Embedding`: rows by number, and numbers that are not there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError

L = cr.layers
TABLE = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)


def layer() -> Any:
    made = L.Embedding(3, 2, name="e")
    made.build((None,))
    made.set_weights([TABLE])
    return made


@pytest.mark.parametrize("x", [[2, 0], [[1], [2]], np.array([[0, 1], [2, 2]], np.uint8), np.array([2.0, 1.0])])
def test_rows_by_number(x: Any) -> None:
    np.testing.assert_array_equal(layer()(x).numpy(), TABLE[np.asarray(x, int)])


def test_gradients_of_rows_used_twice_add_up() -> None:
    made = layer()
    with cr.autodiff.GradientTape() as tape:
        y = made(np.array([2, 0, 2]))
    g = tape.gradient(y, made.embeddings, np.array([[1.0, 2.0], [3.0, 4.0], [10.0, 20.0]], np.float32))
    assert g.numpy().tolist() == [[3.0, 4.0], [0.0, 0.0], [11.0, 22.0]]


@pytest.mark.parametrize(("x", "found"), [([[0, 3]], "3 at (0, 1)"), ([1, -1], "-1 at (1,)")])
def test_numbers_outside_of_the_table(x: Any, found: str) -> None:
    with pytest.raises(DataError) as caught:
        layer()(np.array(x))
    assert str(caught.value) == (
        f"Embedding 'e': expected whole numbers from 0 to 2, but found {found}. "
        "Raise input_dim, or map unknown values to a number of their own."
    )


def test_fractions_are_refused() -> None:
    with pytest.raises(DataError) as caught:
        layer()(np.array([0.5], np.float32))
    assert str(caught.value) == (
        "Embedding 'e': expected whole numbers from 0 to 2, but received float32 values with others among them. "
        "Map categories to numbers first."
    )


def test_sizes_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"^Embedding 'e': input_dim and output_dim must be positive, but are 0 and 2"):
        L.Embedding(0, 2, name="e")
