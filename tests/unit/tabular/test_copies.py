"""Rows that are equal cell by cell are counted: within a table, and between its parts."""

from __future__ import annotations

import numpy as np
import polars as pl

from chainrule.tabular.copies import marks, repeated, shared

TABLE = pl.DataFrame({"a": [1.0, 1.0, None, None, 2.0], "b": ["x", "x", "y", "y", "x"], "id": [1, 2, 3, 4, 5]})


def test_rows_are_equal_cell_by_cell_missing_cells_included() -> None:
    found = marks(TABLE, ["a", "b"])
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len({*found.tolist()}) == 3
    assert repeated(found) == 2
    assert repeated(marks(TABLE, ["a", "b", "id"])) == 0


def test_rows_shared_by_two_parts() -> None:
    found = marks(TABLE, ["a", "b"])
    assert shared(found, np.array([1, 4]), np.array([0, 2])) == 1
    assert shared(found, np.array([4]), np.array([0, 1, 2, 3])) == 0
