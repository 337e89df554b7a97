import numpy as np
import pytest

from chainrule.data import class_weight_to_sample_weight, make_batches
from chainrule.errors import DataError, ShapeError

WEIGHT = {0: 2.0, 2: 0.5}


@pytest.mark.parametrize(
    "y",
    [
        np.array([0, 1, 2, 2]),
        np.array([[0], [1], [2], [2]]),
        np.array([0.0, 1.0, 2.0, 2.0], np.float32),
        np.eye(3, dtype=np.float32)[[0, 1, 2, 2]],
    ],
)
def test_integers_columns_floats_and_one_hot_rows(y):
    weights = class_weight_to_sample_weight(y, WEIGHT)
    assert weights.dtype == np.float32
    assert weights.tolist() == [2.0, 1.0, 0.5, 0.5]


def test_it_becomes_the_sample_weight_of_the_batches():
    (batch,) = make_batches(np.ones((4, 1)), [0, 1, 2, 2], class_weight=WEIGHT)
    assert batch[2].tolist() == [2.0, 1.0, 0.5, 0.5]


def test_what_is_refused():
    with pytest.raises(DataError, match=r"keys of class_weight are class ids .* received 'a'"):
        class_weight_to_sample_weight(np.array([0]), {"a": 1.0})
    with pytest.raises(DataError, match=r"received 0\.5"):
        class_weight_to_sample_weight(np.array([0]), {0.5: 1.0})
    with pytest.raises(DataError, match="class_weight needs a single target, but y has several parts"):
        class_weight_to_sample_weight((np.array([0]), np.array([1])), WEIGHT)
    with pytest.raises(DataError, match="no y was given"):
        class_weight_to_sample_weight(None, WEIGHT)
    with pytest.raises(ShapeError, match=r"y has shape \(2, 2, 2\)"):
        class_weight_to_sample_weight(np.ones((2, 2, 2)), WEIGHT)
    with pytest.raises(DataError, match="class_weight and sample_weight cannot be given together"):
        make_batches(np.ones((2, 1)), [0, 1], sample_weight=[1, 1], class_weight=WEIGHT)
