"""Layers that rearrange: what fits, and the messages where it does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.lower import lower
from chainrule.engines.plan import CannotLower
from chainrule.errors import ShapeError

L = cr.layers


@pytest.mark.parametrize("target", [(2, 2), (-1, 4), (5,), (-1, 0)])
def test_reshape_of_what_does_not_fit(target: Any) -> None:
    with pytest.raises(ShapeError) as error:
        L.Reshape(target, name="r")(np.zeros((3, 6)))
    assert str(error.value) == (
        f"Reshape 'r': each observation has shape (6,) (6 numbers), which does not fit target_shape {target}."
    )


def test_reshape_without_rows() -> None:
    assert L.Reshape((2, -1))(np.zeros((0, 6))).shape == (0, 2, 3)


def test_reshape_of_unknown_lengths() -> None:
    layer = L.Reshape((-1, 2))
    assert layer.compute_output_shape((None, None)) == (None, None, 2)
    assert layer.compute_output_shape((None, 6)) == (None, 3, 2)


def test_flatten() -> None:
    assert L.Flatten()(np.zeros((0, 2, 3))).shape == (0, 6)
    assert L.Flatten().compute_output_shape((None, None, 3)) == (None, None)
    with pytest.raises(
        ValueError, match=r"Flatten 'f': data_format must be 'channels_last' or 'channels_first', but is 'x'"
    ):
        L.Flatten("x", name="f")


@pytest.mark.parametrize("dims", [(0, 1), (1, 1), (2, 3), (1, 3)])
def test_permute_of_what_is_no_order(dims: Any) -> None:
    with pytest.raises(ValueError, match=r"Permute 'p': dims must be 1, 2, ..., n in some order, but are"):
        L.Permute(dims, name="p")


def test_permute_of_another_rank() -> None:
    with pytest.raises(
        ShapeError, match=r"Permute 'p': dims \(2, 1\) need 2 axes besides the batch, but the input has shap"
    ):
        L.Permute((2, 1), name="p")(np.zeros((2, 3)))


@pytest.mark.parametrize("n", [2.5, "2", None, True])
def test_repeat_vector(n: Any) -> None:
    with pytest.raises(TypeError, match="RepeatVector 'r': n must be a whole number, but is"):
        L.RepeatVector(n, name="r")


def test_repeat_vector_takes_vectors() -> None:
    with pytest.raises(ShapeError, match=r"expected an input with 2 axes, received shape \(1, 2, 3\)"):
        L.RepeatVector(2)(np.zeros((1, 2, 3)))


def test_a_flatten_of_two_shapes_has_no_one_step() -> None:
    flatten = L.Flatten(name="f")
    a, b = cr.Input((2, 3)), cr.Input((4,))
    with pytest.raises(CannotLower, match="layer 'f' has outputs of no one known shape"):
        lower(cr.Model([a, b], [flatten(a), flatten(b)]))
