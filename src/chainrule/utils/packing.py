"""`(x, y, sample_weight)` as one value and back, for users' own training steps."""

from __future__ import annotations

from typing import Any

from chainrule.data.streams import pack, unpack


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return the shortest of `x`, `(x, y)` and `(x, y, sample_weight)`; an `x` that is a list or tuple as `(x,)`.

    >>> pack_x_y_sample_weight(1, 2)
    (1, 2)
    """
    return pack(x, y, sample_weight)


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """Return `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)` as three values, None for what is missing.

    Raises:
        DataError: more than three parts.

    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    return unpack(data)
