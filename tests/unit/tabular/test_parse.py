import datetime

import numpy as np
import polars as pl

from chainrule.tabular import parse


def test_numbers():
    series = pl.Series(["1", "-2.5", "1e3", "x", None, "inf"])
    assert parse.numbers(series)[:3].tolist() == [1, -2.5, 1000]
    assert np.isnan(parse.numbers(series)[3:5]).all()
    assert parse.numbers(series)[5] == np.inf
    assert parse.numbers(pl.Series([1, None]))[0] == 1


def test_truths():
    assert parse.truths(pl.Series(["Yes", "NO", "t", "0", "1.0"])).tolist() == [1, 0, 1, 0, 1]
    assert np.isnan(parse.truths(pl.Series(["maybe", None]))).all()
    assert parse.truths(pl.Series([True, False])).tolist() == [1, 0]
    assert parse.truths(pl.Series([0.0, 1.0])).tolist() == [0, 1]


def test_dates_are_days_since_1970():
    day = (datetime.date(2026, 12, 31) - datetime.date(1970, 1, 1)).days
    text = ["2026-12-31", "31.12.2026", "2026/12/31", "2026-12-31 12:00", "2026-12-31T18:00:00Z", "no"]
    assert parse.dates(pl.Series(text))[:5].tolist() == [day, day, day, day + 0.5, day + 0.75]
    assert np.isnan(parse.dates(pl.Series(text))[5])
    assert parse.dates(pl.Series([datetime.date(2026, 12, 31)])).tolist() == [day]
    assert parse.dates(pl.Series([datetime.datetime(2026, 12, 31, 6)])).tolist() == [day + 0.25]
    assert np.isnan(parse.dates(pl.Series([20261231]))).all()
    assert parse.dates(pl.Series(["31.12.2026 12:00", "2026/12/31 06:00:00"])).tolist() == [day + 0.5, day + 0.25]


def test_categories():
    assert parse.categories(pl.Series(["a", None])) == ["a", None]
    assert parse.categories(pl.Series([1, 2])) == ["1", "2"]
    assert parse.categories(pl.Series([1.0, 2.5, None])) == ["1", "2.5", None]
    assert parse.categories(pl.Series([True, False])) == ["true", "false"]


def test_what_is_supported():
    assert parse.is_supported(pl.Series(["a"]))
    assert not parse.is_supported(pl.Series([[1, 2]]))
