"""What CIFAR-10 and CIFAR-100 share: batches of pictures as Python 2 pickled them, read as plain values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.datasets.cache import find, reading
from chainrule.datasets.plain_pickle import load
from chainrule.errors import DataError

_URL = "https://www.cs.toronto.edu/~kriz/"


def find_folder(dataset: str, folder: str, archive: str, file_hash: str) -> Path:
    """Return the folder with the batches: where Keras 3 extracts it, or where Keras 2 did."""
    target = f"{folder}-target"
    get = f"utils.get_file({target!r}, origin={_URL + archive!r}, extract=True, file_hash={file_hash!r})"
    return find(dataset, [f"{target}/{folder}", folder], get)


def read_batch(path: Path, labels: str) -> tuple[Array, list[int]]:
    """Return pictures, uint8 (n, 3, 32, 32), and labels of one file."""
    with reading(path):
        batch = load(path.read_bytes(), str(path))
        pictures, classes = batch[b"data"], batch[labels.encode()]
    if not isinstance(pictures, np.ndarray) or not isinstance(classes, list) or len(pictures) != len(classes):
        raise DataError(f"{path}: expected an array of pictures with as many labels.")
    with reading(path):
        return pictures.reshape(len(pictures), 3, 32, 32), classes


def as_pictures(x: Array) -> Array:
    """Return pictures with the channels where `config.image_data_format` says."""
    return x.transpose(0, 2, 3, 1) if config.image_data_format() == "channels_last" else x


def column(labels: Any) -> Array:
    """Return labels as (n, 1)."""
    return np.reshape(labels, (len(labels), 1))
