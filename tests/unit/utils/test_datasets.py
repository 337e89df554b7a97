"""`split_dataset`: sizes are Keras's, samples stay together whatever the data, and `fit` takes the parts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.data import make_batches
from chainrule.errors import DataError
from chainrule.random.threefry import permutation
from chainrule.utils import PyDataset, split_dataset

KERAS = json.loads((Path(__file__).parents[2] / "parity" / "fixtures" / "utils.json").read_text(encoding="utf-8"))
X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


@pytest.mark.parametrize(("left", "right", "n", "expected"), KERAS["sizes"])
def test_sizes_are_keras(left: Any, right: Any, n: int, expected: list[int] | None) -> None:
    if expected is None:
        with pytest.raises(DataError, match="split_dataset: "):
            split_dataset(np.arange(n), left, right)
        return
    first, last = split_dataset(np.arange(n), left, right)
    assert [len(first), len(last)] == expected
    assert first.arrays.tolist() == list(range(expected[0]))
    assert last.arrays.tolist() == list(range(n - expected[1], n))


class Batches(PyDataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return X[3 * index : 3 * index + 3], Y[3 * index : 3 * index + 3]


class Torchlike:
    def __len__(self) -> int:
        return 10

    def __getitem__(self, index: int) -> Any:
        return X[index], Y[index]


@pytest.mark.parametrize(
    "dataset",
    [
        (X, Y),
        [X, Y],
        list(zip(X, Y, strict=True)),
        Batches(),
        Torchlike(),
        ((X[i : i + 1], Y[i : i + 1]) for i in range(10)),
    ],
    ids=["tuple", "list", "samples", "PyDataset", "torch", "generator"],
)
def test_every_kind_of_data_gives_the_same_parts(dataset: Any) -> None:
    left, right = split_dataset(dataset, left_size=0.7)
    for part, rows in ((left, slice(0, 7)), (right, slice(7, 10))):
        x, y = part.arrays
        np.testing.assert_array_equal(x, X[rows])
        np.testing.assert_array_equal(y, Y[rows])


def test_dicts_and_nested_structures_keep_their_form() -> None:
    left, _ = split_dataset({"a": X, "b": Y}, left_size=2)
    assert left.arrays["a"].tolist() == X[:2].tolist()
    (inputs, targets), *_ = split_dataset(({"a": X, "b": Y}, Y), left_size=2)[1]
    assert (inputs["b"], targets, inputs["a"].tolist()) == (2, 2, [4, 5])
    left, _ = split_dataset([{"a": [1, 2], "b": 3}, {"a": [4, 5], "b": 6}], left_size=1)
    assert {k: v.tolist() for k, v in left.arrays.items()} == {"a": [[1, 2]], "b": [3]}


def test_lists_of_numbers_are_samples() -> None:
    left, right = split_dataset([[1, 2], [3, 4], [5, 6]], right_size=1)
    assert np.asarray(left).tolist() == [[1, 2], [3, 4]]
    assert [s.tolist() for s in right] == [[5, 6]]


def test_shuffling_is_the_seeds_permutation_and_keeps_rows_together() -> None:
    left, right = split_dataset((X, Y), left_size=0.6, shuffle=True, seed=3)
    order = permutation((0, 3), 10)
    assert [*left.arrays[1], *right.arrays[1]] == order.tolist()
    np.testing.assert_array_equal(left.arrays[0], X[left.arrays[1]])
    again = split_dataset((X, Y), left_size=0.6, shuffle=True, seed=3)[0]
    np.testing.assert_array_equal(again.arrays[1], left.arrays[1])
    other = split_dataset((X, Y), left_size=0.6, shuffle=True)[0], split_dataset((X, Y), left_size=0.6, shuffle=True)[0]
    assert sorted({len(part) for part in other}) == [6]


def test_parts_are_sequences_of_samples() -> None:
    left, _ = split_dataset((X, Y), left_size=5)
    assert len(left) == 5
    assert [y for _, y in left] == [0, 1, 2, 3, 4]
    assert left[-1][1] == 4
    assert [y.tolist() for _, y in left.batch(2)] == [[0, 1], [2, 3], [4]]
    assert len(left.batch(2, drop_remainder=True)) == 2
    assert repr(left) == "<Samples: 5 of (((2,), 'float64'), ((), 'int64'))>"
    assert split_dataset(left, left_size=1)[0].arrays[1].tolist() == [0]
    with pytest.raises(DataError, match="several arrays do not make one"):
        np.asarray(left)
    with pytest.raises(DataError, match="batch: expected batch_size >= 1, received 0"):
        left.batch(0)


def test_fit_takes_the_parts_whole_or_in_batches() -> None:
    left, _ = split_dataset((X, Y), left_size=5)
    for batches in (make_batches(left, batch_size=2), make_batches(left.batch(2))):
        parts = list(batches)
        assert [y.tolist() for _, y, _ in parts] == [[0, 1], [2, 3], [4]]
        np.testing.assert_array_equal(np.concatenate([x for x, _, _ in parts]), X[:5])
    with pytest.raises(DataError, match="y"):
        make_batches(left, Y[:5])


@pytest.mark.parametrize(
    ("dataset", "sizes", "message"),
    [
        (X, {}, "split_dataset: give left_size, right_size or both"),
        (X, {"left_size": 10}, r"expected left_size to be a share between 0 and 1 or a number of samples from 1 to 9"),
        (X, {"right_size": "half"}, r"expected right_size to be .*, received 'half'"),
        (X, {"left_size": 8, "right_size": 3}, "left_size=8 and right_size=3 ask for more than the 10 samples"),
        (X, {"left_size": 0.01}, "left_size=0.01 and right_size=None leave one part of 10 samples empty"),
        ((X, Y[:4]), {"left_size": 1}, r"the arrays have different numbers of rows: \[10, 4\]"),
        ([], {"left_size": 1}, "split_dataset: the data set is empty"),
        (iter([]), {"left_size": 1}, "split_dataset: the data set is empty"),
        (np.empty((0, 2)), {"left_size": 1}, "split_dataset: the data set is empty"),
        ([(1, 2), (1, 2, 3)], {"left_size": 1}, "the samples differ in shape or structure"),
        (3, {"left_size": 1}, "split_dataset: cannot read a int"),
    ],
)
def test_wrong_data_and_sizes_are_refused(dataset: Any, sizes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_dataset(dataset, **sizes)
