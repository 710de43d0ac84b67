"""`/v1/flows`: drafts of conversations, and the versions that were published of them."""

from __future__ import annotations

from typing import Any

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.errors import (
    Conflict,
    InvalidTransition,
    NotFound,
    PreconditionRequired,
    VersionMismatch,
)
from campana.services import flows
from campana.services.flows import FlowDocument
from campana.store.versioned import Stored, Version
from campana.web import etags, flow_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Paging
from campana.web.request import ApiRequest
from campana.web.versions import DraftPage, VersionDetail, VersionList, listed, number_of, page_of


class FlowShape(Shape, frozen=True, kw_only=True):
    """A flow with its draft."""

    id: str
    name: str
    revision: int
    published_version: int | None
    definition: dict[str, Any]
    created_at: Instant
    updated_at: Instant


@get(
    "/flows",
    opt=promise(
        Operation(
            "flows.list",
            "List flows, by name",
            scope="flows:read",
            query=Paging,
            answer=DraftPage,
            is_conditional=True,
            example=flow_examples.FLOW_PAGE,
        )
    ),
)
async def list_flows(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(Paging)
    found = await flows.every(request.context, workspace_id=request.workspace_id)
    return shown(request, page_of(found, asked))


@post(
    "/flows",
    opt=promise(
        Operation(
            "flows.create",
            "Make a flow; a draft may be wrong until it is published",
            scope="flows:write",
            body=FlowDocument,
            answer=FlowShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example={"definition": flow_examples.DEFINITION},
            example=flow_examples.FLOW,
            headers={"Location": "Where the flow is from now on."},
        )
    ),
)
@once
async def create_flow(request: ApiRequest) -> Response[bytes]:
    made = await flows.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(
        _shape(made),
        status=201,
        version=made.revision,
        headers={"location": f"/v1/flows/{made.id}"},
    )


@get(
    "/flows/{flow_id:str}",
    opt=promise(
        Operation(
            "flows.get",
            "Show a flow with its draft",
            scope="flows:read",
            answer=FlowShape,
            is_conditional=True,
            errors=(NotFound,),
            example=flow_examples.FLOW,
        )
    ),
)
async def get_flow(request: ApiRequest, flow_id: FromPath[str]) -> ASGIApp:
    found = await flows.get(request.context, workspace_id=request.workspace_id, flow_id=flow_id)
    return shown(request, _shape(found), version=found.revision)


@patch(
    "/flows/{flow_id:str}",
    opt=promise(
        Operation(
            "flows.change",
            "Change the draft (JSON Merge Patch); versions stay as they are",
            scope="flows:write",
            body=FlowDocument,
            answer=FlowShape,
            needs_match=True,
            errors=(NotFound, Conflict, VersionMismatch, PreconditionRequired),
            body_example={"definition": {"nodes": {"ask": {"text": "How was it?"}}}},
            example=flow_examples.FLOW,
        )
    ),
)
async def change_flow(request: ApiRequest, flow_id: FromPath[str]) -> Response[bytes]:
    revision = etags.version_meant(request)
    changed = await flows.change(
        request.context,
        workspace_id=request.workspace_id,
        flow_id=flow_id,
        patch=await request.patch(),
        revision=revision,
    )
    return answer(_shape(changed), version=changed.revision)


@delete(
    "/flows/{flow_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "flows.delete",
            "Delete a flow that was never published",
            scope="flows:write",
            status=204,
            errors=(NotFound, InvalidTransition),
        )
    ),
)
async def delete_flow(request: ApiRequest, flow_id: FromPath[str]) -> None:
    await flows.delete(request.context, workspace_id=request.workspace_id, flow_id=flow_id)


@post(
    "/flows/{flow_id:str}/publish",
    opt=promise(
        Operation(
            "flows.publish",
            "Make the draft a version; unchanged since the last, it is that one",
            scope="flows:write",
            answer=VersionDetail,
            status=201,
            is_once=True,
            errors=(NotFound,),
            example=flow_examples.VERSION_DETAIL,
        )
    ),
)
@once
async def publish_flow(request: ApiRequest, flow_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    made = await flows.publish(request.context, workspace_id=request.workspace_id, flow_id=flow_id)
    return answer(_detail(made), status=201)


@get(
    "/flows/{flow_id:str}/versions",
    opt=promise(
        Operation(
            "flows.versions",
            "List the versions of a flow, latest first",
            scope="flows:read",
            answer=VersionList,
            is_conditional=True,
            errors=(NotFound,),
            example=flow_examples.VERSIONS,
        )
    ),
)
async def list_versions(request: ApiRequest, flow_id: FromPath[str]) -> ASGIApp:
    found = await flows.versions(
        request.context, workspace_id=request.workspace_id, flow_id=flow_id
    )
    return shown(request, listed(found))


@get(
    "/flows/{flow_id:str}/versions/{number:str}",
    opt=promise(
        Operation(
            "flows.version",
            "Show a version of a flow",
            scope="flows:read",
            answer=VersionDetail,
            is_conditional=True,
            errors=(NotFound,),
            example=flow_examples.VERSION_DETAIL,
        )
    ),
)
async def get_version(
    request: ApiRequest, flow_id: FromPath[str], number: FromPath[str]
) -> ASGIApp:
    found = await flows.version(
        request.context,
        workspace_id=request.workspace_id,
        flow_id=flow_id,
        number=number_of(number),
    )
    return shown(request, _detail(found))


def _shape(found: Stored) -> FlowShape:
    return FlowShape(
        id=found.id,
        name=found.name,
        revision=found.revision,
        published_version=found.published,
        definition=dict(found.draft),
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


def _detail(found: Version) -> VersionDetail:
    return VersionDetail(
        number=found.number,
        hash=found.hash,
        created_at=instant(found.created_at),
        definition=dict(found.definition or {}),
    )


ROUTES = [
    list_flows,
    create_flow,
    get_flow,
    change_flow,
    delete_flow,
    publish_flow,
    list_versions,
    get_version,
]
