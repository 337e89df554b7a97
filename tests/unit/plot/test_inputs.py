"""Inputs as columns, and grids over two of them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from chainrule.errors import DataError, ShapeError, UnknownNameError
from chainrule.plot.arrays.inputs import Inputs
from chainrule.plot.arrays.plane import distances, plane, positions

TABLE = np.array([[20.0, 1, 5], [30.0, 0, 5], [50.0, 1, 9]])


def kinds(data: Inputs) -> list[tuple[str, str, Any]]:
    return [(f.name, f.kind, f.default) for f in data.features]


def test_columns_of_an_array() -> None:
    data = Inputs(TABLE)
    assert kinds(data) == [("x1", "number", 30.0), ("x2", "boolean", 1.0), ("x3", "number", 5.0)]
    assert (data.features[0].low, data.features[0].high) == (20.0, 50.0)


def test_columns_of_data_frames() -> None:
    polars, pandas = pytest.importorskip("polars"), pytest.importorskip("pandas")
    columns = {"age": [20, 30, 51], "male": [True, False, True]}
    for frame in (polars.DataFrame(columns), pandas.DataFrame(columns)):
        assert kinds(Inputs(frame)) == [("age", "number", 30.0), ("male", "boolean", 1.0)]


def test_columns_of_a_dict_come_back_in_its_form() -> None:
    x = {"sex": np.array([["f"], ["m"], ["m"]], object), "age": np.array([[1.0], [2.0], [6.0]]), "two": TABLE[:, :2]}
    data = Inputs(x)
    assert kinds(data) == [
        ("age", "number", 2.0), ("sex", "category", "m"), ("two[0]", "number", 30.0), ("two[1]", "boolean", 1.0)
    ]  # fmt: skip
    made = data.rows(2, {data.number("age"): [7.0, 8.0]})
    assert list(made) == ["sex", "age", "two"]
    assert made["age"].tolist() == [[7.0], [8.0]]
    assert made["sex"].tolist() == [["m"], ["m"]]
    assert made["two"].tolist() == [[30.0, 1.0], [30.0, 1.0]]


def test_several_arrays_and_arrays_of_higher_rank() -> None:
    data = Inputs([TABLE, np.arange(12.0).reshape(3, 2, 2)])
    assert data.names == ("x1", "x2", "x3", "x4", "x5", "x6", "x7")
    first, second = data.rows(1, {0: [1.5], 6: [2.5]})
    assert first.tolist() == [[1.5, 1.0, 5.0]]
    assert second.tolist() == [[[4.0, 5.0], [6.0, 2.5]]]


def test_whole_numbers_have_a_whole_median() -> None:
    assert Inputs(np.array([[2], [5]])).features[0].default == 3.0


def test_a_million_rows_are_looked_at_in_part(rng: np.random.Generator) -> None:
    x = rng.normal(size=(1_000_000, 1))
    assert Inputs(x).features[0].default == pytest.approx(0, abs=0.02)


def test_a_grid_over_two_features() -> None:
    made = plane(Inputs(TABLE, ["age", "male", "k"]), ["k", "age"], {"male": 0.0}, grid=5, bounds=(5, 9, 20, 50))
    assert made.shape == (5, 5)
    assert made.fixed == {"male": 0.0}
    rows = made.rows.reshape(5, 5, 3)
    np.testing.assert_allclose(rows[..., 2], np.broadcast_to(np.linspace(5, 9, 5), (5, 5)))
    np.testing.assert_allclose(rows[..., 0], np.broadcast_to(np.linspace(20, 50, 5)[:, None], (5, 5)))
    assert (rows[..., 1] == 0).all()


def test_a_category_is_an_axis_of_its_choices() -> None:
    data = Inputs({"a": np.array(["u", "v", "v"], object), "b": np.arange(3.0)})
    made = plane(data, ["a", "b"], grid=4)
    assert made.shape == (4, 2)
    assert made.rows["a"].tolist() == ["v", "u"] * 4
    assert positions(made.features[0], np.array(["u", "v", "?"], object)).tolist()[:2] == [1.0, 0.0]


def test_distances_from_the_slice() -> None:
    data = Inputs({"a": np.array(["u", "v"], object), "n": np.array([1.0, 5.0]), "z": np.zeros(2)})
    assert distances(data, {"n": 3.0}).tolist() == [1.0, 1.0]
    np.testing.assert_allclose(distances(data, {"n": 1.0, "a": "v"}), [np.sqrt(0.5), np.sqrt(2.0)])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Inputs(np.ones((0, 2))), DataError, "x has no rows"),
        (lambda: Inputs(TABLE, ["a"]), ShapeError, "Expected 3 names, one for each column of the inputs, received 1"),
        (lambda: plane(Inputs(np.ones((3, 1)))), DataError, "at least two inputs; this one has one"),
        (lambda: plane(Inputs(TABLE), (1, 1)), DataError, "Expected two different features, received [1, 1]"),
        (lambda: plane(Inputs(TABLE), (0, 7)), DataError, "There is no feature 7: they are numbered from 0 to 2"),
        (
            lambda: plane(Inputs(TABLE), ("x1", "y1")),
            UnknownNameError,
            "Unknown feature 'y1'. Known: 'x1', 'x2', 'x3'.",
        ),
        (lambda: plane(Inputs(TABLE), fixed={"x1": 3}), DataError, "'x1' is an axis of the picture"),
        (lambda: Inputs(iter([1])), DataError, "expected arrays or data frames"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()
