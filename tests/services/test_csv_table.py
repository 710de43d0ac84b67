"""Files of every making come out as the same rows; what cannot be read costs only itself."""

from __future__ import annotations

import csv
import io
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.services import csv_table
from campana.services.table import Broken, Row, TableProblem
from tests.support.people import csv_of

CELL = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\N{REPLACEMENT CHARACTER}"),
    max_size=20,
)


def read(content: bytes) -> tuple[list[str], list[Row]]:
    with csv_table.opened(io.BytesIO(content)) as table:
        return table.header, list(table.rows())


@given(
    rows=st.lists(st.tuples(CELL, CELL, CELL), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n", "\r"]),
    quotes_all=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)
def test_reads_back_what_any_program_wrote(
    rows: list[tuple[str, str, str]], delimiter: str, line_end: str, quotes_all: bool, encoding: str
) -> None:
    text = io.StringIO(newline="")
    # Python before 3.13 forgets to quote other line ends than its own.
    quotes_all |= any(set("\r\n") & set(cell) for row in rows for cell in row)
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL,
    )
    writer.writerow(["phone", "first name", "city"])
    writer.writerows(rows)
    header, found = read(text.getvalue().encode(encoding))
    assert header == ["phone", "first name", "city"]
    stripped = [[cell.strip() for cell in row] for row in rows]
    assert found == [row for row in stripped if any(row)]


@given(st.binary(max_size=3000))
def test_never_fails_on_any_bytes(content: bytes) -> None:
    with suppress(TableProblem):
        read(content)


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "José Müller"),
        ("cp1252", "São Paulo"),
        ("cp1251", "Иван Петров"),
        ("cp932", "田中太郎"),
        ("utf-16", "José"),
        ("utf-8", "Ünal"),
    ],
)
def test_finds_the_encoding(encoding: str, name: str) -> None:
    _, rows = read(csv_of(["phone", "name"], [["1", name]] * 5).decode().encode(encoding))
    assert rows == [["1", name]] * 5


def test_keeps_utf8_when_few_cells_are_broken() -> None:
    good = csv_of(["phone", "name"], [["1", "José"]] * 50)
    _, rows = read(good + b"2,Jos\xe9\n")
    assert rows[0] == ["1", "José"]
    assert rows[-1] == ["2", "Jos\N{REPLACEMENT CHARACTER}"]


def test_believes_the_delimiter_a_first_line_announces() -> None:
    assert read(b"sep=;\r\nphone;a,b,c\r\n1;2\r\n") == (["phone", "a,b,c"], [["1", "2"]])


def test_prefers_the_delimiter_that_fits_the_rows() -> None:
    assert read(b"a,b;c\n1;2\n3;4\n") == (["a,b", "c"], [["1", "2"], ["3", "4"]])


def test_passes_over_blank_lines() -> None:
    assert read(b"\n\nphone,name\n\n1,a\n,\n \n2,b\n\n") == (
        ["phone", "name"],
        [["1", "a"], ["2", "b"]],
    )


def test_hands_out_ragged_rows_as_they_are() -> None:
    assert read(b"a,b\n1\n1,2,3\n")[1] == [["1"], ["1", "2", "3"]]


def test_a_quote_nobody_closes_costs_its_own_row_only() -> None:
    _, rows = read(b'phone,name\n1,a\n2,"b\n3,c\n4,d\n')
    assert rows[0] == ["1", "a"]
    assert isinstance(rows[1], Broken)
    assert rows[1].reason == "a quotation mark opens a cell and none closes it"
    assert rows[1].text == '2,"b\n'
    assert rows[2:] == [["3", "c"], ["4", "d"]]


def test_a_line_too_long_to_hold_costs_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "ROW_LIMIT", 1000)
    _, rows = read(b"phone,name\n1," + b"x" * 5000 + b"\n2,b\n")
    assert isinstance(rows[0], Broken)
    assert "longer than 1,000" in rows[0].reason
    assert rows[1:] == [["2", "b"]]


def test_memory_stays_flat_however_long_the_file() -> None:
    content = io.BytesIO(csv_of(["phone", "name"], [["1", "x" * 200]] * 50_000))
    tracemalloc.start()
    with csv_table.opened(content) as table:
        count = sum(1 for _ in table.rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 50_000
    # Detection reads a megabyte at a time, and decodes it.
    assert peak < 12 << 20


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\n \n\n", "the file has no rows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "a PNG picture"),
        (b"PK\x03\x04" + bytes(100), "a ZIP archive"),
        (bytes(range(256)) * 40, "not text"),
        (b"phone\0,name\n1,a\n", "its first row is not text"),
        (b'"phone,name\n1,a\n', "the header cannot be read: a quotation mark opens"),
        (b",".join([b"a"] * 1001) + b"\n1\n", "the header has 1,001 columns; 1,000 are read"),
    ],
)
def test_says_why_a_file_is_no_table(content: bytes, problem: str) -> None:
    with pytest.raises(TableProblem, match=problem):
        read(content)


def test_a_cell_of_very_many_lines_is_one_row() -> None:
    content = io.BytesIO(b'phone,note\n1,"' + b"z\n" * 200_000 + b'"\n2,b\n')
    tracemalloc.start()
    with csv_table.opened(content) as table:
        rows = list(table.rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [row[0] for row in rows if isinstance(row, list)] == ["1", "2"]
    assert peak < 12 << 20


def test_a_long_line_below_an_open_quote_costs_each_its_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(csv_table, "ROW_LIMIT", 1000)
    _, rows = read(b'phone,name\n1,"a\n2,b\n3,' + b"x" * 5000 + b"\n4,d\n")
    assert [type(row) for row in rows] == [Broken, list, Broken, list]
    assert rows[1::2] == [["2", "b"], ["4", "d"]]
