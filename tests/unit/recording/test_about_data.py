"""What is said of the data: kinds and ranges of features, the task, the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.data.adapters import make_batches
from chainrule.recording.about_data import describe_data

RNG = np.random.default_rng(0)


def features(x: Any, **names: Any) -> list[dict[str, Any]]:
    rows = len(x) if not isinstance(x, dict) else len(next(iter(x.values())))
    found: list[dict[str, Any]] = describe_data(make_batches(x, np.zeros(rows)), ["mse"], **names)["features"]
    return found


def task(y: Any, *losses: str) -> tuple[str, list[str] | None]:
    rows = len(y[0]) if isinstance(y, tuple) else len(y)
    found = describe_data(make_batches(np.zeros((rows, 1)), y), losses)
    return found["task"], found["classes"]


@pytest.mark.parametrize("shape", [(1, 3), (7, 3), (1000, 3), (5000, 30), (50, 2000), (3000, 1)])
def test_ranges_are_those_of_all_rows(shape: tuple[int, int]) -> None:
    x = RNG.normal(size=shape).astype("float32")
    found = features(x)
    np.testing.assert_array_equal([f["min"] for f in found], x.min(axis=0))
    np.testing.assert_array_equal([f["max"] for f in found], x.max(axis=0))
    for column, f in zip(x.T, found, strict=True):
        assert f["median"] in column
        assert f["kind"] == "number"
    assert [f["name"] for f in found][:2] == ["x1", "x2"][: shape[1]]


def test_the_median_of_few_rows_is_exact_and_of_many_close() -> None:
    few, many = RNG.normal(size=(501, 4)), RNG.normal(size=(100_001, 4))
    np.testing.assert_allclose([f["median"] for f in features(few)], np.median(few, axis=0), rtol=1e-6)
    np.testing.assert_allclose([f["median"] for f in features(many)], np.median(many, axis=0), atol=0.1)


def test_a_fortran_array_is_described_like_any_other() -> None:
    x = np.asfortranarray(RNG.normal(size=(100, 3)).astype("float32"))
    assert features(x) == features(np.ascontiguousarray(x))


def test_numbers_that_are_not_finite_are_left_out_of_the_ranges() -> None:
    batches = make_batches(np.zeros((4, 2)), np.zeros(4))
    batches._arrays = (np.array([[1.0, np.nan], [2.0, np.nan], [np.inf, 3.0], [1.0, 1.0]]), np.zeros(4), None)  # type: ignore[attr-defined]
    first, second = describe_data(batches, ["mse"])["features"]
    assert (first["min"], first["max"]) == (0.0, 2.0)
    assert np.isfinite([first["median"], second["min"], second["median"]]).all()


def test_booleans_are_zero_and_one_and_nothing_else() -> None:
    x = np.array([[0, 0, 0, 1], [1, 0.5, 2, 1], [1, 1, 0, 1]], "float32")
    assert [f["kind"] for f in features(x)] == ["boolean", "number", "number", "number"]


def test_names_that_are_given_and_those_of_inputs() -> None:
    x = np.zeros((3, 2))
    assert [f["name"] for f in features(x, features=["a", "a"])] == ["a", "a"]
    assert [f["name"] for f in features(x, features=["a"])] == ["a", "x2"]
    assert [f["name"] for f in features({"age": np.zeros(3), "more": x})] == ["age", "more[0]", "more[1]"]
    assert [f["name"] for f in features(np.zeros((3, 2, 2)))] == ["x1", "x2", "x3", "x4"]


def test_text_is_a_category_with_its_most_frequent_choices() -> None:
    (found,) = features(np.array(["b", "a", "b", "=c"], dtype=object)[:, None])
    assert found == {
        "name": "x1", "kind": "category", "min": None, "max": None, "median": "b", "choices": ["b", "=c", "a"],
    }  # fmt: skip


def test_the_task_follows_from_loss_and_target() -> None:
    zero_one = np.array([0.0, 1.0, 1.0])
    assert task(zero_one, "binary_crossentropy") == ("binary", ["0", "1"])
    assert task(zero_one, "mean_squared_error") == ("binary", ["0", "1"])
    assert task(np.array([0.5, 1.0]), "mean_squared_error") == ("regression", None)
    assert task(np.array([0, 2, 1]), "sparse_categorical_crossentropy") == ("multiclass", ["0", "1", "2"])
    assert task(np.eye(4)[:3], "categorical_crossentropy") == ("multiclass", ["0", "1", "2", "3"])
    assert task(np.ones((3, 2)), "binary_crossentropy") == ("other", None)
    assert task((zero_one, zero_one), "mse", "mse") == ("other", None)


def test_classes_and_target_take_the_names_that_are_given() -> None:
    batches = make_batches(np.zeros((2, 1)), np.array([0.0, 1.0]))
    found = describe_data(batches, ["binary_crossentropy"], target="lived", classes=["no", "yes"])
    assert (found["target"], found["classes"], found["rows"]) == ("lived", ["no", "yes"], 2)
