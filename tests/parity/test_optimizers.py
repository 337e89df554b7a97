"""Optimizers, schedules and constraints alone compute what Keras computes (fixtures from make_optimizer_fixtures.py).

The same gradients go through every optimizer, and the variables after steps 1, 2 and the last are compared, together
with all variables of the optimizer at the end, in Keras's order. Some gradients are large, some tiny, some zero.
"""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import config, constraints, optimizers
from chainrule.optimizers import schedules
from chainrule.variables import FlatBuffer, Variable

HERE = Path(__file__).parent / "fixtures"
ABOUT: dict[str, Any] = json.loads((HERE / "optimizers.json").read_text(encoding="utf-8"))
KERAS = {kind: dict(np.load(HERE / f"optimizers_{kind}.npz")) for kind in ("float32", "float64")}
TOLERANCE = {"float32": 2e-6, "float64": 1e-12}
KINDS = list(TOLERANCE)


@pytest.fixture(autouse=True)
def float_type(request: pytest.FixtureRequest) -> Iterator[None]:
    kind = getattr(request.node, "callspec", None) and request.node.callspec.params.get("kind")
    config.set_floatx(kind or "float32")
    yield
    config.set_floatx("float32")


def split(flat: Any, shapes: Any) -> list[Any]:
    parts = np.split(flat, np.cumsum([int(np.prod(s)) for s in shapes])[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def start(kind: str, packed: bool) -> list[Variable]:
    shapes = ABOUT["shapes"]
    variables = []
    for path, value in zip(shapes, split(KERAS[kind]["start"], shapes.values()), strict=True):
        variable = Variable(value.astype(kind), name=path.split("/")[-1])
        variable.path = path
        variables.append(variable)
    if packed:
        FlatBuffer(variables)
    return variables


def run(name: str, kind: str, packed: bool) -> tuple[Any, list[Any]]:
    """Return the optimizer, and the variables after steps 1, 2 and the last."""
    case = ABOUT["cases"][name]
    optimizer = getattr(optimizers, case["class"]).from_config(copy.deepcopy(case["arguments"]))
    variables, found = start(kind, packed), []
    steps = KERAS[kind]["gradients"]
    for number, flat in enumerate(steps, 1):
        optimizer.apply(split(flat, ABOUT["shapes"].values()), variables)
        if number in (1, 2, len(steps)):
            found += [v.numpy() for v in variables]
    return optimizer, found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ABOUT["cases"])
def test_updates_and_state(name: str, kind: str) -> None:
    optimizer, found = run(name, kind, packed=True)
    shapes = [tuple(shape) for shape in ABOUT["shapes"].values()]
    expected = split(KERAS[kind][name], [*shapes * 3, *(shape for _, shape in ABOUT["cases"][name]["variables"])])
    actual = [*found, *(v.numpy() for v in optimizer.variables)]
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        bound = TOLERANCE[kind] * np.abs(e).max(initial=0.0)
        np.testing.assert_allclose(a, e, rtol=TOLERANCE[kind], atol=bound, err_msg=f"array {i}")


@pytest.mark.parametrize("name", ABOUT["cases"])
def test_the_same_bits_without_a_shared_buffer(name: str) -> None:
    packed, first = run(name, "float32", packed=True)
    apart, second = run(name, "float32", packed=False)
    for a, b in zip([*first, *packed.variables], [*second, *apart.variables], strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("name", ABOUT["cases"])
def test_names_and_shapes_of_variables(name: str) -> None:
    optimizer, _ = run(name, "float32", packed=True)
    expected = [["u_product" if n.startswith("variable") else n, s] for n, s in ABOUT["cases"][name]["variables"]]
    assert [[v.name, list(v.shape)] for v in optimizer.variables] == expected
    assert all(v.path == f"{optimizer.name}/{v.name}" for v in optimizer.variables)


@pytest.mark.parametrize("name", ABOUT["cases"])
def test_configuration(name: str) -> None:
    case = ABOUT["cases"][name]
    optimizer = getattr(optimizers, case["class"]).from_config(copy.deepcopy(case["arguments"]))
    found = optimizer.get_config()
    assert found.pop("name") == optimizer.name
    assert found == case["config"]
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("name", ABOUT["defaults"])
def test_defaults(name: str) -> None:
    expected = {**ABOUT["defaults"][name], "name": "x"}
    assert {**getattr(optimizers, name)().get_config(), "name": "x"} == expected


@pytest.mark.parametrize("bad", ABOUT["bad"], ids=lambda bad: f"{bad['class']}-{next(reversed(bad['arguments']))}")
def test_what_keras_refuses(bad: Any) -> None:
    with pytest.raises(ValueError, match=next(reversed(bad["arguments"]))):
        getattr(optimizers, bad["class"])(**bad["arguments"])


MODULES = {"optimizers": optimizers, "schedules": schedules, "constraints": constraints}


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in ABOUT["signatures"].items() for n in names])
def test_signatures(module: str, name: str) -> None:
    expected = ABOUT["signatures"][module][name]
    parameters = inspect.signature(getattr(MODULES[module], name)).parameters.values()
    found = [[p.name, p.kind.name, None if p.default is p.empty else repr(p.default)] for p in parameters]
    assert found == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("i", range(len(ABOUT["schedules"])))
def test_schedules(i: int, kind: str) -> None:
    schedule = schedules.deserialize(ABOUT["schedules"][i])
    expected = KERAS[kind][f"schedule/{i}"]
    found = [schedule(step) for step in range(len(expected))]
    assert {np.asarray(value).dtype for value in found} == {np.dtype(kind)}
    np.testing.assert_allclose(found, expected, rtol=4e-7 if kind == "float32" else 1e-14, atol=1e-8)
    np.testing.assert_allclose(schedule(np.arange(len(expected))), found, rtol=1e-6, atol=1e-9)
    assert schedules.serialize(schedule) == ABOUT["schedules"][i]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("i", range(len(ABOUT["constraints"])))
def test_constraints(i: int, kind: str) -> None:
    constraint = constraints.deserialize(ABOUT["constraints"][i])
    found = constraint(Variable(KERAS[kind]["w"].astype(kind)))
    np.testing.assert_allclose(found, KERAS[kind][f"constraint/{i}"], rtol=3e-7 if kind == "float32" else 1e-14)
    assert found.dtype == kind
    assert constraints.serialize(constraint) == ABOUT["constraints"][i]
