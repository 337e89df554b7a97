import numpy as np
import polars as pl
import pytest

from chainrule.errors import DataError, UnknownNameError
from chainrule.tabular.task import infer_task


def series(values):
    return pl.Series("y", [str(v) for v in values])


def codes(counts, start=0):
    return series(np.repeat(np.arange(start, start + len(counts)), counts).tolist())


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (series(["a", "b"] * 5), "binary"),
        (series([1, 2] * 5), "binary"),
        (series(["True", "False"] * 5), "binary"),
        (pl.Series("y", [True, False] * 5), "binary"),
        (series(["a", "b", "c"] * 5), "multiclass"),
        (series([0.5, 1.5, 2.5] * 5), "regression"),
        (pl.Series("y", [0.5, 1.5, 2.5] * 5), "regression"),
        (series(range(100)), "regression"),
        (codes([50, 50, 50]), "multiclass"),  # iris as 0, 1, 2
        (codes([50, 50, 50], start=1), "multiclass"),
        (codes([178, 182, 177, 183, 181, 182, 181, 179, 174, 180]), "multiclass"),  # the digits
        (codes([70, 76, 17, 0, 13, 9, 29], start=1), "multiclass"),  # glass types, no 4
        (codes([20, 163, 1457, 2198, 880, 175, 5], start=3), "regression"),  # wine scores
        (codes([2, 20, 150, 300, 120, 40, 4], start=1), "regression"),  # a score with a peak
        (codes([10] * 20), "regression"),
        (series([10, 20, 30] * 5), "regression"),
        (series([-1, 0, 1] * 5), "regression"),
    ],
)
def test_rules(target, kind):
    task = infer_task(target)
    assert task.kind == kind
    assert task.why
    assert task.is_classification == (kind != "regression")


def test_the_user_decides():
    scores = codes([20, 163, 1457, 2198, 880, 175, 5], start=3)
    assert infer_task(scores, "multiclass").kind == "multiclass"
    assert infer_task(codes([50, 50, 50]), "regression").kind == "regression"
    assert infer_task(series(["a", "b"]), "multiclass").kind == "binary"
    with pytest.raises(DataError, match="--task binary needs a target of 2 values, but 'y' has 3"):
        infer_task(codes([5, 5, 5]), "binary")
    with pytest.raises(
        DataError, match=r"--task regression needs numbers, but the target 'y' has 'b' in row 2 \(1 such"
    ):
        infer_task(series([1, "b", 3]), "regression")
    with pytest.raises(UnknownNameError, match=r"Unknown task 'regresion'\. Did you mean 'regression'"):
        infer_task(series([1, 2, 3]), "regresion")


def test_one_class_only():
    with pytest.raises(
        DataError, match=r"t\.csv: the target 'y' has one value only \('a'\), so there is nothing to learn"
    ):
        infer_task(series(["a"] * 10), path="t.csv")


def test_free_text_is_no_target():
    with pytest.raises(
        DataError, match="is text with 60 different values in 60 rows, which is neither a class nor a number"
    ):
        infer_task(series([f"name {i}" for i in range(60)]))


def test_the_development_data(shared_data):
    from chainrule.tabular.read import read_table

    for path, described in shared_data.values():
        assert infer_task(read_table(path)[described["target"]]).kind == described["task"], described["name"]
