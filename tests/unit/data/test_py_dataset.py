import threading
import time

import numpy as np
import pytest

from chainrule.data import PyDataset, make_batches
from chainrule.errors import DataError


class Numbers(PyDataset):
    def __init__(self, n=4, **kwargs):
        super().__init__(**kwargs)
        self.n = n
        self.log = []
        self.threads = set()

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        self.threads.add(threading.get_ident())
        time.sleep(0.002 * (index % 2 == 0))  # so that later batches are ready earlier
        return np.full((3, 1), index), np.full(3, index)

    def on_epoch_begin(self):
        self.log.append("begin")

    def on_epoch_end(self):
        self.log.append("end")


def values(epoch):
    return [int(x[0, 0]) for x, _, _ in epoch]


def test_batches_come_by_index_and_the_hooks_are_called():
    data = Numbers()
    batches = make_batches(data)
    assert batches.steps == 4
    assert values(batches) == [0, 1, 2, 3]
    assert data.log == ["begin", "end"]
    assert batches.size == 12
    assert values(batches) == [0, 1, 2, 3]
    assert data.log == ["begin", "end"] * 2


def test_shuffling_permutes_the_batches():
    batches = make_batches(Numbers(20), shuffle=True)
    order = batches.order((0, 3))
    assert sorted(order) == list(range(20))
    assert values(batches.epoch(order)) == order.tolist() != list(range(20))
    assert make_batches(Numbers(20)).order((0, 3)) is None


def test_a_look_at_the_first_batch_does_not_settle_the_order():
    batches = make_batches(Numbers(20), shuffle=True)
    assert int(batches.peek()[0][0, 0]) == 0
    order = batches.order((0, 3))
    assert values(batches.epoch(order)) == order.tolist() != list(range(20))


def test_several_workers_keep_the_order():
    data = Numbers(12, workers=4, max_queue_size=3)
    assert values(make_batches(data)) == list(range(12))
    assert threading.get_ident() not in data.threads


def test_an_endless_data_set_needs_steps():
    class Endless(Numbers):
        num_batches = None

    batches = make_batches(Endless(), steps=3)
    assert values(batches) == [0, 1, 2]
    assert values(batches) == [3, 4, 5]


def test_a_class_that_forgets_super_init_still_works():
    class Forgetful(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 1

        def __getitem__(self, index):
            return np.ones((2, 1))

    assert len(list(make_batches(Forgetful()))) == 1


def test_what_is_missing_is_said():
    class Nothing(PyDataset):
        pass

    with pytest.raises(TypeError, match="Nothing must define __len__"):
        make_batches(Nothing())
    with pytest.raises(TypeError, match=r"Nothing must define __getitem__\(index\)"):
        Nothing()[0]
    with pytest.raises(DataError, match="fit: x is empty: the Numbers has 0 batches"):
        make_batches(Numbers(0))
    with pytest.raises(DataError, match="with x a Numbers, y must not be passed"):
        make_batches(Numbers(), y=[1])
