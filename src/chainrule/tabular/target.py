"""The target column as numbers for the network, and the network's outputs as classes or values again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.tabular import parse, strict

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class ClassTarget:
    """Classes by name; class `i` of the network is `classes[i]`.

    With two classes the network has one output, the probability of the second.
    """

    name: str
    classes: tuple[str, ...]

    @classmethod
    def fit(cls, target: pl.Series) -> ClassTarget:
        """Take the classes from the column, sorted (numbers by size)."""
        return cls(target.name, tuple(sorted({c for c in parse.categories(target) if c is not None}, key=_by_size)))

    def encode(self, target: pl.Series, path: str | Path = "table") -> Array:
        """Return class numbers (n,) as int64.

        Raises:
            DataError: a missing cell or a class unknown to the model, with its row.
        """
        number = {name: i for i, name in enumerate(self.classes)}
        names = parse.categories(target)
        for row, name in enumerate(names):
            if name not in number:
                what = "is missing" if name is None else f"{name!r} is none of the classes"
                raise DataError(
                    f"{path}, row {row + 1}: the target {self.name!r} {what}. The model knows: {_listed(self.classes)}."
                )
        return np.array([number[name] for name in names if name is not None], np.int64)

    def probabilities(self, output: Array) -> Array:
        """Return (n, classes) as float64 from the network's output (n, 1) or (n, classes)."""
        p = output.astype(np.float64)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "classes", "name": self.name, "classes": list(self.classes)}


@dataclass(frozen=True)
class NumberTarget:
    """A number, standardised for the network: `(y - mean) / scale`."""

    name: str
    mean: float
    scale: float

    @classmethod
    def fit(cls, target: pl.Series) -> NumberTarget:
        """Take mean and standard deviation from the column, which should hold the training rows only."""
        values = parse.numbers(target)
        return cls(target.name, float(values.mean()), float(values.std()) or 1.0)

    def read(self, target: pl.Series, path: str | Path = "table") -> Array:
        """Return the values (n,) as float64.

        Raises:
            DataError: a cell that is missing, no number, or infinite, with its row.
        """
        values = parse.numbers(target)
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            row = int(bad[0])
            raise DataError(f"{path}, row {row + 1}: the target {self.name!r} is {target[row]!r}, not a finite number.")
        return values

    def encode(self, values: Array) -> Array:
        """Return standardised values (n,) as float32."""
        return ((values - self.mean) / self.scale).astype(np.float32)

    def decode(self, output: Array) -> Array:
        """Return values (n,) as float64 from the network's output (n, 1)."""
        return output[:, 0].astype(np.float64) * self.scale + self.mean

    def to_dict(self) -> dict[str, Any]:
        return {"kind": "number", "name": self.name, "mean": self.mean, "scale": self.scale}


def target_from_dict(data: Any) -> ClassTarget | NumberTarget:
    """Return the target that a dictionary describes; every field is checked.

    Raises:
        ModelFileError: a field is missing, unknown or of the wrong type.
    """
    kind = strict.kind_of(data, "target", ("classes", "number"))
    if kind == "classes":
        found = strict.record(data, {"kind": str, "name": str, "classes": strict.Names}, "target")
        return ClassTarget(found["name"], found["classes"])
    found = strict.record(data, {"kind": str, "name": str, "mean": float, "scale": float}, "target")
    return NumberTarget(found["name"], found["mean"], found["scale"])


def _by_size(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names[:10])) + (", ..." if len(names) > 10 else "")
