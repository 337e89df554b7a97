"""One column of a table as one or more features of the network; each encoder is fitted on the training rows.

| column   | features                                                                                                |
|----------|---------------------------------------------------------------------------------------------------------|
| numeric  | median subtracted, divided by the interquartile range, smoothly clipped to (-3, 3); `log(1 + x)` before |
|          | that where values are never negative and have a long tail; missing cells become the median              |
| boolean  | -1 and 1; missing: 0                                                                                    |
| category | one feature of 0 and 1 per name; two names: one feature of -1 and 1. Unknown names: all 0. Beyond 50    |
|          | names: the 50 most frequent, "other", and how frequent the name is                                      |
| date     | days, as a number, and the place in the year and in the week as sine and cosine                         |

A column with missing training cells has one more feature: 1 where the cell is missing.

Source of the numeric scaling: Holzmüller, Grinsztajn, Steinwart (2024), "Better by Default", arXiv 2407.04491.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.tabular import parse, strict

if TYPE_CHECKING:
    import polars as pl

MOST_NAMES = 50
"""So many categories get a feature each."""

_LONG_TAIL = 2.0
_YEAR, _WEEK = 365.2425, 7.0


class Encoder(Protocol):
    """What an encoder of one column offers."""

    name: str

    @property
    def features(self) -> list[str]:
        """Name of each feature."""

    def transform(self, series: pl.Series) -> Array:
        """Return the features (n, features) as float64."""

    def plain(self, series: pl.Series) -> Array:
        """Return the same features with numbers as they are: neither logged, nor scaled, nor clipped."""

    @property
    def treatment(self) -> str:
        """What is done to the numbers, in a few words; empty for names and truth values."""

    def unusual(self, series: pl.Series) -> tuple[int, str]:
        """Return how many cells could not be used as they are, and what they are."""

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON values."""


@dataclass(frozen=True)
class NumericEncoder:
    """A number: `z = (f(x) - center) * scale`, `z / sqrt(1 + (z / 3)^2)`; `f(x)` is `x` or `log(1 + max(x, 0))`."""

    name: str
    log: bool
    fill: float
    center: float
    scale: float
    indicator: bool

    kind: ClassVar[str] = "numeric"
    fields: ClassVar[dict[str, Any]] = {"name": str, "log": bool, "fill": float, "center": float, "scale": float,
                                        "indicator": bool}  # fmt: skip

    @classmethod
    def fit(cls, series: pl.Series) -> NumericEncoder:
        """Take median and spread from the column."""
        return cls.of_values(series.name, parse.numbers(series))

    @classmethod
    def of_values(cls, name: str, values: Array, may_log: bool = True) -> NumericEncoder:
        """Take median and spread from an array in which NaN is missing."""
        good = values[~np.isnan(values)]
        missing = len(good) < len(values)
        if not len(good):
            return cls(name, False, 0.0, 0.0, 0.0, missing)
        log = bool(may_log and good.min() >= 0 and _skewness(good) > _LONG_TAIL)
        seen = np.log1p(good) if log else good
        low, center, high = (float(q) for q in np.quantile(seen, [0.25, 0.5, 0.75]))
        spread = high - low or (float(seen.max()) - float(seen.min())) / 2
        return cls(name, log, float(np.median(good)), center, 1 / spread if spread else 0.0, missing)

    @property
    def features(self) -> list[str]:
        return [self.name, f"{self.name} missing"] if self.indicator else [self.name]

    def transform(self, series: pl.Series) -> Array:
        return self.transform_values(parse.numbers(series))

    def transform_values(self, values: Array) -> Array:
        """Encode an array in which NaN (or an infinity) is missing."""
        missing = ~np.isfinite(values)
        x = np.where(missing, self.fill, values)
        z = ((np.log1p(np.maximum(x, 0)) if self.log else x) - self.center) * self.scale
        z /= np.sqrt(1 + (z / 3) ** 2)
        return np.stack([z, missing.astype(np.float64)], axis=1) if self.indicator else z[:, None]

    def plain(self, series: pl.Series) -> Array:
        values = parse.numbers(series)
        missing = ~np.isfinite(values)
        x = np.where(missing, self.fill, values)
        return np.stack([x, missing.astype(np.float64)], axis=1) if self.indicator else x[:, None]

    @property
    def treatment(self) -> str:
        return "log, scaled, clipped to ±3" if self.log else "scaled, clipped to ±3"

    def unusual(self, series: pl.Series) -> tuple[int, str]:
        return _unread(series, parse.numbers(series)), "are no numbers and count as missing"

    def to_dict(self) -> dict[str, Any]:
        return _state(self)


@dataclass(frozen=True)
class BooleanEncoder:
    """A truth value as -1 or 1."""

    name: str
    indicator: bool

    kind: ClassVar[str] = "boolean"
    fields: ClassVar[dict[str, Any]] = {"name": str, "indicator": bool}

    @classmethod
    def fit(cls, series: pl.Series) -> BooleanEncoder:
        """Look whether cells are missing."""
        return cls(series.name, bool(np.isnan(parse.truths(series)).any()))

    @property
    def features(self) -> list[str]:
        return [self.name, f"{self.name} missing"] if self.indicator else [self.name]

    def transform(self, series: pl.Series) -> Array:
        values = parse.truths(series)
        missing = np.isnan(values)
        signs = np.where(missing, 0.0, 2 * values - 1)
        return np.stack([signs, missing.astype(np.float64)], axis=1) if self.indicator else signs[:, None]

    def plain(self, series: pl.Series) -> Array:
        return self.transform(series)

    @property
    def treatment(self) -> str:
        return ""

    def unusual(self, series: pl.Series) -> tuple[int, str]:
        return _unread(series, parse.truths(series)), "are no truth values and count as missing"

    def to_dict(self) -> dict[str, Any]:
        return _state(self)


@dataclass(frozen=True)
class CategoryEncoder:
    """Names, most frequent first, and how often each was seen."""

    name: str
    names: tuple[str, ...]
    counts: tuple[int, ...]
    indicator: bool

    kind: ClassVar[str] = "category"
    fields: ClassVar[dict[str, Any]] = {"name": str, "names": strict.Names, "counts": strict.Counts, "indicator": bool}

    @classmethod
    def fit(cls, series: pl.Series) -> CategoryEncoder:
        """Count the names in the column."""
        cells = parse.categories(series)
        seen = sorted(Counter(c for c in cells if c is not None).items(), key=lambda item: (-item[1], item[0]))
        return cls(series.name, tuple(n for n, _ in seen), tuple(c for _, c in seen), None in cells)

    @property
    def features(self) -> list[str]:
        if len(self.names) == 2:
            found = [f"{self.name}={self.names[0]}"]
        else:
            found = [f"{self.name}={n}" for n in self.names[:MOST_NAMES]]
            if len(self.names) > MOST_NAMES:
                found += [f"{self.name}=other", f"{self.name} frequency"]
        return [*found, f"{self.name} missing"] if self.indicator else found

    def transform(self, series: pl.Series) -> Array:
        cells = parse.categories(series)
        place = {name: i for i, name in enumerate(self.names)}
        index = np.array([-1 if c is None else place.get(c, -2) for c in cells], np.int64)
        if len(self.names) == 2:
            columns = [np.where(index == 0, 1.0, np.where(index == 1, -1.0, 0.0))]
        else:
            columns = [(index == i).astype(np.float64) for i in range(min(len(self.names), MOST_NAMES))]
            if len(self.names) > MOST_NAMES:
                columns += [((index >= MOST_NAMES) | (index == -2)).astype(np.float64), self._frequency(index)]
        if self.indicator:
            columns.append((index == -1).astype(np.float64))
        return np.stack(columns, axis=1) if columns else np.zeros((len(cells), 0))

    def plain(self, series: pl.Series) -> Array:
        return self.transform(series)

    @property
    def treatment(self) -> str:
        return ""

    def _frequency(self, index: Array) -> Array:
        """`log(1 + count)` of each cell's name, as a share of the most frequent one's."""
        logs = np.log1p(np.array([*self.counts, 0, 0], np.float64))  # the last two stand for unknown and missing
        shares: Array = logs[index] / logs[0]
        return shares

    def unusual(self, series: pl.Series) -> tuple[int, str]:
        known = {None, *self.names}
        new = [c for c in parse.categories(series) if c not in known]
        return len(new), f"are categories not seen in training, such as {new[0]!r}" if new else ""

    def to_dict(self) -> dict[str, Any]:
        return _state(self)


@dataclass(frozen=True)
class DateEncoder:
    """Days since 1970 as a number, and year and week as circles."""

    name: str
    fill: float
    center: float
    scale: float
    indicator: bool

    kind: ClassVar[str] = "date"
    fields: ClassVar[dict[str, Any]] = {"name": str, "fill": float, "center": float, "scale": float, "indicator": bool}

    @classmethod
    def fit(cls, series: pl.Series) -> DateEncoder:
        """Take median and spread of the days."""
        days = NumericEncoder.of_values(series.name, parse.dates(series), may_log=False)
        return cls(series.name, days.fill, days.center, days.scale, days.indicator)

    @property
    def features(self) -> list[str]:
        parts = ["days", "sin(year)", "cos(year)", "sin(week)", "cos(week)"]
        return [f"{self.name} {part}" for part in [*parts, *(["missing"] if self.indicator else [])]]

    def transform(self, series: pl.Series) -> Array:
        days = parse.dates(series)
        number = NumericEncoder(self.name, False, self.fill, self.center, self.scale, self.indicator)
        scaled = number.transform_values(days)
        circles = [f(2 * np.pi * days / period) for period in (_YEAR, _WEEK) for f in (np.sin, np.cos)]
        return np.concatenate([scaled[:, :1], np.nan_to_num(np.stack(circles, axis=1)), scaled[:, 1:]], axis=1)

    def plain(self, series: pl.Series) -> Array:
        days = parse.dates(series)
        features = self.transform(series)
        features[:, 0] = np.where(np.isfinite(days), days, self.fill)
        return features

    @property
    def treatment(self) -> str:
        return "days scaled, clipped to ±3; place in year and week"

    def unusual(self, series: pl.Series) -> tuple[int, str]:
        return _unread(series, parse.dates(series)), "are no dates and count as missing"

    def to_dict(self) -> dict[str, Any]:
        return _state(self)


ENCODERS: dict[str, Any] = {e.kind: e for e in (NumericEncoder, BooleanEncoder, CategoryEncoder, DateEncoder)}
"""Column kind to encoder."""


def encoder_from_dict(data: Any, where: str) -> Encoder:
    """Return the encoder that a dictionary describes; every field is checked.

    Raises:
        ModelFileError: naming the field.
    """
    kind = ENCODERS[strict.kind_of(data, where, tuple(ENCODERS))]
    found = strict.record(data, {"kind": str, **kind.fields}, where)
    found.pop("kind")
    if kind is CategoryEncoder and len(found["names"]) != len(found["counts"]):
        raise ModelFileError(f"{where}: there are {len(found['names'])} names, but {len(found['counts'])} counts.")
    encoder: Encoder = kind(**found)
    return encoder


def _state(encoder: Any) -> dict[str, Any]:
    values = {name: getattr(encoder, name) for name in encoder.fields}
    return {"kind": encoder.kind, **{k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}}


def _unread(series: pl.Series, values: Array) -> int:
    return int(np.sum(~np.isfinite(values))) - series.null_count()


def _skewness(values: Array) -> float:
    spread = float(values.std())
    return float((((values - values.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
