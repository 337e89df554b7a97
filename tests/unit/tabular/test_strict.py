import pytest

from chainrule.errors import ModelFileError
from chainrule.tabular import strict


def test_numbers():
    assert strict.record({"n": 3}, {"n": float}, "x") == {"n": 3.0}
    for wrong in (True, "3", None, float("inf")):
        with pytest.raises(ModelFileError, match="x, field 'n': expected a finite number"):
            strict.record({"n": wrong}, {"n": float}, "x")
    with pytest.raises(ModelFileError, match="expected a non-negative integer, found '-1'"):
        strict.record({"n": -1}, {"n": int}, "x")
    with pytest.raises(ModelFileError, match="x: expected a mapping, found list"):
        strict.record([], {}, "x")
