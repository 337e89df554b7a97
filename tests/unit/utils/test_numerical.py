"""One-hot rows and normalized arrays are Keras's; bad labels are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.utils import normalize, to_categorical

KERAS = json.loads((Path(__file__).parents[2] / "parity" / "fixtures" / "utils.json").read_text(encoding="utf-8"))
X = np.array(KERAS["normalized"]["x"])


@pytest.mark.parametrize(("classes", "n", "expected"), KERAS["categorical"])
def test_to_categorical_is_keras(classes: Any, n: int | None, expected: Any) -> None:
    for kind in ("int64", "float32", "uint8"):
        rows = to_categorical(np.array(classes, kind), n)
        assert rows.dtype == np.float64
        assert rows.tolist() == expected


def test_to_categorical_takes_lists_variables_and_nothing() -> None:
    assert to_categorical([1, 0]).tolist() == [[0, 1], [1, 0]]
    assert to_categorical(cr.Variable([1, 0], dtype="int32"), 2).tolist() == [[0, 1], [1, 0]]
    assert to_categorical([], 3).shape == (0, 3)
    assert to_categorical(2).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("classes", "n", "message"),
    [
        ([0, 3], 3, r"to_categorical: expected classes from 0 to 2, received 3\. Number the classes from 0"),
        ([-1, 0], None, r"expected classes from 0 to 0, received -1"),
        ([0.5, 1], None, r"to_categorical: expected integers, received 0\.5"),
        (["a", "b"], None, r"to_categorical: expected integers, received <U1 such as np\.str_\('a'\)"),
    ],
)
def test_wrong_labels_are_named(classes: Any, n: int | None, message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_categorical(classes, n)


def test_normalize_is_keras() -> None:
    np.testing.assert_allclose(normalize(X), KERAS["normalized"]["rows"], rtol=1e-15)
    np.testing.assert_allclose(normalize(X, axis=1, order=1), KERAS["normalized"]["l1"], rtol=1e-15)


def test_normalize_divides_along_the_axis_and_leaves_zeros() -> None:
    np.testing.assert_allclose(np.linalg.norm(normalize(X, axis=0), axis=0), 1)
    assert normalize([[0, 0], [3, 4]]).tolist() == [[0, 0], [0.6, 0.8]]
    assert normalize([3.0, 4.0], axis=None).tolist() == [0.6, 0.8]


def test_normalize_of_a_variable_is_a_tensor() -> None:
    np.testing.assert_allclose(np.asarray(normalize(cr.Variable(X))), KERAS["normalized"]["rows"], rtol=1e-6)
