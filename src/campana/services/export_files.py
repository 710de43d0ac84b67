"""Tables as files, piece by piece: CSV that a spreadsheet takes for no formula, and Parquet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from campana.domain.clock import wire
from campana.services import parquet
from campana.services.defusing import defused
from campana.services.exports import Column, Export, Kind

_NUMBER = re.compile(r"\+[0-9]{1,20}")
"""A phone number is no formula, whatever else it may be taken for."""


class Format(StrEnum):
    """How a table is written."""

    CSV = "csv"
    PARQUET = "parquet"


MEDIA_TYPES = {Format.CSV: "text/csv", Format.PARQUET: "application/vnd.apache.parquet"}


def written(export: Export, how: Format) -> AsyncGenerator[bytes]:
    """The bytes of the file, a page of rows at a time."""
    return _csv(export) if how is Format.CSV else _parquet(export)


async def _csv(export: Export) -> AsyncGenerator[bytes]:
    yield _lines([[column.name for column in export.columns]])
    kinds = [column.kind for column in export.columns]
    async for page in export.pages:
        yield _lines([[_cell(kind, v) for kind, v in zip(kinds, row, strict=True)] for row in page])


def _cell(kind: Kind, value: object) -> str:
    match kind, value:
        case _, None:
            return ""
        case ((Kind.NUMBER | Kind.WHOLE), _):
            return msgspec.json.encode(value).decode()
        case Kind.JSON, _:
            return msgspec.json.encode(value).decode()
        case Kind.MOMENT, datetime():
            return wire(value) or ""
        case _:
            return text_cell(value)


def text_cell(value: object) -> str:
    """A text as a cell that a spreadsheet takes for no formula; a phone number stays one."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return value
    return defused(value)


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


async def _parquet(export: Export) -> AsyncGenerator[bytes]:
    writer = parquet.Writer([_field(column) for column in export.columns])
    yield writer.head()
    async for page in export.pages:
        if page:
            columns = zip(*page, strict=True)
            yield writer.group(
                [[_plain(c.kind, v) for v in values]
                 for c, values in zip(export.columns, columns, strict=True)]
            )  # fmt: skip
    yield writer.foot()


_TYPES = {
    Kind.TEXT: parquet.Type.TEXT,
    Kind.JSON: parquet.Type.TEXT,
    Kind.WHOLE: parquet.Type.WHOLE,
    Kind.NUMBER: parquet.Type.NUMBER,
    Kind.MOMENT: parquet.Type.MOMENT,
}


def _field(column: Column) -> parquet.Field:
    return parquet.Field(name=column.name, type=_TYPES[column.kind])


def _plain(kind: Kind, value: object) -> object:
    if kind is Kind.JSON and value is not None:
        return msgspec.json.encode(value).decode()
    return value
