"""`/v1/suppressions`: whom never to contact, how far that reaches, and why."""

from __future__ import annotations

import logging
from typing import Annotated

from litestar import Response, delete, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment, wire
from campana.domain.errors import NotFound
from campana.services import documents, suppressions
from campana.services.campaign_document import Moment
from campana.services.suppressions import Checked
from campana.store.suppressions import Scope, Suppression
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query
from campana.web.request import ApiRequest

log = logging.getLogger(__name__)

Reason = Annotated[str, Meta(min_length=1, max_length=500)]
Address = Annotated[str, Meta(min_length=1, max_length=254)]
"""A phone number, or an e-mail address: no e-mail address is longer (RFC 5321)."""


class SuppressionDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Never contact this address: in the workspace, one campaign, or one kind of channel."""

    address: Address
    reason: Reason
    scope: Scope = Scope.WORKSPACE
    campaign_id: Annotated[str, Meta(max_length=100)] | None = None
    channel_type: ChannelType | None = None
    expires_at: Moment | None = None


class SuppressionShape(Shape, frozen=True, kw_only=True):
    id: str
    address: str
    scope: Scope
    campaign_id: str | None
    channel_type: ChannelType | None
    reason: str
    source: str
    created_at: Instant
    expires_at: Instant | None


class SuppressionPage(Shape, frozen=True, kw_only=True):
    data: list[SuppressionShape]
    next_cursor: str | None


class CheckDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Addresses to ask about."""

    addresses: Annotated[list[Address], Meta(min_length=1, max_length=1000)]


class CheckedShape(Shape, frozen=True, kw_only=True):
    """One address asked about, and every suppression of it that holds now."""

    given: str
    address: str
    is_suppressed: bool
    suppressions: list[SuppressionShape]


class CheckAnswer(Shape, frozen=True, kw_only=True):
    """In the order asked."""

    data: list[CheckedShape]


class SuppressionsQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


class LiftQuery(Query, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=500, description="Why it may be contacted again.")]


@get(
    "/suppressions",
    opt=promise(
        Operation(
            "suppressions.list",
            "List suppressions, newest first; expired ones too",
            scope="suppressions:read",
            query=SuppressionsQuery,
            answer=SuppressionPage,
            is_conditional=True,
            example=examples.SUPPRESSION_PAGE,
        )
    ),
)
async def list_suppressions(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(SuppressionsQuery)
    found = await suppressions.page(
        request.context, workspace_id=request.workspace_id, after=asked.cursor, limit=asked.limit
    )
    return shown(
        request,
        SuppressionPage(
            data=[suppression_shape(each) for each in found.suppressions],
            next_cursor=found.next_after,
        ),
    )


@post(
    "/suppressions",
    opt=promise(
        Operation(
            "suppressions.create",
            "Never contact an address again",
            scope="suppressions:write",
            body=SuppressionDocument,
            answer=SuppressionShape,
            status=201,
            is_once=True,
            body_example=examples.SUPPRESSION_DOCUMENT,
            example=examples.SUPPRESSION,
            headers={"Location": "Where the suppression is from now on."},
        )
    ),
)
@once
async def create_suppression(request: ApiRequest) -> Response[bytes]:
    document = documents.read(SuppressionDocument, await request.document())
    made = await suppressions.add(
        request.context,
        workspace_id=request.workspace_id,
        address=document.address,
        reason=document.reason,
        scope=document.scope,
        campaign_id=document.campaign_id,
        channel_type=document.channel_type,
        expires_at=(
            parse_moment(document.expires_at, is_end=True) if document.expires_at else None
        ),
    )
    return answer(
        suppression_shape(made), status=201, headers={"location": f"/v1/suppressions/{made.id}"}
    )


@post(
    "/suppressions:check",
    status_code=200,
    opt=promise(
        Operation(
            "suppressions.check",
            "Ask whether addresses are suppressed now",
            scope="suppressions:read",
            body=CheckDocument,
            answer=CheckAnswer,
            body_example=examples.CHECK_DOCUMENT,
            example=examples.CHECK,
        )
    ),
)
async def check_suppressions(request: ApiRequest) -> Response[bytes]:
    document = documents.read(CheckDocument, await request.document())
    found = await suppressions.check(
        request.context, workspace_id=request.workspace_id, addresses=document.addresses
    )
    return answer(CheckAnswer(data=[_checked(each) for each in found]))


@get(
    "/suppressions/{suppression_id:str}",
    opt=promise(
        Operation(
            "suppressions.get",
            "Show a suppression",
            scope="suppressions:read",
            answer=SuppressionShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.SUPPRESSION,
        )
    ),
)
async def get_suppression(request: ApiRequest, suppression_id: FromPath[str]) -> ASGIApp:
    found = await suppressions.get(
        request.context, workspace_id=request.workspace_id, suppression_id=suppression_id
    )
    return shown(request, suppression_shape(found))


@delete(
    "/suppressions/{suppression_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "suppressions.delete",
            "Allow an address again, saying why",
            scope="suppressions:write",
            query=LiftQuery,
            status=204,
            errors=(NotFound,),
        )
    ),
)
async def delete_suppression(request: ApiRequest, suppression_id: FromPath[str]) -> None:
    asked = request.parameters(LiftQuery)
    await suppressions.lift(
        request.context, workspace_id=request.workspace_id, suppression_id=suppression_id
    )
    log.info(
        "suppression %s lifted by %s: %r", suppression_id, request.principal.key_id, asked.reason
    )


def suppression_shape(found: Suppression) -> SuppressionShape:
    return SuppressionShape(
        id=found.id,
        address=found.address,
        scope=found.scope,
        campaign_id=found.campaign_id,
        channel_type=found.channel_type,
        reason=found.reason,
        source=found.source,
        created_at=instant(found.created_at),
        expires_at=wire(found.expires_at),
    )


def _checked(found: Checked) -> CheckedShape:
    return CheckedShape(
        given=found.given,
        address=found.address,
        is_suppressed=bool(found.suppressions),
        suppressions=[suppression_shape(each) for each in found.suppressions],
    )


ROUTES = [
    list_suppressions,
    create_suppression,
    check_suppressions,
    get_suppression,
    delete_suppression,
]
