"""What things are called in a report: columns, categories, classes; in a private one they have numbers or letters."""

from __future__ import annotations

from typing import Any

from chainrule.tabular.encoders import CategoryEncoder
from chainrule.tabular.preprocess import TablePreprocessor
from chainrule.tabular.target import ClassTarget


class Names:
    """Names for a report.

    Args:
        preprocessor: knows columns, categories and classes.
        private: whether cells of the table (categories, classes) are hidden.

    Attributes:
        target: name of the target column.
        classes: name of each class; empty for a number.
        features: name of each input of the network.
        columns: name to the numbers of the inputs that stand for the column.
    """

    def __init__(self, preprocessor: TablePreprocessor, private: bool = False) -> None:
        self.private = private
        self.target = preprocessor.target.name
        target = preprocessor.target
        self.classes: tuple[str, ...] = ()
        self._classes: dict[str, str] = {}
        if isinstance(target, ClassTarget):
            shown = [_letter(i) if private else c for i, c in enumerate(target.classes)]
            self.classes = tuple(shown)
            self._classes = dict(zip(target.classes, shown, strict=True))
        self._hidden = dict(self._classes) if private else {}
        self.features: list[str] = []
        self.columns: dict[str, tuple[int, ...]] = {}
        for encoder in preprocessor.encoders:
            own = self._features(encoder)
            self.columns[encoder.name] = tuple(range(len(self.features), len(self.features) + len(own)))
            self.features += own
            if private:
                self._hidden |= dict(zip(encoder.features, own, strict=True))

    def class_of(self, cell: str) -> str:
        """Return what a class is called."""
        return self._classes.get(cell, cell if not self.private else "another class")

    def category(self, encoder: CategoryEncoder, name: str | None) -> str:
        """Return what a category is called."""
        if name is None:
            return "missing"
        if not self.private:
            return name
        return f"category {encoder.names.index(name) + 1}" if name in encoder.names else "another category"

    def hidden(self, words: str) -> str:
        """Return a sentence in which, in a private report, categories and classes are hidden."""
        for name in sorted(self._hidden, key=len, reverse=True):
            words = words.replace(name, self._hidden[name])
        return words

    def _features(self, encoder: Any) -> list[str]:
        if not self.private or not isinstance(encoder, CategoryEncoder):
            return encoder.features  # type: ignore[no-any-return]
        hidden = CategoryEncoder(
            encoder.name, tuple(f"category {i + 1}" for i in range(len(encoder.names))), encoder.counts,
            encoder.indicator,
        )  # fmt: skip
        return hidden.features


def _letter(i: int) -> str:
    """Return a name that is no number, as the class itself may be one.

    >>> _letter(0), _letter(25), _letter(26)
    ('class A', 'class Z', 'class A2')
    """
    return f"class {chr(ord('A') + i % 26)}{i // 26 + 1 if i > 25 else ''}"
