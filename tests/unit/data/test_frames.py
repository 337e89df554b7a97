import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from chainrule.data.frames import column_names, frame_to_array, is_frame
from chainrule.errors import DataError


def frames(columns):
    return [pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns), pl.LazyFrame(columns)]


@pytest.mark.parametrize("i", range(4))
def test_frames_of_all_libraries_become_the_same_float32_array(i):
    frame = frames({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": [True, False, True]})[i]
    array = frame_to_array(frame, "x")
    assert array.dtype == np.float32
    assert array.tolist() == [[1, 0.5, 1], [2, 1.5, 0], [3, 2.5, 1]]
    assert column_names(frame) == ["a", "b", "c"]


@pytest.mark.parametrize("i", range(4))
def test_integer_columns_stay_integers(i):
    array = frame_to_array(frames({"a": [1, 2], "b": [3, 4]})[i], "x")
    assert array.dtype.kind == "i"
    assert array.tolist() == [[1, 3], [2, 4]]


@pytest.mark.parametrize("series", [pd.Series([1, 2], name="s"), pl.Series("s", [1, 2]), pa.chunked_array([[1, 2]])])
def test_a_series_gets_a_last_axis(series):
    assert frame_to_array(series, "y").tolist() == [[1], [2]]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean")}),
        pl.DataFrame({"a": [1, None], "b": [True, None]}),
        pa.table({"a": [1, None], "b": [True, None]}),
        pd.DataFrame({"a": [1, None], "b": [True, None]}, dtype=object),
    ],
)
def test_missing_values_become_nan(frame):
    array = frame_to_array(frame, "x")
    assert array[0].tolist() == [1, 1]
    assert np.isnan(array[1]).all()


@pytest.mark.parametrize("i", range(4))
def test_a_text_column_is_named(i):
    frame = frames({"age": [1, 2], "city": ["Rome", "Oslo"]})[i]
    with pytest.raises(DataError, match="x: column 'city' holds text, such as 'Rome', not numbers"):
        frame_to_array(frame, "x")


def test_categories_dates_and_mixed_objects_are_named():
    with pytest.raises(DataError, match="column 'c' holds categories, such as 'b'"):
        frame_to_array(pd.DataFrame({"c": pd.Categorical(["b", "a"])}), "x")
    with pytest.raises(DataError, match="column 'd' holds values of type Datetime"):
        frame_to_array(pl.DataFrame({"d": [datetime.datetime(2026, 1, 1)]}), "x")
    with pytest.raises(DataError, match="column 'o' holds mixed objects, such as 1, not numbers"):
        frame_to_array(pd.DataFrame({"o": [1, {"a": 2}]}, dtype=object), "x")


def test_columns_without_names_and_subclasses():
    class Mine(pd.DataFrame):
        pass

    assert frame_to_array(pd.DataFrame(np.ones((3, 2))), "x").shape == (3, 2)
    assert frame_to_array(Mine({"a": [1.0]}), "x").tolist() == [[1]]
    with pytest.raises(DataError, match=r"x: two columns of the data frame have the same name: .*'a' 2 times"):
        frame_to_array(pd.DataFrame(np.ones((3, 2)), columns=["a", "a"]), "x")


def test_nothing_is_imported_to_recognise_a_frame():
    assert not is_frame(np.ones(2))
    assert not is_frame([1])
    assert is_frame(pd.DataFrame())
    with pytest.raises(DataError, match="x: the data frame has no columns"):
        frame_to_array(pd.DataFrame(), "x")
