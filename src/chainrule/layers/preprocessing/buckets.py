"""Values to bins by hashing them, with Keras's numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from chainrule._typing import Array
from chainrule.layers.preprocessing.farmhash import fingerprints, joined
from chainrule.layers.preprocessing.siphash import siphash

_CROSS_KEY = 0xDECAFCAFFE
"""The number that TensorFlow's `cross_hashed` begins with."""


def buckets(values: Array, count: int, salt: Sequence[int] | None = None) -> Array:
    """Return a bin for each value: FarmHash64 of its text modulo `count`, or SipHash with `salt` as its key.

    Args:
        values: text, or integers, which are hashed as the decimal digits they are written with; any shape.
        count: how many bins there are.
        salt: two numbers.

    >>> buckets(np.array(["A", "B", "C"], object), 3).tolist()
    [1, 0, 1]
    """
    hashed = _hashes(values, None if salt is None else (int(salt[0]), int(salt[1])))
    return (hashed % np.uint64(count)).astype(np.int64)


def crossed(columns: Sequence[Array], count: int) -> Array:
    """Return a bin for each row of several columns, as TensorFlow's `cross_hashed`."""
    result = np.full(columns[0].shape, _CROSS_KEY, np.uint64)
    for column in columns:
        own = _hashes(column, None) if column.dtype.kind == "O" else column.astype(np.int64).view(np.uint64)
        result = joined(result, own)
    return (result % np.uint64(count)).astype(np.int64)


def _hashes(values: Array, key: tuple[int, int] | None) -> Array:
    """Return the hash of each value; equal values are hashed once."""
    if values.dtype.kind == "O":
        found: dict[str, int] = {}
        places = np.array([found.setdefault(v, len(found)) for v in values.ravel()], np.intp)
        texts: Iterable[str] = found
    else:
        unique, places = np.unique(values, return_inverse=True)
        texts = map(str, unique.tolist())
    hash_rows: Callable[[Array], Array] = fingerprints if key is None else lambda rows: siphash(rows, key)
    hashed = _by_length([t.encode("utf-8", "surrogateescape") for t in texts], hash_rows)
    return hashed[places.reshape(-1)].reshape(values.shape)


def _by_length(texts: list[bytes], hash_rows: Callable[[Array], Array]) -> Array:
    """Hash texts, those of equal length together."""
    groups: dict[int, list[int]] = {}
    for i, text in enumerate(texts):
        groups.setdefault(len(text), []).append(i)
    result = np.empty(len(texts), np.uint64)
    for length, members in groups.items():
        rows = np.frombuffer(b"".join([texts[i] for i in members]), np.uint8).reshape(len(members), length)
        result[members] = hash_rows(rows)
    return result
