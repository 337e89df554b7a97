"""What each column of a table is: its kind, whether it is used, and why. Nothing is dropped without a message."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, unknown_name
from chainrule.tabular import parse
from chainrule.tabular.csv_check import nearest
from chainrule.tabular.read import import_polars

if TYPE_CHECKING:
    import polars as pl

KINDS = ("numeric", "category", "boolean", "date", "text", "id", "constant")
"""Every kind; the first four are used, the others are left out."""
USED = KINDS[:4]

_ID_NAME = re.compile(r"(^|[_\s.-])(id|uuid|guid|index|rownames?)$|^unnamed_\d+$", re.IGNORECASE)
_ID_CAMEL = re.compile(r"[a-z](ID|Id)$")
_NEARLY_NUMERIC = 0.98
_FEW = 20
_ALMOST = (
    (r"^(?:\d{4}[/.-]\d{1,2}[/.-]\d{1,2}|\d{1,2}[/.-]\d{1,2}[/.-](?:\d{2}|\d{4}))(?:$|[ T])",
     "dates in a form that is not read", f"write them as {parse.DATES_ACCEPTED}"),
    (r"^[-+(]?\s*(?:[$€£¥]\s*[-+]?\d[\d.,' ]*|\d[\d.' ]*,[\d.,' ]*|\d[\d.,' ]*[%$€£¥])\)?$",
     "amounts with signs or separators", "write plain numbers, such as 1237.50"),
)  # fmt: skip
"""Pattern, what it looks like, what to do."""
Verdict: TypeAlias = tuple[str, str, str | None]
"""Kind, why, note."""


@dataclass(frozen=True)
class Column:
    """One column, as inferred or as the user said.

    Attributes:
        kind: one of `KINDS`.
        why: how it looks, in a few words.
        missing: number of missing cells.
        distinct: number of different values.
        note: what the user should know, or None; always given where a column is left out.
    """

    name: str
    kind: str
    why: str
    missing: int
    distinct: int
    note: str | None = None

    @property
    def used(self) -> bool:
        return self.kind in USED


def infer_columns(
    table: pl.DataFrame,
    target: str | None = None,
    types: Mapping[str, str] | None = None,
    drop: Iterable[str] = (),
    path: str | Path = "table",
) -> list[Column]:
    """Return what each column is, the target and the dropped ones excepted.

    Rules, in this order:
    - no or one value: `constant`, left out (a single value beside missing cells is kept);
    - two values such as yes/no, true/false, 0/1: `boolean`;
    - dates in ISO form or as 31.12.2026: `date`;
    - numbers: `numeric`; but `id`, left out, where whole numbers count the rows, or the name ends in "id" and many
      differ. Where 98 % are numbers, the other cells count as missing, with a note;
    - other text: `category`; but free `text`, left out, where it looks like 12/31/2026 or $1,200 and more than half of
      the cells differ; or `id` or free `text`, left out, where more than half of the cells differ.

    Args:
        types: kinds that override the rules.
        drop: columns to leave out.

    Raises:
        DataError: a name in `types` or `drop` is no column, or a cell is infinite.
        UnknownNameError: a kind in `types` does not exist.
    """
    types, drop = dict(types or {}), list(drop)
    for name in [*types, *drop]:
        require_column(table, name, path)
    for kind in types.values():
        if kind not in KINDS:
            raise unknown_name("column kind", kind, KINDS)
    return [
        _forced(table.get_column(name), types[name], path) if name in types else _inferred(table.get_column(name), path)
        for name in table.columns
        if name != target and name not in drop
    ]


def require_column(table: pl.DataFrame, name: str, path: str | Path, role: str = "column") -> None:
    """Raise unless the table has a column of that name, with the nearest names and the list of all."""
    if name in table.columns:
        return
    near = nearest(name, table.columns)
    guess = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise DataError(f"{path}: there is no {role} {name!r}.{guess} The columns are: {', '.join(table.columns)}.")


def _forced(series: pl.Series, kind: str, path: str | Path) -> Column:
    missing, distinct = series.null_count(), series.drop_nulls().n_unique()
    reader = {"numeric": parse.numbers, "boolean": parse.truths, "date": parse.dates}.get(kind)
    note = f"left out: you said it is {kind}" if kind not in USED else None
    if reader is not None:
        values = reader(series)
        _refuse_infinity(series, values, path)
        bad = int(np.isnan(values).sum()) - missing
        if bad == len(series) - missing:
            advice = f" Accepted are {parse.DATES_ACCEPTED}." if kind == "date" else ""
            raise DataError(
                f"{path}: column {series.name!r} was to be read as {kind}, but no cell of it can be.{advice}"
            )
        if bad:
            note = f"{bad} of {len(series) - missing} cells cannot be read as {kind} and count as missing"
    return Column(series.name, kind, "as you said", missing, distinct, note)


def _inferred(series: pl.Series, path: str | Path) -> Column:
    present = series.drop_nulls()
    kind, why, note = _judge(series, present, path)
    return Column(series.name, kind, why, series.null_count(), present.n_unique(), note)


def _judge(series: pl.Series, present: pl.Series, path: str | Path) -> Verdict:
    polars = import_polars()
    if not parse.is_supported(series):
        return "text", f"type {series.dtype}", f"left out: values of type {series.dtype} are not supported"
    if len(present) == 0:
        return "constant", "empty", "left out: all cells are missing"
    if present.n_unique() == 1 and len(present) == len(series):
        return "constant", f"always {present[0]}", "left out: it has one value only"
    if present.dtype == polars.Boolean or _is_truth(present):
        return "boolean", " / ".join(sorted({str(v) for v in present.unique().to_list()})), None
    if not any(np.isnan(parse.dates(part)).any() for part in (present.head(_FEW), present)):
        return "date", f"{present.min()!s} to {present.max()!s}", None
    values = parse.numbers(present)
    if np.mean(~np.isnan(values)) >= _NEARLY_NUMERIC:
        _refuse_infinity(series, parse.numbers(series), path)
        return _judge_numbers(series, present, values)
    return _judge_text(series, present)


def _is_truth(present: pl.Series) -> bool:
    values = {str(v).lower() for v in present.unique().head(3).to_list()}
    return any(values <= pair for pair in parse.TRUTH_PAIRS)


def _judge_numbers(series: pl.Series, present: pl.Series, values: Array) -> Verdict:
    good = values[~np.isnan(values)]
    whole = bool((good == np.floor(good)).all())
    why = f"{good.min():.6g} ... {good.max():.6g}"
    if len(good) < len(values):
        strays = present.filter(np.isnan(values))
        note = f"{len(strays)} of {len(values)} cells are no numbers, such as {strays[0]!r}: they count as missing"
        return "numeric", why, note
    if whole and len(series) >= _FEW and len(present) == len(series):
        unique = len(np.unique(good)) == len(good)
        counts_rows = unique and good.max() - good.min() == len(good) - 1
        if counts_rows or (_has_id_name(series.name) and len(np.unique(good)) > len(good) // 20):
            reason = "it numbers the rows" if counts_rows else "its name says that it identifies"
            return "id", why, f"left out: {reason}; to use it: {_option(series, 'numeric')}"
    return "numeric", why, None


def _judge_text(series: pl.Series, present: pl.Series) -> Verdict:
    distinct, n = present.n_unique(), len(present)
    common = present.alias("value").value_counts(name="n").sort(["n", "value"], descending=[True, False])
    first = ", ".join(str(v) for v in common.get_column("value").head(3).to_list())
    if distinct > max(_FEW, n // 2):
        for pattern, what, advice in _ALMOST:
            if float(present.str.contains(pattern).mean() or 0) > 0.5:  # type: ignore[arg-type]
                return "text", str(present[0]), f"left out: it looks like {what}; to use it, {advice}"
        words = float(present.str.count_matches(r"\S+").mean() or 0)  # type: ignore[arg-type]
        kind, what = ("text", "free text") if words >= 3 else ("id", "an identifier")
        why = f"{distinct} different values in {n} cells"
        return kind, why, f"left out: it looks like {what}; to use it: {_option(series, 'category')}"
    if _has_id_name(series.name) and distinct > n // 20:
        note = f"left out: its name says that it identifies; to use it: {_option(series, 'category')}"
        return "id", f"{distinct} different values", note
    return "category", f"{distinct} values: {first}{', ...' if distinct > 3 else ''}", None


def _option(series: pl.Series, kind: str) -> str:
    return f"--types {shlex.quote(f'{series.name}={kind}')}"


def _has_id_name(name: str) -> bool:
    return bool(_ID_NAME.search(name) or _ID_CAMEL.search(name))


def _refuse_infinity(series: pl.Series, values: Array, path: str | Path) -> None:
    infinite = np.flatnonzero(np.isinf(values))
    if len(infinite):
        row = int(infinite[0])
        raise DataError(
            f"{path}, row {row + 1}, column {series.name!r}: the value {series[row]!r} is infinite "
            f"({len(infinite)} such cells). Replace it by a number, or leave the cell empty."
        )
