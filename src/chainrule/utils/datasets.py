"""`split_dataset`: samples into a left and a right part."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule.data.py_dataset import PyDataset
from chainrule.data.samples import Samples
from chainrule.errors import DataError
from chainrule.random.draws import Seed
from chainrule.random.seeds import key_for
from chainrule.random.threefry import permutation


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: Seed = None,
    preferred_backend: str | None = None,
) -> tuple[Samples, Samples]:
    """Split a data set into its first and its last samples.

    Args:
        dataset: an array; a tuple, list or dict of arrays with the same number of rows; a list of samples (numbers,
            tuples, dicts); a `PyDataset` or other iterable of batches; or an object with `__len__` and `__getitem__`
            that gives samples (torch's `Dataset`).
        left_size: number of samples, or share of them as a float, of the left part; by default what the right leaves.
        right_size: the same for the right part. If both leave samples over, those in the middle are dropped.
        shuffle: put the samples in random order first.
        seed: of that order.
        preferred_backend: accepted for Keras, changes nothing.

    Returns:
        Two `Samples`: they have a length, give samples, `batch(batch_size)` and `arrays`, and `fit` takes them.

    Raises:
        DataError: sizes that do not fit, or data that cannot be read as samples.

    >>> left, right = split_dataset((np.arange(10), np.arange(10) % 2), left_size=0.8)
    >>> len(left), list(right)
    (8, [(np.int64(8), np.int64(0)), (np.int64(9), np.int64(1))])
    """
    samples = Samples(_to_arrays(dataset))
    n = len(samples)
    left, right = _sizes(left_size, right_size, n)
    if not shuffle:
        return Samples(samples[:left]), Samples(samples[n - right :])
    order = permutation(key_for(seed), n)
    return Samples(samples[order[:left]]), Samples(samples[order[n - right :]])


def _to_arrays(dataset: Any) -> Any:
    """Return a structure of arrays with one row per sample."""
    if isinstance(dataset, Samples):
        return dataset.arrays
    if isinstance(dataset, PyDataset):
        return _concatenate(list(dataset))
    if isinstance(dataset, np.ndarray):
        return _checked(dataset)
    if isinstance(dataset, dict) or (isinstance(dataset, list | tuple) and _holds_arrays(dataset)):
        arrays = tree.map_structure(np.asarray, dataset)
        return _checked(tuple(arrays) if isinstance(arrays, list) else arrays)
    if isinstance(dataset, list | tuple):
        return _stack(list(dataset))
    if hasattr(dataset, "__len__") and hasattr(dataset, "__getitem__"):
        return _stack([dataset[i] for i in range(len(dataset))])
    if hasattr(dataset, "__iter__"):
        return _concatenate(list(dataset))
    raise DataError(
        f"split_dataset: cannot read a {type(dataset).__name__}. Pass an array, a tuple, list or dict of arrays, "
        "a list of samples, or a data set that can be iterated."
    )


def _holds_arrays(dataset: Any) -> bool:
    """Whether each part is an array with rows (in a tuple, also a structure of such); else each part is a sample."""
    leaves = tree.flatten(dataset) if isinstance(dataset, tuple) else dataset
    return bool(leaves) and all(isinstance(leaf, np.ndarray) and leaf.ndim > 0 for leaf in leaves)


def _checked(arrays: Any) -> Any:
    lengths = [len(leaf) if leaf.ndim else None for leaf in tree.flatten(arrays)]
    if not lengths or lengths[0] in (0, None):
        raise DataError("split_dataset: the data set is empty.")
    if len(set(lengths)) > 1:
        raise DataError(f"split_dataset: the arrays have different numbers of rows: {lengths}.")
    return arrays


def _stack(samples: list[Any]) -> Any:
    if not samples:
        raise DataError("split_dataset: the data set is empty.")
    return _joined(np.stack, samples)


def _concatenate(batches: list[Any]) -> Any:
    if not batches:
        raise DataError("split_dataset: the data set is empty.")
    return _joined(np.concatenate, batches)


def _joined(join: Any, parts: list[Any]) -> Any:
    """Join corresponding leaves of samples or batches."""
    try:
        return tree.map_structure(lambda *leaves: join(leaves), *map(_lists_to_arrays, parts))
    except ValueError as error:
        raise DataError(f"split_dataset: the samples differ in shape or structure: {error}") from None


def _lists_to_arrays(part: Any) -> Any:
    """Return a sample whose tuples and dicts are structure and whose lists are arrays."""
    if isinstance(part, dict):
        return {key: _lists_to_arrays(value) for key, value in part.items()}
    if isinstance(part, tuple):
        return tuple(_lists_to_arrays(value) for value in part)
    return np.asarray(part)


def _sizes(left: Any, right: Any, n: int) -> tuple[int, int]:
    if left is None and right is None:
        raise DataError("split_dataset: give left_size, right_size or both.")
    known = {name: _count(name, size, n) for name, size in (("left_size", left), ("right_size", right))}
    first, last = known["left_size"], known["right_size"]
    first = n - last if first is None and last is not None else first
    last = n - first if last is None and first is not None else last
    assert first is not None
    assert last is not None
    if first + last > n:
        raise DataError(f"split_dataset: left_size={left} and right_size={right} ask for more than the {n} samples.")
    if not first or not last:
        raise DataError(f"split_dataset: left_size={left} and right_size={right} leave one part of {n} samples empty.")
    return first, last


def _count(name: str, size: Any, n: int) -> int | None:
    """Return a size as a number of samples: shares are rounded to the nearest."""
    if size is None:
        return None
    if isinstance(size, float | np.floating) and 0 < size < 1:
        return round(float(size) * n)
    if isinstance(size, int | np.integer) and not isinstance(size, bool) and 0 < size < n:
        return int(size)
    raise DataError(
        f"split_dataset: expected {name} to be a share between 0 and 1 or a number of samples from 1 to {n - 1}, "
        f"received {size!r}."
    )
