"""`PyDataset`: a data set whose batches are computed one by one, by index; and how its batches are fetched."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chainrule._typing import Array
from chainrule.data.batches import Batch
from chainrule.data.streams import StreamBatches
from chainrule.errors import DataError
from chainrule.random.orders import row_order
from chainrule.random.threefry import Key


class PyDataset:
    """Base class of data sets that compute a batch when asked for it, as `keras.utils.PyDataset`.

    A subclass writes `__getitem__(index)`, which returns a whole batch `(x,)`, `(x, y)` or `(x, y, sample_weight)`,
    and `__len__`, the number of batches (or overrides `num_batches`; None means endless). `on_epoch_begin` and
    `on_epoch_end` may change it.

    Args:
        workers: how many batches are computed at the same time.
        use_multiprocessing: compute them in processes rather than threads; the data set is then copied into each.
        max_queue_size: how many finished batches may wait.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 2
    ...     def __getitem__(self, index):
    ...         return [[float(index)]], [[float(index**2)]]
    >>> [x for x, _ in Squares()]
    [[[0.0]], [[1.0]]]
    """

    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """Return batch `index`."""
        raise TypeError(f"{type(self).__name__} must define __getitem__(index), which returns batch `index`.")

    @property
    def num_batches(self) -> int | None:
        """The number of batches; None means endless."""
        if not hasattr(self, "__len__"):
            raise TypeError(
                f"{type(self).__name__} must define __len__, the number of batches, or override num_batches."
            )
        return len(self)

    def __iter__(self) -> Iterator[Any]:
        n = self.num_batches
        return (self[i] for i in (itertools.count() if n is None else range(n)))

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch."""


class PyDatasetBatches(StreamBatches):
    """The batches of a `PyDataset`, fetched ahead if it has several workers; `order` permutes the batches."""

    def __init__(
        self,
        source: PyDataset,
        steps: int | None = None,
        shuffle: bool = False,
        class_weight: Mapping[int, float] | None = None,
        where: str = "fit",
    ) -> None:
        super().__init__(source, steps, class_weight, where)
        self.shuffle = shuffle
        self._seen: Batch | None = None
        if source.num_batches == 0:
            raise DataError(f"{where}: x is empty: the {type(source).__name__} has 0 batches.")

    def _length(self) -> int | None:
        n: int | None = self.source.num_batches
        return n

    def order(self, key: Key) -> Array | None:
        n = self.source.num_batches
        return row_order(key, n) if self.shuffle and n is not None else None

    def epoch(self, order: Array | None = None) -> Iterator[Any]:
        self.source.on_epoch_begin()
        return super().epoch(order)

    def pass_by(self, order: Array | None = None) -> None:
        if self._asked is not None:
            super().pass_by(order)
        else:
            self.source.on_epoch_begin()
            super().pass_by(order)
            self.source.on_epoch_end()

    def peek(self) -> Batch:
        if not self.shuffle or self._iterator is not None:
            return super().peek()
        if self._seen is None:  # the order of the first epoch is not known yet: this batch is computed once more
            self._seen = self._standardise(self.source[0], f"{self.where}: batch 1")
        return self._seen

    def end_epoch(self) -> None:
        self._seen = None
        self.source.on_epoch_end()

    def _start(self, order: Array | None) -> Iterator[Any]:
        n = self.source.num_batches
        indices: Iterable[int] = order.tolist() if order is not None else itertools.count() if n is None else range(n)
        if self.source.workers > 1 or (self.source.workers > 0 and self.source.use_multiprocessing):
            return _fetch_ahead(self.source, indices)
        return (self.source[i] for i in indices)


def _fetch_ahead(dataset: PyDataset, indices: Iterable[int]) -> Iterator[Any]:
    """Yield the batches in order while workers compute the next ones."""
    from concurrent import futures

    pool: futures.Executor
    fetch: Callable[[int], Any]
    if dataset.use_multiprocessing:
        pool, fetch = futures.ProcessPoolExecutor(dataset.workers, initializer=_receive, initargs=(dataset,)), _fetch
    else:
        pool, fetch = futures.ThreadPoolExecutor(dataset.workers), dataset.__getitem__
    with pool:
        coming = iter(indices)
        waiting = deque(pool.submit(fetch, i) for i in itertools.islice(coming, max(dataset.max_queue_size, 1)))
        try:
            while waiting:
                batch = waiting.popleft().result()
                waiting.extend(pool.submit(fetch, i) for i in itertools.islice(coming, 1))
                yield batch
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_in_this_process: list[PyDataset] = []


def _receive(dataset: PyDataset) -> None:
    _in_this_process[:] = [dataset]


def _fetch(index: int) -> Any:
    return _in_this_process[0][index]
