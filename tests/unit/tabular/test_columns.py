import polars as pl
import pytest

from chainrule.errors import DataError, UnknownNameError
from chainrule.tabular.columns import infer_columns

N = 60
TEXT = [f"this is comment number {i}" for i in range(N)]


def judge(values, name="col", **options):
    (column,) = infer_columns(pl.DataFrame({name: values}, strict=False), **options)
    return column


@pytest.mark.parametrize(
    ("values", "name", "kind", "note"),
    [
        ([str(i * i) for i in range(N)], "area", "numeric", None),
        ([str(i * 0.5) for i in range(N)], "area", "numeric", None),
        ([str(i % 7) for i in range(N)], "rooms", "numeric", None),
        ([str(i) for i in range(N)], "nr", "id", "it numbers the rows"),
        ([str(i * i) for i in range(N)], "customer_id", "id", "its name says that it identifies"),
        ([str(i * i) for i in range(N)], "CustomerID", "id", "its name says"),
        ([str(i * i) for i in range(N)], "paid", "numeric", None),
        ([f"K{i}" for i in range(N)], "key", "id", "looks like an identifier"),
        (TEXT, "comment", "text", "looks like free text"),
        (["a", "b", "c"] * 20, "group", "category", None),
        (["yes", "No", None] * 20, "member", "boolean", None),
        (["0", "1"] * 30, "flag", "boolean", None),
        (["male", "female"] * 30, "sex", "category", None),
        (["x"] * N, "const", "constant", "one value only"),
        (["x", None] * 30, "sparse", "category", None),
        ([None] * N, "empty", "constant", "all cells are missing"),
        (["2026-01-31", "2026-02-01", "2025-12-24"] * 20, "day", "date", None),
        (
            [*(str(i * i) for i in range(N - 1)), "oops"],
            "almost",
            "numeric",
            "1 of 60 cells are no numbers, such as 'oops'",
        ),
        ([*(str(i % 9) for i in range(N - 5)), *["low"] * 5], "mixed", "category", None),
    ],
)
def test_kinds(values, name, kind, note):
    column = judge(values, name)
    assert column.kind == kind
    assert column.used == (kind in ("numeric", "category", "boolean", "date"))
    if note is None:
        assert column.note is None
    else:
        assert note in column.note
    assert column.missing == values.count(None)
    assert column.used or column.note.startswith("left out: ")


def test_typed_columns_of_parquet():
    assert judge([True, False, None]).kind == "boolean"
    assert judge([[1], [2]]).kind == "text"
    assert "not supported" in judge([[1], [2]]).note
    assert judge([i / 7 for i in range(N)]).kind == "numeric"


def test_a_note_says_how_to_keep_the_column():
    assert "--types customer_id=numeric" in judge([str(i * i) for i in range(N)], "customer_id").note
    assert "--types comment=category" in judge(TEXT, "comment").note


def test_overrides():
    zips = [str(10000 + i % 5) for i in range(N)]
    assert judge(zips, types={"col": "category"}).kind == "category"
    column = judge(["1", "x", None, "3"], types={"col": "numeric"})
    assert (column.kind, column.note) == ("numeric", "1 of 3 cells cannot be read as numeric and count as missing")
    assert judge(zips, types={"col": "id"}).note == "left out: you said it is id"
    with pytest.raises(
        DataError, match=r"column 'col' was to be read as date, but no cell of it can be\. Accepted are 2026"
    ):
        judge(zips, types={"col": "date"})
    with pytest.raises(UnknownNameError, match=r"Unknown column kind 'numerical'\. Did you mean 'numeric'"):
        judge(zips, types={"col": "numerical"})


def test_target_and_dropped_columns_are_not_judged():
    table = pl.DataFrame({"a": ["1", "2"], "b": ["x", "y"], "y": ["0", "1"]})
    assert [c.name for c in infer_columns(table, "y", drop=["b"])] == ["a"]


def test_unknown_columns_list_the_known_and_the_nearest():
    table = pl.DataFrame({"price": ["1"], "size": ["2"]})
    message = r"t\.csv: there is no column 'pirce'\. Did you mean 'price'\? The columns are: price, size\."
    with pytest.raises(DataError, match=message):
        infer_columns(table, drop=["pirce"], path="t.csv")
    with pytest.raises(DataError, match="there is no column 'q'"):
        infer_columns(table, types={"q": "numeric"})


def test_an_infinite_cell_is_located():
    with pytest.raises(DataError, match=r"t\.csv, row 3, column 'col': the value 'inf' is infinite \(1 such cells\)"):
        judge(["1", "2", "inf", "4"], path="t.csv")
    with pytest.raises(DataError, match="row 2, column 'col'"):
        judge(["1", "-inf", "x"], types={"col": "numeric"})


def test_the_description_does_not_depend_on_the_order_of_equal_counts():
    assert judge(["c", "a", "b"] * 20).why == judge(["b", "c", "a"] * 20).why == "3 values: a, b, c"


def test_the_development_data(shared_data):
    from chainrule.tabular.read import read_table

    for path, described in shared_data.values():
        columns = infer_columns(read_table(path), described["target"])
        assert all(c.used for c in columns), described["name"]
        kinds = {c.name: c.kind for c in columns}
        assert all(kinds[name] in ("category", "boolean") for name in described["categorical_columns"])
        assert sum(k == "numeric" for k in kinds.values()) == described["numeric"]
        assert sum(c.missing > 0 for c in columns) == described["columns_with_missing"]


@pytest.mark.parametrize(
    ("form", "kind", "note"),
    [
        ("{d:02}.01.{y} 00:00", "date", None),
        ("{y}/01/{d:02} 23:59:59", "date", None),
        (
            "1/{d:02}/{y}",
            "text",
            "left out: it looks like dates in a form that is not read; to use it, write them as 2026",
        ),
        ("${y},237.{d:02}", "text", "left out: it looks like amounts with signs or separators; to use it, write plain"),
        ("10.1.{d}.{y}", "id", "left out: it looks like an identifier; to use it: --types 'my col=category'"),
    ],
)
def test_dates_and_amounts_are_not_called_identifiers(form, kind, note):
    values = [form.format(d=1 + i % 28, y=1900 + i // 28) for i in range(N)]
    column = infer_columns(pl.DataFrame({"my col": values}))[0]
    assert column.kind == kind
    assert column.note == note or column.note.startswith(note)
