"""Arrays as JSON: round trips, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ModelFileError
from chainrule.recording.arrays import DTYPES, array_from_json, array_to_json


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_comes_back_bit_for_bit(dtype: str) -> None:
    array = np.arange(-3, 3).reshape(2, 3).astype(dtype)
    found = array_from_json(json.loads(json.dumps(array_to_json(array))))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1, 1)])
def test_every_shape_comes_back(shape: tuple[int, ...]) -> None:
    assert array_from_json(array_to_json(np.ones(shape))).shape == shape


def test_numbers_that_are_not_finite_come_back() -> None:
    found = array_from_json(array_to_json(np.array([np.nan, np.inf, -np.inf, -0.0])))
    np.testing.assert_array_equal(found, [np.nan, np.inf, -np.inf, 0.0])
    assert np.signbit(found[3])


def test_big_endian_and_transposed_arrays_are_written_in_order() -> None:
    array = np.arange(6.0).reshape(2, 3).astype(">f8").T
    np.testing.assert_array_equal(array_from_json(array_to_json(array)), array)


def test_text_comes_back() -> None:
    array = np.array([["a", "<b>"], ["", "é"]], object)
    assert array_from_json(array_to_json(array)).tolist() == array.tolist()
    assert array_to_json(np.array([b"a\xff"]))["texts"] == ["a�"]


FINE = {"dtype": "float32", "shape": [1], "b64": "AACAPw=="}
REFUSED = [
    ({"dtype": "object"}, "dtype 'object'"),
    ({"dtype": ["float32"]}, "dtype"),
    ({"shape": [2]}, "another length"),
    ({"shape": [-1]}, "no proper shape"),
    ({"shape": [True]}, "no proper shape"),
    ({"shape": 1}, "no proper shape"),
    ({"shape": [1.0]}, "no proper shape"),
    ({"shape": [1] * 17}, "no proper shape"),
    ({"shape": [1 << 40]}, "no proper shape"),
    ({"shape": [1 << 20, 0, 1 << 20]}, "no proper shape"),
    ({"shape": [1 << 30]}, "larger than"),
    ({"b64": "AACA!w=="}, "no base64"),
    ({"b64": "AACAPwAA"}, "claims the shape"),
    ({"b64": None}, "another length"),
    ({"dtype": "string", "texts": ["a", "b"]}, "does not hold as many"),
    ({"dtype": "string", "texts": [1]}, "does not hold as many"),
    ({"dtype": "string", "texts": None}, "does not hold as many"),
]


@pytest.mark.parametrize(("change", "says"), REFUSED)
def test_what_does_not_fit_is_refused(change: dict[str, Any], says: str) -> None:
    assert array_from_json(FINE).tolist() == [1.0]
    with pytest.raises(ModelFileError, match=says):
        array_from_json({**FINE, **change})
