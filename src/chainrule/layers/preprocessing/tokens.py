"""Strings to lists of tokens, by the rules of TensorFlow's string functions: they know ASCII alone."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

Rows: TypeAlias = list[list[str]]
"""The tokens of each text."""

_WORD = re.compile(r"[^ \t\n\r\v\f]+")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def lower(text: str) -> str:
    """Return a text with A to Z in lower case, and other letters as they are.

    >>> lower("Élan VITAL")
    'Élan vital'
    """
    if text.isascii():
        return text.lower()
    return text.encode("utf-8", "surrogateescape").lower().decode("utf-8", "surrogateescape")


def strip_punctuation(text: str) -> str:
    """Return a text without the punctuation of ASCII.

    >>> strip_punctuation("it's - «so»!")
    'its  «so»'
    """
    return text.translate(_PUNCTUATION)


def words(text: str) -> list[str]:
    """Return what stands between blanks, tabs and line ends (those of ASCII).

    >>> words("  one\\ttwo ")
    ['one', 'two']
    """
    return _WORD.findall(text)


STANDARDIZERS: dict[str, tuple[Callable[[str], str], ...]] = {
    "lower": (lower,),
    "strip_punctuation": (strip_punctuation,),
    "lower_and_strip_punctuation": (lower, strip_punctuation),
}
SPLITTERS: dict[str, Callable[[str], list[str]]] = {"whitespace": words, "character": list}


def ngrams(tokens: list[str], widths: Sequence[int]) -> list[str]:
    """Return all runs of tokens of the given widths, one width after another.

    >>> ngrams(["a", "b", "c"], (1, 2))
    ['a', 'b', 'c', 'a b', 'b c']
    """
    return [" ".join(tokens[i : i + n]) for n in widths for i in range(len(tokens) - n + 1)]


def as_rows(made: Any, name: str) -> Rows:
    """Return what a user's `split` made of some texts as lists of tokens.

    Raises:
        ValueError: it is not one list of tokens per text.
    """
    made = made.to_list() if hasattr(made, "to_list") else made.tolist() if hasattr(made, "tolist") else made
    rows = [list(row) if isinstance(row, list | tuple) else row for row in made]
    if any(isinstance(row, str | bytes) or not hasattr(row, "__iter__") for row in rows):
        raise ValueError(f"TextVectorization '{name}': `split` must return one list of tokens per text.")
    return [[t.decode("utf-8", "surrogateescape") if isinstance(t, bytes) else str(t) for t in row] for row in rows]
