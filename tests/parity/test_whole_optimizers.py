"""Optimizers that look at whole variables, or wrap others, compute what Keras's do (make_whole_optimizer_fixtures.py).

The same 25 gradients go through every optimizer; compared are the variables after the first and the last of them, and
all variables of the optimizer at the end, in Keras's order.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import config, optimizers
from chainrule.saving import deserialize_keras_object, serialize_keras_object
from chainrule.variables import FlatBuffer, Variable

HERE = Path(__file__).parent / "fixtures"
ABOUT: dict[str, Any] = json.loads((HERE / "whole_optimizers.json").read_text(encoding="utf-8"))
KERAS = {kind: dict(np.load(HERE / f"whole_optimizers_{kind}.npz")) for kind in ("float32", "float64")}
SHAPES = {path: tuple(shape) for path, shape in ABOUT["shapes"].items()}
TOLERANCE = {"float32": 4e-6, "float64": 1e-13}
CASES = list(ABOUT["cases"])


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
    variables = []
    for path, value in zip(SHAPES, split(KERAS[kind]["start"], SHAPES.values()), strict=True):
        variable = Variable(value.astype(kind), name=path.split("/")[-1])
        variable.path = path
        variables.append(variable)
    if packed:
        FlatBuffer(variables)
    return variables


def steps(name: str, kind: str) -> Iterator[tuple[int, list[Any]]]:
    for number, flat in enumerate(KERAS[kind]["gradients"], 1):
        infinite = number in ABOUT["cases"][name]["infinite"]
        yield number, [np.full_like(g, np.inf) if infinite else g for g in split(flat, SHAPES.values())]


def run(name: str, kind: str, packed: bool = True) -> tuple[Any, list[Any]]:
    """Return the optimizer, and the variables after the first update and the last."""
    optimizer = deserialize_keras_object(copy.deepcopy(ABOUT["cases"][name]["described"]))
    variables, found, first = start(kind, packed), [], 2 if ABOUT["cases"][name]["infinite"] else 1
    for number, gradients in steps(name, kind):
        optimizer.apply(gradients, variables)
        if number in (first, len(KERAS[kind]["gradients"])):
            found += [v.numpy() for v in variables]
    return optimizer, found


@pytest.mark.parametrize("kind", TOLERANCE)
@pytest.mark.parametrize("name", CASES)
def test_updates_and_state(name: str, kind: str) -> None:
    optimizer, found = run(name, kind)
    rows = ABOUT["cases"][name]["variables"]
    expected = split(KERAS[kind][name], [*list(SHAPES.values()) * 2, *(shape for _, shape, _ in rows)])
    actual = [*found, *(v.numpy() for v in optimizer.variables)]
    for i, (a, e) in enumerate(zip(actual, expected, strict=True)):
        bound = TOLERANCE[kind] * np.abs(e).max(initial=0.0)
        np.testing.assert_allclose(a, e, rtol=TOLERANCE[kind], atol=bound, err_msg=f"array {i}")


@pytest.mark.parametrize("name", CASES)
def test_the_same_bits_without_a_shared_buffer(name: str) -> None:
    packed, first = run(name, "float32")
    apart, second = run(name, "float32", packed=False)
    for a, b in zip([*first, *packed.variables], [*second, *apart.variables], strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@pytest.mark.parametrize("name", CASES)
def test_names_shapes_and_types_of_variables(name: str) -> None:
    optimizer, _ = run(name, "float32")
    expected = ABOUT["cases"][name]["variables"]
    assert [[v.name, list(v.shape), str(v.dtype)] for v in optimizer.variables] == expected


@pytest.mark.parametrize("name", CASES)
def test_the_state_continues_in_another_object(name: str) -> None:
    """What is saved half way is all that the second half needs."""
    description = ABOUT["cases"][name]["described"]
    one, other = deserialize_keras_object(description), deserialize_keras_object(description)
    variables, twins = start("float32", True), start("float32", False)
    for number, gradients in steps(name, "float32"):
        one.apply(gradients, variables)
        if number == 12:
            store: dict[str, Any] = {}
            one.save_own_variables(store)
            for v, twin in zip(variables, twins, strict=True):
                twin.assign(v)
            other.build(twins)
            other.load_own_variables(store)
        elif number > 12:
            other.apply(gradients, twins)
    for a, b in zip([*variables, *one.variables], [*twins, *other.variables], strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.parametrize("name", CASES)
def test_stateless_apply_is_the_same_and_changes_nothing(name: str) -> None:
    description = ABOUT["cases"][name]["described"]
    one, other = deserialize_keras_object(description), deserialize_keras_object(description)
    variables, twins = start("float32", True), start("float32", False)
    other.build(twins)
    before = [v.numpy() for v in (*twins, *other.variables)]
    mine, theirs = [v.numpy() for v in twins], [v.numpy() for v in other.variables]
    for number, gradients in steps(name, "float32"):
        one.apply(gradients, variables)
        mine, theirs = other.stateless_apply(theirs, gradients, mine)
        if number == 4:
            break
    for a, b in zip([*variables, *one.variables], [*mine, *theirs], strict=True):
        np.testing.assert_array_equal(a.numpy(), b)
    for v, value in zip((*twins, *other.variables), before, strict=True):
        np.testing.assert_array_equal(v.numpy(), value)


def without_names(value: Any) -> Any:
    return {k: without_names(v) for k, v in value.items() if k != "name"} if isinstance(value, dict) else value


@pytest.mark.parametrize("name", CASES)
def test_configuration(name: str) -> None:
    case = ABOUT["cases"][name]
    optimizer = deserialize_keras_object(copy.deepcopy(case["described"]))
    description = json.loads(json.dumps(serialize_keras_object(optimizer)))
    assert description["class_name"] == case["described"]["class_name"]
    assert without_names(description["config"]) == case["config"]
    again = optimizers.deserialize(description)
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("bad", ABOUT["bad"], ids=lambda bad: str(next(reversed(bad["arguments"]))))
def test_what_keras_refuses(bad: Any) -> None:
    name = next(reversed(bad["arguments"]))
    assert name in bad["message"]
    arguments = {**bad["arguments"], "inner_optimizer": optimizers.Adam()}
    with pytest.raises(ValueError, match=name):
        getattr(optimizers, bad["class"])(**arguments)
