"""What IMDB and Reuters share: lists of word numbers, shifted, cut and with rare words replaced, as Keras does it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.datasets.cache import reading
from chainrule.datasets.plain_pickle import load
from chainrule.errors import DataError


def read_lists(path: Path, names: list[str]) -> list[Array]:
    """Return arrays of numbers, or of lists of numbers, out of an `.npz`."""
    with reading(path), zipfile.ZipFile(path) as archive:
        return [_read(archive, f"{name}.npy", f"{path}, {name}") for name in names]


def _read(archive: zipfile.ZipFile, name: str, source: str) -> Array:
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
        if not dtype.hasobject:
            return np.frombuffer(file.read(), dtype).reshape(shape)
        array = load(file.read(), source)
    if not isinstance(array, np.ndarray):
        raise DataError(f"{source}: expected an array of lists, but found a {type(array).__name__}.")
    return array


def read_word_index(path: Path) -> dict[str, int]:
    """Return the number of each word, from JSON."""
    with reading(path):
        index = json.loads(path.read_bytes())
    if not isinstance(index, dict):
        raise DataError(f"{path}: expected a JSON object with a number for each word.")
    return index


def shift(lists: Any, start_char: int | None, index_from: int | None) -> list[list[int]]:
    """Return the lists with `index_from` added to each number, and `start_char` in front."""
    add = index_from or 0
    if start_char is not None:
        return [[start_char, *[w + add for w in x]] for x in lists]
    return [[w + add for w in x] for x in lists]


def shorter_than(lists: list[list[int]], labels: Any, maxlen: int) -> tuple[list[list[int]], list[Any]]:
    """Return the lists with fewer than `maxlen` numbers, and their labels."""
    kept = [(x, y) for x, y in zip(lists, labels, strict=True) if len(x) < maxlen]
    return [x for x, _ in kept], [y for _, y in kept]


def limit(lists: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None) -> list[list[int]]:
    """Return the lists with words outside of `skip_top <= number < num_words` replaced by `oov_char`, or left out."""
    most = num_words or max((max(x) for x in lists), default=0)
    if oov_char is not None:
        return [[w if skip_top <= w < most else oov_char for w in x] for x in lists]
    return [[w for w in x if skip_top <= w < most] for x in lists]


def as_objects(lists: list[list[int]]) -> Array:
    """Return an array of lists; like Keras, one with two axes where all have the same length."""
    return np.array(lists, dtype=object)
