"""Files on their way into a contact list: upload, progress, and the refused rows as CSV.

What a file would do is `import_previews.py`; taking an import back is `import_undo.py`.
"""

from __future__ import annotations

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
from campana.services import lists, rejections
from campana.services.values import AttributeType
from campana.store.imports import Duplicates, Import, ImportState
from campana.web import import_examples as examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.api.contact_lists import Country
from campana.web.forms import FILE_LIMIT, with_file
from campana.web.idempotency import once
from campana.web.operations import Operation, Upload, promise
from campana.web.request import ApiRequest, decoded

_JSON_FIELDS = ("mapping", "types")
_TRUTHS = {"true": True, "false": False}


Name = Annotated[str, Meta(min_length=1, max_length=100)]


class ImportForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The fields of an upload besides its file."""

    mapping: dict[Name, Annotated[str, Meta(min_length=1, max_length=200)]] | None = None
    types: dict[Name, AttributeType] | None = None
    default_country: Country | None = None
    duplicates: Duplicates = Duplicates.SKIP
    dry_run: bool = False


class RowCounts(Shape, frozen=True, kw_only=True):
    """Rows of the file whose fate is decided; the other four add up to `done`."""

    done: int
    accepted: int
    updated: int
    duplicate: int
    rejected: int


class RateShape(Shape, frozen=True, kw_only=True):
    """How fast a running import goes, and how long the rest takes at that rate."""

    rows_per_second: float
    seconds_left: float | None


class UndoneShape(Shape, frozen=True, kw_only=True):
    """What an undo did: people taken out, people put back, people left as they are."""

    removed: int
    restored: int
    kept: int


class ImportShape(Shape, frozen=True, kw_only=True):
    """How far a file has come. `problem` says why a failed one failed."""

    id: str
    list_id: str
    state: ImportState
    file_name: str
    duplicates: Duplicates
    default_country: str | None
    mapping: dict[str, str]
    types: dict[str, AttributeType]
    dry_run: bool
    rows: RowCounts
    bytes_done: int
    bytes_total: int
    rate: RateShape | None
    undone: UndoneShape | None
    problem: str | None
    created_at: Instant
    finished_at: Instant | None
    rows_removed_at: Instant | None


UPLOAD = Upload(
    schema={
        "type": "object",
        "required": ["file"],
        "additionalProperties": False,
        "properties": {
            "file": {
                "type": "string",
                "contentMediaType": "application/octet-stream",
                "description": "CSV, XLSX or ODS with a header line, or JSONL; up to 5,000,000 "
                "rows. What it is shows in the file, whatever its name.",
            },
            "mapping": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": "An object: field (phone, phone_2, whatsapp, email, first_name, "
                "…) or a name of your own, to column of the file. Left out, what the last import "
                "into the list was told holds, as far as it fits.",
            },
            "types": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": "An object: attribute to text, number or date.",
            },
            "defaultCountry": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "duplicates": {"enum": ["skip", "update", "fail"], "default": "skip"},
            "dryRun": {"enum": ["true", "false"], "default": "false"},
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
            "Upload a file of people; it is read in the background",
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
    upload, form = await form_of(request)
    made = await lists.start_import(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        file_name=upload.filename,
        content=cast("BinaryIO", upload.file),
        mapping=form.mapping,
        types=form.types,
        default_country=form.default_country,
        duplicates=form.duplicates,
        is_dry_run=form.dry_run,
    )
    return answer(shape_of(made), status=202, headers={"location": f"/v1/imports/{made.id}"})


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
    return shown(request, shape_of(found))


@get(
    "/imports/{import_id:str}/errors",
    opt=promise(
        Operation(
            "imports.errors",
            "Download the rows an import refused, to be mended and uploaded again, as CSV",
            scope="lists:read",
            answer="text/csv",
            errors=(NotFound,),
            example=examples.IMPORT_ERRORS,
        )
    ),
)
async def import_errors(request: ApiRequest, import_id: FromPath[str]) -> Stream:
    pieces = await rejections.as_csv(
        request.context, workspace_id=request.workspace_id, import_id=import_id
    )
    return Stream(
        pieces,
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{import_id}-errors.csv"'},
    )


async def form_of(request: ApiRequest) -> tuple[UploadFile, ImportForm]:
    """The one file of the form, and its fields.

    Raises:
        InvalidParameter: naming each part that is wrong.
    """
    return await with_file(request, ImportForm, decode=_decode)


def _decode(given: dict[str, Any]) -> None:
    for name in _JSON_FIELDS:
        if name in given:
            try:
                given[name] = decoded(str(given[name]).encode())
            except InvalidParameter as error:
                raise InvalidParameter(
                    problems=[
                        FieldProblem(pointer=f"/{name}{each.pointer or ''}", message=each.message)
                        for each in error.problems
                    ]
                ) from None
    given["dryRun"] = _TRUTHS.get(given.get("dryRun", "false"), given.get("dryRun"))


def shape_of(found: Import) -> ImportShape:
    """An import as it is shown."""
    return ImportShape(
        id=found.id,
        list_id=found.list_id,
        state=found.state,
        file_name=found.file_name,
        duplicates=found.duplicates,
        default_country=found.default_country,
        mapping=dict(found.mapping),
        types={name: AttributeType(word) for name, word in found.types.items()},
        dry_run=found.is_dry_run,
        rows=RowCounts(
            done=found.rows_done,
            accepted=found.rows_accepted,
            updated=found.rows_updated,
            duplicate=found.rows_duplicate,
            rejected=found.rows_rejected,
        ),
        bytes_done=found.bytes_done,
        bytes_total=found.bytes_total,
        rate=_rate(found),
        undone=_undone(found),
        problem=found.problem,
        created_at=instant(found.created_at),
        finished_at=wire(found.finished_at),
        rows_removed_at=wire(found.rows_removed_at),
    )


def _rate(found: Import) -> RateShape | None:
    rate, left = found.rows_per_second, found.seconds_left
    if rate is None:
        return None
    return RateShape(
        rows_per_second=round(rate, 1), seconds_left=None if left is None else round(left, 1)
    )


def _undone(found: Import) -> UndoneShape | None:
    if found.state not in {ImportState.UNDOING, ImportState.UNDONE}:
        return None
    return UndoneShape(
        removed=found.undone_removed, restored=found.undone_restored, kept=found.undone_kept
    )


ROUTES = [create_import, get_import, import_errors]
