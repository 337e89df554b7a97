"""`Samples`: arrays in memory seen as a sequence of samples, as `split_dataset` gives them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.py_dataset import PyDataset
from chainrule.errors import DataError


class Samples:
    """A sequence of samples that `fit` takes as it is: a sample is an array, `(x, y)` or `(x, y, sample_weight)`.

    Args:
        arrays: a structure of arrays with the same number of rows; one row of each makes a sample.

    >>> import numpy as np
    >>> s = Samples((np.arange(6).reshape(3, 2), np.array([0, 1, 1])))
    >>> len(s), s[2]
    (3, (array([4, 5]), np.int64(1)))
    >>> [y.tolist() for x, y in s.batch(2)]
    [[0, 1], [1]]
    """

    def __init__(self, arrays: Any) -> None:
        self.arrays = arrays

    def __len__(self) -> int:
        return len(tree.flatten(self.arrays)[0])

    def __getitem__(self, index: Any) -> Any:
        """Return sample `index`; with a slice or an array of indices, the structure of those rows."""
        return tree.map_structure(lambda a: a[index], self.arrays)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        if tree.is_nested(self.arrays):
            raise DataError("Samples: several arrays do not make one; take them from `.arrays`.")
        array: Array = self.arrays if dtype is None else self.arrays.astype(dtype, copy=False)
        return array.copy() if copy else array

    def batch(self, batch_size: int, drop_remainder: bool = False) -> SampleBatches:
        """Return the samples in batches.

        Args:
            drop_remainder: leave out a last batch that is shorter.
        """
        return SampleBatches(self, batch_size, drop_remainder)

    def __repr__(self) -> str:
        return f"<Samples: {len(self)} of {tree.map_structure(lambda a: (a.shape[1:], a.dtype.name), self.arrays)}>"


class SampleBatches(PyDataset):
    """`Samples` in batches of `batch_size`."""

    def __init__(self, samples: Samples, batch_size: int, drop_remainder: bool = False) -> None:
        if batch_size < 1:
            raise DataError(f"batch: expected batch_size >= 1, received {batch_size}.")
        super().__init__()
        self.samples = samples
        self.batch_size = batch_size
        self.drop_remainder = drop_remainder

    def __len__(self) -> int:
        n = len(self.samples) / self.batch_size
        return math.floor(n) if self.drop_remainder else math.ceil(n)

    def __getitem__(self, index: int) -> Any:
        return self.samples[index * self.batch_size : (index + 1) * self.batch_size]
