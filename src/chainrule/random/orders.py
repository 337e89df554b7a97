"""The order of rows in an epoch: `threefry.permutation`, computed natively where that is compiled (the same bits)."""

from __future__ import annotations

from typing import cast

from chainrule._typing import Array
from chainrule.engines.compiled import compiled
from chainrule.random import threefry
from chainrule.random.threefry import Key


def row_order(key: Key, n: int) -> Array:
    """Return the numbers 0 to n - 1 in random order, as int64.

    >>> row_order((0, 7), 5).tolist() == threefry.permutation((0, 7), 5).tolist()
    True
    """
    native = compiled()
    if isinstance(native, str):
        return threefry.permutation(key, n)
    return cast(Array, native.kernels.permutation(key, n))
