"""CIFAR-10: 60,000 coloured pictures in 10 classes, 32 x 32 (Krizhevsky 2009)."""

from __future__ import annotations

import numpy as np

from chainrule.datasets.cache import Split
from chainrule.datasets.cifar import as_pictures, column, find_folder, read_batch

_HASH = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"


def load_data() -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache.

    Returns:
        x: uint8 (50000 and 10000, 32, 32, 3) from 0 to 255. y: uint8 (50000 and 10000, 1), the class: airplane,
        automobile, bird, cat, deer, dog, frog, horse, ship, truck.

    Raises:
        DataError: a file is not there, or damaged.
    """
    folder = find_folder("cifar10.load_data()", "cifar-10-batches-py", "cifar-10-python.tar.gz", _HASH)
    batches = [read_batch(folder / f"data_batch_{i}", "labels") for i in range(1, 6)]
    x_train = np.concatenate([x for x, _ in batches])
    y_train = column([label for _, labels in batches for label in labels]).astype(np.uint8)
    x_test, y_test = read_batch(folder / "test_batch", "labels")
    return (as_pictures(x_train), y_train), (as_pictures(x_test), column(y_test).astype(np.uint8))
