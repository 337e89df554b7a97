"""NumPy's functions on tensors: through the ops where there is one, refused where a gradient would be lost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.autodiff import GradientTape, Tensor, grad
from chainrule.errors import NotDifferentiableError
from chainrule.variables import Variable

X = np.array([[0.3, -1.2], [0.8, 1.5]])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.tanh(x) * 2),
        lambda x: np.mean(np.where(x > 0, x, 0.1 * x)),
        lambda x: np.sum(np.concatenate([x, np.exp(x)], axis=0)),
        lambda x: np.sum(np.true_divide(1.0, np.absolute(x))),
        lambda x: np.max(np.reshape(x, (4,))),
        lambda x: np.sum(X @ x) + np.sum(X * x) + np.sum(X**x * 0),
        lambda x: np.sum(np.transpose(x)[0]),
    ],
)
def test_numpy_functions_keep_the_gradient(f: Any) -> None:
    base = np.abs(X) if f.__code__.co_consts and "**" in str(f.__code__.co_consts) else X
    step = 1e-6
    with np.errstate(all="ignore"):
        g = grad(f)(base)
        for i in np.ndindex(2, 2):
            d = np.zeros((2, 2))
            d[i] = step
            slope = (f(base + d) - f(base - d)) / (2 * step)
            if np.isfinite(slope):
                np.testing.assert_allclose(g[i], slope, rtol=1e-6, atol=1e-8)


def test_linear_algebra_is_answered_by_ops() -> None:
    x = Tensor(np.array([[2.0, 1.0], [0.5, 3.0]]))
    with GradientTape() as tape:
        tape.watch(x)
        y = np.linalg.slogdet(x)[1]
    np.testing.assert_allclose(tape.gradient(y, x), np.linalg.inv(x.value).T)


def test_functions_without_an_op_are_refused_while_a_tape_follows() -> None:
    x, other, v = Tensor(X), Tensor(X), Variable(X)
    with GradientTape() as tape:
        tape.watch(x)
        for call, name in [
            (lambda: np.unwrap(x), "numpy.unwrap"),
            (lambda: np.linalg.lstsq(v, X), "numpy.linalg.lstsq"),
            (lambda: np.add.reduce(x), "np.add.reduce"),
            (lambda: np.spacing(v), "np.spacing"),
            (lambda: np.add(X.copy(), x, out=X.copy()), "np.add"),
        ]:
            with pytest.raises(
                NotDifferentiableError, match=f"{name} on a tensor would cut its gradient.*tensor.numpy"
            ):
                call()
        np.testing.assert_allclose(np.spacing(other), np.spacing(X))  # not followed: plain numbers
        assert np.shape(x) == (2, 2)
        assert np.array_equal(x, X)


def test_without_a_tape_tensors_are_arrays() -> None:
    x = Tensor(X)
    assert type(np.linalg.pinv(x)) is np.ndarray
    assert type(np.cumsum(x, out=np.empty(4))) is np.ndarray
    np.testing.assert_allclose(np.asarray(x), X)
    np.testing.assert_allclose(np.array(x, dtype=np.float32), X.astype(np.float32))
    np.testing.assert_allclose(np.add.reduce(x, axis=0), X.sum(0))
    assert np.array(x) is not x.value


def test_reading_numbers_on_purpose_is_allowed() -> None:
    with GradientTape() as tape:
        x = Tensor(X)
        tape.watch(x)
        assert float(x[0, 0]) == 0.3
        assert x.numpy().flags.writeable
        assert x.numpy()[0, 0] == 0.3
