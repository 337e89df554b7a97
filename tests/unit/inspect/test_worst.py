import numpy as np
import pytest
from sklearn.metrics import log_loss

from chainrule.errors import DataError, ShapeError
from chainrule.inspect import worst_errors

RNG = np.random.default_rng(2)


def test_classes_are_ordered_by_minus_log_p_of_their_own_class() -> None:
    p = RNG.dirichlet(np.ones(4), 50)
    y = RNG.integers(0, 4, 50)
    found = worst_errors(y, p)
    assert found.errors.mean() == pytest.approx(log_loss(y, p), rel=1e-12)
    assert list(found.errors[found.rows]) == sorted(found.errors, reverse=True)[:5]
    np.testing.assert_array_equal(found.right, p.argmax(axis=1) == y)
    same = worst_errors(np.eye(4)[y], p)
    np.testing.assert_array_equal(found.rows, same.rows)


def test_two_classes_in_one_column() -> None:
    found = worst_errors([0, 1, 1, 0], [[0.9], [0.2], [0.7], [0.4]], count=2)
    assert list(found.rows) == [0, 1]
    assert list(found.right) == [False, False, True, True]
    assert found.typical == 2  # of the right rows 3 (0.51) and 2 (0.36), the one in the middle


def test_values_are_ordered_by_the_size_of_the_error() -> None:
    found = worst_errors([1.5, 2.0, 3.0, 9.0], [1.0, 2.1, 5.0, 9.0])
    assert list(found.rows) == [2, 0, 1, 3]
    assert list(found.right) == [False, True, False, True] or found.right.sum() == 2
    assert found.typical in (1, 3)
    assert len(found) == 4
    assert str(found).splitlines()[0] == "row 2: error 2"
    assert found.to_frame("pandas")["error"].tolist() == pytest.approx([2.0, 0.5, 0.1, 0.0])


def test_whole_numbers_may_be_values_and_one_may_say_so() -> None:
    assert list(worst_errors([0, 3], [0.1, 0.9]).rows) == [1, 0]
    assert list(worst_errors([0, 1], [0.4, 0.9], classes=False).errors) == pytest.approx([0.4, 0.1])


def test_no_row_is_right() -> None:
    assert worst_errors([0, 1], [0.9, 0.1]).typical is None


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match="one target for each of the 2 rows"):
        worst_errors([1], [0.1, 0.2])
    with pytest.raises(DataError, match="count must be at least 1"):
        worst_errors([1], [0.1], count=0)
