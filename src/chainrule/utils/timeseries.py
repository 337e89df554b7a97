"""`timeseries_dataset_from_array`: windows that slide over a series."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.data.py_dataset import PyDataset
from chainrule.errors import DataError

_FORMATS = ("tf", "grain")


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: Any = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Windows:
    """Return batches of windows over a series, as `keras.utils.timeseries_dataset_from_array`.

    Window `i` holds the rows `i * sequence_stride + j * sampling_rate` for `j` from 0 to `sequence_length - 1`, and its
    target is `targets[i * sequence_stride]`: shift the targets to look ahead.

    Args:
        data: (time, ...).
        targets: one for each time at which a window may begin; None gives windows only.
        sequence_length: rows per window.
        sequence_stride: from the beginning of a window to that of the next.
        sampling_rate: from a row of a window to the next.
        batch_size: windows per batch; None gives them one by one.
        shuffle: put the windows in random order, anew after each epoch of `fit`.
        seed: of that order.
        start_index, end_index: rows of `data` before and from which none are used.
        format: accepted for Keras; what is returned is a `PyDataset`, which `fit` takes and which can be iterated.

    Raises:
        DataError: an argument that does not fit the data.

    >>> windows = timeseries_dataset_from_array(np.arange(10), np.arange(10)[3:], sequence_length=3, batch_size=4)
    >>> [(x.shape, y.tolist()) for x, y in windows]
    [((4, 3), [3, 4, 5, 6]), ((3, 3), [7, 8, 9])]
    """
    series = np.asarray(data)
    wanted = None if targets is None else np.asarray(targets)
    n = len(series)
    start, end = _bounds(start_index, end_index, n)
    length = _whole("sequence_length", sequence_length, None)
    stride, rate = _whole("sequence_stride", sequence_stride, n), _whole("sampling_rate", sampling_rate, n)
    if format not in _FORMATS:
        raise DataError(f"timeseries_dataset_from_array: format must be 'tf' or 'grain', but is {format!r}.")
    series, wanted = series[start:end], wanted if wanted is None else wanted[start:end]
    count = end - start - (length - 1) * rate
    if targets is not None:
        count = min(count, len(targets))
    return Windows(series, wanted, np.arange(0, count, stride), np.arange(length) * rate, batch_size, shuffle, seed)


class Windows(PyDataset):
    """Batches of windows: what `timeseries_dataset_from_array` returns.

    Args:
        series, targets: arrays.
        starts: where windows begin.
        offsets: of the rows of a window from its beginning.
    """

    def __init__(
        self,
        series: Array,
        targets: Array | None,
        starts: Array,
        offsets: Array,
        batch_size: int | None,
        shuffle: bool,
        seed: Any,
    ) -> None:
        super().__init__()
        self.series, self.targets, self.offsets = series, targets, offsets
        self.batch_size = batch_size
        self._order = np.random.RandomState(seed) if shuffle else None
        self._starts = starts
        if targets is not None and len(starts) and starts.max() >= len(targets):
            raise DataError(
                f"timeseries_dataset_from_array: a window begins at row {starts.max()}, but the targets between "
                f"start_index and end_index end at row {len(targets) - 1}."
            )
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self._starts) / (self.batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise IndexError(f"There are {len(self)} batches of windows, but number {index} was asked for.")
        if self.batch_size is None:
            starts = self._starts[index]
        else:
            first = index % len(self) * self.batch_size
            starts = self._starts[first : first + self.batch_size, None]
        windows = self.series[starts + self.offsets]
        return (
            windows if self.targets is None else (windows, self.targets[starts if starts.ndim == 0 else starts[:, 0]])
        )

    def on_epoch_end(self) -> None:
        """Put the windows in another order, if they are shuffled."""
        if self._order is not None:
            self._starts = self._order.permutation(self._starts)

    def take(self, count: int) -> Any:
        """Yield the first batches."""
        return (self[i] for i in range(min(count, len(self))))


def _bounds(start: Any, end: Any, n: int) -> tuple[int, int]:
    """Return the first row used and the one behind the last."""
    first, last = 0 if start is None else operator.index(start), n if end is None else operator.index(end)
    if not 0 <= first < max(n, 1):
        raise DataError(f"timeseries_dataset_from_array: start_index must lie in 0 to {n - 1}, but is {start}.")
    if end is not None and not first < last < n:
        raise DataError(
            f"timeseries_dataset_from_array: end_index must lie between start_index ({first}) and the number of rows "
            f"({n}), but is {end}."
        )
    return first, last


def _whole(name: str, value: Any, below: int | None) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if number < 1 or (below is not None and number >= below):
        limit = "" if below is None else f" and less than the {below} rows"
        raise DataError(f"timeseries_dataset_from_array: {name} must be a whole number of at least 1{limit}, "
                        f"but is {value!r}.")  # fmt: skip
    return number
