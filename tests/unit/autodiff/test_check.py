"""`check_vjp` finds wrong rules, and right ones right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import CheckResult, check_vjp
from chainrule.autodiff.check import check_sentences
from chainrule.autodiff.op import Derivative, Op

X = np.array([0.4, -1.3, 2.2])


def with_rule(rule: Any) -> Op:
    def cube(x: Any) -> Any:
        return x**3

    return Op(cube, ("x",), {"x": Derivative("", rule)})


def test_a_right_rule_passes_to_many_digits() -> None:
    result = check_vjp(with_rule(lambda g, y, x: 3 * g * x**2), X)
    assert result.ok
    assert result.max_error < 1e-11
    assert result.errors == (result.max_error,)


@pytest.mark.parametrize(
    "rule",
    [
        lambda g, y, x: 2 * g * x**2,
        lambda g, y, x: -3 * g * x**2,
        lambda g, y, x: 3 * g * x**2 * (1 + 1e-6),
        lambda g, y, x: g * 0,
        lambda g, y, x: g * np.nan,
    ],
    ids=["factor", "sign", "a millionth", "zero", "nan"],
)
def test_a_wrong_rule_fails(rule: Any) -> None:
    assert not check_vjp(with_rule(rule), X).ok


def test_errors_are_given_for_each_input() -> None:
    product = Op(
        lambda a, b: a * b,
        ("a", "b"),
        {"a": Derivative("", lambda g, y, a, b: g * b), "b": Derivative("", lambda g, y, a, b: g * b)},
    )
    right, wrong = check_vjp(product, X, X + 1).errors
    assert right < 1e-10 < 1e-3 < wrong


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_step_fits_the_size_of_the_input(size: float) -> None:
    assert check_vjp(lambda x: ops.log(x) * size, np.array([1.0, 2.0, 3.0]) * size).max_error < 1e-9


def test_float32_and_tensors_are_checked_in_float64() -> None:
    assert check_vjp(ops.tanh, X.astype(np.float32)).max_error < 1e-9
    assert check_vjp(ops.tanh, ops.convert_to_tensor(X)).max_error < 1e-9


def test_structures_and_further_arguments() -> None:
    assert check_vjp(ops.concatenate, [X, X], axis=0).ok
    assert len(check_vjp(lambda p, n: p["a"] * p["b"][0] * n, {"a": X, "b": [X]}, 3).errors) == 2


def test_second_order() -> None:
    from chainrule.autodiff import grad

    assert check_vjp(grad(lambda x: ops.sum(ops.tanh(x) ** 2)), X).ok


def test_a_gradient_that_is_zero_counts_as_right() -> None:
    assert check_vjp(lambda x: ops.sum(ops.softmax(x)), X).ok


def test_the_seed_and_the_step_can_be_chosen() -> None:
    assert check_vjp(ops.exp, X, seed=1).errors != check_vjp(ops.exp, X, seed=2).errors
    assert check_vjp(ops.exp, X, step=1e-3).ok
    assert not check_vjp(ops.relu, np.array([1e-3]), step=0.1).ok  # the kink is within the step


def test_it_prints_its_verdict() -> None:
    assert repr(CheckResult((1e-12, 3.21e-9))) == "CheckResult(max_error=3.2e-09, ok=True)"
    assert repr(CheckResult((1.0,))) == "CheckResult(max_error=1.0e+00, ok=False)"


def test_a_sentence_that_is_not_the_rule_is_found() -> None:
    cube = Op(lambda x: x**3, ("x",), {"x": Derivative("2 * g * x**2", lambda g, y, x: 3 * g * x**2)})
    with pytest.raises(AssertionError, match=r"the sentence '2 \* g \* x\*\*2' is not what its rule computes"):
        check_sentences(cube, X)
    right = Op(lambda x: x**3, ("x",), {"x": Derivative("3 * g * x**2", lambda g, y, x: 3 * g * x**2)})
    check_sentences(right, X)
