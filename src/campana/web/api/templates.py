"""`/v1/templates`: what is said, written once and sent by campaigns, flows and people."""

from __future__ import annotations

from typing import Any

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.campaign import ChannelType
from campana.domain.clock import wire
from campana.domain.errors import Conflict, NotFound, PreconditionRequired, VersionMismatch
from campana.services import templates
from campana.services.template_document import MessageChannel, TemplateDocument, TemplatePatch
from campana.store import templates as store
from campana.store.templates import StoredTemplate
from campana.web import template_examples as examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.etags import version_meant
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Paging
from campana.web.request import ApiRequest


class TemplateShape(Shape, frozen=True, kw_only=True):
    """A template: its draft, the number of its newest published version, and what its provider
    says of it where a provider must approve it."""

    id: str
    name: str
    channel_type: ChannelType
    content: dict[str, Any]
    published_version: int | None
    provider_status: str | None
    provider_reason: str | None
    provider_checked_at: Instant | None
    created_at: Instant
    updated_at: Instant


class TemplatePage(Shape, frozen=True, kw_only=True):
    """Newest first."""

    data: list[TemplateShape]
    page: int
    page_size: int
    total_count: int


class TemplateVersionShape(Shape, frozen=True, kw_only=True):
    """What was published; it never changes."""

    number: int
    content: dict[str, Any]
    published_at: Instant


class TemplateVersionList(Shape, frozen=True, kw_only=True):
    """Newest first."""

    data: list[TemplateVersionShape]


class TemplatesQuery(Paging, frozen=True, kw_only=True):
    channel_type: MessageChannel | None = None


@get(
    "/templates",
    opt=promise(
        Operation(
            "templates.list",
            "List templates, newest first",
            scope="templates:read",
            query=TemplatesQuery,
            answer=TemplatePage,
            is_conditional=True,
            example=examples.TEMPLATE_PAGE,
        )
    ),
)
async def list_templates(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(TemplatesQuery)
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found, total = await store.page(
            tx,
            workspace_id=request.workspace_id,
            channel_type=ChannelType(asked.channel_type) if asked.channel_type else None,
            limit=asked.page_size,
            offset=(asked.page - 1) * asked.page_size,
        )
    return shown(
        request,
        TemplatePage(
            data=[_shape(each) for each in found],
            page=asked.page,
            page_size=asked.page_size,
            total_count=total,
        ),
    )


@post(
    "/templates",
    opt=promise(
        Operation(
            "templates.create",
            "Write a template",
            scope="templates:write",
            body=TemplateDocument,
            answer=TemplateShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example=examples.TEMPLATE_DOCUMENT,
            example=examples.TEMPLATE,
            headers={"Location": "Where the template is from now on."},
        )
    ),
)
@once
async def create_template(request: ApiRequest) -> Response[bytes]:
    made = await templates.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(
        _shape(made),
        status=201,
        version=made.version,
        headers={"location": f"/v1/templates/{made.id}"},
    )


@get(
    "/templates/{template_id:str}",
    opt=promise(
        Operation(
            "templates.get",
            "Show a template",
            scope="templates:read",
            answer=TemplateShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.TEMPLATE,
        )
    ),
)
async def get_template(request: ApiRequest, template_id: FromPath[str]) -> ASGIApp:
    found = await templates.get(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    return shown(request, _shape(found), version=found.version)


@patch(
    "/templates/{template_id:str}",
    opt=promise(
        Operation(
            "templates.change",
            "Change the draft of a template (JSON Merge Patch)",
            scope="templates:write",
            body=TemplatePatch,
            answer=TemplateShape,
            needs_match=True,
            errors=(NotFound, Conflict, VersionMismatch, PreconditionRequired),
            body_example=examples.TEMPLATE_PATCH,
            example=examples.TEMPLATE,
        )
    ),
)
async def change_template(request: ApiRequest, template_id: FromPath[str]) -> Response[bytes]:
    changed = await templates.change(
        request.context,
        workspace_id=request.workspace_id,
        template_id=template_id,
        version=version_meant(request),
        patch=await request.patch(),
    )
    return answer(_shape(changed), version=changed.version)


@delete(
    "/templates/{template_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "templates.delete",
            "Delete a template that was never published",
            scope="templates:write",
            status=204,
            errors=(NotFound, Conflict),
        )
    ),
)
async def delete_template(request: ApiRequest, template_id: FromPath[str]) -> None:
    await templates.delete(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )


@post(
    "/templates/{template_id:str}/publish",
    status_code=200,
    opt=promise(
        Operation(
            "templates.publish",
            "Make the draft a version that never changes",
            scope="templates:write",
            answer=TemplateShape,
            is_once=True,
            errors=(NotFound,),
            example=examples.TEMPLATE,
        )
    ),
)
@once
async def publish_template(request: ApiRequest, template_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    found = await templates.publish(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    return answer(_shape(found), version=found.version)


@get(
    "/templates/{template_id:str}/versions",
    opt=promise(
        Operation(
            "templates.versions",
            "List what was published of a template, newest first",
            scope="templates:read",
            answer=TemplateVersionList,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.VERSIONS,
        )
    ),
)
async def list_versions(request: ApiRequest, template_id: FromPath[str]) -> ASGIApp:
    found = await templates.versions(
        request.context, workspace_id=request.workspace_id, template_id=template_id
    )
    return shown(
        request,
        TemplateVersionList(
            data=[
                TemplateVersionShape(
                    number=each.number,
                    content=dict(each.content),
                    published_at=instant(each.published_at),
                )
                for each in found
            ]
        ),
    )


def _shape(found: StoredTemplate) -> TemplateShape:
    return TemplateShape(
        id=found.id,
        name=found.name,
        channel_type=found.channel_type,
        content=dict(found.draft),
        published_version=found.published,
        provider_status=found.provider_status,
        provider_reason=found.provider_reason,
        provider_checked_at=wire(found.provider_at),
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


ROUTES = [
    list_templates,
    create_template,
    get_template,
    change_template,
    delete_template,
    publish_template,
    list_versions,
]
