"""`/v1/templates/{id}/preview` and `/lacking`: who would get what, before anybody does."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.content import Email, Template, Text
from campana.domain.errors import FieldProblem, InvalidParameter, NotFound
from campana.domain.ids import number_of, numbered
from campana.services import documents, templates
from campana.web import template_examples as examples
from campana.web.answers import Shape, answer, shown
from campana.web.operations import Operation, promise
from campana.web.query import Query
from campana.web.request import ApiRequest

Field = Annotated[str, Meta(max_length=1000)]


class TemplatePreviewDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """For whom: a contact, or fields that somebody might have; both, and the fields win."""

    contact_id: Annotated[str, Meta(max_length=40)] | None = None
    fields: dict[str, Field] = {}
    values: dict[str, Field] = {}
    """For what the template reads as `values`."""


class SmsShape(Shape, frozen=True, kw_only=True):
    """How it travels as SMS; `unusual` are the characters that make it UCS-2."""

    alphabet: str
    units: int
    segments: int
    left: int
    unusual: list[str]


class TemplatePreview(Shape, frozen=True, kw_only=True):
    """What they would get. `lacking` are the contact's fields that leave a hole in it."""

    text: str
    subject: str | None
    html: str | None
    provider: dict[str, Any] | None
    sms: SmsShape | None
    lacking: list[str]


class LackingQuery(Query, frozen=True, kw_only=True):
    contact_list: Annotated[str, Meta(max_length=100)]


class TemplateLacking(Shape, frozen=True, kw_only=True):
    """Of the `total` contacts of the list: how many lack a field, by field, and the first few."""

    total: int
    contacts: int
    by_field: dict[str, int]
    first: list[str]


@post(
    "/templates/{template_id:str}/preview",
    status_code=200,
    opt=promise(
        Operation(
            "templates.preview",
            "Show what a contact would get of a template's draft",
            scope="templates:read",
            body=TemplatePreviewDocument,
            answer=TemplatePreview,
            errors=(NotFound,),
            body_example=examples.PREVIEW_DOCUMENT,
            example=examples.PREVIEW,
        )
    ),
)
async def preview_template(request: ApiRequest, template_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(TemplatePreviewDocument, await request.document())
    contact = number_of("ctc", document.contact_id) if document.contact_id is not None else None
    if document.contact_id is not None and contact is None:
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/contactId", message="there is no such contact")]
        )
    made = await templates.preview(
        request.context,
        workspace_id=request.workspace_id,
        template_id=template_id,
        contact_id=contact,
        fields=document.fields,
        values=document.values,
    )
    said = made.content
    return answer(
        TemplatePreview(
            text=said.body if isinstance(said, Text) else said.text,
            subject=said.subject if isinstance(said, Email) else None,
            html=said.html if isinstance(said, Email) else None,
            provider=msgspec.to_builtins(said) if isinstance(said, Template) else None,
            sms=(
                SmsShape(
                    alphabet=made.size.alphabet,
                    units=made.size.units,
                    segments=made.size.segments,
                    left=made.size.left,
                    unusual=list(made.size.unusual),
                )
                if made.size is not None
                else None
            ),
            lacking=made.lacking,
        )
    )


@get(
    "/templates/{template_id:str}/lacking",
    opt=promise(
        Operation(
            "templates.lacking",
            "Count the contacts of a list that lack a field the draft reads",
            scope="templates:read",
            query=LackingQuery,
            answer=TemplateLacking,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.LACKING,
        )
    ),
)
async def count_lacking(request: ApiRequest, template_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(LackingQuery)
    found = await templates.lacking(
        request.context,
        workspace_id=request.workspace_id,
        template_id=template_id,
        list_id=asked.contact_list,
    )
    return shown(
        request,
        TemplateLacking(
            total=found.total,
            contacts=found.contacts,
            by_field=dict(found.by_field),
            first=[numbered("ctc", each) for each in found.first],
        ),
    )


ROUTES = [preview_template, count_lacking]
