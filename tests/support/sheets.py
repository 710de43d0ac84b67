"""Small workbooks for tests, written as spreadsheet programs write them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

Cell = str | int | float | bool | date | datetime

_EPOCH = date(1899, 12, 30)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def xlsx(*sheets: Sequence[Sequence[Cell]], hidden: set[int] | None = None) -> bytes:
    """A workbook with these sheets."""
    state = {n + 1: ' state="hidden"' for n in hidden or ()}
    named = "".join(
        f'<sheet name="S{n}" sheetId="{n}" r:id="r{n}"{state.get(n, "")}/>'
        for n in range(1, len(sheets) + 1)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/relationships/worksheet"'
        f' Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    related += f'<Relationship Id="st" Type="{_OFFICE}/relationships/styles" Target="styles.xml"/>'
    entries = {
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="w"'
        f' Type="{_OFFICE}/relationships/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}/relationships">'
        f"<sheets>{named}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f"{related}</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>',
    }
    for n, rows in enumerate(sheets, start=1):
        text = "".join(f"<row>{''.join(map(_xlsx_cell, row))}</row>" for row in rows)
        entries[f"xl/worksheets/sheet{n}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{text}</sheetData></worksheet>'
        )
    return _zipped(entries)


def ods(rows: Sequence[Sequence[Cell]], *, repeat: tuple[int, int] = (1, 1)) -> bytes:
    """A workbook with one sheet; its last row stands `repeat[0]` times, each cell `repeat[1]`."""
    written: list[str] = []
    for n, row in enumerate(rows):
        times, across = repeat if n == len(rows) - 1 else (1, 1)
        cells = "".join(_ods_cell(cell, across) for cell in row)
        written.append(
            f'<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>'
        )
    content = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        f'<office:spreadsheet><table:table table:name="S">{"".join(written)}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return _zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": "<manifest:manifest"
            ' xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
            "content.xml": content,
        }
    )


def _xlsx_cell(cell: Cell) -> str:
    match cell:
        case bool():
            return f'<c t="b"><v>{int(cell)}</v></c>'
        case int() | float():
            return f"<c><v>{cell}</v></c>"
        case datetime():
            seconds = cell.hour * 3600 + cell.minute * 60 + cell.second
            return f'<c s="2"><v>{(cell.date() - _EPOCH).days + seconds / 86400}</v></c>'
        case date():
            return f'<c s="1"><v>{(cell - _EPOCH).days}</v></c>'
        case _:
            return f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'


def _ods_cell(cell: Cell, across: int) -> str:
    match cell:
        case bool():
            kind = f'office:value-type="boolean" office:boolean-value="{str(cell).lower()}"'
        case int() | float():
            kind = f'office:value-type="float" office:value="{cell}"'
        case date():
            kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
        case _:
            kind = 'office:value-type="string"'
    text = escape(str(cell))
    return (
        f'<table:table-cell {kind} table:number-columns-repeated="{across}">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


def _zipped(entries: dict[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in entries.items():
            file.writestr(name, text)
    return content.getvalue()
