"""`EinsumDense`: what its equation may say, and how its kernel starts. For numbers: `test_against_keras.py`."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ShapeError

L = cr.layers


@pytest.mark.parametrize(
    "equation", ["ab->ac", "ab,bc", "a...b,bc->a...c", "...ab,bc->ac", "...a...,ab->...b...", "a1,1c->ac"]
)
def test_equations_of_other_forms(equation: str) -> None:
    with pytest.raises(ValueError, match="EinsumDense 'e': the equation must have the form"):
        L.EinsumDense(equation, 3, name="e").build((None, 4))


def test_letters_that_come_from_nowhere() -> None:
    with pytest.raises(ValueError, match="EinsumDense 'e': the output's axis 'd' is neither in input nor in kernel"):
        L.EinsumDense("ab,bc->ad", 3, name="e").build((None, 4))
    with pytest.raises(ValueError, match="EinsumDense 'e': the kernel's axis 'c' is neither in input nor in output"):
        L.EinsumDense("ab,bcd->ad", 3, name="e").build((None, 4))
    with pytest.raises(ValueError, match="EinsumDense 'e': bias_axes names 'x', which is no axis of the output"):
        L.EinsumDense("ab,bc->ac", 3, bias_axes="x", name="e").build((None, 4))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"does not fit an input of shape \(None, 4, 5\)"):
        L.EinsumDense("ab,bc->ac", 3, name="e").build((None, 4, 5))
    with pytest.raises(ShapeError, match=r"output_shape \(3,\) does not have one entry for each axis"):
        L.EinsumDense("abc,cd->abd", 3, name="e").build((None, 4, 5))
    with pytest.raises(ShapeError, match="axis 'b' has length 4 in the input, but 7 in output_shape"):
        L.EinsumDense("abc,cd->abd", (7, 3), name="e").build((None, 4, 5))


def test_lengths_that_stay_open() -> None:
    layer = L.EinsumDense("abc,cd->abd", (None, 3))
    assert layer(cr.Input((None, 5))).shape == (None, None, 3)
    assert layer.compute_output_shape((2, 7, 5)) == (2, 7, 3)
    for steps in (1, 4):
        assert layer(np.ones((2, steps, 5), "float32")).shape == (2, steps, 3)


def test_several_axes_at_the_left() -> None:
    layer = L.EinsumDense("...x,xy->...y", 3)
    assert layer(np.ones((2, 6, 7, 5), "float32")).shape == (2, 6, 7, 3)
    assert L.EinsumDense("...x,xy->...y", 3)(np.ones((2, 5), "float32")).shape == (2, 3)


@pytest.mark.parametrize(
    ("equation", "shape", "output", "fans"),
    [("abc,cde->abde", (None, 5, 40), (None, 10, 20), 240), ("abde,def->abf", (None, 5, 10, 20), (None, 40), 240)],
)
def test_the_kernel_starts_by_the_fans_of_the_equation(
    equation: str, shape: tuple[int | None, ...], output: tuple[int | None, ...], fans: int
) -> None:
    layer = L.EinsumDense(equation, output, kernel_initializer=cr.initializers.GlorotUniform(seed=1))
    layer.build(shape)
    assert np.abs(layer.kernel.numpy()).max() == pytest.approx(np.sqrt(6 / fans), rel=0.01)
    assert layer.get_config()["kernel_initializer"]["config"]["input_axes"] is None
