"""Windows over a series: which rows they hold, by Keras's rules; worked out by hand from its documentation."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.preprocessing import timeseries_dataset_from_array as under_its_other_name
from chainrule.utils import timeseries_dataset_from_array

SERIES = np.arange(100)


def starts(windows: Any) -> list[int]:
    return [int(row[0]) for batch in windows for row in (batch[0] if isinstance(batch, tuple) else batch)]


def test_keras_documents_these_windows() -> None:
    windows = timeseries_dataset_from_array(
        SERIES, None, sequence_length=10, sampling_rate=2, sequence_stride=3, shuffle=False
    )
    (batch,) = windows
    assert batch[0].tolist() == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert batch[1].tolist() == [3, 5, 7, 9, 11, 13, 15, 17, 19, 21]
    assert batch[-1].tolist() == [81, 83, 85, 87, 89, 91, 93, 95, 97, 99]
    assert under_its_other_name is timeseries_dataset_from_array


def test_targets_are_those_of_the_beginning() -> None:
    windows = timeseries_dataset_from_array(SERIES[:-10], SERIES[10:], sequence_length=10, batch_size=32)
    assert len(windows) == 3
    for x, y in windows:
        np.testing.assert_array_equal(x[:, 0] + 10, y)
    x, y = windows[-1]
    assert x.shape == (17, 10)
    assert int(y[-1]) == 90


def test_part_of_the_series() -> None:
    windows = timeseries_dataset_from_array(SERIES, SERIES * 10, 5, start_index=20, end_index=30)
    ((x, y),) = windows
    assert x.tolist() == [list(range(i, i + 5)) for i in range(20, 26)]
    assert y.tolist() == [200, 210, 220, 230, 240, 250]


def test_several_columns_and_single_windows() -> None:
    series = np.arange(30.0).reshape(10, 3)
    windows = timeseries_dataset_from_array(series, None, 4, batch_size=None)
    assert len(windows) == 7
    np.testing.assert_array_equal(windows[2], series[2:6])
    x, y = timeseries_dataset_from_array(series, np.arange(10), 4, batch_size=None)[6]
    np.testing.assert_array_equal(x, series[6:])
    assert y == 6
    with pytest.raises(IndexError, match="There are 7 batches of windows, but number 7 was asked for"):
        windows[7]


def test_order() -> None:
    make = lambda seed: timeseries_dataset_from_array(SERIES, SERIES, 3, shuffle=True, seed=seed)  # noqa: E731
    a, b = make(1), make(1)
    first = starts(a)
    assert first == starts(b)
    assert sorted(first) == list(range(98)) != first
    a.on_epoch_end()
    assert sorted(starts(a)) == list(range(98))
    assert starts(a) != first
    assert starts(make(2)) != first


def test_fit_takes_windows() -> None:
    series = np.sin(np.arange(80.0) / 5)
    windows = timeseries_dataset_from_array(series, series[6:], 6, batch_size=16, shuffle=True, seed=3)
    model = cr.Sequential([cr.Input((6,)), cr.layers.Dense(1)])
    model.compile(cr.optimizers.Adam(0.1), "mse")
    losses = model.fit(windows, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * losses[0]
    assert [x.shape for x, _ in windows.take(2)] == [(16, 6), (16, 6)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"start_index": -1}, "start_index must lie in 0 to 99, but is -1"),
        ({"start_index": 100}, "start_index must lie in 0 to 99, but is 100"),
        (
            {"end_index": 100},
            r"end_index must lie between start_index \(0\) and the number of rows \(100\), but is 100",
        ),
        ({"start_index": 5, "end_index": 5}, r"end_index must lie between start_index \(5\)"),
        (
            {"sampling_rate": 0},
            "sampling_rate must be a whole number of at least 1 and less than the 100 rows, but is 0",
        ),
        ({"sequence_stride": 100}, "sequence_stride must be a whole number of at least 1 and less than the 100 rows"),
        ({"sequence_length": 1.5}, r"sequence_length must be a whole number of at least 1, but is 1\.5"),
        ({"format": "torch"}, "format must be 'tf' or 'grain', but is 'torch'"),
        ({"targets": SERIES, "start_index": 20}, "a window begins at row"),
    ],
)
def test_wrong_arguments(arguments: Any, message: str) -> None:
    given = {"targets": None, "sequence_length": 3, **arguments}
    if arguments.keys() == {"targets", "start_index"}:
        given["targets"] = SERIES[:50]
    with pytest.raises(DataError, match=message):
        timeseries_dataset_from_array(SERIES, **given)
