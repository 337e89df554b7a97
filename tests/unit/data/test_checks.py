import numpy as np
import pandas as pd
import pytest

from chainrule.data.checks import check_all_finite, check_finite, check_rows
from chainrule.errors import DataError, ShapeError


def test_equal_lengths_give_the_number_of_rows():
    assert check_rows("fit", {"a": np.ones((3, 2)), "b": np.ones(3)}, np.ones(3), None) == 3


def test_different_lengths_say_both_and_which():
    with pytest.raises(ShapeError, match=r"^fit: x has 20 rows, but y has 5 rows\. Row i of y belongs to row i of x"):
        check_rows("fit", np.ones((20, 2)), np.ones(5))
    with pytest.raises(ShapeError, match=r"evaluate: x\[0\] has 1 row, but x\[1\] has 2 rows"):
        check_rows("evaluate", (np.ones(1), np.ones(2)))
    with pytest.raises(ShapeError, match="x has 2 rows, but sample_weight has 3 rows"):
        check_rows("fit", np.ones(2), np.ones(2), np.ones(3))


def test_empty_data():
    with pytest.raises(DataError, match=r"fit: x has no rows \(shape \(0, 3\)\)"):
        check_rows("fit", np.ones((0, 3)), np.ones(0))
    with pytest.raises(DataError, match="predict: x is empty"):
        check_rows("predict", {})


def test_nan_is_located():
    x = np.ones((4, 3), np.float32)
    x[2, 1] = x[3, 0] = np.nan
    message = r"^fit: x\[2, 1\] is NaN \(missing\)\. In all 2 values of 12 are NaN or infinite\. Fill such values"
    with pytest.raises(DataError, match=message):
        check_finite("fit", "x", x)


def test_infinity_is_located_and_a_frame_gives_the_column():
    x = np.ones((4, 2), np.float32)
    x[1, 1] = -np.inf
    with pytest.raises(
        DataError, match=r"x\[1, 1\] \(column 'age'\) is -infinity\. It is the only one\. Remove or clip"
    ):
        check_finite("fit", "x", x, pd.DataFrame({"size": x[:, 0], "age": x[:, 1]}))


def test_infinities_of_both_signs_are_found():
    with pytest.raises(DataError, match=r"y\[0\] is infinity"):
        check_finite("fit", "y", np.array([np.inf, -np.inf]))


def test_large_finite_numbers_pass_although_their_sum_overflows():
    check_finite("fit", "x", np.full(10, 3e38, np.float32))


def test_integers_and_none_pass():
    check_finite("fit", "x", np.arange(3))
    check_all_finite("fit", {"x": ({"a": np.arange(3)}, {"a": [0, 1, 2]}), "y": (None, None)})


def test_structures_name_the_part():
    with pytest.raises(DataError, match=r"fit: x\['b'\]\[1\] is NaN"):
        check_all_finite("fit", {"x": ({"a": np.ones(2), "b": np.array([1, np.nan])}, {"a": [1, 1], "b": [1, None]})})
