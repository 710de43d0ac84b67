"""`/v1/attempts/{id}/provider-events`: what a carrier said of an attempt, in its own words."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.clock import wire
from campana.domain.errors import NotFound
from campana.domain.ids import attempt_of, number_of, numbered
from campana.store import provider_events
from campana.store.provider_events import ProviderEvent
from campana.web import call_examples
from campana.web.answers import Instant, Shape, instant, shown
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query, bad_cursor
from campana.web.request import ApiRequest

_PREFIX = "pev"


class ProviderEventShape(Shape, frozen=True, kw_only=True):
    """What the carrier reported, as it came: JSON, a form, or the text of a receipt, whatever it
    speaks. Of a body that speaks of many attempts it is the part about this one, and of a long one
    the first 16 kB. `type` and `at` are what was made of it."""

    id: str
    type: str
    at: Instant
    received_at: Instant | None
    body: str | None
    """Null with `X-Exclude-PII`."""


class ProviderEventPage(Shape, frozen=True, kw_only=True):
    data: list[ProviderEventShape]
    next_cursor: str | None


class ProviderEventsQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


@get(
    "/attempts/{attempt_id:str}/provider-events",
    opt=promise(
        Operation(
            "attempts.providerEvents.list",
            "List what the carrier reported of an attempt, in its own words",
            scope="campaigns:read",
            query=ProviderEventsQuery,
            answer=ProviderEventPage,
            is_conditional=True,
            is_maskable=True,
            errors=(NotFound,),
            example=call_examples.PROVIDER_EVENT_PAGE,
        )
    ),
)
async def list_provider_events(request: ApiRequest, attempt_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(ProviderEventsQuery)
    is_masked = request.excludes_pii()
    after = number_of(_PREFIX, asked.cursor) if asked.cursor else 0
    if after is None:
        raise bad_cursor()
    wanted = attempt_of(attempt_id)
    if wanted is None:
        raise NotFound
    workspace_id = request.workspace_id
    async with request.context.db.read(workspace_id=workspace_id) as tx:
        if not await provider_events.is_of_campaign(
            tx, workspace_id=workspace_id, attempt_id=wanted
        ):
            raise NotFound
        found = await provider_events.page(
            tx,
            workspace_id=workspace_id,
            attempt_id=wanted,
            after=after,
            limit=asked.limit + 1,
        )
    data = [_shape(each, is_masked=is_masked) for each in found[: asked.limit]]
    return shown(
        request,
        ProviderEventPage(data=data, next_cursor=data[-1].id if len(found) > asked.limit else None),
    )


def _shape(event: ProviderEvent, *, is_masked: bool) -> ProviderEventShape:
    return ProviderEventShape(
        id=numbered(_PREFIX, event.id),
        type=event.type,
        at=instant(event.at),
        received_at=wire(event.received_at),
        body=None if is_masked else event.body,
    )


ROUTES = [list_provider_events]
