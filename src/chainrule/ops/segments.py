"""Smallest elements and products of the rows of each segment; sums and largest ones are in `indexing`."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Value
from chainrule.ops.arithmetic import negative
from chainrule.ops.creation import convert_to_numpy, convert_to_tensor, dtype
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.indexing import segment_max, take
from chainrule.ops.integers import bitwise_invert
from chainrule.ops.reductions import prod
from chainrule.ops.shapes import concatenate

__all__ = ["segment_min", "segment_prod"]


def segment_min(data: Value, segment_ids: Value, num_segments: int | None = None, sorted: bool = False) -> Value:
    """The smallest of the rows of each segment; inf for a segment without rows."""
    turn = negative if dtype(data).startswith("float") else bitwise_invert  # of whole numbers, the least has no minus
    return turn(segment_max(turn(data), segment_ids, num_segments))


def segment_prod(data: Value, segment_ids: Value, num_segments: int | None = None, sorted: bool = False) -> Value:
    """The product of the rows of each segment; 1 for a segment without rows."""
    data = data if hasattr(data, "shape") else convert_to_numpy(convert_to_tensor(data))
    ids = np.asarray(segment_ids)
    count = int(ids.max(initial=-1)) + 1 if num_segments is None else num_segments
    rows = [np.flatnonzero(ids == i) for i in range(count)]
    longest = max(map(len, rows), default=0)
    ones = np.ones((1, *shape_of(data)[1:]), data.dtype)
    table = np.full((count, longest), len(ids))
    for i, members in enumerate(rows):
        table[i, : len(members)] = members
    return prod(take(concatenate([data, ones]), table, 0), 1)
