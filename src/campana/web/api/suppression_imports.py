"""Files of numbers nobody may contact: upload, progress, and the refused rows as CSV."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Annotated, BinaryIO, cast

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Stream
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment, wire
from campana.domain.errors import NotFound, PayloadTooLarge, UnsupportedMediaType
from campana.services import suppression_imports
from campana.services.campaign_document import Moment
from campana.services.defusing import csv_lines
from campana.store.imports import ImportState
from campana.store.suppression_imports import RefusedRow, SuppressionImport
from campana.store.suppressions import Scope
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.api.contact_lists import Country
from campana.web.api.imports import FILE_LIMIT, RowCounts
from campana.web.api.suppressions import Reason
from campana.web.forms import with_file
from campana.web.idempotency import once
from campana.web.operations import Operation, Upload, promise
from campana.web.request import ApiRequest

_ROWS = 1_000

Source = Annotated[str, Meta(min_length=1, max_length=100)]


class SuppressionImportForm(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """The fields of an upload besides its file: what a row says that does not say it itself."""

    reason: Reason
    source: Source = "import"
    scope: Scope = Scope.WORKSPACE
    campaign_id: Annotated[str, Meta(max_length=100)] | None = None
    channel_type: ChannelType | None = None
    expires_at: Moment | None = None
    default_country: Country | None = None


class SuppressionImportShape(Shape, frozen=True, kw_only=True):
    """How far a file has come. Updated rows made a suppression last longer."""

    id: str
    state: ImportState
    file_name: str
    scope: Scope
    campaign_id: str | None
    channel_type: ChannelType | None
    reason: str
    source: str
    expires_at: Instant | None
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
        "required": ["file", "reason"],
        "additionalProperties": False,
        "properties": {
            "file": {
                "type": "string",
                "contentMediaType": "text/csv",
                "description": "A CSV file with a column of numbers, and of reasons and expiry "
                "dates if there are any; a file of numbers alone needs no header.",
            },
            "reason": {"type": "string", "minLength": 1, "maxLength": 500},
            "source": {"type": "string", "minLength": 1, "maxLength": 100, "default": "import"},
            "scope": {"enum": ["workspace", "campaign", "channel"], "default": "workspace"},
            "campaignId": {"type": "string", "maxLength": 100},
            "channelType": {"enum": [each.value for each in ChannelType]},
            "expiresAt": {"type": "string", "format": "date-time"},
            "defaultCountry": {"type": "string", "pattern": "^[A-Z]{2}$"},
        },
    }
)


@post(
    "/suppression-imports",
    status_code=202,
    request_max_body_size=FILE_LIMIT,
    opt=promise(
        Operation(
            "suppressionImports.create",
            "Upload a file of numbers nobody may contact; it is read in the background",
            scope="suppressions:write",
            body=UPLOAD,
            answer=SuppressionImportShape,
            status=202,
            is_once=True,
            errors=(PayloadTooLarge, UnsupportedMediaType),
            example={**examples.SUPPRESSION_IMPORT, "state": "queued"},
            headers={"Location": "Where its progress is told."},
        )
    ),
)
@once
async def create_suppression_import(request: ApiRequest) -> Response[bytes]:
    upload, form = await with_file(request, SuppressionImportForm)
    made = await suppression_imports.start(
        request.context,
        workspace_id=request.workspace_id,
        file_name=upload.filename,
        content=cast("BinaryIO", upload.file),
        reason=form.reason,
        source=form.source,
        scope=form.scope,
        campaign_id=form.campaign_id,
        channel_type=form.channel_type,
        expires_at=parse_moment(form.expires_at, is_end=True) if form.expires_at else None,
        default_country=form.default_country,
    )
    location = f"/v1/suppression-imports/{made.id}"
    return answer(_shape(made), status=202, headers={"location": location})


@get(
    "/suppression-imports/{suppression_import_id:str}",
    opt=promise(
        Operation(
            "suppressionImports.get",
            "Show how far a file of suppressions has come",
            scope="suppressions:read",
            answer=SuppressionImportShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.SUPPRESSION_IMPORT,
        )
    ),
)
async def get_suppression_import(
    request: ApiRequest, suppression_import_id: FromPath[str]
) -> ASGIApp:
    found = await suppression_imports.get(
        request.context, workspace_id=request.workspace_id, import_id=suppression_import_id
    )
    return shown(request, _shape(found))


@get(
    "/suppression-imports/{suppression_import_id:str}/errors",
    opt=promise(
        Operation(
            "suppressionImports.errors",
            "Download the rows a file of suppressions was refused, with the reason of each, as CSV",
            scope="suppressions:read",
            answer="text/csv",
            errors=(NotFound,),
            example=examples.SUPPRESSION_IMPORT_ERRORS,
        )
    ),
)
async def suppression_import_errors(
    request: ApiRequest, suppression_import_id: FromPath[str]
) -> Stream:
    first = await _rejected(request, suppression_import_id, after=0)
    name = f"{suppression_import_id}-errors.csv"
    return Stream(
        _csv(request, suppression_import_id, first),
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


async def _rejected(request: ApiRequest, import_id: str, *, after: int) -> list[RefusedRow]:
    return await suppression_imports.rejected_rows(
        request.context,
        workspace_id=request.workspace_id,
        import_id=import_id,
        after=after,
        limit=_ROWS,
    )


async def _csv(
    request: ApiRequest, import_id: str, rows: Sequence[RefusedRow]
) -> AsyncIterator[bytes]:
    yield csv_lines([("row", "column", "value", "reason")])
    while rows:
        yield csv_lines([(row.row_number, row.column_name, row.value, row.reason) for row in rows])
        rows = await _rejected(request, import_id, after=rows[-1].row_number)


def _shape(found: SuppressionImport) -> SuppressionImportShape:
    return SuppressionImportShape(
        id=found.id,
        state=found.state,
        file_name=found.file_name,
        scope=found.scope,
        campaign_id=found.campaign_id,
        channel_type=found.channel_type,
        reason=found.reason,
        source=found.source,
        expires_at=wire(found.expires_at),
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


ROUTES = [create_suppression_import, get_suppression_import, suppression_import_errors]
