"""California housing: prices of 20,640 blocks of 1990 by 8 columns (Pace, Barry 1997)."""

from __future__ import annotations

from typing import Any

from chainrule.datasets.cache import Split, check_split, find_file, read_housing
from chainrule.errors import unknown_name

_HASH = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_ROWS = {"large": None, "small": 600}


def load_data(
    version: str = "large", path: str = "california_housing.npz", test_split: float = 0.2, seed: Any = 113
) -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache, in Keras's order.

    Args:
        version: `'large'` for all rows, `'small'` for the first 600.
        path: name of the file in `~/.keras/datasets` (or `datasets` in the folder that `KERAS_HOME` names).
        test_split: share of the rows that are for testing.
        seed: of the order in which the rows are put first.

    Returns:
        x: (rows, 8), not scaled. y: (rows,), median price in dollars.

    Raises:
        DataError: the file is not there, or damaged.
    """
    check_split("california_housing.load_data()", test_split)
    file = find_file("california_housing.load_data()", path, "california_housing.npz", _HASH)
    if version not in _ROWS:
        raise unknown_name("value of version", version, _ROWS)
    return read_housing(file, test_split, seed, _ROWS[version])
