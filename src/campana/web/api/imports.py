"""Files on their way into a contact list: upload, progress, and the refused rows as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, BinaryIO, cast

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.clock import wire
from campana.domain.errors import (
    FieldProblem,
    InvalidParameter,
    NotFound,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from campana.services import documents, lists
from campana.store.imports import Duplicates, Import, ImportState, RejectedRow
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.api.contact_lists import Country
from campana.web.idempotency import once
from campana.web.operations import Operation, Upload, promise
from campana.web.request import ApiRequest, decoded

FILE_LIMIT = 200_000_000
"""Bytes of one upload. It lies on disk, never in memory."""

_ROWS = 1_000
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ImportForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The fields of an upload besides its file."""

    mapping: dict[
        Annotated[str, Meta(min_length=1, max_length=100)],
        Annotated[str, Meta(min_length=1, max_length=200)],
    ] = {}
    default_country: Country | None = None
    duplicates: Duplicates = Duplicates.SKIP


class RowCounts(Shape, frozen=True, kw_only=True):
    """Rows of the file whose fate is decided; the other four add up to `done`."""

    done: int
    accepted: int
    updated: int
    duplicate: int
    rejected: int


class ImportShape(Shape, frozen=True, kw_only=True):
    """How far a file has come. `problem` says why a failed one failed."""

    id: str
    list_id: str
    state: ImportState
    file_name: str
    duplicates: Duplicates
    default_country: str | None
    rows: RowCounts
    bytes_done: int
    bytes_total: int
    problem: str | None
    created_at: Instant
    finished_at: Instant | None


UPLOAD = Upload(
    schema={
        "type": "object",
        "required": ["file"],
        "additionalProperties": False,
        "properties": {
            "file": {
                "type": "string",
                "contentMediaType": "text/csv",
                "description": "A CSV file with a header line.",
            },
            "mapping": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": "An object: field (phone, first_name, …) to column of the file.",
            },
            "defaultCountry": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "duplicates": {"enum": ["skip", "update"], "default": "skip"},
        },
    }
)


@post(
    "/contact-lists/{list_id:str}/imports",
    status_code=202,
    request_max_body_size=FILE_LIMIT,
    opt=promise(
        Operation(
            "contactLists.imports.create",
            "Upload a CSV file of people; it is read in the background",
            scope="lists:write",
            body=UPLOAD,
            answer=ImportShape,
            status=202,
            is_once=True,
            errors=(NotFound, PayloadTooLarge, UnsupportedMediaType),
            example={**examples.IMPORT, "state": "queued"},
            headers={"Location": "Where its progress is told."},
        )
    ),
)
@once
async def create_import(request: ApiRequest, list_id: FromPath[str]) -> Response[bytes]:
    upload, form = await _form(request)
    made = await lists.start_import(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        file_name=upload.filename,
        content=cast("BinaryIO", upload.file),
        mapping=form.mapping,
        default_country=form.default_country,
        duplicates=form.duplicates,
    )
    return answer(_shape(made), status=202, headers={"location": f"/v1/imports/{made.id}"})


@get(
    "/imports/{import_id:str}",
    opt=promise(
        Operation(
            "imports.get",
            "Show how far an import has come",
            scope="lists:read",
            answer=ImportShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.IMPORT,
        )
    ),
)
async def get_import(request: ApiRequest, import_id: FromPath[str]) -> ASGIApp:
    found = await lists.get_import(
        request.context, workspace_id=request.workspace_id, import_id=import_id
    )
    return shown(request, _shape(found))


@get(
    "/imports/{import_id:str}/errors",
    opt=promise(
        Operation(
            "imports.errors",
            "Download the rows an import refused, with the reason of each, as CSV",
            scope="lists:read",
            answer="text/csv",
            errors=(NotFound,),
            example=examples.IMPORT_ERRORS,
        )
    ),
)
async def import_errors(request: ApiRequest, import_id: FromPath[str]) -> Stream:
    first = await _rejected(request, import_id, after=0)
    return Stream(
        _csv(request, import_id, first),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{import_id}-errors.csv"'},
    )


async def _form(request: ApiRequest) -> tuple[UploadFile, ImportForm]:
    """The one file of the form, and its fields.

    Raises:
        InvalidParameter: naming each part that is wrong.
    """
    given: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for name, value in (await request.form()).multi_items():
        if name in given:
            problems.append(_problem(name, "is given more than once"))
        elif isinstance(value, UploadFile) != (name == "file"):
            problems.append(_problem(name, "must be a file" if name == "file" else "is no file"))
        given[name] = value
    upload = given.pop("file", None)
    if not isinstance(upload, UploadFile):
        problems.append(_problem("file", "is required"))
    try:
        if "mapping" in given:
            given["mapping"] = decoded(str(given["mapping"]).encode())
        form = documents.read(ImportForm, given)
    except InvalidParameter as error:
        pointer = "/mapping" if error.problems[0].pointer == "" else None
        problems += [_problem((pointer or p.pointer or "")[1:], p.message) for p in error.problems]
        raise InvalidParameter(problems=problems) from None
    if problems or not isinstance(upload, UploadFile):
        raise InvalidParameter(problems=problems)
    return upload, form


def _problem(name: str, message: str) -> FieldProblem:
    return FieldProblem(pointer=f"/{name[:100]}", message=message)


async def _rejected(request: ApiRequest, import_id: str, *, after: int) -> list[RejectedRow]:
    return await lists.rejected_rows(
        request.context,
        workspace_id=request.workspace_id,
        import_id=import_id,
        after=after,
        limit=_ROWS,
    )


async def _csv(
    request: ApiRequest, import_id: str, rows: Sequence[RejectedRow]
) -> AsyncIterator[bytes]:
    yield _lines([("row", "column", "value", "reason")])
    while rows:
        yield _lines([(row.row_number, row.column_name, row.value, row.reason) for row in rows])
        rows = await _rejected(request, import_id, after=rows[-1].row_number)


def _lines(rows: Sequence[tuple[object, ...]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([defused(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def defused(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    shown_as = "" if cell is None else str(cell)
    return "'" + shown_as if shown_as.startswith(_FORMULA_STARTS) else shown_as


def _shape(found: Import) -> ImportShape:
    return ImportShape(
        id=found.id,
        list_id=found.list_id,
        state=found.state,
        file_name=found.file_name,
        duplicates=found.duplicates,
        default_country=found.default_country,
        rows=RowCounts(
            done=found.rows_done,
            accepted=found.rows_accepted,
            updated=found.rows_updated,
            duplicate=found.rows_duplicate,
            rejected=found.rows_rejected,
        ),
        bytes_done=found.bytes_done,
        bytes_total=found.bytes_total,
        problem=found.problem,
        created_at=instant(found.created_at),
        finished_at=wire(found.finished_at),
    )


ROUTES = [create_import, get_import, import_errors]
