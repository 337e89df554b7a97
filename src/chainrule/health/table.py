"""`check_table`: the rules about data on a table in a file, as the recipe for tables reads it; nothing is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule._typing import Array
from chainrule.health.data import check_data
from chainrule.health.features import listed, quoted, usual
from chainrule.health.finding import Finding, worst_first
from chainrule.health.report import Report
from chainrule.health.thresholds import limit
from chainrule.tabular.copies import marks, repeated

if TYPE_CHECKING:
    import polars as pl

    from chainrule.tabular.train import Prepared


def check_table(path: str | Path, target: str, **options: Any) -> Report:
    """Return what is wrong with a table: features that say nothing or too much, rare classes, missing cells.

    Args:
        path: CSV, TSV or Parquet.
        target: the column to predict.
        options: of `chainrule.tabular.settings.Settings`: `task`, `types`, `drop`, ...

    Raises:
        DataError: the table cannot be read, or has too few rows to train on.
    """
    from chainrule.tabular.settings import Settings
    from chainrule.tabular.train import prepare

    return check_prepared(prepare(Settings(data=str(path), target=target, **options)))


def check_prepared(prepared: Prepared) -> Report:
    """Return what is wrong with a table that has been read."""
    from chainrule.tabular.target import ClassTarget

    used = [c for c in prepared.columns if c.used]
    names = [c.name for c in used]
    x = np.stack([_numbers(prepared.table.get_column(c.name), c.kind) for c in used], axis=1)
    how = prepared.preprocessor.target
    y = np.array(how.classes, dtype=object)[prepared.y] if isinstance(how, ClassTarget) else prepared.y
    found = [*_constant(prepared), *_mostly_missing(prepared)]
    found += check_data(x, y, names, prepared.task.is_classification)
    target = f"target {prepared.settings.target!r} ({prepared.task.kind})"
    looked_at = f"{len(x):,} rows of {len(names):,} columns"
    more = repeated(marks(prepared.table, [*names, prepared.settings.target]))
    copies = (f"{more:,} {'row is equal to an earlier one' if more == 1 else 'rows are equal to earlier ones'}",)
    said = (looked_at, target, *(copies if more else ()))
    return Report(tuple(worst_first(found)), f"'{Path(prepared.settings.data).name}'", said)


def _numbers(series: pl.Series, kind: str) -> Array:
    """Return a column as numbers: categories numbered as they first appear, missing cells filled with the median."""
    from chainrule.tabular import parse

    if kind == "category":
        seen: dict[str | None, int] = {}
        return np.array([seen.setdefault(v, len(seen)) for v in parse.categories(series)], np.float64)
    reader = {"numeric": parse.numbers, "boolean": parse.truths, "date": parse.dates}[kind]
    values = reader(series)
    known = np.isfinite(values)
    return np.where(known, values, np.median(values[known]) if known.any() else 0.0)


def _constant(prepared: Prepared) -> list[Finding]:
    same = [c for c in prepared.columns if c.kind == "constant"]
    names = [c.name for c in same]
    if not same or usual(len(same), len(prepared.columns)):
        return []
    every = range(len(names))
    return [
        Finding(
            "constant-feature", "warning", listed(names, every), None,
            f"{quoted(names, every)} {'are' if len(names) > 1 else 'is'} the same on all {prepared.table.height} rows "
            f"({same[0].why}): nothing can be learnt from {'them' if len(names) > 1 else 'it'}.",
            {"features": names, "rows": prepared.table.height},
            ("leave it out, as chainrule train does", "look whether the file or the query has lost what it held"),
        )
    ]  # fmt: skip


def _mostly_missing(prepared: Prepared) -> list[Finding]:
    rows = prepared.table.height
    most = [c for c in prepared.columns if c.used and c.missing > limit("mostly_missing") * rows]
    if not most:
        return []
    names = [c.name for c in most]
    return [
        Finding(
            "mostly-missing", "warning", listed(names, range(len(names))), None,
            f"{most[0].missing} of {rows} cells of {names[0]!r} are missing"
            f"{f', and more than half of {len(names) - 1} more columns' if len(names) > 1 else ''}.",
            {"features": names, "missing": most[0].missing, "rows": rows, "limit": limit("mostly_missing")},
            ("ask why: that a cell is missing may say more than its value", "leave it out, and see what is lost"),
        )
    ]  # fmt: skip
