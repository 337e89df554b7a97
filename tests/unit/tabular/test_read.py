import datetime
import gzip

import polars as pl
import pytest

from chainrule.errors import DataError, MissingExtraError
from chainrule.tabular.read import read_table


def cells(path):
    return read_table(path).to_dict(as_series=False)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a,b\n1,x\n2,y\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        (b"a,b\r\n1,x\r\n2,y", {"a": ["1", "2"], "b": ["x", "y"]}),
        (b"a,b\r1,x\r2,y\r", {"a": ["1", "2"], "b": ["x", "y"]}),
        (b"\xef\xbb\xbfa,b\n1,x\n", {"a": ["1"], "b": ["x"]}),
        (b"a\tb\n1\tx\n", {"a": ["1"], "b": ["x"]}),
        (b"a;b\n1;2,5\n2;,5\n", {"a": ["1", "2"], "b": ["2.5", ".5"]}),
        (b"a;b\n1;2,5\n2;x\n", {"a": ["1", "2"], "b": ["2,5", "x"]}),
        (b'a,b\n1,"x, y"\n2,"say ""hi"""\n', {"a": ["1", "2"], "b": ["x, y", 'say "hi"']}),
        (b'a,b\n1,"x\ny"\n2,z\n', {"a": ["1", "2"], "b": ["x\ny", "z"]}),
        (b"a,b\n 1 , x\n", {"a": ["1"], "b": ["x"]}),
        (b"a,b\n1,\nNA,?\nNaN,null\n", {"a": ["1", None, None], "b": [None, None, None]}),
        (b'a,b\n1,""\n', {"a": ["1"], "b": [None]}),
        (b"a,b\n1,x\n\n2,y\n\n\n", {"a": ["1", "2"], "b": ["x", "y"]}),
        (b"a\n1\n\n3\n", {"a": ["1", None, "3"]}),
        (b",b,\n0,x,1\n", {"unnamed_1": ["0"], "b": ["x"], "unnamed_2": ["1"]}),
        (b'"a ""1""",b\n1,2\n', {'a "1"': ["1"], "b": ["2"]}),
    ],
)
def test_csv(write, content, expected):
    assert cells(write(content)) == expected
    assert cells(write(gzip.compress(content), "data.csv.gz")) == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3,4,5\n", r"line 3 \(row 2\): 3 fields, but .* 2 columns\..*first extra field, column 3, is '5'"),
        (b"a,b,c\n1,2,3\n4\n", r"line 3 \(row 2\): 1 field, but .* 3 columns\. Column 2 \('b'\) and all after"),
        (b'a,b\n1,"x\ny"\n3\n', r"line 4 \(row 2\): 1 field"),
        (b'a,b\n1,"x\n3,4\n', r"line 3: a double quote opens before and is never closed"),
        (b'a,b\n1,"x"y\n', r"line 2: text follows a closing double quote"),
        (b"name,city\nA,Oslo\nB,Malm\xf6\n", r"line 3, row 2, column 2 \('city'\): the byte 0xf6 is not UTF-8.*iconv"),
        (b"na\xefve,b\n1,2\n", r"line 1, column 1: the byte 0xef is not UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), r"the file is in UTF-16\. Convert it: iconv -f UTF-16"),
        (b"a,b\n1,\x00\n", "the file contains zero bytes"),
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"a,b\n", "the table has a header but no rows"),
        (b"\na,b\n1,2\n", "line 1: the line is empty, but it must name the columns"),
        (b"a,b,a\n1,2,3\n", r"line 1: the column name 'a' occurs more than once \(columns 1, 3\)"),
        (b"1.5,2\n3,4\n", r"the first line holds numbers only \(1\.5, 2, \.\.\.\), but it must name the columns"),
        (b"PK\x03\x04rest", "this is a zip archive"),
        (b"PAR1rest", "not a readable Parquet file"),
        (b"\x1f\x8b\x08cut", "the gzip archive is damaged"),
    ],
)  # fmt: skip
def test_bad_files_say_where(write, content, message):
    path = write(content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_names_similar_ones(write):
    path = write("a\n1\n", "houses.csv")
    with pytest.raises(DataError, match=r"there is no such file\. Did you mean houses\.csv\?"):
        read_table(path.with_name("house.csv"))
    with pytest.raises(DataError, match="this is a folder, not a file"):
        read_table(path.parent)
    with pytest.raises(DataError, match=r"The folder .* does not exist either"):
        read_table(path.parent / "nowhere" / "x.csv")


def test_parquet_keeps_its_types(tmp_path):
    table = pl.DataFrame(
        {
            "i": [1, None],
            "f": [0.5, float("nan")],
            "s": ["x", None],
            "b": [True, False],
            "d": [datetime.date(2026, 1, 1), None],
            "c": pl.Series(["p", "q"], dtype=pl.Categorical),
        }
    )
    path = tmp_path / "t.parquet"
    table.write_parquet(path)
    read = read_table(path)
    assert read["i"].to_list() == [1, None]
    assert read["f"].to_list() == [0.5, None]
    assert read["c"].dtype == pl.String
    assert read["d"].dtype == pl.Date


def test_polars_missing_is_one_line(write, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "polars", None)
    with pytest.raises(MissingExtraError, match=r'needs the package .polars.*pip install "chainrule\[tables\]"'):
        read_table(write("a\n1\n"))


def test_the_development_data_have_the_documented_shape(shared_data):
    for path, described in shared_data.values():
        table = read_table(path)
        assert table.height == described["rows"]
        assert table.width == described["features"] + 1
        assert sum(table.null_count().row(0)) == described["missing_cells"]
