"""What the first rows of a file would become in a list; nothing is kept."""

from __future__ import annotations

from typing import BinaryIO, cast

from litestar import Response, post
from litestar.params import FromPath

from campana.domain.contact import AttributeValue, NewContact
from campana.domain.errors import NotFound, PayloadTooLarge, UnsupportedMediaType
from campana.services import previews
from campana.services.duplicates import Fate
from campana.services.previews import PreviewedRow
from campana.services.values import AttributeType
from campana.store.imports import RejectedRow
from campana.web import import_examples as examples
from campana.web.answers import Shape, answer
from campana.web.api.contact_lists import AddressShape
from campana.web.api.imports import FILE_LIMIT, UPLOAD, form_of
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class ColumnShape(Shape, frozen=True, kw_only=True):
    """A column of the file; `meaning` is a field, an attribute, or null when it is passed over."""

    column: str
    meaning: str | None


class PersonShape(Shape, frozen=True, kw_only=True):
    """A contact as it would be after its row."""

    external_id: str | None
    first_name: str | None
    last_name: str | None
    language: str | None
    time_zone: str | None
    addresses: list[AddressShape]
    attributes: dict[str, AttributeValue]


class RefusalShape(Shape, frozen=True, kw_only=True):
    """Why a row would be refused, and how it could be mended."""

    column: str | None
    value: str | None
    reason: str
    suggestion: str | None


class PreviewedShape(Shape, frozen=True, kw_only=True):
    row: int
    result: Fate
    contact: PersonShape | None
    refusal: RefusalShape | None


class PreviewShape(Shape, frozen=True, kw_only=True):
    """The file as the list would have it."""

    columns: list[ColumnShape]
    mapping: dict[str, str]
    types: dict[str, AttributeType]
    rows: list[PreviewedShape]


@post(
    "/contact-lists/{list_id:str}/imports/preview",
    status_code=200,
    request_max_body_size=FILE_LIMIT,
    opt=promise(
        Operation(
            "contactLists.imports.preview",
            "Show what the columns of a file mean and what its first 20 rows would become",
            scope="lists:read",
            body=UPLOAD,
            answer=PreviewShape,
            errors=(NotFound, PayloadTooLarge, UnsupportedMediaType),
            example=examples.PREVIEW,
        )
    ),
)
async def preview_import(request: ApiRequest, list_id: FromPath[str]) -> Response[bytes]:
    upload, form = await form_of(request)
    found = await previews.preview(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        content=cast("BinaryIO", upload.file),
        mapping=form.mapping,
        types=form.types,
        default_country=form.default_country,
        duplicates=form.duplicates,
    )
    columns = [
        ColumnShape(column=column, meaning=meaning)
        for column, meaning in zip(found.header, found.meanings, strict=True)
    ]
    return answer(
        PreviewShape(
            columns=columns,
            mapping=dict(found.mapping),
            types=dict(found.types),
            rows=[_row(each) for each in found.rows],
        )
    )


def _row(row: PreviewedRow) -> PreviewedShape:
    return PreviewedShape(
        row=row.row_number,
        result=row.fate,
        contact=None if row.contact is None else _person(row.contact),
        refusal=None if row.refusal is None else _refusal(row.refusal),
    )


def _person(contact: NewContact) -> PersonShape:
    return PersonShape(
        external_id=contact.external_id,
        first_name=contact.first_name,
        last_name=contact.last_name,
        language=contact.language,
        time_zone=contact.time_zone,
        addresses=[AddressShape.of(each) for each in contact.addresses],
        attributes=dict(contact.attributes),
    )


def _refusal(row: RejectedRow) -> RefusalShape:
    return RefusalShape(
        column=row.column_name,
        value=row.value,
        reason=row.reason,
        suggestion=row.suggestion,
    )


ROUTES = [preview_import]
