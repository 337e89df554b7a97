import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse

from chainrule import config
from chainrule.data.arrays import add_last_axis, to_array, to_structure
from chainrule.errors import DataError, ShapeError


class FakeTorchTensor:
    """What a torch tensor with a gradient offers: `np.asarray` refuses it, `detach().cpu().numpy()` works."""

    def __init__(self, array):
        self.array = array

    def detach(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.array

    def __array__(self, dtype=None, copy=None):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad.")


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("f8", "f4"), ("f2", "f4"), (">f8", "f4"), ("i8", "i8"), (">i4", "i4"), ("u1", "u1"), ("?", "?")],
)
def test_floats_become_floatx_and_integers_and_booleans_stay(dtype, expected):
    assert to_array(np.ones((2, 2), dtype), "x").dtype == np.dtype(expected)


def test_floatx_of_float64_is_kept():
    config.set_floatx("float64")
    try:
        assert to_array([0.1], "x").dtype == np.float64
    finally:
        config.set_floatx("float32")


def test_the_array_is_contiguous_read_only_and_not_copied_without_need():
    source = np.ones((4, 3), np.float32)
    array = to_array(source, "x")
    assert np.shares_memory(array, source)
    assert source.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 2
    assert to_array(source[:, ::2], "x").flags.c_contiguous


def test_tensors_of_other_libraries_and_sparse_matrices():
    assert to_array(FakeTorchTensor(np.array([[1.0, 2.0]])), "x").tolist() == [[1, 2]]
    sparse = scipy.sparse.csr_matrix(np.array([[0.0, 2.0], [1.0, 0.0]]))
    assert to_array(sparse, "x").tolist() == [[0, 2], [1, 0]]
    assert to_array(scipy.sparse.coo_array(sparse), "x").tolist() == [[0, 2], [1, 0]]
    for column in (pd.array([1, 2]), pd.Index([1, 2]), pa.array([1, 2])):
        assert to_array(column, "x").tolist() == [1, 2]


def test_lists_of_numbers_are_one_array_and_lists_of_arrays_are_several():
    assert to_structure([[0, 1], [1, 0]], "x").shape == (2, 2)
    assert to_structure([np.float32(1), np.float32(2)], "x").shape == (2,)
    assert [a.shape for a in to_structure([np.ones((2, 3)), pd.DataFrame({"a": [1, 2]})], "x")] == [(2, 3), (2, 1)]
    nested = to_structure({"a": [1, 2], "b": (np.ones(2), [3, 4])}, "x")
    assert nested["a"].tolist() == [1, 2]
    assert nested["b"][1].tolist() == [3, 4]


def test_object_arrays_of_numbers_are_read_as_numbers():
    array = to_array(np.array([1, 2.5, None], dtype=object), "x")
    assert array[:2].tolist() == [1, 2.5]
    assert np.isnan(array[2])


def test_ragged_lists_say_which_row():
    with pytest.raises(DataError, match="x: the rows have different lengths: row 0 has 2 values, row 2 has 1 value"):
        to_array([[1, 2], [3, 4], [5]], "x")
    with pytest.raises(DataError, match="row 1 has a single value"):
        to_array([[1, 2], 3], "x")
    with pytest.raises(DataError, match=r"x\['a'\]: the rows have different lengths"):
        to_structure({"a": [[1], [2, 3]]}, "x")
    with pytest.raises(DataError, match="x: the entries have different shapes"):
        to_array(np.array([[1], [2, 3]], dtype=object), "x")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.array(["a", "b"]), "x holds text, such as 'a', but a network computes with numbers"),
        (np.array([b"a"]), "x holds bytes"),
        (np.array(["a", 1], dtype=object), "x has dtype object and holds 'a'"),
        (np.array(["2026-01-01"], "M8[D]"), "x holds dates"),
        (np.array([1j]), "x holds complex numbers"),
    ],
)
def test_wrong_dtypes_are_refused(value, message):
    with pytest.raises(DataError, match=message):
        to_array(value, "x")


def test_text_targets_get_the_advice_to_encode_them():
    with pytest.raises(DataError, match=r"numpy\.unique\(y, return_inverse=True\)"):
        to_array(["cat", "dog"], "y")


def test_a_single_number_is_not_data():
    with pytest.raises(
        ShapeError, match=r"x: expected an array with one row per observation, but received the single value 3"
    ):
        to_array(3, "x")


def test_only_a_single_array_of_one_dimension_gets_a_last_axis():
    assert add_last_axis(np.ones(3)).shape == (3, 1)
    assert add_last_axis(np.ones((3, 2))).shape == (3, 2)
    assert add_last_axis((np.ones(3),))[0].shape == (3,)
