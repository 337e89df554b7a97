"""Initializers: the laws of Keras's, their moments, and their distributions."""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import chainrule as cr
from chainrule import initializers
from chainrule.errors import ShapeError, UnknownNameError
from chainrule.initializers.scaling import compute_fans
from chainrule.random import SeedGenerator
from chainrule.random.seeds import set_random_seed
from chainrule.saving.serialization import deserialize_keras_object

KERAS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "parity" / "fixtures" / "initializers.json").read_text(encoding="utf-8")
)
CLASSES = [n for n, thing in vars(initializers).items() if inspect.isclass(thing) and n in KERAS["serialized"]]
RANDOM = [n for n in CLASSES if "seed" in KERAS["serialized"][n]["config"]]
STD_CUT = 0.87962566103423978


def make(name: str, *args: Any, **arguments: Any) -> Any:
    return getattr(initializers, name)(*args, **arguments)


# -- names, signatures, configurations -------------------------------------------------------------------------------


def test_all_of_keras_names_are_there() -> None:
    assert set(KERAS["signatures"]) | {"get", "serialize", "deserialize"} == set(initializers.__all__)


@pytest.mark.parametrize("name", sorted(set(KERAS["signatures"]) - {"Initializer", "Zeros", "Ones", "zeros", "ones"}))
def test_signatures_are_keras(name: str) -> None:
    expected = inspect.signature(eval(f"lambda {KERAS['signatures'][name][1:-1]}: 0")).parameters.values()
    ours = inspect.signature(getattr(initializers, name).__init__).parameters.values()
    assert [(p.name, p.default) for p in ours] == [(p.name, p.default) for p in expected]


@pytest.mark.parametrize("name", CLASSES)
def test_serialized_form_is_keras(name: str) -> None:
    expected = KERAS["serialized"][name]
    if expected["class_name"] == "Identity":
        expected["config"] = {"gain": 1.0}  # Keras forgets the gain, but reads it
    assert initializers.serialize(make(name)) == expected
    assert type(initializers.deserialize(expected)) is getattr(initializers, name)


@pytest.mark.parametrize("name", CLASSES)
def test_configuration_round_trip_gives_the_same_values(name: str) -> None:
    arguments = {"seed": 5} if name in RANDOM else {}
    initializer = make(name, **arguments)
    again = initializers.deserialize(json.loads(json.dumps(initializers.serialize(initializer))))
    for other in (again, initializer.clone(), type(initializer).from_config(initializer.get_config())):
        np.testing.assert_array_equal(other((4, 3)), initializer((4, 3)))


@pytest.mark.parametrize(("string", "expected"), sorted(KERAS["strings"].items()))
def test_strings_name_what_they_name_in_keras(string: str, expected: str) -> None:
    assert type(initializers.get(string)).__name__ == expected
    assert type(initializers.get({"class_name": string, "config": {}})).__name__ == expected


@pytest.mark.parametrize("name", ["Identity", "Orthogonal"])
def test_class_names_of_older_files_are_read(name: str) -> None:
    older = {"module": "keras.initializers", "class_name": f"{name}Initializer", "config": {}, "registered_name": None}
    assert type(deserialize_keras_object(older)).__name__ == name


def test_get_takes_classes_instances_functions_arrays_and_none() -> None:
    instance = initializers.Ones()
    assert initializers.get(instance) is instance
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    assert initializers.get(None) is None

    def halves(shape: tuple[int, ...], dtype: Any = None) -> Any:
        return np.full(shape, 0.5, dtype)

    assert initializers.get(halves) is halves
    array = initializers.get(np.eye(2))
    assert array is not None
    assert array((2, 2)).tolist() == [[1, 0], [0, 1]]
    assert array((2, 2)).dtype == np.float32
    with pytest.raises(ShapeError, match=r"array of shape \(2, 2\): asked for \(3, 2\)"):
        array((3, 2))


def test_get_says_what_it_knows() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown initializer 'he_norml'\. Did you mean 'he_normal'"):
        initializers.get("he_norml")
    with pytest.raises(UnknownNameError, match="Cannot read 3 as initializer"):
        initializers.get(3)


def test_a_users_class_is_configured_by_its_constructor() -> None:
    class Stripes(initializers.Initializer):
        def __init__(self, width: int = 2) -> None:
            self.width = width

        def __call__(self, shape: Any, dtype: Any = None) -> Any:
            return np.arange(math.prod(shape)).reshape(shape) // self.width

    config = initializers.serialize(Stripes(3))
    assert config["config"] == {"width": 3}
    assert initializers.deserialize(config, {"Stripes": Stripes}).width == 3
    assert Stripes(3).clone()((4,)).tolist() == [0, 0, 0, 1]
    with pytest.raises(TypeError, match="abstract"):
        initializers.Initializer()  # type: ignore[abstract]


# -- values ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", KERAS["exact"], ids=lambda c: f"{c['class']}{c['arguments']}")
def test_fixed_values_are_keras(case: dict[str, Any]) -> None:
    values = make(case["class"], **case["arguments"])(tuple(case["shape"]))
    assert values.tolist() == case["values"]
    assert values.dtype == np.float32
    assert make(case["class"], **case["arguments"])(tuple(case["shape"]), "float64").dtype == np.float64


@pytest.mark.parametrize("case", KERAS["moments"], ids=lambda c: f"{c['class']}{c['arguments']}{c['shape']}")
def test_moments_and_limits_are_keras(case: dict[str, Any]) -> None:
    values = make(case["class"], seed=2, **case["arguments"])(tuple(case["shape"])).astype(np.float64)
    error = case["std"] / math.sqrt(values.size)
    assert values.shape == tuple(case["shape"])
    assert values.mean() == pytest.approx(case["mean"], abs=5 * math.sqrt(2) * error)
    assert values.std() == pytest.approx(case["std"], abs=5 * math.sqrt(2) * error)
    if "ormal" not in case["class"] and case["arguments"].get("distribution", "uniform") == "uniform":
        span = case["max"] - case["min"]
        assert values.min() == pytest.approx(case["min"], abs=2e-4 * span)
        assert values.max() == pytest.approx(case["max"], abs=2e-4 * span)


def theoretical(fan_in: int, fan_out: int) -> list[tuple[str, dict[str, Any], Any]]:
    """Initializer, arguments, and the distribution that its source states."""

    def cut(variance: float) -> Any:
        return stats.truncnorm(-2, 2, 0, math.sqrt(variance) / STD_CUT)

    def even(limit: float) -> Any:
        return stats.uniform(-limit, 2 * limit)

    both = fan_in + fan_out
    scaled = {"scale": 0.5, "mode": "fan_out", "distribution": "untruncated_normal"}
    return [
        ("RandomNormal", {}, stats.norm(0, 0.05)),
        ("RandomNormal", {"mean": 1.0, "stddev": 2.0}, stats.norm(1, 2)),
        ("TruncatedNormal", {}, stats.truncnorm(-2, 2, 0, 0.05)),
        ("RandomUniform", {}, even(0.05)),
        ("GlorotUniform", {}, even(math.sqrt(6 / both))),
        ("GlorotNormal", {}, cut(2 / both)),
        ("HeUniform", {}, even(math.sqrt(6 / fan_in))),
        ("HeNormal", {}, cut(2 / fan_in)),
        ("LecunUniform", {}, even(math.sqrt(3 / fan_in))),
        ("LecunNormal", {}, cut(1 / fan_in)),
        ("VarianceScaling", {}, cut(1 / fan_in)),
        ("VarianceScaling", scaled, stats.norm(0, math.sqrt(0.5 / fan_out))),
    ]


@pytest.mark.parametrize(("name", "arguments", "distribution"), theoretical(400, 250), ids=lambda v: str(v)[:30])
def test_distributions_are_the_stated_ones(name: str, arguments: dict[str, Any], distribution: Any) -> None:
    values = make(name, seed=3, **arguments)((400, 250), "float64").ravel()
    assert stats.kstest(values, distribution.cdf).pvalue > 0.01
    low, high = distribution.support()
    assert values.min() >= low
    assert values.max() <= high


@pytest.mark.parametrize(("shape", "input_axes", "output_axes", "fans"), KERAS["fans"])
def test_fans_are_keras(shape: list[int], input_axes: Any, output_axes: Any, fans: list[int]) -> None:
    assert list(compute_fans(shape, input_axes, output_axes)) == fans


def test_axes_change_the_scale() -> None:
    values = initializers.LecunNormal(seed=1, input_axes=[0], output_axes=[1, 2])((10, 200, 200))
    assert values.std() == pytest.approx(math.sqrt(1 / 10), rel=0.01)


def test_an_empty_or_huge_fan_does_no_harm() -> None:
    assert initializers.HeNormal()((0, 3)).shape == (0, 3)
    assert initializers.GlorotUniform()(()).shape == ()
    assert initializers.GlorotUniform()([2, 3]).shape == (2, 3)  # type: ignore[arg-type]


@given(rows=st.integers(1, 12), columns=st.integers(1, 12), depth=st.integers(1, 3), gain=st.floats(0.1, 3))
def test_orthogonal_is_orthogonal(rows: int, columns: int, depth: int, gain: float) -> None:
    q = initializers.Orthogonal(gain, seed=rows)((depth, rows, columns), "float64").reshape(-1, columns) / gain
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-12)


def test_orthogonal_is_uniform_over_the_orthogonal_matrices() -> None:
    """In the plane: the angle of the first column is uniform, and half of the matrices are reflections."""
    q = np.array([initializers.Orthogonal(seed=i)((2, 2), "float64") for i in range(2000)])
    angle = np.arctan2(q[:, 1, 0], q[:, 0, 0])
    assert stats.kstest(angle, stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 0.01
    assert stats.binomtest(int((np.linalg.det(q) > 0).sum()), 2000).pvalue > 0.01


# -- seeds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RANDOM)
def test_one_object_gives_the_same_values_each_time(name: str) -> None:
    initializer, other = make(name), make(name)
    first = initializer((5, 4))
    initializer((7, 2))
    np.testing.assert_array_equal(initializer((5, 4)), first)
    assert not np.array_equal(other((5, 4)), first)
    np.testing.assert_array_equal(make(name, seed=initializer.seed)((5, 4)), first)


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_generator_gives_new_values_each_time(name: str) -> None:
    initializer = make(name, seed=SeedGenerator(4))
    first = initializer((5, 4))
    assert not np.array_equal(initializer((5, 4)), first)
    np.testing.assert_array_equal(initializers.deserialize(initializers.serialize(initializer))((5, 4)), first)


def test_set_random_seed_fixes_unseeded_initializers() -> None:
    values = []
    for _ in range(2):
        set_random_seed(11)
        values.append([initializers.get("glorot_uniform")((3, 3)), initializers.HeNormal()((3, 3))])  # type: ignore[misc]
    np.testing.assert_array_equal(values[0], values[1])


def test_values_are_made_in_the_default_type() -> None:
    cr.config.set_floatx("float64")
    try:
        assert all(make(name)((3, 3)).dtype == np.float64 for name in CLASSES)
    finally:
        cr.config.set_floatx("float32")
    assert all(make(name)((3, 3)).dtype == np.float32 for name in CLASSES)


# -- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make_it", "message"),
    [
        (lambda: initializers.VarianceScaling(0), "VarianceScaling: expected scale > 0, received 0"),
        (lambda: initializers.VarianceScaling(mode="fan_inn"), r"Unknown mode 'fan_inn'\. Did you mean 'fan_in'"),
        (lambda: initializers.VarianceScaling(distribution="unifrom"), "Unknown distribution 'unifrom'.*'uniform'"),
        (lambda: initializers.Orthogonal()((3,)), r"Orthogonal: expected a shape of rank 2 or more, received \(3,\)"),
        (lambda: initializers.Identity()((2, 2, 2)), r"Identity: expected the shape of a matrix, received \(2, 2, 2\)"),
        (lambda: initializers.HeNormal(seed="a"), r"HeNormal: expected a seed that is an integer, a SeedGenerator"),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(make_it: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make_it()
