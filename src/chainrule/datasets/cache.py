"""Where Keras keeps the files of its data sets, and how they are opened: as numbers, never as objects."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.utils.files import keras_home

ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
Split = tuple[tuple[Array, Array], tuple[Array, Array]]


def find(dataset: str, names: list[str], get: str) -> Path:
    """Return the path of a cached file or folder, under the first of the names that is there.

    Args:
        dataset: `'mnist'`, for the message.
        names: paths below the cache's folder `datasets`.
        get: the call that gets the file.

    Raises:
        DataError: none of them is there.
    """
    folder = Path(keras_home(), "datasets")
    for name in names:
        if (folder / name).exists():
            return folder / name
    raise DataError(
        f"{dataset}: {names[0]} is not in {folder} (the folder of KERAS_HOME, by default ~/.keras), and chainrule "
        f"does not download unasked. Get it once with {get}, or with keras.datasets.{dataset} of Keras itself."
    )


def find_file(dataset: str, name: str, origin: str, file_hash: str | None = None, subdir: str = "") -> Path:
    """Return the path of a cached file; `origin` is the name at the place where Keras gets it."""
    if os.path.basename(name) != name or name in ("", ".", ".."):
        raise DataError(
            f"{dataset}: path must be the name of a file in {Path(keras_home(), 'datasets')}, but is {name!r}. "
            "Set the environment variable KERAS_HOME for another folder."
        )
    known = f", file_hash={file_hash!r}" if file_hash else ""
    where = f", cache_subdir={os.path.join('datasets', subdir)!r}" if subdir else ""
    get = f"utils.get_file({name!r}, origin={ORIGIN + origin!r}{known}{where})"
    return find(dataset, [os.path.join(subdir, name)], get)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what goes wrong within a damaged file into one error."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        what = f"it lacks {error}" if isinstance(error, KeyError) else str(error) or type(error).__name__
        raise DataError(f"{path} cannot be read: {what}. Delete it and get it again.") from error


def read_npz(path: Path, names: list[str]) -> list[Array]:
    """Return arrays of numbers out of an `.npz`."""
    with reading(path), path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        return [arrays[name] for name in names]


def shuffled(arrays: list[Array], random: np.random.RandomState) -> list[Array]:
    """Return arrays in one random order: Keras's, which is that of NumPy's old generator."""
    indices = np.arange(len(arrays[0]))
    random.shuffle(indices)
    return [array[indices] for array in arrays]


def read_housing(path: Path, test_split: float, seed: Any, rows: int | None = None) -> Split:
    """Return the shuffled rows of a table as `(x_train, y_train), (x_test, y_test)`.

    Args:
        rows: how many of the first rows count, before shuffling.
    """
    x, y = shuffled([array[:rows] for array in read_npz(path, ["x", "y"])], np.random.RandomState(seed))
    at = int(len(x) * (1 - test_split))
    return (x[:at].copy(), y[:at].copy()), (x[at:].copy(), y[at:].copy())


def check_split(dataset: str, test_split: float) -> None:
    if not 0 <= test_split < 1:
        raise DataError(f"{dataset}: expected test_split from 0 to below 1, received {test_split}.")
