"""One pass over data, step by step or as whole arrays."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.data.adapters import make_batches
from chainrule.engines.epoch import Epoch

X = np.arange(10, dtype="float32")[:, None]
Y = np.arange(10) % 2


def test_steps_are_the_rows_of_the_order() -> None:
    order = np.random.default_rng(0).permutation(10)
    epoch = Epoch(make_batches(X, Y, batch_size=4), order)
    arrays = epoch.arrays
    assert arrays is not None
    assert (epoch.steps, epoch.batch_size) == (3, 4)
    for i in range(3):
        x, y, w = epoch.step(i)  # type: ignore[misc]
        rows = order[i * 4 : (i + 1) * 4]
        np.testing.assert_array_equal(x, arrays[0][rows])
        np.testing.assert_array_equal(y, arrays[1][rows])
        assert w is None
    assert epoch.step(3) is None


def test_without_an_order_rows_come_as_they_are() -> None:
    epoch = Epoch(make_batches(X, batch_size=8))
    assert [len(epoch.step(i)[0]) for i in range(2)] == [8, 2]  # type: ignore[index]


def test_steps_out_of_order_are_refused() -> None:
    epoch = Epoch(make_batches(X, batch_size=4))
    epoch.step(0)
    with pytest.raises(ValueError, match="the next step is 1, but step 2 was asked for"):
        epoch.step(2)


def test_a_stream_has_no_arrays() -> None:
    epoch = Epoch(make_batches(iter([(X, Y), (X[:3], Y[:3])])))
    assert epoch.arrays is None
    assert epoch.steps is None
    assert epoch.batch_size is None
    assert [len(epoch.step(i)[0]) for i in range(2)] == [10, 3]  # type: ignore[index]
    assert epoch.step(2) is None
