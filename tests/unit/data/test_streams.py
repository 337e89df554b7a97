import numpy as np
import pytest

from chainrule.data import make_batches, pack, unpack
from chainrule.errors import DataError, ShapeError


def numbered():
    i = 0
    while True:
        yield np.full((2, 1), i), np.full(2, i)
        i += 1


def values(epoch):
    return [int(x[0, 0]) for x, _, _ in epoch]


def test_a_generator_keeps_its_place_between_epochs():
    batches = make_batches(numbered(), steps=3)
    assert (batches.steps, batches.size) == (3, None)
    assert values(batches) == [0, 1, 2]
    assert values(batches) == [3, 4, 5]


def test_peek_uses_nothing_up():
    batches = make_batches(numbered(), steps=2)
    assert batches.peek()[0].tolist() == [[0], [0]]
    assert batches.peek()[0].tolist() == [[0], [0]]
    assert values(batches) == [0, 1]


def test_a_generator_that_ends_warns_in_the_next_epoch():
    batches = make_batches(np.full((2, 1), i) for i in range(3))
    assert batches.steps is None
    assert values(batches) == [0, 1, 2]
    with pytest.warns(UserWarning, match="Your input ran out of data"):
        assert values(batches) == []


def test_an_iterable_starts_anew_each_epoch_and_its_length_becomes_known():
    class Loader:  # as a torch DataLoader: lists of tensors, with or without a length
        def __iter__(self):
            return iter([[np.full((2, 1), i), np.full(2, i)] for i in range(3)])

    batches = make_batches(Loader())
    assert batches.steps is None
    assert values(batches) == values(batches) == [0, 1, 2]
    assert (batches.steps, batches.size) == (3, 6)


def test_an_iterable_with_steps_is_cut_across_passes():
    class Loader:
        def __len__(self):
            return 4

        def __iter__(self):
            return iter([(np.full((2, 1), i),) for i in range(4)])

    batches = make_batches(Loader(), steps=3)
    assert values(batches) == [0, 1, 2]
    with pytest.warns(UserWarning, match="ran out of data"):
        assert values(batches) == [3]
    assert values(batches) == [0, 1, 2]
    assert make_batches(Loader()).steps == 4


@pytest.mark.parametrize(
    ("raw", "y", "w"),
    [(np.ones((2, 1)), None, None), ((np.ones((2, 1)),), None, None), ((np.ones(2), [1, 2]), [1, 2], None),
     ([np.ones(2), [1, 2], [3, 4]], [1, 2], [3, 4]), (({"a": np.ones(2)}, [1, 2]), [1, 2], None)],
)  # fmt: skip
def test_the_forms_of_a_batch(raw, y, w):
    ((bx, by, bw),) = make_batches(iter([raw]))
    assert bx["a"].shape == (2,) if isinstance(bx, dict) else bx.shape == (2, 1)
    assert (by if by is None else by.tolist()) == y
    assert (bw if bw is None else bw.tolist()) == w


def test_class_weight_applies_to_each_batch():
    ((_, _, w),) = make_batches(iter([(np.ones((2, 1)), [0, 1])]), class_weight={1: 3.0})
    assert w.tolist() == [1, 3]


def test_bad_batches_are_numbered():
    batches = make_batches(iter([(np.ones((2, 1)), [0, 1]), (np.ones((2, 1)), [0])]))
    with pytest.raises(ShapeError, match="fit: batch 2: x has 2 rows, but y has 1 row"):
        list(batches)
    with pytest.raises(DataError, match=r"fit: batch 1: x\[1, 0\] is NaN"):
        list(make_batches(iter([np.array([[1.0], [np.nan]])])))
    with pytest.raises(DataError, match=r"fit: batch 1: expected x, .* but received 4 parts"):
        list(make_batches(iter([(1, 2, 3, 4)])))
    with pytest.raises(DataError, match="predict: x is empty: the list_iterator gave no batch"):
        make_batches(iter([]), where="predict").peek()


def test_targets_belong_into_the_stream():
    with pytest.raises(DataError, match="with x a generator, y must not be passed: it is part of each batch"):
        make_batches(numbered(), y=[1])
    with pytest.raises(DataError, match="sample_weight must not be passed"):
        make_batches(numbered(), sample_weight=[1])


def test_pack_and_unpack():
    assert pack(1) == 1
    assert pack([1]) == ([1],)
    assert unpack(pack(1, 2)) == (1, 2, None)
    assert unpack(pack(1, 2, 3)) == (1, 2, 3)
    assert unpack({"a": 1}) == ({"a": 1}, None, None)
