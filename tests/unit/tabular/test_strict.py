import pytest

from chainrule.errors import ModelFileError
from chainrule.tabular import strict


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN is not allowed"),
        ('{"a": Infinity}', "Infinity is not allowed"),
        ('{"a": 1, "a": 2}', "a key is repeated"),
        ("{", "not readable"),
        ("[" * 100_000, "not readable"),
        (b"\xff", "not readable"),
    ],
)
def test_json_that_is_refused(text, message):
    with pytest.raises(ModelFileError, match=message):
        strict.parse_json(text, "file")


def test_numbers():
    assert strict.record({"n": 3}, {"n": float}, "x") == {"n": 3.0}
    for wrong in (True, "3", None, float("inf")):
        with pytest.raises(ModelFileError, match="x, field 'n': expected a finite number"):
            strict.record({"n": wrong}, {"n": float}, "x")
    with pytest.raises(ModelFileError, match="expected a non-negative integer, found '-1'"):
        strict.record({"n": -1}, {"n": int}, "x")
    with pytest.raises(ModelFileError, match="x: expected a mapping, found list"):
        strict.record([], {}, "x")
