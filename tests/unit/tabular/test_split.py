import numpy as np
import pytest

from chainrule.errors import DataError
from chainrule.tabular.split import split_rows

KEY = (0, 5)


def assert_partition(split, n):
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(n))


@pytest.mark.parametrize("n", [10, 11, 57, 1000])
def test_the_parts_are_a_partition_of_the_asked_sizes(n):
    split = split_rows(n, 0.2, 0.2, KEY)
    assert_partition(split, n)
    assert abs(len(split.test) - 0.2 * n) <= 1
    assert abs(len(split.validation) - 0.2 * n) <= 1
    assert (np.diff(split.train) > 0).all()


def test_the_key_decides():
    a, b, c = (split_rows(100, 0.2, 0.2, key) for key in (KEY, KEY, (0, 6)))
    assert np.array_equal(a.test, b.test)
    assert not np.array_equal(a.test, c.test)


def test_rows_are_spread_over_the_table():
    test = np.concatenate([split_rows(1000, 0.2, 0.2, (0, i)).test for i in range(50)])
    counts = np.bincount(test // 100, minlength=10)
    assert counts.min() > 850  # 1000 expected in each tenth of the table
    assert counts.max() < 1150


def test_classes_keep_their_shares():
    classes = np.repeat([0, 1, 2], [700, 250, 50])
    split = split_rows(1000, 0.2, 0.2, KEY, classes=classes)
    assert_partition(split, 1000)
    assert np.allclose(np.bincount(classes[split.test]), [140, 50, 10], atol=1.5)
    assert np.allclose(np.bincount(classes[split.validation]), [140, 50, 10], atol=1.5)


def test_every_class_has_a_training_row():
    classes = np.array([0] * 50 + list(range(1, 21)))
    for i in range(20):
        split = split_rows(70, 0.3, 0.3, (0, i), classes=classes)
        assert set(classes[split.train]) == set(range(21))


def test_groups_stay_together():
    groups = np.array([f"g{i % 13}" for i in range(300)])
    split = split_rows(300, 0.2, 0.2, KEY, groups=groups)
    assert_partition(split, 300)
    parts = [set(groups[rows]) for rows in (split.train, split.validation, split.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert 0.1 < len(split.test) / 300 < 0.35


def test_what_is_refused():
    with pytest.raises(DataError, match="The table has 9 usable rows, but at least 10 are needed"):
        split_rows(9, 0.2, 0.2, KEY)
    with pytest.raises(DataError, match=r"The shares for validation \(0\.5\) and test \(0\.5\) must be"):
        split_rows(100, 0.5, 0.5, KEY)
    with pytest.raises(DataError, match="at least 3 groups are needed, but there are 2"):
        split_rows(20, 0.2, 0.2, KEY, groups=np.repeat(["a", "b"], 10))
    with pytest.raises(DataError, match="0 for validation"):
        split_rows(10, 0.01, 0.2, KEY)
