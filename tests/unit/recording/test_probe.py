"""The rows that are drawn: of every class, by seed, from whatever data there are."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.data.adapters import make_batches
from chainrule.recording.probe import draw


def rows(y: Any, count: int = 16, seed: int = 0) -> Any:
    x = np.arange(len(y), dtype="float32")[:, None]
    return draw(make_batches(x, y), count, seed)


def test_few_rows_are_all_taken() -> None:
    probe = rows(np.zeros(5))
    assert probe.rows.tolist() == [0, 1, 2, 3, 4]
    assert probe.size == 5


def test_as_many_as_asked_each_once_in_order() -> None:
    probe = rows(np.arange(1000.0), 100)
    assert len(probe.rows) == 100
    assert (np.diff(probe.rows) > 0).all()
    np.testing.assert_array_equal(probe.x[:, 0], probe.rows)
    np.testing.assert_array_equal(probe.y, probe.rows)


def test_the_seed_decides() -> None:
    y = np.arange(1000.0)
    assert rows(y).rows.tolist() == rows(y).rows.tolist()
    assert rows(y).rows.tolist() != rows(y, seed=1).rows.tolist()


def test_a_class_of_one_row_in_a_hundred_thousand_is_found() -> None:
    y = np.zeros(100_000, "float32")
    y[77_777] = 1
    assert 77_777 in rows(y).rows


def test_every_class_is_there() -> None:
    labels = np.repeat(np.arange(8), [900, 50, 20, 10, 10, 5, 4, 1])
    assert set(rows(labels).y.tolist()) == set(range(8))
    one_hot = np.eye(8, dtype="float32")[labels]
    assert set(rows(one_hot).y.argmax(axis=1).tolist()) == set(range(8))


def test_more_classes_than_rows_is_a_plain_draw() -> None:
    assert len(rows(np.arange(500)).rows) == 16


def test_several_inputs_stay_together() -> None:
    a = np.arange(100, dtype="float32")[:, None]
    probe = draw(make_batches({"a": a, "b": 2 * a}, {"p": a, "q": -a}), 10)
    np.testing.assert_array_equal(probe.x["b"], 2 * probe.x["a"])
    np.testing.assert_array_equal(probe.y["q"], -probe.x["a"])


def test_of_a_stream_the_first_batch() -> None:
    def stream() -> Any:
        for n in range(5):
            yield np.full((4, 2), n, "float32"), np.zeros(4)

    batches = make_batches(stream())
    probe = draw(batches, 3)
    assert probe.rows.tolist() == []
    np.testing.assert_array_equal(probe.x, np.zeros((3, 2)))
    assert len(list(batches.epoch())) == 5
