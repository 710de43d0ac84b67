"""`/v1/events`: everything that happened in a workspace, in an order that can be followed."""

from __future__ import annotations

from typing import Annotated, Any, cast

from litestar import get
from litestar.types import ASGIApp
from msgspec import Meta

from campana.domain.errors import FieldProblem, InvalidParameter
from campana.domain.event import Event, envelope, id_of, shown_id
from campana.services import event_feed
from campana.services.event_feed import Horizon
from campana.web import event_examples
from campana.web.answers import Instant, Shape, shown
from campana.web.operations import Operation, promise
from campana.web.query import Limit, Query
from campana.web.request import ApiRequest

After = Annotated[
    str,
    Meta(max_length=100, description="Only events after this one: the `nextAfter` of an answer."),
]


class PublishedEvent(Shape, frozen=True, kw_only=True):
    """One thing that happened, the same here, in a stream and in a webhook's message.

    `data` is what it happened to, as it is after it. Of two events with one `subject` the later
    comes later, everywhere.
    """

    id: str
    type: str
    timestamp: Instant
    subject: str
    campaign_id: str | None
    data: dict[str, Any]


class EventPage(Shape, frozen=True, kw_only=True):
    """Some events, oldest first. `nextAfter` is where to go on, whenever there is more."""

    data: list[PublishedEvent]
    next_after: str | None
    has_more: bool


class EventsQuery(Query, frozen=True, kw_only=True):
    after: After | None = None
    limit: Limit = 100


@get(
    "/events",
    opt=promise(
        Operation(
            "events.list",
            "List what happened, oldest first",
            scope="events:read",
            query=EventsQuery,
            answer=EventPage,
            is_conditional=True,
            example=event_examples.EVENT_PAGE,
        )
    ),
)
async def list_events(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(EventsQuery)
    return shown(request, await event_page(request, asked))


async def event_page(
    request: ApiRequest, asked: EventsQuery, *, campaign_id: str | None = None
) -> EventPage:
    """One page of the workspace's events, or of one campaign's.

    Raises:
        InvalidParameter: `after` is no event, or above every event.
    """
    after = number_after(asked.after)
    horizon = await horizon_of(request).reach()
    await check_place(request, after, parameter="after", horizon=horizon)
    found = await event_feed.page(
        request.context,
        workspace_id=request.workspace_id,
        horizon=horizon,
        after=after,
        limit=asked.limit + 1,
        campaign_ids=None if campaign_id is None else [campaign_id],
    )
    data = found[: asked.limit]
    return EventPage(
        data=[shape_of(each) for each in data],
        next_after=shown_id(data[-1].id) if data else asked.after,
        has_more=len(found) > asked.limit,
    )


def number_after(given: str | None, *, parameter: str = "after") -> int:
    """The number in `evt_41`; 0 when nothing is given.

    Raises:
        InvalidParameter: it is no event's id.
    """
    number = 0 if given is None else id_of(given)
    if number is None:
        problem = FieldProblem(parameter=parameter, message="is not the id of an event")
        raise InvalidParameter(problems=[problem])
    return number


async def check_place(
    request: ApiRequest, after: int, *, parameter: str, horizon: int | None = None
) -> None:
    """Refuse to go on from an event that is not there yet: nothing would come, and nothing be said.

    So asks whoever has read more than there is, as of a database that was restored since. `horizon`
    is how far this process may read, where that is known.

    Raises:
        InvalidParameter: it is above every event; says from which to go on.
    """
    if horizon is not None and after <= horizon:
        return
    newest = await event_feed.newest(request.context)
    if after > newest:
        problem = FieldProblem(
            parameter=parameter,
            message="is above every event there is, as after the database was restored:"
            f" go on after {shown_id(newest)}",
        )
        raise InvalidParameter(problems=[problem])


def horizon_of(request: ApiRequest) -> Horizon:
    """How far this process may read."""
    return cast("Horizon", request.app.state["horizon"])


def shape_of(event: Event) -> PublishedEvent:
    """The event as it is published."""
    shown = envelope(event)
    return PublishedEvent(
        id=shown["id"],
        type=shown["type"],
        timestamp=shown["timestamp"],
        subject=shown["subject"],
        campaign_id=shown["campaignId"],
        data=shown["data"],
    )


ROUTES = [list_events]
