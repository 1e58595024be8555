from __future__ import annotations

import pytest

from edgeguard import csv_text
from edgeguard.csv_text import FileRefused, defused, restored

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "＝1",
    "'=1",
    "''@x",
    "'plain",
    'a"b',
    "a,b;c",
    "two\nlines",
    "",
    "=",
    "'",
]


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_is_a_formula_and_each_comes_back(cell):
    assert defused(cell)[:1] not in tuple("=+-@\t\r\n＝＋－＠")
    assert restored(defused(cell)) == cell


@pytest.mark.parametrize("cell", [cell for cell in HOSTILE if cell == cell.strip() and cell])
def test_written_cells_are_read_again(cell):
    text = csv_text.written(["name", cell], [["x", cell], [cell, "y"]])
    header, rows = csv_text.read(text.encode(), ["name"])
    assert header == ["name", cell]
    assert [row.cells for row in rows] == [{"name": "x", cell: cell}, {"name": cell, cell: "y"}]


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfa,b\r\n1,2\r\n", b"a;b\n1;2\n\n", b'"a","b"\n"1"," 2 "'])
def test_what_spreadsheets_write_is_read(content):
    _, (row,) = csv_text.read(content, ["a", "b"])
    assert (row.line, row.cells) == (2, {"a": "1", "b": "2"})


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "line 1: no column a"),
        (b"b\n1\n", "line 1: no column a"),
        (b"a,a\n1,2\n", "line 1: the column 'a' stands there twice"),
        (b"a,b\n1\n", "line 2: 1 cells, the header has 2"),
        ("a\nñ\n".encode("latin-1"), "line 2: not UTF-8 text"),
        ("a\n1\n".encode("utf-16"), "line 1: not UTF-8 text"),
        (b'a\n"open', "line 2: unexpected end of data"),
        (b"a\n" + b"x" * 200_000, "line 2: field larger than field limit (131072)"),
        (b"x" * (csv_text.MAX_BYTES + 1), f"the file has more than {csv_text.MAX_BYTES} bytes"),
    ],
)
def test_what_is_no_such_table_is_refused_with_its_line(content, problem):
    with pytest.raises(FileRefused) as refused:
        csv_text.read(content, ["a"])
    assert refused.value.problems == [problem]
    assert "\n" not in str(refused.value)


def test_an_error_names_the_first_lines_and_counts_the_rest():
    with pytest.raises(FileRefused, match=r"line 21: 2 cells.*\(and 80 more\)") as refused:
        csv_text.read(b"a\n" + b"1,2\n" * 100, ["a"])
    assert len(refused.value.problems) == 20


def test_too_many_rows_are_refused(monkeypatch):
    monkeypatch.setattr(csv_text, "MAX_ROWS", 2)
    with pytest.raises(FileRefused, match="line 4: more than 2 rows"):
        csv_text.read(b"a\n1\n2\n3\n", ["a"])
