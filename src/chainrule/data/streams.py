"""Batches from a generator, an iterator, or anything that can be iterated anew (torch's DataLoader, tf.data)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from chainrule._typing import Array
from chainrule.data.arrays import add_last_axis, rows, to_structure
from chainrule.data.batches import RAN_OUT, Batch, Batches
from chainrule.data.checks import check_all_finite, check_rows
from chainrule.data.class_weight import class_weight_to_sample_weight
from chainrule.errors import DataError


class StreamBatches(Batches):
    """Batches made by someone else's iteration.

    A generator keeps its place between epochs. What can be iterated anew starts anew each epoch, unless `steps` is
    given: then the epochs are cut from one pass after another, as in Keras.

    Args:
        source: an iterator or iterable of `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        steps: batches per epoch; None means until the source ends.
        class_weight: class id to weight.
        where: what to call the place in messages: `'fit'`.
    """

    def __init__(
        self, source: Any, steps: int | None = None, class_weight: Mapping[int, float] | None = None, where: str = "fit"
    ) -> None:
        self.source = source
        self.where = where
        self.class_weight = class_weight
        self._asked = steps
        self.steps = steps or self._length()
        self._once = isinstance(source, Iterator)
        self._iterator: Iterator[Any] | None = None
        self._peeked: list[Batch] = []
        self._count = 0

    def _length(self) -> int | None:
        try:
            return len(self.source)
        except (TypeError, NotImplementedError):
            return None

    def _start(self, order: Array | None) -> Iterator[Any]:
        """Begin a pass over the source."""
        return iter(self.source)

    def epoch(self, order: Array | None = None) -> Iterator[Batch]:
        self._open(order)
        count = n = 0
        while count != self.steps:
            batch = self._next()
            if batch is None:
                if self._asked is not None or count == 0:
                    warnings.warn(RAN_OUT, stacklevel=2)
                self._close(count, n)
                return
            count += 1
            n += rows(batch[0]) or 0
            if count == self.steps:  # before the last batch is handed out: who counts steps does not ask again
                self._close(count, n)
            yield batch

    def _close(self, count: int, n: int) -> None:
        if self._asked is None and not self._once:
            self._iterator = None
            if count:
                self.steps, self.size = count, n
        self.end_epoch()

    def pass_by(self, order: Array | None = None) -> None:
        if self._once or self._asked is not None:
            for _ in self.epoch(order):
                pass
        else:  # the next epoch begins anew
            self._iterator, self._peeked = None, []

    def end_epoch(self) -> None:
        """What is to be done when an epoch is over."""

    def peek(self) -> Batch:
        self._open(None)
        if not self._peeked:
            batch = self._next()
            if batch is None:
                raise DataError(f"{self.where}: x is empty: the {type(self.source).__name__} gave no batch.")
            self._peeked = [batch]
        return self._peeked[0]

    def _open(self, order: Array | None) -> None:
        if self._iterator is None:
            self._count = 0
            self._iterator = self._start(order)

    def _next(self) -> Batch | None:
        """Return the next batch; None at the end of the pass, after which the next call to `_open` begins another."""
        if self._peeked:
            return self._peeked.pop()
        raw = next(self._iterator, _END) if self._iterator is not None else _END
        if raw is _END:
            self._iterator = None
            return None
        self._count += 1
        return self._standardise(raw, f"{self.where}: batch {self._count}")

    def _standardise(self, raw: Any, where: str) -> Batch:
        x, y, w = (
            to_structure(part, name, name == "x")
            for part, name in zip(unpack(raw, where), ("x", "y", "sample_weight"), strict=True)
        )
        check_rows(where, x, y, w)
        check_all_finite(where, {"x": (x, None), "y": (y, None), "sample_weight": (w, None)})
        if self.class_weight is not None:
            if w is not None:
                raise DataError(f"{where}: class_weight and sample_weight cannot be given together.")
            w = class_weight_to_sample_weight(y, self.class_weight, where)
        return add_last_axis(x), y, w


_END = object()


def unpack(data: Any, where: str = "unpack_x_y_sample_weight") -> tuple[Any, Any, Any]:
    """Return `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)` as three values (`keras.utils.unpack_x_y_sample_weight`).

    >>> unpack((1, 2))
    (1, 2, None)
    """
    if not isinstance(data, list | tuple):
        return data, None, None
    if 1 <= len(data) <= 3:
        x, y, w = (*data, None, None)[:3]
        return x, y, w
    raise DataError(f"{where}: expected x, (x,), (x, y) or (x, y, sample_weight), but received {len(data)} parts.")


def pack(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return the shortest of `x`, `(x, y)`, `(x, y, sample_weight)` (`keras.utils.pack_x_y_sample_weight`)."""
    if y is None:
        return (x,) if isinstance(x, list | tuple) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)
