"""Regularizers: values and gradients are Keras's in float64; names, forms and errors."""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops, regularizers
from chainrule.autodiff import check_vjp, grad
from chainrule.errors import ShapeError, UnknownNameError

KERAS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "parity" / "fixtures" / "regularizers.json").read_text(encoding="utf-8")
)
X = np.array(KERAS["x"])


def make(case: dict[str, Any]) -> Any:
    return getattr(regularizers, case["class"])(**case["arguments"])


@pytest.mark.parametrize("case", KERAS["cases"], ids=lambda c: f"{c['class']}{c['arguments']}")
def test_values_and_gradients_are_keras(case: dict[str, Any]) -> None:
    regularizer = make(case)
    # Keras normalizes by an inverse root that it rounds to float32 on the way
    rtol, atol = (1e-6, 1e-7) if case["class"] == "OrthogonalRegularizer" else (1e-14, 1e-16)
    assert float(regularizer(X)) == pytest.approx(case["value"], rel=rtol)
    np.testing.assert_allclose(np.asarray(grad(regularizer)(X)), case["gradient"], rtol=rtol, atol=atol)


@pytest.mark.parametrize("case", KERAS["cases"], ids=lambda c: f"{c['class']}{c['arguments']}")
def test_gradients_are_those_of_finite_differences(case: dict[str, Any]) -> None:
    assert check_vjp(make(case), X).max_error <= 1e-7


@pytest.mark.parametrize("case", KERAS["cases"], ids=lambda c: f"{c['class']}{c['arguments']}")
def test_penalties_of_float32_weights_are_float32(case: dict[str, Any]) -> None:
    v = cr.Variable(X.astype("float32"))
    penalty = make(case)(v)
    assert penalty.dtype == np.float32
    assert penalty.shape == ()
    assert float(penalty) == pytest.approx(case["value"], rel=1e-5, abs=1e-12)


@pytest.mark.parametrize("name", sorted(set(KERAS["signatures"]) - {"Regularizer"}))
def test_signatures_are_keras(name: str) -> None:
    expected = inspect.signature(eval(f"lambda {KERAS['signatures'][name][1:-1]}: 0")).parameters.values()
    ours = inspect.signature(getattr(regularizers, name).__init__).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in expected]


@pytest.mark.parametrize("name", sorted(KERAS["serialized"]))
def test_serialized_form_is_keras(name: str) -> None:
    expected, ours = KERAS["serialized"][name], regularizers.serialize(getattr(regularizers, name)())
    assert ours["config"] == pytest.approx(expected["config"], rel=1e-7) if name != "OrthogonalRegularizer" else True
    assert {k: v for k, v in ours.items() if k != "config"} == {k: v for k, v in expected.items() if k != "config"}
    assert regularizers.serialize(regularizers.deserialize(json.loads(json.dumps(ours)))) == ours
    assert type(regularizers.deserialize(expected)).__name__ == name


@pytest.mark.parametrize(
    ("string", "expected"),
    [
        ("l1", "L1"),
        ("l2", "L2"),
        ("l1l2", "L1L2"),
        ("L1L2", "L1L2"),
        ("orthogonal_regularizer", "OrthogonalRegularizer"),
    ],
)
def test_strings_name_what_they_name_in_keras(string: str, expected: str) -> None:
    assert type(regularizers.get(string)).__name__ == expected
    assert type(regularizers.get({"class_name": string, "config": {}})).__name__ == expected


def test_get_takes_instances_classes_functions_and_none() -> None:
    instance = regularizers.L1(0.2)
    assert regularizers.get(instance) is instance
    assert isinstance(regularizers.get(regularizers.L2), regularizers.L2)
    assert regularizers.get(ops.sum) is ops.sum
    assert regularizers.get(None) is None
    assert regularizers.Regularizer()(X) == 0


def test_the_string_l1_l2_is_unknown_as_in_keras() -> None:
    assert regularizers.l1_l2 is regularizers.L1L2
    with pytest.raises(UnknownNameError, match=r"Unknown regularizer 'l1_l2'\. Did you mean .*'l1l2'"):
        regularizers.get("l1_l2")


def test_none_means_the_default_as_in_keras() -> None:
    assert regularizers.L1(None).l1 == regularizers.L2(None).l2 == 0.01  # type: ignore[arg-type]
    both = regularizers.L1L2(None, None)  # type: ignore[arg-type]
    assert (both.l1, both.l2) == (0, 0)


def test_equal_rows_cost_most_and_orthogonal_rows_nothing() -> None:
    penalty = regularizers.OrthogonalRegularizer(3.0)
    assert float(penalty(np.ones((4, 2)))) == pytest.approx(3)
    assert float(penalty(np.diag([1.0, 5.0, 2.0]))) == 0
    assert float(penalty(np.array([[1.0, 0.0], [1.0, math.sqrt(3)]]))) == pytest.approx(1.5)


@pytest.mark.parametrize("factor", [-0.1, float("nan"), float("inf"), "a"])
@pytest.mark.parametrize(
    ("name", "argument"), [("L1", "l1"), ("L2", "l2"), ("L1L2", "l2"), ("OrthogonalRegularizer", "factor")]
)
def test_wrong_factors_are_refused(name: str, argument: str, factor: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name}: expected {argument} to be a finite number >= 0, received"):
        getattr(regularizers, name)(**{argument: factor})


def test_wrong_modes_and_shapes_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown mode 'row'\. Did you mean 'rows'"):
        regularizers.OrthogonalRegularizer(mode="row")
    with pytest.raises(ShapeError, match=r"OrthogonalRegularizer: expected a matrix, received shape \(3,\)"):
        regularizers.OrthogonalRegularizer()(np.ones(3))
    with pytest.raises(ShapeError, match=r"expected at least two columns, received shape \(3, 1\)"):
        regularizers.OrthogonalRegularizer(mode="columns")(np.ones((3, 1)))
