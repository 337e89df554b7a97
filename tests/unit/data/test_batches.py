import numpy as np
import pytest

from chainrule.data import ArrayBatches, make_batches

KEY = (0, 7)


def test_default_batch_size_is_32_and_the_last_short_batch_is_kept():
    batches = make_batches(np.zeros((70, 2)), np.zeros(70))
    assert (batches.steps, batches.size, batches.batch_size) == (3, 70, 32)
    assert [len(x) for x, _, _ in batches] == [32, 32, 6]


def test_steps_without_a_batch_size_cover_all_rows():
    batches = make_batches(np.zeros((20, 1)), steps=3)
    assert batches.batch_size == 7
    assert [len(x) for x, _, _ in batches] == [7, 7, 6]


def test_a_shuffled_epoch_is_a_permutation_that_depends_on_the_key_only():
    batches = make_batches(np.arange(50), np.arange(50) * 2, shuffle=True, batch_size=8)
    order = batches.order(KEY)
    assert sorted(order) == list(range(50))
    assert np.array_equal(order, batches.order(KEY))
    assert not np.array_equal(order, batches.order((0, 8)))
    seen = [(x[:, 0].tolist(), y.tolist()) for x, y, _ in batches.epoch(order)]
    assert [v for x, _ in seen for v in x] == order.tolist()
    assert [v for _, y in seen for v in y] == (2 * order).tolist()
    assert make_batches(np.arange(50)).order(KEY) is None


def test_gathering_in_chunks_gives_the_same_batches_as_one_by_one():
    x = np.random.default_rng(0).normal(size=(1000, 700)).astype(np.float32)  # a chunk holds few batches of such rows
    batches = make_batches(x, np.arange(1000), shuffle=True, batch_size=96)
    order = batches.order(KEY)
    for i, (bx, by, w) in enumerate(batches.epoch(order)):
        ex, ey, _ = batches.batch(i, order)
        assert np.array_equal(bx, ex)
        assert np.array_equal(by, ey)
        assert w is None
        assert not bx.flags.writeable
        assert bx.flags.c_contiguous
    assert i == batches.steps - 1


def test_unshuffled_batches_are_views():
    x = np.zeros((10, 2), np.float32)
    batches = make_batches(x, batch_size=4)
    assert np.shares_memory(batches.batch(1)[0], x)
    assert not batches.batch(1)[0].flags.writeable
    assert np.shares_memory(batches.arrays()[0], x)


def test_fewer_steps_than_batches_go_on_where_the_last_epoch_stopped():
    # Keras 3.15.1 on the same data visits 0-7, 8-15, 16-19 (with a warning), 0-7
    batches = make_batches(np.arange(20), batch_size=2, steps=4)
    assert batches.steps == 4

    def epoch():
        return [int(v) for x, _, _ in batches.epoch(batches.order(KEY)) for v in x[:, 0]]

    assert epoch() == list(range(8))
    assert epoch() == list(range(8, 16))
    with pytest.warns(UserWarning, match="ran out of data"):
        assert epoch() == list(range(16, 20))
    assert epoch() == list(range(8))


def test_shuffled_short_epochs_share_one_permutation():
    batches = make_batches(np.arange(8), batch_size=2, steps=2, shuffle=True)
    rows = np.concatenate([batches.order((0, i)) for i in range(2)])
    assert sorted(rows) == list(range(8))


def test_steps_beyond_the_data_warn_in_each_epoch():
    batches = make_batches(np.arange(4), batch_size=2, steps=5)
    for _ in range(2):
        with pytest.warns(UserWarning, match="ran out of data"):
            assert len(batches.order(KEY)) == 4


def test_evaluation_with_steps_takes_the_first_batches():
    batches = make_batches(np.arange(20), batch_size=2, steps=3)
    assert [x[:, 0].tolist() for x, _, _ in batches] == [[0, 1], [2, 3], [4, 5]]


def test_structures_travel_through():
    x = {"a": np.arange(4), "b": np.ones((4, 2))}
    y = (np.arange(4), np.arange(4) + 10)
    batches = make_batches(x, y, sample_weight=np.arange(4.0), batch_size=3)
    first = next(iter(batches))
    assert sorted(first[0]) == ["a", "b"]
    assert first[1][1].tolist() == [10, 11, 12]
    assert [w.tolist() for w in first[2]] == [[0, 1, 2]] * 2  # one weight per row holds for each output
    assert batches.peek()[0]["b"].shape == (3, 2)
    order = np.array([3, 2, 1, 0])
    assert batches.batch(0, order)[0]["a"].tolist() == [3, 2, 1]
    assert isinstance(batches, ArrayBatches)
