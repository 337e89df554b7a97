"""The shape of a CSV file, checked line by line before it is read: encoding, separator, header, equally many fields."""

from __future__ import annotations

import csv
import difflib
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from chainrule.errors import DataError


@dataclass(frozen=True)
class Layout:
    """What is known of a CSV file whose shape is right.

    Attributes:
        data: its contents, with newlines as polars reads them.
        separator: `','`, `';'` or tab.
        names: of the columns; empty ones are called `unnamed_1`, `unnamed_2`, ...
        rows: number of rows, the header and blank lines not counted.
        blank: which lines after the header are blank, from 0.
    """

    data: bytes
    separator: str
    names: tuple[str, ...]
    rows: int
    blank: tuple[int, ...]


def check_csv(path: Path, data: bytes) -> Layout:
    """Return the layout of a CSV file.

    Raises:
        DataError: it is not UTF-8, has no header, repeats a column name, or a row has too many or too few fields.
    """
    text = _decode(path, data)
    separator = find_separator(text.split("\n", 1)[0])
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        header = next(reader)
        names = _names(path, header)
        rows = 0
        blank: list[int] = []
        for fields in reader:
            if not fields and len(names) > 1:
                blank.append(rows + len(blank))
                continue
            rows += 1
            if len(fields) != len(names) and not (len(names) == 1 and not fields):
                raise DataError(_ragged(path, reader.line_num, rows, fields, names))
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {_quote_advice(str(error))}") from None
    return Layout(text.encode(), separator, names, rows, tuple(blank))


def find_separator(header: str) -> str:
    r"""Return the separator of a header line: the most frequent of comma, semicolon and tab outside quotes.

    >>> find_separator("a;b;c"), find_separator("a\tb"), find_separator('"x;y",z')
    (';', '\t', ',')
    """
    outside = "".join(header.split('"')[::2])
    return max(",;\t", key=outside.count)


def _decode(path: Path, data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise DataError(f"{path}: the file is in UTF-16. {_convert(path, 'UTF-16')}")
    if b"\0" in data:
        raise DataError(f"{path}: the file contains zero bytes, so it is not text. Export the table as CSV in UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(_not_utf8(path, data, error.start)) from None
    if "\n" not in text and "\r" in text:
        text = text.replace("\r", "\n")
    return text


def _not_utf8(path: Path, data: bytes, at: int) -> str:
    before = data[:at].decode("utf-8-sig", errors="replace")
    line = before.count("\n") + 1
    header = data.split(b"\n", 1)[0].decode("utf-8-sig", errors="replace")
    separator = find_separator(header)
    column = before.rsplit("\n", 1)[-1].count(separator)
    names = [n.strip().strip('"') for n in header.split(separator)]
    named = f" ({names[column]!r})" if line > 1 and column < len(names) else ""
    row = f", row {line - 1}" if line > 1 else ""
    return (
        f"{path}, line {line}{row}, column {column + 1}{named}: the byte 0x{data[at]:02x} is not UTF-8. "
        f"The file is probably in Windows-1252. {_convert(path, 'WINDOWS-1252')}"
    )


def _convert(path: Path, encoding: str) -> str:
    return f"Convert it: iconv -f {encoding} -t UTF-8 {path.name} > utf8.csv"


def _names(path: Path, header: list[str]) -> tuple[str, ...]:
    if not header:
        raise DataError(f"{path}, line 1: the line is empty, but it must name the columns. Remove it or add a header.")
    names, unnamed = [], 0
    for name in (h.strip() for h in header):
        if not name:
            unnamed += 1
            name = f"unnamed_{unnamed}"
        names.append(name)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        places = ", ".join(str(i + 1) for i, n in enumerate(names) if n == twice[0])
        raise DataError(
            f"{path}, line 1: the column name {twice[0]!r} occurs more than once (columns {places}). Rename one."
        )
    if all(_is_number(h) for h in header if h.strip()) and any(h.strip() for h in header):
        raise DataError(
            f"{path}, line 1: the first line holds numbers only ({', '.join(header[:4])}, ...), "
            "but it must name the columns. Add a header line."
        )
    return tuple(names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ragged(path: Path, line: int, row: int, fields: list[str], names: tuple[str, ...]) -> str:
    n, expected = len(fields), len(names)
    start = f"{path}, line {line} (row {row}): {n} field{'s' * (n != 1)}, but the header names {expected} columns."
    if n > expected:
        extra = fields[expected][:40]
        advice = "If a value contains the separator, put it in double quotes."
        return f"{start} The first extra field, column {expected + 1}, is {extra!r}. {advice}"
    lost = f"Column {n + 1} ({names[n]!r}) and all after it are missing."
    return f"{start} {lost} Leave missing values empty between separators."


def _quote_advice(error: str) -> str:
    if "unexpected end of data" in error:
        return "a double quote opens before and is never closed."
    if "expected after" in error:
        return "text follows a closing double quote. Inside quotes, write a double quote twice."
    return f"not readable as CSV: {error}."


def nearest(name: str, names: list[str] | tuple[str, ...]) -> list[str]:
    """Return up to three names that resemble `name`, whatever their case.

    >>> nearest("Pirce", ["price", "cut"])
    ['price']
    """
    lower = {n.lower(): n for n in names}
    return [lower[n] for n in difflib.get_close_matches(name.lower(), list(lower), n=3, cutoff=0.5)]
