"""Padding is Keras's for every combination of its arguments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.utils import pad_sequences

KERAS = json.loads((Path(__file__).parents[2] / "parity" / "fixtures" / "utils.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", KERAS["padded"], ids=lambda c: str(c["arguments"]) + str(len(c["sequences"])))
def test_padding_is_keras(case: dict[str, Any]) -> None:
    padded = pad_sequences(case["sequences"], **case["arguments"])
    assert padded.dtype == np.int32
    assert padded.tolist() == case["result"]


def test_other_types_and_lengths() -> None:
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="").tolist() == [["", "a"], ["b", "c"]]
    assert pad_sequences([[0.5], [1.5, 2.5]], dtype="float32").tolist() == [[0, 0.5], [1.5, 2.5]]
    assert pad_sequences([[1, 2]], maxlen=0).shape == (1, 0)
    assert pad_sequences([]).shape == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"sequences": [[1], 2]}, DataError, "pad_sequences: expected a list of sequences, but item 1 is 2"),
        (
            {"sequences": [[1]], "padding": "pst"},
            UnknownNameError,
            r"Unknown value of padding 'pst'\. Did you mean 'post'",
        ),
        (
            {"sequences": [[1]], "truncating": "x"},
            UnknownNameError,
            r"Unknown value of truncating 'x'\. Known: 'post', 'pre'",
        ),
        ({"sequences": [[1]], "value": "x"}, DataError, "the value 'x' is text, but dtype is int32; pass dtype=object"),
        (
            {"sequences": [[[1, 2]], [[1]]]},
            ShapeError,
            r"the items of sequence 1 have shape \(1,\), those before \(2,\)",
        ),
    ],
)
def test_wrong_arguments_are_refused(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        pad_sequences(**arguments)
