"""Fashion-MNIST: 70,000 grey pictures of clothes in 10 classes, 28 x 28 (Xiao, Rasul, Vollgraf 2017)."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from chainrule._typing import Array
from chainrule.datasets.cache import Split, find_file, reading
from chainrule.errors import DataError

_FILES = (
    "train-labels-idx1-ubyte.gz",
    "train-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
)


def load_data() -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache.

    Returns:
        x: uint8 (60000 and 10000, 28, 28) from 0 to 255. y: uint8 (60000 and 10000,), the class: T-shirt, trousers,
        pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Raises:
        DataError: a file is not there, or damaged.
    """
    paths = [find_file("fashion_mnist.load_data()", name, name, subdir="fashion-mnist") for name in _FILES]
    y_train, y_test = (_read(path, 8) for path in paths[::2])
    x_train, x_test = (
        _pictures(_read(path, 16), y, path) for path, y in zip(paths[1::2], (y_train, y_test), strict=True)
    )
    return (x_train, y_train), (x_test, y_test)


def _read(path: Path, header: int) -> Array:
    """Return the bytes after the header of a compressed file in the IDX format."""
    import gzip

    with reading(path), gzip.open(path, "rb") as file:
        try:
            return np.frombuffer(file.read(), np.uint8, offset=header)
        except zlib.error as error:
            raise ValueError(str(error)) from error


def _pictures(pixels: Array, labels: Array, path: Path) -> Array:
    if pixels.size != 784 * len(labels):
        raise DataError(
            f"{path} holds {pixels.size} pixels, but {len(labels)} pictures of 28 x 28 need another number."
        )
    return pixels.reshape(len(labels), 28, 28)
