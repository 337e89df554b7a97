"""MNIST: 70,000 grey pictures of hand-written digits, 28 x 28 (LeCun, Cortes, Burges)."""

from __future__ import annotations

from chainrule.datasets.cache import Split, find_file, read_npz

_HASH = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str = "mnist.npz") -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache.

    Args:
        path: name of the file in `~/.keras/datasets` (or `datasets` in the folder that `KERAS_HOME` names).

    Returns:
        x: uint8 (60000 and 10000, 28, 28) from 0 to 255. y: uint8 (60000 and 10000,), the digit.

    Raises:
        DataError: the file is not there, or damaged.
    """
    file = find_file("mnist.load_data()", path, "mnist.npz", _HASH)
    x_train, y_train, x_test, y_test = read_npz(file, ["x_train", "y_train", "x_test", "y_test"])
    return (x_train, y_train), (x_test, y_test)
