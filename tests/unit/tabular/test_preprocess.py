import json

import numpy as np
import polars as pl
import pytest

from chainrule.errors import DataError, ModelFileError
from chainrule.tabular.columns import infer_columns
from chainrule.tabular.preprocess import TablePreprocessor
from chainrule.tabular.target import ClassTarget, NumberTarget

TABLE = pl.DataFrame(
    {
        "age": ["20", "30", "40", None] * 10,
        "city": ["Oslo", "Rome", "Kyiv", "Oslo"] * 10,
        "member": ["yes", "no", "yes", "no"] * 10,
        "comment": [f"what I want to say {i}" for i in range(40)],
        "y": ["a", "b", "a", "b"] * 10,
    }
)


@pytest.fixture
def fitted():
    target = ClassTarget.fit(TABLE["y"])
    return TablePreprocessor.fit(TABLE, infer_columns(TABLE, "y"), "binary", target)


def test_the_matrix_and_its_feature_names(fitted):
    assert fitted.features == ["age", "age missing", "city=Oslo", "city=Kyiv", "city=Rome", "member"]
    matrix = fitted.transform(TABLE)
    assert matrix.dtype == np.float32
    assert matrix.shape == (40, 6)
    assert matrix[3].tolist() == [0, 1, 1, 0, 0, -1]
    assert fitted.outputs == 1


def test_only_training_rows_are_learned_from():
    train, rest = TABLE.head(20), TABLE.with_columns(age=pl.lit("1000"), city=pl.lit("Lima"))
    fitted = TablePreprocessor.fit(train, infer_columns(TABLE, "y"), "binary", ClassTarget.fit(TABLE["y"]))
    assert fitted == TablePreprocessor.fit(train, infer_columns(TABLE, "y"), "binary", ClassTarget.fit(TABLE["y"]))
    assert "city=Lima" not in fitted.features
    assert np.abs(fitted.transform(rest)[:, 0]).max() < 3


def test_rows_do_not_depend_on_each_other(fitted):
    whole = fitted.transform(TABLE)
    one_by_one = np.concatenate([fitted.transform(TABLE[i]) for i in range(TABLE.height)])
    assert np.array_equal(whole, one_by_one)


def test_new_data_with_surprises(fitted):
    new = pl.DataFrame({"member": ["maybe"], "city": ["Lima"], "age": ["old"], "more": ["x"]})
    assert fitted.transform(new).tolist() == [[0, 1, 0, 0, 0, 0]]
    assert fitted.remarks(new) == [
        "column 'age': 1 of 1 cells are no numbers and count as missing",
        "column 'city': 1 of 1 cells are categories not seen in training, such as 'Lima'",
        "column 'member': 1 of 1 cells are no truth values and count as missing",
    ]
    assert fitted.remarks(TABLE) == []


def test_a_lacking_column_is_named_with_the_nearest(fitted):
    new = TABLE.rename({"age": "Ages"}).drop("city")
    message = (
        r"new\.csv: the model was trained with columns 'age', 'city', which the table lacks\. "
        r"The nearest to 'age' is 'Ages'\. Its columns are: Ages, member, comment, y\."
    )
    with pytest.raises(DataError, match=message):
        fitted.transform(new, "new.csv")


def test_nothing_left_to_predict_from():
    table = TABLE.select("comment", "y")
    with pytest.raises(DataError, match="No column is left to predict from"):
        TablePreprocessor.fit(table, infer_columns(table, "y"), "binary", ClassTarget.fit(table["y"]))


def test_json_round_trip(fitted):
    again = TablePreprocessor.from_json(fitted.to_json().encode())
    assert again == fitted
    number = TablePreprocessor("regression", fitted.encoders, NumberTarget("y", 1.0, 2.0))
    assert TablePreprocessor.from_json(number.to_json().encode()) == number


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2 is unknown"),
        ({"task": "regression"}, "the task 'regression' does not fit the target"),
        ({"task": "os.system"}, "the task 'os.system' does not fit"),
        ({"columns": [{"kind": "numeric"}]}, "preprocessing, column 0: the field 'center' is missing"),
        ({"columns": "x"}, "expected a list of mappings"),
        ({"extra": 1}, "the field 'extra' is unknown"),
    ],
)
def test_wrong_states_are_refused(fitted, change, message):
    with pytest.raises(ModelFileError, match=message):
        TablePreprocessor.from_json(json.dumps({**fitted.to_dict(), **change}).encode())
    with pytest.raises(ModelFileError, match="the field 'target' is missing"):
        TablePreprocessor.from_dict({})
