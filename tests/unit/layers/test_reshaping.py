"""Layers that rearrange, against NumPy, and sizes that do not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers
X = np.arange(24.0).reshape(2, 3, 4)


@pytest.mark.parametrize("target", [(12,), (-1,), (4, 3), (2, -1), (-1, 2, 3), (1, 12)])
def test_reshape(target: Any) -> None:
    np.testing.assert_array_equal(L.Reshape(target)(X).numpy(), X.reshape(2, *target))
    assert L.Reshape(target)(cr.Input((3, 4))).shape == (None, *X.reshape(2, *target).shape[1:])


def test_the_other_layers() -> None:
    np.testing.assert_array_equal(L.Permute((2, 1))(X).numpy(), X.transpose(0, 2, 1))
    np.testing.assert_array_equal(L.RepeatVector(3)(X[:, 0]).numpy(), np.stack([X[:, 0]] * 3, 1))
    np.testing.assert_array_equal(L.Identity()(X).numpy(), X)
    np.testing.assert_array_equal(L.Flatten()(X).numpy(), X.reshape(2, 12))
    np.testing.assert_array_equal(L.Flatten("channels_first")(X).numpy(), X.transpose(0, 2, 1).reshape(2, 12))
    assert L.Flatten()(np.array([1.0, 2.0])).numpy().tolist() == [[1.0], [2.0]]


def test_an_empty_batch_keeps_its_shape() -> None:
    assert L.Flatten()(X[:0]).shape == (0, 12)
    assert L.Reshape((-1, 2))(X[:0]).shape == (0, 6, 2)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: L.Reshape((5, 2), name="r")(X),
            "Reshape 'r': each observation has shape (3, 4) (12 numbers), which does not fit target_shape (5, 2).",
        ),
        (
            lambda: L.Reshape((5, -1), name="r")(cr.Input((3, 4))),
            "Reshape 'r': each observation has shape (3, 4) (12 numbers), which does not fit target_shape (5, -1).",
        ),
        (
            lambda: L.Permute((2, 1), name="p")(X[0]),
            "Permute 'p': dims (2, 1) need 2 axes besides the batch, but the input has shape (3, 4).",
        ),
        (lambda: L.Permute((0, 1), name="p"), "Permute 'p': dims must be 1, 2, ..., n in some order, but are (0, 1)."),
        (
            lambda: L.Flatten("last", name="f"),
            "Flatten 'f': data_format must be 'channels_last' or 'channels_first', but is 'last'.",
        ),
        (
            lambda: L.RepeatVector(2, name="v")(X),
            "Layer 'v' (RepeatVector): expected an input with 2 axes, received shape (2, 3, 4). "
            "Reshape the input, or change the layer.",
        ),
    ],
)
def test_what_does_not_fit(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        call()
    assert str(caught.value) == message
    assert isinstance(caught.value, ShapeError) or "must be" in message


def test_repeat_vector_takes_a_whole_number() -> None:
    with pytest.raises(TypeError, match=r"^RepeatVector 'v': n must be a whole number, but is 2\.0\.$"):
        L.RepeatVector(2.0, name="v")
