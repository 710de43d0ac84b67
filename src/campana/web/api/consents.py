"""`/v1/consents`: the ledger of who agreed to be contacted and who took it back."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment, wire
from campana.domain.errors import NotFound
from campana.services import consents, documents
from campana.services.campaign_document import Moment
from campana.store.consents import Consent
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query
from campana.web.request import ApiRequest

Address = Annotated[str, Meta(min_length=1, max_length=254)]
"""A phone number, or an e-mail address: no e-mail address is longer (RFC 5321)."""


class ConsentDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Somebody agreed to be contacted, or took it back (`isGranted: false`)."""

    address: Address
    is_granted: bool
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    """Where it was said: a form, a call, a letter."""
    wording: Annotated[str, Meta(min_length=1, max_length=5000)]
    """The text agreed to, or the words in which it was taken back."""
    channel_type: ChannelType | None = None
    """The only kind of channel it is about; without it, every kind."""
    said_at: Moment | None = None
    expires_at: Moment | None = None


class ConsentShape(Shape, frozen=True, kw_only=True):
    id: str
    address: str
    channel_type: ChannelType | None
    is_granted: bool
    source: str
    wording: str
    said_at: Instant
    created_at: Instant
    expires_at: Instant | None


class ConsentPage(Shape, frozen=True, kw_only=True):
    data: list[ConsentShape]
    next_cursor: str | None


class ConsentsQuery(Query, frozen=True, kw_only=True):
    address: Address | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


@get(
    "/consents",
    opt=promise(
        Operation(
            "consents.list",
            "Read the consent ledger, newest entry first",
            scope="consents:read",
            query=ConsentsQuery,
            answer=ConsentPage,
            is_conditional=True,
            example=examples.CONSENT_PAGE,
        )
    ),
)
async def list_consents(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(ConsentsQuery)
    found = await consents.page(
        request.context,
        workspace_id=request.workspace_id,
        address=asked.address,
        after=asked.cursor,
        limit=asked.limit,
    )
    return shown(
        request,
        ConsentPage(data=[_shape(each) for each in found.consents], next_cursor=found.next_after),
    )


@post(
    "/consents",
    opt=promise(
        Operation(
            "consents.create",
            "Note that somebody agreed to be contacted, or took it back",
            scope="consents:write",
            body=ConsentDocument,
            answer=ConsentShape,
            status=201,
            is_once=True,
            body_example=examples.CONSENT_DOCUMENT,
            example=examples.CONSENT,
            headers={"Location": "Where the entry is from now on."},
        )
    ),
)
@once
async def create_consent(request: ApiRequest) -> Response[bytes]:
    document = documents.read(ConsentDocument, await request.document())
    made = await consents.add(
        request.context,
        workspace_id=request.workspace_id,
        address=document.address,
        is_granted=document.is_granted,
        source=document.source,
        wording=document.wording,
        channel_type=document.channel_type,
        said_at=parse_moment(document.said_at) if document.said_at else None,
        expires_at=(
            parse_moment(document.expires_at, is_end=True) if document.expires_at else None
        ),
    )
    return answer(_shape(made), status=201, headers={"location": f"/v1/consents/{made.id}"})


@get(
    "/consents/{consent_id:str}",
    opt=promise(
        Operation(
            "consents.get",
            "Show an entry of the consent ledger",
            scope="consents:read",
            answer=ConsentShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.CONSENT,
        )
    ),
)
async def get_consent(request: ApiRequest, consent_id: FromPath[str]) -> ASGIApp:
    found = await consents.get(
        request.context, workspace_id=request.workspace_id, consent_id=consent_id
    )
    return shown(request, _shape(found))


def _shape(consent: Consent) -> ConsentShape:
    return ConsentShape(
        id=consent.id,
        address=consent.address,
        channel_type=consent.channel_type,
        is_granted=consent.is_granted,
        source=consent.source,
        wording=consent.wording,
        said_at=instant(consent.said_at),
        created_at=instant(consent.created_at),
        expires_at=wire(consent.expires_at),
    )


ROUTES = [list_consents, create_consent, get_consent]
