"""CIFAR-100: 60,000 coloured pictures in 100 classes of 20 groups, 32 x 32 (Krizhevsky 2009)."""

from __future__ import annotations

from chainrule.datasets.cache import Split
from chainrule.datasets.cifar import as_pictures, column, find_folder, read_batch
from chainrule.errors import unknown_name

_HASH = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache.

    Args:
        label_mode: `'fine'` for the 100 classes, `'coarse'` for the 20 groups.

    Returns:
        x: uint8 (50000 and 10000, 32, 32, 3) from 0 to 255. y: int64 (50000 and 10000, 1).

    Raises:
        DataError: a file is not there, or damaged.
    """
    if label_mode not in ("fine", "coarse"):
        raise unknown_name("value of label_mode", label_mode, ("fine", "coarse"))
    folder = find_folder("cifar100.load_data()", "cifar-100-python", "cifar-100-python.tar.gz", _HASH)
    x_train, y_train = read_batch(folder / "train", f"{label_mode}_labels")
    x_test, y_test = read_batch(folder / "test", f"{label_mode}_labels")
    return (as_pictures(x_train), column(y_train)), (as_pictures(x_test), column(y_test))
