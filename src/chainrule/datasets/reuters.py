"""Reuters: 11,228 news of 1987 as lists of word numbers, in 46 subjects."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.datasets import texts
from chainrule.datasets.cache import Split, find_file, shuffled

_HASH = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_INDEX_HASH = "4d44cc38712099c9e383dc6e5f11a921"
_LABELS = (
    "cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing", "money-supply", "coffee", "sugar",
    "trade", "reserves", "ship", "cotton", "carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp",
    "meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal", "livestock", "retail", "ipi", "iron-steel",
    "rubber", "heat", "jobs", "lei", "bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog", "lead",
)  # fmt: skip


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: Any = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Return `(x_train, y_train), (x_test, y_test)` from Keras's cache, in Keras's order.

    Args:
        path: name of the file in `~/.keras/datasets` (or `datasets` in the folder that `KERAS_HOME` names).
        num_words, skip_top, maxlen, start_char, oov_char, index_from: as in `imdb.load_data`.
        test_split: share of the news that is for testing.
        seed: of the order of the news.

    Returns:
        x: arrays of lists of numbers. y: int64, the subject (see `get_label_names`).

    Raises:
        DataError: the file is not there, or damaged.
    """
    file = find_file("reuters.load_data()", path, "reuters.npz", _HASH)
    x, y = shuffled(texts.read_lists(file, ["x", "y"]), np.random.RandomState(seed))
    lists: Any
    labels: Any
    lists, labels = texts.shift(x, start_char, index_from), y
    if maxlen:
        lists, labels = texts.shorter_than(lists, y, maxlen)
    lists = texts.limit(lists, num_words, skip_top, oov_char)
    at = int(len(lists) * (1 - test_split))
    train, test = (texts.as_objects(part) for part in (lists[:at], lists[at:]))
    return (train, np.array(labels[:at])), (test, np.array(labels[at:]))


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """Return the number of each word, before `index_from` is added."""
    return texts.read_word_index(find_file("reuters.get_word_index()", path, "reuters_word_index.json", _INDEX_HASH))


def get_label_names() -> tuple[str, ...]:
    """Return the names of the 46 subjects.

    >>> get_label_names()[3:5]
    ('earn', 'acq')
    """
    return _LABELS
