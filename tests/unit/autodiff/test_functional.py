"""`grad`, `value_and_grad`, `vjp`: values, structures, types, higher derivatives, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.optimize

from chainrule import ops
from chainrule.autodiff import GradientTape, Tensor, grad, value_and_grad, vjp
from chainrule.errors import NotDifferentiableError
from chainrule.variables import Variable

X = np.array([0.3, -1.2, 0.8, 1.5])


def rosenbrock(x: Any) -> Any:
    return ops.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_gradient_of_rosenbrock_is_scipys() -> None:
    np.testing.assert_allclose(rosenbrock(X), scipy.optimize.rosen(X), rtol=1e-14)
    np.testing.assert_allclose(grad(rosenbrock)(X), scipy.optimize.rosen_der(X), rtol=1e-13)


def test_hessian_vector_product_of_rosenbrock_is_scipys() -> None:
    v = np.array([1.0, -2.0, 0.5, 3.0])

    def product(x: Any) -> Any:
        return grad(lambda z: ops.sum(grad(rosenbrock)(z) * v))(x)

    np.testing.assert_allclose(product(X), scipy.optimize.rosen_hess_prod(X, v), rtol=1e-13)
    np.testing.assert_allclose([product(X) @ e for e in np.eye(4)], scipy.optimize.rosen_hess(X) @ v, rtol=1e-13)


def test_fourth_derivative() -> None:
    f = ops.sin
    for expected in (np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin):
        f = grad(f)
        np.testing.assert_allclose(f(np.float64(0.7)), expected(0.7), rtol=1e-14)


def test_arrays_go_back_as_arrays_and_tensors_as_tensors() -> None:
    array, tensor = np.ones(2), ops.convert_to_tensor(np.ones(2))
    assert type(grad(ops.sum)(array)) is np.ndarray
    assert type(grad(ops.sum)(tensor)) is Tensor
    assert type(grad(ops.sum)(Variable([1.0]))) is Tensor
    value, gradient = value_and_grad(lambda x: ops.sum(x * x))(2.0)
    assert (type(value), type(gradient), gradient.dtype) == (np.ndarray, np.ndarray, np.float32)
    with GradientTape():
        assert type(grad(ops.sum)(array)) is Tensor


def test_numbers_and_lists() -> None:
    assert grad(lambda x: x * x)(3.0) == 6.0
    assert grad(lambda x: x * x)(np.float64(3.0)).dtype == np.float64
    assert grad(lambda pair: pair[0] * pair[1])([2.0, 5.0]) == [5.0, 2.0]


def test_nested_arguments_keep_their_structure() -> None:
    parameters = {"w": np.array([[1.0, 2.0]]), "layers": [(np.array(3.0), np.array([4.0]))]}

    def f(p: Any) -> Any:
        return ops.sum(p["w"] * p["layers"][0][1]) * p["layers"][0][0]

    result = grad(f)(parameters)
    assert list(result) == ["w", "layers"]
    np.testing.assert_allclose(result["w"], [[12.0, 12.0]])
    np.testing.assert_allclose(result["layers"][0][0], 12.0)
    np.testing.assert_allclose(result["layers"][0][1], [9.0])


def test_argnums_and_keywords() -> None:
    def f(x: Any, y: Any, power: int, factor: float = 1.0) -> Any:
        return ops.sum(x**power * y) * factor

    x, y = np.array([2.0]), np.array([5.0])
    np.testing.assert_allclose(grad(f, argnums=1)(x, y, 3, factor=2.0), [16.0])
    gx, gy = grad(f, argnums=(0, -2))(x, y, 3)
    np.testing.assert_allclose((gx, gy), ([60.0], [8.0]))
    with pytest.raises(TypeError, match="argnums=4, but the function was called with 3"):
        grad(f, argnums=4)(x, y, 3)


def test_auxiliary_results_come_along() -> None:
    (value, aux), gradient = value_and_grad(lambda x: (ops.sum(x * x), {"twice": x * 2}), has_aux=True)(np.array([3.0]))
    assert value == 9.0
    assert type(aux["twice"]) is np.ndarray
    np.testing.assert_allclose((aux["twice"], gradient), ([6.0], [6.0]))


def test_what_the_result_does_not_depend_on_gets_zeros() -> None:
    x, y = np.ones(2, np.float32), np.ones((1, 3))
    gx, gy = grad(lambda x, y: ops.sum(x), argnums=(0, 1))(x, y)
    np.testing.assert_array_equal(gx, [1, 1])
    np.testing.assert_array_equal(gy, [[0, 0, 0]])
    assert grad(lambda x: 3.0)(np.ones(2)).tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(grad(lambda x: ops.sum(ops.stop_gradient(x)) + 0.0 * ops.sum(x))(x), [0, 0])


def test_vjp_pulls_back_several_results_several_times() -> None:
    x, y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    result, pullback = vjp(lambda x, y: {"product": x * y, "sum": ops.sum(x)}, x, y)
    assert type(result["product"]) is np.ndarray
    x[:] = 100.0  # the pullback keeps what it was called with
    for factor in (1.0, 2.0):
        gx, gy = pullback({"product": np.array([factor, 0.0]), "sum": factor * 10})
        np.testing.assert_allclose(gx, factor * np.array([13.0, 10.0]))
        np.testing.assert_allclose(gy, factor * np.array([1.0, 0.0]))


def test_vjp_of_a_constant_is_zero() -> None:
    _, pullback = vjp(lambda x: np.ones(3), np.ones(2))
    np.testing.assert_array_equal(pullback(np.ones(3))[0], [0.0, 0.0])


def test_the_name_and_text_of_the_function_stay() -> None:
    assert grad(rosenbrock).__name__ == "rosenbrock"
    assert grad(ops.sin).__name__ == "sin"


def test_results_that_are_no_number_are_refused() -> None:
    with pytest.raises(
        NotDifferentiableError, match=r"returns one number, but it returned an array of shape \(4,\).*vjp"
    ):
        grad(lambda x: x * x)(X)
    with pytest.raises(NotDifferentiableError, match="returned a list"):
        grad(lambda x: [x])(2.0)


def test_integers_are_refused() -> None:
    with pytest.raises(NotDifferentiableError, match=r"Argument 1 holds int64 values.*Pass floats"):
        grad(lambda x, n: x * n, argnums=(0, 1))(2.0, np.array(3))
    with pytest.raises(NotDifferentiableError, match=r"Argument 0 holds int32 values"):
        grad(lambda x: x * x)(3)


def test_a_result_through_constants_only_is_refused() -> None:
    with pytest.raises(NotDifferentiableError, match=r"only through ops\.argmax.*NOT_DIFFERENTIABLE"):
        grad(lambda x: ops.sum(ops.cast(ops.argmax(x), "float32")))(X)


def test_a_function_that_leaves_for_numpy_is_refused() -> None:
    with pytest.raises(NotDifferentiableError, match=r"np\.spacing on a tensor would cut its gradient"):
        grad(lambda x: ops.sum(np.spacing(x)))(X)
