"""Pages as plain data and as data frames."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from chainrule.errors import MissingExtraError, missing_extra
from chainrule.glassbox.page import Line, Page


def page_to_dict(page: Page) -> dict[str, Any]:
    """Return a page as JSON-like data."""
    sections = [
        {
            "title": s.title,
            "rule": None if s.rule is None else s.rule.text,
            "lines": [_line(line) for line in s.lines],
            "notes": list(s.notes),
        }
        for s in page.sections
    ]
    return {"title": page.title, "sections": sections, "foot": list(page.foot)}


def _line(line: Line) -> dict[str, Any]:
    return {
        "symbol": line.symbol.text,
        "formula": None if line.formula is None else line.formula.text,
        "numbers": None if line.numbers is None else line.numbers.text,
        "value": plain(line.value),
        "shown": None if line.shown is None else line.shown.text,
        "exact": line.exact,
        "note": line.note,
    }


def plain(value: Any) -> Any:
    """Return arrays as lists, NumPy's numbers as Python's."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    return value.item() if isinstance(value, np.generic) else value


def lines_to_columns(page: Page) -> dict[str, list[Any]]:
    """Return the lines of a page as columns."""
    columns: dict[str, list[Any]] = {"section": [], "symbol": [], "formula": [], "numbers": [], "value": []}
    title = ""
    for section in page.sections:
        title = section.title or title
        for line in section.lines:
            if line.value is None or isinstance(line.value, np.ndarray):
                continue
            columns["section"].append(title)
            columns["symbol"].append(line.symbol.text)
            columns["formula"].append("" if line.formula is None else line.formula.text)
            columns["numbers"].append("" if line.numbers is None else line.numbers.text)
            columns["value"].append(float(line.value))
    return columns


def to_frame(columns: dict[str, list[Any]], library: Any = None) -> Any:
    """Return columns as a data frame of the library asked for, or of pandas or polars, whichever is there.

    Raises:
        MissingExtraError: neither is installed.
    """
    if library is not None:
        if isinstance(library, str):
            library = importlib.import_module(library)
        if getattr(library, "__name__", "") == "pyarrow":
            return library.table(columns)
        return (library if isinstance(library, type) else library.DataFrame)(columns)
    for name in ("pandas", "polars"):
        try:
            return importlib.import_module(name).DataFrame(columns)
        except ImportError:
            continue
    error: MissingExtraError = missing_extra("polars", "tables", "to_frame()")
    raise error
