import numpy as np
import pandas as pd
import pytest

from chainrule.data import is_stream, make_batches, split_tail
from chainrule.errors import DataError, ShapeError


def test_a_single_feature_gets_a_last_axis_and_targets_stay():
    ((x, y, w),) = make_batches([1.0, 2.0], [0, 1])
    assert x.shape == (2, 1)
    assert x.dtype == np.float32
    assert y.shape == (2,)
    assert w is None


def test_data_frames():
    ((x, y, _),) = make_batches(pd.DataFrame({"a": [1.0, 2.0]}), pd.Series([0, 1], name="b"))
    assert x.tolist() == [[1], [2]]
    assert y.tolist() == [[0], [1]]


def test_batches_pass_through():
    batches = make_batches([[1.0]])
    assert make_batches(batches) is batches


def test_what_is_a_stream():
    assert is_stream(iter([]))
    assert is_stream(x for x in [])
    assert is_stream({1, 2})
    for arrays in ([[1]], (1, 2), {"a": 1}, np.ones(2), pd.DataFrame({"a": [1]}), pd.Series([1]), "text", 3):
        assert not is_stream(arrays)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (([], []), DataError, r"fit: x has no rows \(shape \(0,\)\)"),
        ((np.ones((3, 2)), [1, 2]), ShapeError, "fit: x has 3 rows, but y has 2 rows"),
        (([[1, 2], [3]], [1, 2]), DataError, "x: the rows have different lengths"),
        (([[1.0], [float("inf")]], [0, 1]), DataError, r"fit: x\[1, 0\] is infinity"),
        (([[1.0], [2.0]], [0.0, None]), DataError, r"fit: y\[1\] is NaN"),
        ((pd.DataFrame({"a": [1.0, None]}), [0, 1]), DataError, r"x\[1, 0\] \(column 'a'\) is NaN"),
        ((pd.DataFrame({"a": ["p", "q"], "b": [1.0, 2.0]}), [0, 1]), DataError, "x: column 'a' holds text"),
        (([[1.0]], ["yes"]), DataError, "y holds text, such as 'yes'"),
        ((None, None), DataError, "fit: x is empty"),
        ((5, None), ShapeError, "received the single value 5"),
    ],
)
def test_bad_data(arguments, error, message):
    with pytest.raises(error, match=message):
        make_batches(*arguments)


def test_bad_counts():
    with pytest.raises(DataError, match="predict: expected batch_size to be a positive integer or None, received 0"):
        make_batches([[1.0]], batch_size=0, where="predict")
    with pytest.raises(DataError, match=r"expected steps to be a positive integer or None, received 2\.5"):
        make_batches([[1.0]], steps=2.5)


def test_weights_of_several_outputs():
    y = (np.ones(2), np.ones(2))
    with pytest.raises(ShapeError, match="sample_weight has 1 arrays, but y has 2"):
        make_batches(np.ones((2, 1)), y, sample_weight=[np.ones(2)])
    with pytest.raises(ShapeError, match=r"must have one weight per row, shape \(n,\), but has shape \(2, 3\)"):
        make_batches(np.ones((2, 1)), y, sample_weight=np.ones((2, 3)))


def test_the_tail_is_split_off_before_any_shuffling():
    # keras: split = floor(n * (1 - s)); (10, 0.25) gives 7 and 3
    (x, y, w), (vx, vy, vw) = split_tail((np.arange(10), pd.DataFrame({"t": range(10)}), None), 0.25)
    assert x.tolist() == list(range(7))
    assert vx.tolist() == [7, 8, 9]
    assert vy.tolist() == [[7], [8], [9]]
    assert len(y) == 7
    assert w is None
    assert vw is None
    assert len(split_tail({"a": np.arange(4)}, 0.5)[1]["a"]) == 2


def test_a_split_that_leaves_a_part_empty():
    with pytest.raises(DataError, match=r"validation_split=0\.99 of 20 rows leaves none for training"):
        split_tail((np.ones(20), np.ones(20)), 0.99)
    with pytest.raises(DataError, match=r"expected validation_split between 0 and 1, received 1\.5"):
        split_tail((np.ones(20), np.ones(20)), 1.5)
    with pytest.raises(DataError, match=r"validation_split needs arrays or data frames.*pass validation_data"):
        split_tail(((i for i in range(3)), None), 0.5)
