"""Boston housing: prices of 506 tracts of 1978 by 13 columns (Harrison, Rubinfeld).

One of the columns assumes that the share of Black inhabitants lowers prices; California housing is the better choice.
"""

from __future__ import annotations

from typing import Any

from chainrule.datasets.cache import Split, check_split, find_file, read_housing

_HASH = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path: str = "boston_housing.npz", test_split: float = 0.2, seed: Any = 113) -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache, in Keras's order.

    Args:
        path: name of the file in `~/.keras/datasets` (or `datasets` in the folder that `KERAS_HOME` names).
        test_split: share of the rows that are for testing.
        seed: of the order in which the rows are put first.

    Returns:
        x: float64 (rows, 13), not scaled. y: float64 (rows,), prices in 1000 dollars.

    Raises:
        DataError: the file is not there, or damaged.
    """
    check_split("boston_housing.load_data()", test_split)
    return read_housing(find_file("boston_housing.load_data()", path, "boston_housing.npz", _HASH), test_split, seed)
