"""Messages as lines: what is written can be read, and hostile lines are refused in one sentence."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ModelFileError
from chainrule.recording.lines import DEEPEST, decode, encode

EPOCH: dict[str, Any] = {"kind": "epoch", "epoch": 1, "step": 20, "seconds": 0.5, "logs": {"loss": 0.25}}
FRAME: dict[str, Any] = {
    "kind": "frame", "step": 3, "epoch": 0, "batch": 2, "seconds": 0.1, "logs": {"loss": 1.0},
    "weights": {"d/kernel": np.ones((2, 1), "float32")}, "gradients": None, "outputs": np.ones((4, 1)),
    "units": [{"layer": "d", "mean": 1.0, "std": 0.0, "dead": None, "saturated": 0, "histogram": {}}],
    "flow": [{"path": "d/kernel", "norm": None, "ratio": 0.5}], "learning_rate": 0.1,
}  # fmt: skip


def test_a_line_holds_no_line_break_whatever_the_names() -> None:
    names = {"loss\n": 1.0, "a\u2028b\x85\r": 2.0, "\ud800": 3.0, "=cmd()": 4.0}
    line = encode({**EPOCH, "logs": names})
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert decode(line)["logs"] == names


def test_arrays_and_numbers_come_back() -> None:
    found = decode(encode(FRAME))
    np.testing.assert_array_equal(found["weights"]["d/kernel"], FRAME["weights"]["d/kernel"])
    assert found["units"] == FRAME["units"]
    assert found["flow"] == FRAME["flow"]


def test_numbers_that_are_not_finite_are_texts_in_between() -> None:
    line = encode({**EPOCH, "logs": {"a": np.nan, "b": np.float32("inf"), "c": -math.inf}})
    assert json.loads(line)["logs"] == {"a": "NaN", "b": "Infinity", "c": "-Infinity"}
    found = decode(line)["logs"]
    assert math.isnan(found["a"])
    assert found["b"] == -found["c"] == math.inf


def test_numpy_numbers_and_tuples_are_written_as_plain_ones() -> None:
    line = encode({"kind": "x", "a": np.int64(3), "b": np.bool_(True), "c": (np.float32(0.5),), "d": {1: None}})
    assert json.loads(line) == {"kind": "x", "a": 3, "b": True, "c": [0.5], "d": {"1": None}}


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert json.loads(encode({"kind": "x", "a": slice(1)}))["a"] == "slice(None, 1, None)"


def test_kinds_and_fields_of_later_versions_are_handed_on() -> None:
    assert decode('{"kind": "later", "a": 1}') == {"kind": "later", "a": 1}
    assert decode(encode({**EPOCH, "more": [1]}))["more"] == [1]


def _epoch(**changes: Any) -> str:
    return json.dumps({**EPOCH, **changes})


HOSTILE = [
    ("", "not valid JSON"),
    ("[]", "no JSON object"),
    ('"start"', "no JSON object"),
    ("{}", "no JSON object"),
    ('{"kind": 3}', "no JSON object"),
    ('{"kind": "epoch"', "not valid JSON"),
    ('{"kind": "epoch"} {"kind": "epoch"}', "not valid JSON"),
    ('{"kind": "epoch", "kind": "end"}', "twice"),
    ('{"kind": "later", "a": NaN}', "no number in JSON"),
    ('{"kind": "later", "a": 1e999}', "too large"),
    ('{"kind": "later", "a": ' + "9" * 5000 + "}", "too many digits"),
    ('{"kind": "later", "a": ' + "[" * 200_000 + "]" * 200_000 + "}", f"deeper than {DEEPEST}"),
    ('{"kind": "later", "a": ' + '{"a":' * 5000, f"deeper than {DEEPEST}"),
    (b'{"kind": "later", "a": "\xff"}', "not valid JSON"),
    (_epoch(epoch=-1), "a whole number of at least 0 as 'epoch'"),
    (_epoch(epoch=1.5), "as 'epoch'"),
    (_epoch(epoch=True), "as 'epoch'"),
    (_epoch(epoch=1 << 60), "as 'epoch'"),
    (_epoch(seconds="soon"), "a number as 'seconds'"),
    (_epoch(logs=[1]), "an object as 'logs'"),
    (_epoch(logs={"loss": "<script>"}), "a number as 'logs'"),
    ('{"kind": "epoch", "epoch": 1}', "a field 'step'"),
    (encode({**FRAME, "weights": {"w": 1.0}}), "an array as 'weights'"),
    (encode({**FRAME, "weights": None}), "an object as 'weights'"),
    (encode({**FRAME, "units": [{}]}), "a field 'layer' as 'units'"),
    (encode({**FRAME, "units": {}}), "a list as 'units'"),
    (encode({**FRAME, "outputs": "x"}), "an array as 'outputs'"),
    (encode({**FRAME, "flow": [{"path": 1, "norm": 1, "ratio": 1}]}), "a text as 'path'"),
    ('{"kind": "start", "version": 1}', "a field 'run'"),
    ('{"kind": "later", "a": {"dtype": "object", "shape": [1], "b64": "gASVAAAA"}}', "dtype 'object'"),
    ('{"kind": "later", "a": {"dtype": "float64", "shape": [1000000000], "b64": "AAAA"}}', "larger than"),
]


@pytest.mark.parametrize(("line", "says"), HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_lines_are_refused_in_one_sentence(line: str | bytes, says: str) -> None:
    with pytest.raises(ModelFileError, match=says.replace("(", r"\(")) as refused:
        decode(line)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) <= 500
