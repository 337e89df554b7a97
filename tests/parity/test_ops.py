"""`chainrule.ops` against Keras on JAX: signatures, values, result types, derivatives at kinks (fixtures/ops.json)."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.autodiff import grad

FIXTURE = json.loads((Path(__file__).parent / "fixtures" / "ops.json").read_text())
N = np.array([[0, 2, 5], [3, 1, 1]], np.int32)
M = np.array([[0.5, -1.5, 2.0], [2.0, 2.0, -0.25]], np.float32)
ZOO: dict[str, Any] = {
    "int32": N, "int64": N.astype(np.int64), "uint8": N.astype(np.uint8), "bool": N > 1,
    "float16": M.astype(np.float16), "float32": M, "python int": 2, "python float": 2.5, "python bool": True,
    "float64 scalar": np.float64(2.5), "list": [1, 2, 3], "float list": [1.0, 2.0, 3.0],
}  # fmt: skip


def decode(value: Any) -> Any:
    if isinstance(value, dict):
        return np.array(value["array"], value["dtype"])
    if isinstance(value, list):
        return [decode(v) for v in value]
    return value


@pytest.mark.parametrize("name", FIXTURE["signatures"])
def test_signature(name: str) -> None:
    parameters = inspect.signature(getattr(ops, name)).parameters.values()
    mine = [[p.name, p.kind.name, None if p.default is p.empty else repr(p.default)] for p in parameters]
    assert mine == FIXTURE["signatures"][name]


@pytest.mark.parametrize("n", range(len(FIXTURE["values"])), ids=lambda n: f"{n}-{FIXTURE['values'][n][0]}")
def test_value(n: int) -> None:
    name, args, options, expected = FIXTURE["values"][n]
    with np.errstate(all="ignore"):
        actual = getattr(ops, name)(*decode(args), **{k: decode(v) for k, v in options.items()})
    compare(actual, decode(expected))


def compare(actual: Any, expected: Any) -> None:
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for a, e in zip(actual, expected, strict=True):
            compare(a, e)
        return
    assert np.shape(actual) == np.shape(expected)
    assert np.asarray(actual).dtype == np.asarray(expected).dtype
    np.testing.assert_allclose(actual, expected, rtol=3e-6, atol=1e-6)


def expected_type(name: str, kinds: list[str], in_keras: str) -> str:
    """Keras on JAX has neither int64 nor float64: here these stay, except that NumPy's scalars follow arrays."""
    others = [k for k in kinds if k != "float64 scalar"]
    if len(others) < len(kinds) and in_keras == "float32":
        return (
            "float64" if all(k.startswith("python") for k in others) else "float16" if "float16" in others else in_keras
        )
    return "int64" if "int64" in kinds and in_keras == "int32" and name != "argmax" else in_keras


def test_types_of_results() -> None:
    wrong = []
    for name, kinds, in_keras in FIXTURE["types"]:
        if in_keras is None or (name == "arctan2" and "float16" in kinds) or (name, kinds) == ("relu", ["bool"]):
            continue
        expected = expected_type(name, kinds, in_keras)
        with np.errstate(all="ignore"):
            actual = getattr(ops, name)(*[ZOO[k] for k in kinds])
        if str(actual.dtype) != expected:
            wrong.append(f"{name}({', '.join(kinds)}) is {actual.dtype}, not {expected}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("n", range(len(FIXTURE["kinks"])), ids=lambda n: "{0[0]}{0[1]}".format(FIXTURE["kinks"][n]))
def test_derivative_at_a_kink(n: int) -> None:
    name, point, expected = FIXTURE["kinks"][n]
    with np.errstate(all="ignore"):
        actual = grad(getattr(ops, name), argnums=tuple(range(len(point))))(*point)
    np.testing.assert_allclose(actual, expected, rtol=1e-6)


def test_the_derivative_of_abs_at_0_is_0() -> None:
    """As in TensorFlow and PyTorch; JAX says 1."""
    assert grad(ops.abs)(0.0) == 0
