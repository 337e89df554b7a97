"""`Tensor`: an array to read, with Python's operators."""

from __future__ import annotations

import copy
import operator
import pickle
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import Tensor
from chainrule.variables import Variable

A = np.array([[1.5, -2.0], [0.5, 3.0]])
B = np.array([[2.0, 0.5], [-1.0, 1.0]])


@pytest.mark.parametrize("make", [Tensor, lambda a: Variable(a)], ids=["tensor", "variable"])
@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv", "floordiv", "mod", "matmul", "lt", "le", "gt", "ge"])
def test_operators_on_both_sides(name: str, make: Any) -> None:
    f = getattr(operator, name)
    for left, right in [(make(A), B), (A, make(B)), (make(A), make(B))]:
        result = f(left, right)
        assert type(result) is Tensor
        np.testing.assert_allclose(result, f(A, B))
    if name != "matmul":
        np.testing.assert_allclose(f(make(A), 2.0), f(A, 2.0))
        np.testing.assert_allclose(f(2.0, make(A)), f(2.0, A))


def test_powers_signs_and_logic() -> None:
    x = Tensor(A)
    np.testing.assert_allclose(x**2, A**2)
    np.testing.assert_allclose(2.0**x, 2.0**A)
    np.testing.assert_allclose(-x, -A)
    np.testing.assert_allclose(abs(x), abs(A))
    assert +x is x
    np.testing.assert_array_equal((x > 0) & (x < 2), (A > 0) & (A < 2))
    np.testing.assert_array_equal((x > 2) | (x < 0), (A > 2) | (A < 0))
    np.testing.assert_array_equal(~(x > 0), ~(A > 0))


def test_equality_goes_by_value_and_hashes_by_identity() -> None:
    x, y = Tensor(A), Tensor(A)
    np.testing.assert_array_equal(x == y, np.ones((2, 2), bool))
    np.testing.assert_array_equal(x != y, np.zeros((2, 2), bool))
    np.testing.assert_array_equal(x == 1.5, [[True, False], [False, False]])
    np.testing.assert_array_equal(np.ones((2, 2)) == Tensor(np.eye(2)), np.eye(2) == 1)
    assert {x: 1, y: 2}[x] == 1
    assert (x == None) is False  # noqa: E711
    assert (x != "text") is True
    assert Tensor(np.array(1.0)) == pytest.approx(1.0 + 1e-9)
    assert Tensor(np.array(1.0)) != pytest.approx(1.1)


def test_a_metric_of_hits_may_compare_with_the_operator() -> None:
    def hits(y_true: Tensor, y_pred: Tensor) -> Tensor:
        return ops.mean(ops.cast(y_true == ops.round(y_pred), "float32"))

    assert float(hits(Tensor(np.array([1.0, 0.0])), Tensor(np.array([0.9, 0.8])))) == 0.5


def test_reading() -> None:
    x = Tensor(A)
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((2, 2), 2, 4, np.float64, 2)
    np.testing.assert_array_equal(x.T, A.T)
    np.testing.assert_array_equal(Tensor(np.zeros((2, 3, 4))).mT.shape, (2, 4, 3))
    np.testing.assert_array_equal(x[0], A[0])
    np.testing.assert_array_equal(list(x)[1], A[1])
    assert [float(v) for v in x[0]] == [1.5, -2.0]
    assert x.tolist() == A.tolist()
    assert x.sum().item() == 3.0
    assert x.mean(axis=0).tolist() == A.mean(0).tolist()
    assert x.reshape(4).shape == x.reshape((-1,)).shape == (4,)
    assert x.astype("float32").dtype == np.float32
    assert (float(x[0, 0]), int(x[1, 1]), bool(x[0, 0] > 0)) == (1.5, 3, True)
    assert [10, 20, 30][ops.convert_to_tensor(1)] == 20


def test_text() -> None:
    assert repr(Tensor(np.array([1.0, 2.5], np.float32))) == "Tensor([1. , 2.5], dtype=float32)"
    assert f"{Tensor(np.array(2.0)):.3f}" == "2.000"
    assert f"{Tensor(np.array([2.0]))}" == "Tensor([2.], dtype=float64)"


def test_copies_and_pickles() -> None:
    x = Tensor(A)
    for other in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert type(other) is Tensor
        np.testing.assert_array_equal(other, A)
        assert not other.value.flags.writeable


def test_convert_to_tensor_copies_what_others_can_change() -> None:
    a = A.copy()
    x = ops.convert_to_tensor(a)
    a[:] = 0
    np.testing.assert_array_equal(x, A)
    assert ops.convert_to_tensor(x) is x
    assert ops.convert_to_tensor(x, "float32").dtype == np.float32
    assert ops.convert_to_tensor(Variable([1.0])).tolist() == [1.0]
    with pytest.raises(ValueError, match="sparse"):
        ops.convert_to_tensor(a, sparse=True)
