"""`/v1/campaigns`: the contract this system grew from; making, changing and deleting campaigns.

Starting and stopping them is `campaign_actions.py`.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import cast

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.campaign import Campaign, CampaignStatus, ChannelType, states_of
from campana.domain.clock import parse_moment
from campana.domain.errors import (
    InvalidTransition,
    NotFound,
    PreconditionRequired,
    VersionMismatch,
)
from campana.services import campaigns
from campana.services.campaign_document import CampaignDocument
from campana.store import campaigns as store
from campana.store.campaigns import Filters
from campana.web import etags, examples
from campana.web.answers import Shown, answer, shown, unless_known
from campana.web.api.campaign_shapes import (
    CampaignPage,
    CampaignShape,
    Expand,
    expanded,
    shape_of,
)
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import DateFrom, DateTo, Paging, Query
from campana.web.remembered import RememberedPages, RenderedPage
from campana.web.request import ApiRequest


class CampaignsQuery(Paging, frozen=True, kw_only=True):
    status: CampaignStatus | None = None
    channel_type: ChannelType | None = None
    date_from: DateFrom | None = None
    date_to: DateTo | None = None
    expand: Expand = ()


class CampaignQuery(Query, frozen=True, kw_only=True):
    expand: Expand = ()


@get(
    "/campaigns",
    opt=promise(
        Operation(
            "campaigns.list",
            "List campaigns, newest first",
            scope="campaigns:read",
            query=CampaignsQuery,
            answer=CampaignPage,
            is_conditional=True,
            example=examples.CAMPAIGN_PAGE,
        )
    ),
)
async def list_campaigns(request: ApiRequest) -> ASGIApp:
    now = request.context.clock.now()
    pages = cast("RememberedPages", request.app.state["pages"])
    key, revision = (request.workspace_id, request.raw_query), request.principal.revision
    page = pages.find(key, revision=revision, now=now)
    if page is None:
        asked = request.parameters(CampaignsQuery)
        make = partial(_rendered, request, asked, now)
        # What expand adds changes without a revision.
        page = await (
            make() if asked.expand else pages.made(key, revision=revision, now=now, make=make)
        )
    return unless_known(request, page.answer)


@get(
    "/campaigns/{campaign_id:str}",
    opt=promise(
        Operation(
            "campaigns.get",
            "Show a campaign",
            scope="campaigns:read",
            query=CampaignQuery,
            answer=CampaignShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.CAMPAIGN,
        )
    ),
)
async def get_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(CampaignQuery)
    now = request.context.clock.now()
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found = await store.get(tx, campaign_id=campaign_id, now=now)
        if found is None:
            raise NotFound
        [shape] = await expanded(
            tx, [found], expand=asked.expand, clock=request.context.clock, now=now
        )
    return shown(request, shape, version=found.version)


@post(
    "/campaigns",
    opt=promise(
        Operation(
            "campaigns.create",
            "Make a draft campaign",
            scope="campaigns:write",
            body=CampaignDocument,
            answer=CampaignShape,
            status=201,
            is_once=True,
            body_example=examples.CAMPAIGN_DOCUMENT,
            example=examples.CAMPAIGN,
            headers={"Location": "Where the campaign is from now on."},
        )
    ),
)
@once
async def create_campaign(request: ApiRequest) -> Response[bytes]:
    made = await campaigns.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return _made(made)


@post(
    "/campaigns/{campaign_id:str}/clone",
    opt=promise(
        Operation(
            "campaigns.clone",
            "Make a draft that says what a campaign says",
            scope="campaigns:control",
            answer=CampaignShape,
            status=201,
            is_once=True,
            errors=(NotFound,),
            example=examples.CAMPAIGN,
            headers={"Location": "Where the draft is from now on."},
        )
    ),
)
@once
async def clone_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    return _made(
        await campaigns.copy(
            request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
        )
    )


def _made(campaign: Campaign) -> Response[bytes]:
    return answer(
        shape_of(campaign),
        status=201,
        version=campaign.version,
        headers={"location": f"/v1/campaigns/{campaign.id}"},
    )


@patch(
    "/campaigns/{campaign_id:str}",
    opt=promise(
        Operation(
            "campaigns.change",
            "Change a campaign (JSON Merge Patch)",
            scope="campaigns:write",
            body=CampaignDocument,
            answer=CampaignShape,
            needs_match=True,
            errors=(NotFound, InvalidTransition, VersionMismatch, PreconditionRequired),
            body_example=examples.CAMPAIGN_PATCH,
            example=examples.CAMPAIGN,
        )
    ),
)
async def change_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> Response[bytes]:
    version = etags.version_meant(request)
    changed = await campaigns.change(
        request.context,
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        patch=await request.patch(),
        version=version,
    )
    return answer(shape_of(changed), version=changed.version)


@delete(
    "/campaigns/{campaign_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "campaigns.delete",
            "Delete a draft",
            scope="campaigns:write",
            status=204,
            errors=(NotFound, InvalidTransition),
        )
    ),
)
async def delete_campaign(request: ApiRequest, campaign_id: FromPath[str]) -> None:
    await campaigns.delete(
        request.context, workspace_id=request.workspace_id, campaign_id=campaign_id
    )


async def _rendered(request: ApiRequest, asked: CampaignsQuery, now: datetime) -> RenderedPage:
    """The page from the database."""
    async with request.context.db.read(workspace_id=request.workspace_id) as tx:
        found = await store.page(
            tx,
            workspace_id=request.workspace_id,
            filters=_filters(asked),
            limit=asked.page_size,
            offset=(asked.page - 1) * asked.page_size,
            now=now,
        )
        shapes = await expanded(
            tx, found.rows, expand=asked.expand, clock=request.context.clock, now=now
        )
    body = msgspec.json.encode(
        CampaignPage(
            data=shapes, page=asked.page, page_size=asked.page_size, total_count=found.total
        )
    )
    return RenderedPage(
        answer=Shown(body, etags.tag_of(body)),
        # Read before the page: a write in between makes a page newer than its number, never older.
        revision=request.principal.revision,
        made_at=now,
        until=found.next_change,
    )


def _filters(asked: CampaignsQuery) -> Filters:
    return Filters(
        states=states_of(asked.status) if asked.status else None,
        channel_type=asked.channel_type,
        date_from=parse_moment(asked.date_from) if asked.date_from else None,
        date_to=parse_moment(asked.date_to, is_end=True) if asked.date_to else None,
    )


ROUTES = [
    list_campaigns,
    get_campaign,
    create_campaign,
    clone_campaign,
    change_campaign,
    delete_campaign,
]
