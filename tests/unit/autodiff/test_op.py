"""`op`: users' own ops, calls, conversion of inputs, errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import TABLE, Tensor, check_vjp, grad, op
from chainrule.errors import ChainruleError, ShapeError


@pytest.fixture
def softsquare() -> Iterator[Any]:
    """An op as a user would write one: two tensors, one further argument."""

    @op(
        x=("g * scale * 2 * x / (1 + w)", lambda g, y, x, w, scale: g * scale * 2 * x / (1 + w)),
        w=("-g * y / (1 + w)", lambda g, y, x, w, scale: -g * y / (1 + w)),
        broadcasts=True,
    )
    def softsquare(x: Any, w: Any, scale: float = 2.0) -> Any:
        """scale x² / (1 + w)"""
        return scale * x * x / (1 + w)

    yield softsquare
    del TABLE["softsquare"]


def test_a_users_op(softsquare: Any) -> None:
    x, w = np.array([[1.0, 2.0]]), np.array([[1.0], [3.0]])
    np.testing.assert_allclose(softsquare(x, w), [[1.0, 4.0], [0.5, 2.0]])
    assert check_vjp(softsquare, x, w).max_error < 1e-10
    assert check_vjp(softsquare, x, w, scale=5.0).max_error < 1e-10
    assert check_vjp(grad(lambda x: ops.sum(softsquare(x, w, 3.0))), x).max_error < 1e-9
    assert repr(softsquare) == "<op softsquare>"
    assert softsquare.__doc__ == "scale x² / (1 + w)"
    assert str(inspect.signature(softsquare)).startswith("(x: 'Any', w: 'Any', scale")


def test_arguments_by_name_and_default(softsquare: Any) -> None:
    for call in (
        lambda: softsquare(1.0, 1.0, 4.0),
        lambda: softsquare(1.0, 1.0, scale=4.0),
        lambda: softsquare(1.0, w=1.0, scale=4.0),
        lambda: softsquare(scale=4.0, w=1.0, x=1.0),
    ):
        assert call() == 2.0
    assert softsquare(1.0, 1.0) == 1.0


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1.0,), {}),
        ((1.0, 1.0, 1.0, 1.0), {}),
        ((1.0, 1.0), {"other": 1}),
        ((1.0, 1.0, 2.0), {"scale": 2.0}),
        ((), {"x": 1.0}),
    ],
)
def test_wrong_calls_say_what_the_op_takes(softsquare: Any, args: Any, kwargs: Any) -> None:
    with pytest.raises(TypeError, match=r"ops\.softsquare takes \(x, w, scale\), but was called with"):
        softsquare(*args, **kwargs)


def test_the_tensors_must_come_first() -> None:
    with pytest.raises(TypeError, match=r"its tensors \('x',\) must be its first arguments \('n', 'x'\)"):

        @op(x=("g", lambda g, y, n, x: g))
        def wrong(n: int, x: Any) -> Any:
            return x


def test_arrays_give_arrays_and_tensors_tensors() -> None:
    x = np.ones(2, np.float32)
    assert type(ops.add(x, x)) is np.ndarray
    assert type(ops.add(x, Tensor(x))) is Tensor
    assert type(ops.concatenate([x, Tensor(x)])) is Tensor
    assert ops.add(Tensor(x), 1.0).origin == "add"


def test_lists_of_tensors_keep_their_history() -> None:
    def f(x: Any) -> Any:
        return ops.sum(ops.square([x, [x, 2 * x][1]])) + ops.max([[x, 3.0 * x]])

    np.testing.assert_allclose(grad(f)(np.float64(2.0)), 2 * 2 + 2 * 8 + 3)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"ops\.matmul cannot take inputs of shape \(2, 3\), \(2, 3\)"):
        ops.matmul(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(ShapeError, match=r"ops\.add cannot take inputs of shape \(2,\), \(3,\)"):
        Tensor(np.ones(2)) + np.ones(3)
    with pytest.raises(ShapeError, match=r"ops\.sum .*axis 2 is out of bounds"):
        ops.sum(np.ones((2, 3)), axis=2)
    assert issubclass(ShapeError, ValueError)
    assert issubclass(ShapeError, ChainruleError)


def test_the_table_has_every_op_under_its_name() -> None:
    assert all(o.name == name for name, o in TABLE.items())
