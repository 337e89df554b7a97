import math

import numpy as np
import polars as pl
import pytest

from chainrule.errors import ModelFileError
from chainrule.tabular.encoders import (
    BooleanEncoder,
    CategoryEncoder,
    DateEncoder,
    NumericEncoder,
    encoder_from_dict,
)


def series(values, name="c"):
    return pl.Series(name, values, strict=False)


def test_numeric_by_hand():
    encoder = NumericEncoder.fit(series(["1", "2", "3", "4", "9"]))
    assert (encoder.center, encoder.scale, encoder.log, encoder.indicator) == (3.0, 0.5, False, False)
    z = (np.array([3.0, 9.0]) - 3) * 0.5
    assert encoder.transform(series(["3", "9"]))[:, 0] == pytest.approx(z / np.sqrt(1 + (z / 3) ** 2))
    assert np.abs(encoder.transform(series(["1e9", "-1e9"]))).max() <= 3
    assert encoder.features == ["c"]


def test_missing_numbers_become_the_median_and_are_marked():
    encoder = NumericEncoder.fit(series(["1", "2", "6", None]))
    assert encoder.features == ["c", "c missing"]
    assert encoder.fill == 2
    features = encoder.transform(series([None, "2", "x"]))
    assert features[:, 1].tolist() == [1, 0, 1]
    assert features[0, 0] == features[1, 0] == features[2, 0]
    assert encoder.unusual(series([None, "2", "x"]))[0] == 1


def test_long_tails_are_logged():
    values = [0] * 90 + [10**k for k in range(1, 6)] * 2
    encoder = NumericEncoder.fit(series(values))
    assert encoder.log
    assert encoder.scale == pytest.approx(2 / math.log1p(10**5))  # the quartiles are equal
    assert encoder.transform(series([-5]))[0, 0] == encoder.transform(series([0]))[0, 0]
    assert not NumericEncoder.fit(series([-1, *values])).log


def test_a_constant_with_gaps_has_scale_zero():
    encoder = NumericEncoder.fit(series(["7", None, "7"]))
    assert encoder.transform(series(["7", None, "8"])).tolist() == [[0, 0], [0, 1], [0, 0]]
    assert NumericEncoder.fit(series([None, None])).transform(series(["3"])).tolist() == [[0, 0]]


def test_booleans():
    encoder = BooleanEncoder.fit(series(["yes", "no", None]))
    assert encoder.transform(series(["Yes", "no", None, "x"])).tolist() == [[1, 0], [-1, 0], [0, 1], [0, 1]]
    assert encoder.unusual(series(["Yes", "x"])) == (1, "are no truth values and count as missing")
    assert BooleanEncoder.fit(series(["yes", "no"])).features == ["c"]


def test_categories_are_one_hot_most_frequent_first():
    encoder = CategoryEncoder.fit(series(["b", "a", "b", "c", None]))
    assert encoder.features == ["c=b", "c=a", "c=c", "c missing"]
    assert encoder.transform(series(["a", None, "new"])).tolist() == [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert encoder.unusual(series(["a", None, "new"])) == (1, "are categories not seen in training, such as 'new'")


def test_two_categories_are_one_feature():
    encoder = CategoryEncoder.fit(series(["f", "m", "m"]))
    assert encoder.features == ["c=m"]
    assert encoder.transform(series(["m", "f", "new", None]))[:, 0].tolist() == [1, -1, 0, 0]


def test_many_categories_share_other_and_have_a_frequency():
    values = [f"v{i}" for i in range(60) for _ in range(60 - i)]
    encoder = CategoryEncoder.fit(series(values))
    assert encoder.features[-2:] == ["c=other", "c frequency"]
    features = encoder.transform(series(["v0", "v59", "new", None]))
    assert features.shape == (4, 52)
    assert features[:, 50].tolist() == [0, 1, 1, 0]
    assert features[:, 51] == pytest.approx([1, math.log(2) / math.log(61), 0, 0])


def test_dates():
    encoder = DateEncoder.fit(series(["2026-01-01", "2026-01-03", None]))
    assert encoder.features == ["c days", "c sin(year)", "c cos(year)", "c sin(week)", "c cos(week)", "c missing"]
    a, b, missing = encoder.transform(series(["2026-01-01", "2026-01-08", None]))
    assert a[3:5] == pytest.approx(b[3:5])  # a week later
    assert a[0] != b[0]
    assert missing[1:].tolist() == [0, 0, 0, 0, 1]
    assert encoder.unusual(series(["2026-01-01", "soon"])) == (1, "are no dates and count as missing")


def test_state_round_trip():
    for encoder, column in (
        (NumericEncoder, ["1", "5", None]),
        (BooleanEncoder, ["yes", "no"]),
        (CategoryEncoder, ["a", "b", "ü"]),
        (DateEncoder, ["2026-01-01", "2026-05-01"]),
    ):
        fitted = encoder.fit(series(column))
        again = encoder_from_dict(fitted.to_dict(), "column 0")
        assert again == fitted
        assert np.array_equal(again.transform(series(column)), fitted.transform(series(column)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "eval"}, "column 0: expected a kind of numeric, boolean, category, date, found 'eval'"),
        ({"counts": [1]}, "there are 2 names, but 1 counts"),
        ({"counts": [1, -1]}, "field 'counts': expected a list of counts"),
        ({"names": ["a", 1]}, "field 'names': expected a list of different names"),
        ({"indicator": 1}, "field 'indicator': expected true or false, found '1'"),
        ({"extra": 1}, "the field 'extra' is unknown"),
    ],
)
def test_wrong_states_are_refused(change, message):
    state = CategoryEncoder("c", ("a", "b"), (2, 1), False).to_dict()
    with pytest.raises(ModelFileError, match=message):
        encoder_from_dict({**state, **change}, "column 0")
