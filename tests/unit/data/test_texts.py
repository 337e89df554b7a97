"""Text as arrays of Python strings."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data.arrays import to_array, to_structure
from chainrule.data.texts import is_all_text, is_text, to_text
from chainrule.errors import DataError


@pytest.mark.parametrize(
    "array",
    [
        np.array([["é", "b"]]),
        np.array([["é".encode(), b"b"]]),
        np.array([["é", "b"]], object),
        np.array([["é".encode(), np.str_("b")]], object),
    ],
)
def test_every_form_becomes_python_strings(array: np.ndarray) -> None:
    text = to_text(array)
    assert text.dtype == object
    assert text.tolist() == [["é", "b"]]
    assert {type(v) for v in text.ravel()} == {str}


def test_bytes_that_are_no_utf8_come_back_as_they_were() -> None:
    text = to_text(np.array([b"\xff\xfe"], object))[0]
    assert text.encode("utf-8", "surrogateescape") == b"\xff\xfe"


def test_other_encodings() -> None:
    assert to_text(np.array(["é".encode("latin-1")], object), encoding="latin-1").tolist() == ["é"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["a", None], r"x\[1\] is None \(missing\), but text is expected. Fill"),
        (["a", float("nan")], r"x\[1\] is nan \(missing\)"),
        (["a", 3], r"x\[1\] is 3, a int, but text is expected. Turn"),
        ([["a", "b"], ["c", 1.5]], r"x\[1, 1\] is 1.5, a float"),
    ],
)
def test_something_else_is_named_with_its_place(values: list[object], message: str) -> None:
    with pytest.raises(DataError, match=message):
        to_text(np.array(values, object), "x")


def test_what_counts_as_text() -> None:
    assert is_text(np.array(["a"]))
    assert not is_text(np.array([], object))
    assert is_all_text(np.array(["a", None], object))
    assert not is_all_text(np.array(["a", 1], object))
    assert not is_all_text(np.array([1, "a"], object))


def test_arrays_let_text_pass_only_where_asked() -> None:
    assert to_array(["a", "b"], "x", text=True).tolist() == ["a", "b"]
    assert to_structure({"s": ["a"], "n": [1.0]}, "x", text=True)["s"].tolist() == ["a"]
    with pytest.raises(DataError, match="x holds text, such as 'a'"):
        to_array(["a", "b"], "x")
    with pytest.raises(DataError, match="x holds dates"):
        to_array(np.array(["2026-01-01"], "M8[D]"), "x", text=True)
