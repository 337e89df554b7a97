"""Cells of a column as numbers, truth values, dates (float64, NaN where missing or unreadable) or category names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chainrule._typing import Array
from chainrule.tabular.read import import_polars

if TYPE_CHECKING:
    import polars as pl

TRUTH = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0, "y": 1.0, "n": 0.0, "t": 1.0, "f": 0.0, "1": 1.0, "0": 0.0,
         "1.0": 1.0, "0.0": 0.0}  # fmt: skip
"""What each spelling of a truth value means."""

TRUTH_PAIRS = ({"true", "false"}, {"yes", "no"}, {"y", "n"}, {"t", "f"}, {"0", "1"}, {"0.0", "1.0"})

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y")
_DATE_FORMATS = (*_DAYS, *(f"{day} {time}" for day in _DAYS for time in ("%H:%M", "%H:%M:%S%.f")),
                 "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ")  # fmt: skip
DATES_ACCEPTED = "2026-12-31, 2026/12/31 or 31.12.2026, with or without a time such as 23:59 or 23:59:59"
"""For people; 12/31/2026 is not among them, because in 1/2/2026 day and month cannot be told apart."""


def is_supported(series: pl.Series) -> bool:
    """Whether the column holds text, numbers, truth values or dates (and not lists, bytes or structs)."""
    polars = import_polars()
    return bool(
        series.dtype.is_numeric()
        or series.dtype in (polars.String, polars.Boolean, polars.Date, polars.Datetime, polars.Null)
    )


def numbers(series: pl.Series) -> Array:
    """Return the cells as float64; text that is no number becomes NaN."""
    polars = import_polars()
    if series.dtype in (polars.Date, polars.Datetime):
        return dates(series)
    return np.array(series.cast(polars.Float64, strict=False).fill_null(np.nan).to_numpy(), np.float64)


def truths(series: pl.Series) -> Array:
    """Return 1 for true, 0 for false (in any spelling of `TRUTH`), NaN for anything else."""
    polars = import_polars()
    text = series.cast(polars.String).str.to_lowercase()
    return np.array(text.replace_strict(TRUTH, default=None, return_dtype=polars.Float64).fill_null(np.nan).to_numpy())


def dates(series: pl.Series) -> Array:
    """Return days since 1 January 1970, with the time of day as a fraction."""
    polars = import_polars()
    moments = series
    if series.dtype == polars.String:
        moments = polars.Series([None] * len(series), dtype=polars.Datetime("us"))
        for form in _DATE_FORMATS:
            wants_time = "%H" in form
            parsed = (
                series.str.to_datetime(form, strict=False) if wants_time else series.str.to_date(form, strict=False)
            )
            moments = moments.fill_null(parsed.cast(polars.Datetime("us")).dt.replace_time_zone(None))
    elif series.dtype not in (polars.Date, polars.Datetime):
        return np.full(len(series), np.nan)
    plain = moments.cast(polars.Datetime("us"))
    micros = plain.cast(polars.Int64).cast(polars.Float64).fill_null(np.nan).to_numpy()
    return np.array(micros / 86_400e6)


def categories(series: pl.Series) -> list[str | None]:
    """Return the cells as names, None where missing; whole numbers are written without a point: `'3'`."""
    polars = import_polars()
    if series.dtype.is_float():
        return [None if v is None else str(int(v)) if v == int(v) else repr(v) for v in _finite_or_none(series)]
    return [None if v is None else str(v) for v in series.cast(polars.String).to_list()]


def _finite_or_none(series: pl.Series) -> list[float | None]:
    return [v if v is not None and np.isfinite(v) else None for v in series.to_list()]
