import numpy as np
import polars as pl
import pytest

from chainrule.errors import DataError, ModelFileError
from chainrule.tabular.target import ClassTarget, NumberTarget, target_from_dict


def test_classes_are_sorted_numbers_by_size():
    assert ClassTarget.fit(pl.Series("y", ["b", "a", None, "b"])).classes == ("a", "b")
    assert ClassTarget.fit(pl.Series("y", ["10", "9", "x"])).classes == ("9", "10", "x")
    assert ClassTarget.fit(pl.Series("y", [2, 10, 1])).classes == ("1", "2", "10")


def test_encoding_and_what_it_refuses():
    target = ClassTarget("y", ("a", "b"))
    assert target.encode(pl.Series("y", ["b", "a"])).tolist() == [1, 0]
    with pytest.raises(
        DataError, match=r"t\.csv, row 2: the target 'y' 'c' is none of the classes\. The model knows: 'a', 'b'"
    ):
        target.encode(pl.Series("y", ["a", "c"]), "t.csv")
    with pytest.raises(DataError, match="row 1: the target 'y' is missing"):
        target.encode(pl.Series("y", [None, "a"]))


def test_probabilities():
    two = ClassTarget("y", ("a", "b")).probabilities(np.array([[0.25]], np.float32))
    assert two.tolist() == [[0.75, 0.25]]
    assert ClassTarget("y", ("a", "b", "c")).probabilities(np.array([[0.2, 0.3, 0.5]])).shape == (1, 3)


def test_numbers_are_standardised_and_undone():
    target = NumberTarget.fit(pl.Series("y", ["1", "2", "6"]))
    assert target.mean == 3
    assert target.scale == pytest.approx(np.std([1, 2, 6]))
    values = target.read(pl.Series("y", ["1", "2", "6"]))
    assert target.decode(target.encode(values)[:, None]) == pytest.approx([1, 2, 6], rel=1e-6)
    assert NumberTarget.fit(pl.Series("y", [2.0, 2.0])).scale == 1
    with pytest.raises(DataError, match="row 2: the target 'y' is 'x', not a finite number"):
        target.read(pl.Series("y", ["1", "x"]))


def test_state_round_trip():
    for target in (ClassTarget("y", ("a", "b")), NumberTarget("y", 1.5, 2.0)):
        assert target_from_dict(target.to_dict()) == target


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "expected a kind of classes, number, found 'None'"),
        ({"kind": "pickle"}, "found 'pickle'"),
        ({"kind": "classes", "name": "y"}, "the field 'classes' is missing"),
        ({"kind": "classes", "name": "y", "classes": ["a", "a"]}, "expected a list of different names"),
        ({"kind": "number", "name": "y", "mean": "0", "scale": 1}, "field 'mean': expected a finite number, found '0'"),
        ({"kind": "number", "name": "y", "mean": 0, "scale": 1, "code": "x"}, "the field 'code' is unknown"),
    ],
)
def test_wrong_states_are_refused(data, message):
    with pytest.raises(ModelFileError, match=message):
        target_from_dict(data)
