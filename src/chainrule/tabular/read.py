"""A table from a file: CSV or TSV (also gzipped) or Parquet, read with polars after its shape has been checked.

CSV cells stay text here; `columns.py` decides what they mean. A cell is missing if it is empty or one of `MISSING`.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chainrule.errors import DataError, missing_extra
from chainrule.tabular.csv_check import Layout, check_csv

if TYPE_CHECKING:
    import polars as pl

MISSING = ("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "?")
"""Cells that mean "missing", besides the empty one."""

_DECIMAL_COMMA = r"^[+-]?\d*,?\d+$"


def import_polars() -> Any:
    """Return the module polars.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import polars
    except ImportError:
        raise missing_extra("polars", "tables", "Reading tables") from None
    return polars


def read_table(path: str | Path) -> pl.DataFrame:
    """Return the table in a file; the kind of file is seen from its first bytes, not its name.

    Args:
        path: a CSV or TSV file in UTF-8 with a header line, plain or gzipped, or a Parquet file.

    Raises:
        DataError: naming the file, and row and column where there is one.
        MissingExtraError: polars is not installed.
    """
    import_polars()
    path = Path(path)
    data = _bytes(path)
    if data[:4] == b"PAR1":
        table = _read_parquet(path, data)
    elif data[:2] == b"PK":
        raise DataError(f"{path}: this is a zip archive (perhaps an Excel file), not a table. Save it as CSV in UTF-8.")
    else:
        table = _read_csv(path, data)
    if table.height == 0:
        raise DataError(f"{path}: the table has a header but no rows.")
    return table


def _bytes(path: Path) -> bytes:
    """Return the contents of the file, unpacked if it is gzipped."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file.{_similar(path)}") from None
    except IsADirectoryError:
        raise DataError(f"{path}: this is a folder, not a file.") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}.") from None
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (EOFError, OSError, zlib.error):
            raise DataError(f"{path}: the gzip archive is damaged or cut short. Copy it again.") from None
    if not data.strip():
        raise DataError(f"{path}: the file is empty.")
    return data


def _similar(path: Path) -> str:
    import difflib

    folder = path.parent
    if not folder.is_dir():
        return f" The folder {folder} does not exist either."
    near = difflib.get_close_matches(path.name, sorted(p.name for p in folder.iterdir() if p.is_file()), n=2)
    return f" Did you mean {' or '.join(near)}?" if near else ""


def _read_parquet(path: Path, data: bytes) -> pl.DataFrame:
    polars = import_polars()
    try:
        table: pl.DataFrame = polars.read_parquet(io.BytesIO(data))
    except Exception as error:  # polars raises several kinds for damaged files
        raise DataError(f"{path}: not a readable Parquet file: {_one_line(error)}") from None
    plain = []
    for name, dtype in table.schema.items():
        if dtype in (polars.Categorical, polars.Enum):
            plain.append(polars.col(name).cast(polars.String))
        elif dtype.is_decimal() or dtype.is_float():
            plain.append(polars.col(name).cast(polars.Float64).fill_nan(None))
    return table.with_columns(plain)


def _read_csv(path: Path, data: bytes) -> pl.DataFrame:
    polars = import_polars()
    layout = check_csv(path, data)
    try:
        table: pl.DataFrame = polars.read_csv(
            io.BytesIO(layout.data),
            has_header=False,
            separator=layout.separator,
            infer_schema=False,
            schema=dict.fromkeys(layout.names, polars.String),
        )
    except Exception as error:
        raise DataError(f"{path}: polars cannot read it: {_one_line(error)}") from None
    table = table.slice(1)  # the header, whose names may be empty and so are given explicitly
    table = _without_blank_lines(path, table, layout)
    cell = polars.all().str.strip_chars()
    table = table.select(polars.when(cell.is_in(["", *MISSING])).then(None).otherwise(cell).name.keep())
    return _decimal_points(table) if layout.separator == ";" else table


def _without_blank_lines(path: Path, table: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    polars = import_polars()
    if table.height != layout.rows + len(layout.blank):
        raise DataError(f"{path}: found {layout.rows} rows but read {table.height}. Check the quotes in the file.")
    if not layout.blank:
        return table
    keep = polars.Series([True] * table.height).scatter(list(layout.blank), False)
    return table.filter(keep)


def _decimal_points(table: pl.DataFrame) -> pl.DataFrame:
    """In a file separated by semicolons, turn columns of `0,5` into `0.5`."""
    polars = import_polars()
    for name in table.columns:
        column = table.get_column(name)
        if bool(column.str.contains(_DECIMAL_COMMA).all()) and bool(column.str.contains(",", literal=True).any()):
            table = table.with_columns(polars.col(name).str.replace(",", ".", literal=True))
    return table


def _one_line(error: Exception) -> str:
    return re.sub(r"\s+", " ", str(error)).strip()[:200]
