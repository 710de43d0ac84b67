"""What happens in a campaign: a page at a time, or as a stream while it happens."""

from __future__ import annotations

from typing import cast

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp

from campana.domain.errors import NotFound, RateLimited
from campana.services.tokens import hash_of
from campana.store import campaigns
from campana.web import event_examples
from campana.web.answers import shown
from campana.web.api.events import (
    EventPage,
    EventsQuery,
    check_place,
    event_page,
    number_after,
)
from campana.web.auth import key_of
from campana.web.event_stream import MEDIA_TYPE, stream_of_events
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest
from campana.web.streams import Streams

LAST_EVENT_ID = "Last-Event-ID"


@get(
    "/campaigns/{campaign_id:str}/events",
    opt=promise(
        Operation(
            "campaigns.events",
            "List what happened in a campaign, or follow it with Accept: text/event-stream",
            scope="events:read",
            query=EventsQuery,
            answer=EventPage,
            is_conditional=True,
            is_stream=True,
            errors=(NotFound, RateLimited),
            example=event_examples.EVENT_PAGE,
        )
    ),
)
async def campaign_events(request: ApiRequest, campaign_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(EventsQuery)
    context = request.context
    async with context.db.read(workspace_id=request.workspace_id) as tx:
        if await campaigns.get(tx, campaign_id=campaign_id, now=context.clock.now()) is None:
            raise NotFound
    if MEDIA_TYPE not in request.headers.get("accept", ""):
        return shown(request, await event_page(request, asked, campaign_id=campaign_id))
    last = request.headers.get(LAST_EVENT_ID)
    given, parameter = (last, LAST_EVENT_ID) if last else (asked.after, "after")
    after = None if given is None else number_after(given, parameter=parameter)
    if after is not None:
        await check_place(request, after, parameter=parameter)
    if request.scope["state"].get("is_head"):
        return ASGIResponse(media_type=MEDIA_TYPE)
    streams = cast("Streams", request.app.state["streams"])
    stream = await streams.open(
        workspace_id=request.workspace_id,
        campaign_id=campaign_id,
        key_hash=hash_of(key_of(request.scope["headers"]) or ""),
        after=after,
    )
    return stream_of_events(streams, stream)


ROUTES = [campaign_events]
