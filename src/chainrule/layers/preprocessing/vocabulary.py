"""`Vocabulary`: which term has which number, and how vocabularies are counted, read and written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ModelFileError


class Table:
    """Terms in order, and their numbers from `start` on.

    >>> table = Table(["a", "b"], 1)
    >>> table.numbers(np.array([["b", "z"]], object), -1).tolist()
    [[2, -1]]
    """

    def __init__(self, terms: Sequence[Any] = (), start: int = 0) -> None:
        self.terms = list(terms)
        self.start = start
        self._by_term = {term: start + i for i, term in enumerate(self.terms)}
        self._sorted: tuple[Array, Array] | None = None

    def __len__(self) -> int:
        return len(self.terms)

    def numbers(self, values: Array, default: int) -> Array:
        """Return the number of each value, `default` for those that are no terms."""
        if values.dtype.kind == "O":
            found = np.fromiter(map(self._by_term.get, values.ravel().tolist(), repeat(default)), np.int64, values.size)
            return found.reshape(values.shape)
        if not self.terms:
            return np.full(values.shape, default, np.int64)
        if self._sorted is None:
            terms = np.asarray(self.terms, np.int64)
            order = np.argsort(terms)
            self._sorted = terms[order], order
        terms, order = self._sorted
        at = np.minimum(np.searchsorted(terms, values), len(terms) - 1)
        return np.where(terms[at] == values, order[at] + self.start, default)

    def of_numbers(self, numbers: Array, default: Any, dtype: Any) -> Array:
        """Return the term of each number, `default` for those without."""
        terms = np.empty(len(self.terms) + 1, dtype)
        terms[:-1], terms[-1] = self.terms, default
        at = numbers - self.start
        return terms[np.where((at >= 0) & (at < len(self.terms)), at, len(self.terms))]


class Counts:
    """How often each term came, and, if asked, in how many documents (rows)."""

    def __init__(self) -> None:
        self.terms: Counter[Any] = Counter()
        self.documents: Counter[Any] = Counter()
        self.rows = 0

    def add(self, rows: Sequence[Sequence[Any]], documents: bool) -> None:
        """Count the terms of some rows."""
        self.terms.update(chain.from_iterable(rows))
        if documents:
            self.rows += len(rows)
            self.documents.update(chain.from_iterable(map(set, rows)))

    def add_integers(self, values: Array) -> None:
        """Count integers, without their rows."""
        unique, counts = np.unique(values, return_counts=True)
        self.terms.update(dict(zip(unique.tolist(), counts.tolist(), strict=True)))

    def ordered(self, without: Iterable[Any], most: int | None) -> list[Any]:
        """Return the terms, the most frequent first, and among equals the last in the alphabet."""
        left = dict(self.terms)
        for term in without:
            left.pop(term, None)
        return sorted(left, key=lambda t: (left[t], t), reverse=True)[: None if most is None else max(most, 0)]

    def weights(self, terms: Sequence[Any]) -> Array:
        """Return `log(1 + rows / (1 + rows with the term))` of each term."""
        having = np.array([self.documents.get(t, 0) for t in terms], np.int64)
        return np.log(1 + self.rows / (1 + having))


# -- files ------------------------------------------------------------------------------------------------------------


def write_terms(terms: Iterable[Any], name: str) -> bytes:
    """Return a vocabulary as a text file with one term per line.

    Raises:
        ModelFileError: a term that holds a line break.
    """
    lines = [str(t) for t in terms]
    for line in lines:
        if line and line.splitlines() != [line]:
            raise ModelFileError(
                f"Layer '{name}': the term {line!r:.60} holds a line break, which the file of a vocabulary cannot "
                "hold. Give the vocabulary to the constructor, which keeps it in the configuration."
            )
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def read_terms(data: bytes, of_line: Callable[[str], Any], name: str) -> list[Any]:
    """Return the terms of such a file.

    Raises:
        ModelFileError: it is no text, or a line is no term.
    """
    try:
        lines = data.decode("utf-8", "surrogateescape").splitlines()
        while lines and lines[-1] == "":
            lines.pop()
        return [of_line(line) for line in lines]
    except ValueError as error:
        raise ModelFileError(f"the vocabulary of layer '{name}' cannot be read: {error}"[:300]) from None


def read_vocabulary_file(path: str, of_line: Callable[[str], Any], name: str) -> list[Any]:
    """Return the terms of a file of the user's own, one per line.

    Raises:
        DataError: the file cannot be read, or a line is no term.
    """
    try:
        with open(path, "rb") as file:
            lines = file.read().replace(b"\r", b"").split(b"\n")
    except OSError as error:
        raise DataError(f"Layer '{name}': the vocabulary file '{path}' cannot be read: {error.strerror}.") from None
    if lines and lines[-1] == b"":
        lines.pop()
    try:
        return [of_line(line.decode("utf-8", "surrogateescape")) for line in lines]
    except ValueError as error:
        raise DataError(f"Layer '{name}': the vocabulary file '{path}' cannot be read: {error}") from None
