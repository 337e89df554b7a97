"""IMDB: 50,000 film reviews as lists of word numbers, positive or negative (Maas and others 2011)."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.datasets import texts
from chainrule.datasets.cache import Split, find_file, shuffled
from chainrule.errors import DataError

_HASH = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_INDEX_HASH = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: Any = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache, in Keras's order.

    Words are numbered by how often they occur, the most frequent is 1 (before `index_from` is added).

    Args:
        path: name of the file in `~/.keras/datasets` (or `datasets` in the folder that `KERAS_HOME` names).
        num_words: numbers from here on become `oov_char`; None keeps all.
        skip_top: numbers below become `oov_char`.
        maxlen: only reviews with fewer numbers are kept.
        seed: of the order of the reviews.
        start_char: is put in front of each review; None puts nothing.
        oov_char: stands for words left out; None leaves nothing in their place.
        index_from: is added to each number.

    Returns:
        x: arrays of lists of numbers. y: 1 positive, 0 negative.

    Raises:
        DataError: the file is not there or damaged, or `maxlen` leaves no review.
    """
    if kwargs:
        raise TypeError(f"imdb.load_data got unknown arguments {sorted(kwargs)}.")
    file = find_file("imdb.load_data()", path, "imdb.npz", _HASH)
    arrays = texts.read_lists(file, ["x_train", "y_train", "x_test", "y_test"])
    random, parts = np.random.RandomState(seed), []
    for x, y in (shuffled(arrays[:2], random), shuffled(arrays[2:], random)):
        labels: Any = y
        lists = texts.shift(x, start_char, index_from)
        if maxlen:
            lists, labels = texts.shorter_than(lists, y, maxlen)
            if not lists:
                raise DataError(f"imdb.load_data: no review has fewer than maxlen={maxlen} numbers. Increase maxlen.")
        parts.append((lists, labels))
    at = len(parts[0][0])
    lists = texts.limit(parts[0][0] + parts[1][0], num_words, skip_top, oov_char)
    labels = np.concatenate([part[1] for part in parts])
    return (texts.as_objects(lists[:at]), labels[:at]), (texts.as_objects(lists[at:]), labels[at:])


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """Return the number of each word, before `index_from` is added."""
    return texts.read_word_index(find_file("imdb.get_word_index()", path, "imdb_word_index.json", _INDEX_HASH))
