"""The rules about data: each made to fire, each seen to be silent, on data of any kind and size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.health import check_data
from chainrule.health.target import told_by

rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(np.int64)
NAMES = ["age", "fare", "year", "size", "price", "rate"]


def changed(column: int, values: Any) -> np.ndarray:
    x = X.copy()
    x[:, column] = values
    return x


def codes(x: Any, y: Any = Y, **options: Any) -> list[str]:
    return [f.code for f in check_data(x, y, **options)]


def test_healthy_data_give_nothing() -> None:
    assert codes(X) == codes(X, names=NAMES) == codes(X, X[:, 0] * X[:, 1]) == []


def test_a_constant_feature_is_named_with_its_value() -> None:
    (found,) = check_data(changed(2, 1912), Y, NAMES)
    assert found.key == ("constant-feature", "year")
    assert found.message == "'year' is the same on all 400 rows (1912): nothing can be learnt from it."


def test_one_other_row_anywhere_makes_it_no_constant() -> None:
    x = np.zeros((100_003, 2), np.float32)
    x[:, 0] = np.arange(100_003)
    assert codes(x, None) == ["constant-feature"]
    x[77_777, 1] = 1.0  # two values: an indicator, which may be rare
    assert codes(x, None) == []


def test_nearly_constant_features_but_not_rare_indicators() -> None:
    amounts = np.zeros(400)
    amounts[:2] = 1.5, 2.5
    (found,) = check_data(changed(4, amounts), Y, NAMES)
    assert found.key == ("near-constant-feature", "price")
    assert "99.5 % of 'price' is 0" in found.message
    amounts[:3] = 1.5, 2.5, 3.5
    assert codes(changed(4, amounts)) == []
    assert codes(changed(4, [1.0] + [0.0] * 399)) == []


@pytest.mark.parametrize("copy", [X[:, 1], 1.8 * X[:, 1] + 32, -X[:, 1], (1e6 * X[:, 1]).astype(np.float32)])
def test_a_feature_that_is_another_in_some_unit(copy: np.ndarray) -> None:
    (found,) = check_data(changed(4, copy), Y, NAMES)
    assert found.key == ("duplicate-feature", "price")
    assert found.message.startswith("'price' is 'fare' again")
    assert found.numbers["pairs"] == [["fare", "price"]]


def test_features_that_only_resemble_each_other_are_no_copies() -> None:
    assert codes(changed(4, X[:, 1] + 0.05 * X[:, 3])) == []
    indicator = (X[:, 1] > 0).astype(np.float32)
    x = changed(4, indicator)
    x[:, 5] = 1 - indicator  # the two columns of a one-hot pair
    assert codes(x) == []


def test_a_rare_class_is_counted() -> None:
    y = np.zeros(400, int)
    y[:19] = 1
    (found,) = check_data(X, y)
    assert found.key == ("class-imbalance", "target")
    assert found.message == ("Class 1 has 19 of 400 rows (4.8 %): always saying 0 is right on 95.2 % of them.")
    y[:20] = 1
    assert codes(X, y) == []


def test_rare_is_meant_beside_the_number_of_classes() -> None:
    assert codes(X, np.arange(400) % 20) == []
    y = np.concatenate([np.repeat(np.arange(9), 44), [9] * 4])
    assert codes(X, rng.permutation(y)) == []
    y = np.concatenate([np.repeat(np.arange(9), 44), [8], [9] * 3])
    assert codes(X, rng.permutation(y)) == ["class-imbalance"]


@pytest.mark.parametrize("leak", [lambda y: y, lambda y: 5 - 3 * y, lambda y: y + rng.uniform(0, 0.9, len(y))])
def test_a_feature_that_tells_the_class(leak: Any) -> None:
    (found,) = check_data(changed(3, leak(Y)), Y, NAMES)
    assert found.key == ("leakage-suspect", "size")
    assert found.numbers["score"] > 0.97


def test_a_feature_that_tells_the_number() -> None:
    target = np.exp(X[:, 0] + X[:, 1])
    (found,) = check_data(changed(3, np.sqrt(target)), target, NAMES)
    assert found.key == ("leakage-suspect", "size")
    assert codes(changed(3, target + rng.normal(0, 0.5 * target.std(), 400)), target) == []


def test_the_only_feature_is_no_leak() -> None:
    x = np.linspace(0, 1, 200)[:, None]
    assert codes(x, 3 * x[:, 0] + 2) == []


def test_how_well_one_feature_tells() -> None:
    x = rng.uniform(size=5000)
    assert told_by(x, x > 0.3, True) > 0.99
    assert told_by(x, rng.permutation(x > 0.3), True) < 0.05
    assert told_by(x, np.sin(6 * x), False) > 0.99
    assert told_by(x, rng.permutation(x), False) < 0.1
    assert told_by(np.ones(5000), np.arange(5000) % 2, True) < 0.05  # equal values, in random order
    assert told_by(x, np.ones(5000), False) == told_by(x, np.ones(5000), True) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_missing_numbers_are_an_error_and_nothing_else_is_judged(bad: float) -> None:
    x = changed(2, 5)
    x[[3, 8], 1] = bad
    (found,) = check_data(x, Y, NAMES)
    assert (found.code, found.severity, found.where, found.numbers["cells"]) == ("missing-values", "error", "fare", 2)


def test_large_numbers_are_not_taken_for_infinite_ones() -> None:
    assert codes(changed(2, np.where(X[:, 2] > 0, 3e38, 2e38))) == []


def test_pictures_may_have_black_corners_but_not_be_black() -> None:
    x = rng.uniform(size=(300, 8, 10)).astype(np.float32)
    x[:, 0] = x[:, -1] = 0
    assert codes(x, None) == []
    x[:, :6] = 0
    assert codes(x, None) == ["constant-feature"]
    (found,) = check_data(x, None)
    assert found.where == "column 0, column 1, column 2 and 67 more"


@pytest.mark.parametrize(
    "y",
    [Y, Y.astype(np.float32), Y[:, None], np.eye(2)[Y], Y.astype(bool), np.array(["no", "yes"], object)[Y]],
    ids=["whole", "float", "column", "one-hot", "bool", "text"],
)
def test_targets_in_any_form(y: np.ndarray) -> None:
    assert codes(changed(3, Y), y) == ["leakage-suspect"]


def test_whole_numbers_are_classes_unless_the_loss_says_otherwise() -> None:
    y = np.array([5] * 395 + [1, 2, 3, 8, 9])
    assert codes(X, y) == ["class-imbalance"]
    assert codes(X, y, classes=False) == []
    assert codes(X, rng.permutation(400)) == []
    ages = np.concatenate([np.repeat(np.arange(20), 19), np.arange(20)])
    ages[-1] = 99  # a twenty-first value
    assert codes(X, ages) == []
    assert codes(X, ages, classes=True) == ["class-imbalance"]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ({"a": X[:, :3], "b": changed(3, 1)[:, 3:]}, Y),
        ([X[:, :3], changed(3, 1)[:, 3:]], [Y, Y]),
        ((X[:, :3], changed(3, 1)[:, 3:]), None),
        ([np.array(["text"] * 400, object), changed(3, 1)], Y),
    ],
    ids=["dict", "list", "tuple", "text"],
)
def test_structures_of_arrays(x: Any, y: Any) -> None:
    assert codes(x, y) == ["constant-feature"]


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (np.zeros((0, 3)), np.zeros(0)),
        (np.ones((1, 3)), np.ones(1)),
        (np.array([["a", "b"]] * 9, object), None),
        (X[:2], Y[:2]),
        (X, np.full(400, np.nan)),
        (X, np.ones((400, 3, 2))),
    ],
    ids=["empty", "one row", "text", "two rows", "targets missing", "targets of rows and columns"],
)
def test_what_there_is_too_little_of_to_judge(x: np.ndarray, y: Any) -> None:
    assert codes(x, y) == []


def test_a_million_rows_and_five_hundred_columns() -> None:
    """Rules that looked at each number several times would take minutes."""
    long = rng.normal(size=(1_000_000, 10)).astype(np.float32)
    wide = rng.normal(size=(5000, 500)).astype(np.float32)
    assert codes(long, long[:, 0] * long[:, 1] > 0) == []
    assert codes(wide, wide[:, 0] * wide[:, 1] > 0) == []
