"""Sheets and JSON lines come out as rows like any CSV file; bombs and pictures are refused."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path

import pytest

from campana.services import archives, formats, json_lines, sheets
from campana.services.table import MAX_COLUMNS, ROW_LIMIT, Broken, TableProblem
from tests.support.sheets import Cell, ods, xlsx


async def taken_out(content: bytes, folder: Path) -> tuple[list[str], list[object]]:
    """The header and rows of a workbook, as an import reads them."""
    book, rows = folder / "book", folder / "book.rows"
    book.write_bytes(content)
    with rows.open("wb") as out:
        await sheets.take_out(book, out)
    with formats.opened(rows.open("rb"), key="book.rows") as table:
        return list(table.header), list(table.rows())


PEOPLE: Sequence[Sequence[Cell]] = [
    ["Phone", "Name", "Balance", "Due", "Member"],
    [12015550101, " Ana ", 12.5, date(2026, 3, 31), True],
    [],
    ["+12015550102", "Bruno", 5, datetime.fromisoformat("2026-03-31T09:30"), False],
]


@pytest.mark.parametrize("write", [xlsx, ods])
async def test_a_sheet_keeps_numbers_days_and_truths(
    write: Callable[[Sequence[Sequence[Cell]]], bytes], tmp_path: Path
) -> None:
    header, rows = await taken_out(write(PEOPLE), tmp_path)
    assert header == ["Phone", "Name", "Balance", "Due", "Member"]
    assert rows == [
        [12015550101, "Ana", 12.5, "2026-03-31", True],
        ["+12015550102", "Bruno", 5, "2026-03-31T09:30:00", False],
    ]


async def test_the_first_sheet_that_is_shown_and_has_rows_is_read(tmp_path: Path) -> None:
    header, rows = await taken_out(
        xlsx([["hidden"], [1]], [], [["phone"], [2]], hidden={0}), tmp_path
    )
    assert (header, rows) == (["phone"], [[2]])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (xlsx(PEOPLE)[:-100], "the spreadsheet is damaged"),
        (xlsx(PEOPLE).replace(b"sheet1", b"sheet9", 1), "the spreadsheet"),
        (xlsx([]), "the file has no rows"),
        (xlsx([[f"c{n}" for n in range(MAX_COLUMNS + 1)]]), "1,001 columns"),
    ],
    # Archives hold the second they were made in: no names for tests that workers must agree on.
    ids=["cut off", "without its sheet", "empty", "too wide"],
)
async def test_says_why_a_sheet_cannot_be_read(content: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(TableProblem, match=reason):
        await taken_out(content, tmp_path)


def archive(entries: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return content.getvalue()


def lying(content: bytes, *, said: int) -> bytes:
    """The same archive, whose directory says the last entry is `said` bytes long."""
    at = content.rindex(b"PK\x01\x02") + 24
    return content[:at] + struct.pack("<I", said) + content[at + 4 :]


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = bytes(archives._ALWAYS_FINE + 1)
    bomb = archive({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": zeros})
    assert len(bomb) < 200_000

    def unpacked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(zipfile.ZipFile, "open", unpacked)
    with pytest.raises(TableProblem, match="far more than a spreadsheet"):
        archives.check(io.BytesIO(bomb))
    huge = lying(bomb, said=archives.EXPANDED_LIMIT)
    with pytest.raises(TableProblem, match="would unpack to"):
        archives.check(io.BytesIO(huge))


def test_a_directory_that_lies_is_found_out() -> None:
    zeros = bytes(archives._ALWAYS_FINE + 1)
    bomb = archive({"xl/workbook.xml": b"<x/>", "xl/worksheets/sheet1.xml": zeros})
    with pytest.raises(TableProblem, match="damaged"):
        archives.check(io.BytesIO(lying(bomb, said=1000)))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (archive({"word/document.xml": b"<x/>"}), "a ZIP archive, not a spreadsheet"),
        (archive({"mimetype": b"application/vnd.oasis.opendocument.text"}), "not a spreadsheet"),
        (archive({f"{n}": b"" for n in range(5001)}), "5,001 parts"),
        (b"PK\x03\x04 and then nothing", "damaged"),
    ],
    ids=["a letter", "another kind", "many parts", "damaged"],
)
def test_what_is_no_sheet_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(TableProblem, match=reason):
        archives.check(io.BytesIO(content))


async def test_one_cell_repeated_a_billion_times_costs_the_reader_and_nobody_else(
    tmp_path: Path,
) -> None:
    repeated = ods([["phone"], ["x" * 1000]], repeat=(1_000_000, 1_000))
    assert len(repeated) < 10_000
    with pytest.raises(TableProblem, match=r"memory or time|cannot be read|columns"):
        await taken_out(repeated, tmp_path)


def lines(content: bytes) -> tuple[list[str], list[object]]:
    with json_lines.opened(io.BytesIO(content)) as table:
        return list(table.header), list(table.rows())


def test_json_lines_keep_types_and_find_columns_wherever_they_appear() -> None:
    content = (
        b'\xef\xbb\xbf{"phones": ["+12015550101", "+12015550102"], "balance": 12.5}\n\n'
        b'{"phones": [" +12015550103 "], "attributes": {"due": "2026-03-31", "vip": true}}\r\n'
        b'{"externalId": "7", "home": {"city": "Porto"}, "nothing": null}'
    )
    header, rows = lines(content)
    assert header == ["phones", "phones 2", "balance", "due", "vip", "externalId", "home city"]
    assert rows == [
        ["+12015550101", "+12015550102", 12.5, "", "", "", ""],
        ["+12015550103", "", "", "2026-03-31", True, "", ""],
        ["", "", "", "", "", "7", "Porto"],
    ]


def test_a_line_that_is_no_object_costs_only_itself() -> None:
    wide = b"{%s}" % b",".join(b'"k%d":1' % n for n in range(MAX_COLUMNS + 1))
    deep = b'{"a":' * 2000 + b"1" + b"}" * 2000
    long = b'{"phone":"' + b"1" * ROW_LIMIT + b'"}'
    bad = [b"[1]", b"{", b'{"a\\u0000":1}', b"\xff", wide, deep, long]
    _, rows = lines(b"\n".join([b'{"phone":"1"}', *bad, b'{"phone":"2"}']))
    assert rows[0] == ["1"]
    assert rows[-1] == ["2"]
    broken = [row for row in rows[1:-1] if isinstance(row, Broken)]
    assert len(broken) == len(rows) - 2 == len(bad)
    assert all(row.reason and row.suggestion and len(row.text) <= 200 for row in broken)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'[{"phone": 1}]', "one JSON array: write one object a line"),
        (b"{}\n{}", "no line of the file is a JSON object with a key"),
        (
            b"\n".join(b'{"k%d":1}' % n for n in range(MAX_COLUMNS + 1)),
            "columns; 1,000 are read",
        ),
        (b"\x89PNG\r\n\x1a\n", "not a CSV file but a PNG picture"),
    ],
)
def test_says_why_there_are_no_rows(content: bytes, reason: str) -> None:
    with pytest.raises(TableProblem, match=reason), formats.opened(io.BytesIO(content), key="file"):
        pass


def test_the_content_tells_the_format_and_not_the_name() -> None:
    with formats.opened(io.BytesIO(b'{"phone":"1"}'), key="imports/people.csv") as table:
        assert list(table.rows()) == [["1"]]
