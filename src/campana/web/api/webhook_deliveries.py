"""What is sent to a webhook: trying it out, sending again, and the log of both."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta

from campana.domain.clock import wire
from campana.domain.errors import Conflict, NotFound
from campana.domain.event import id_of, shown_id
from campana.services import documents, webhooks
from campana.services.webhooks import ReplayDocument
from campana.store.deliveries import Delivery, DeliveryState
from campana.web import event_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.api.webhooks import WebhookShape, shape_of
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query, bad_cursor
from campana.web.request import ApiRequest


class TryShape(Shape, frozen=True, kw_only=True):
    """One request to the receiver: what it answered, at most a kilobyte, or what went wrong."""

    at: Instant
    ms: int
    status: int | None
    answer: str
    problem: str | None


class DeliveryShape(Shape, frozen=True, kw_only=True):
    """An event on its way to a webhook. `tries` holds the newest ten."""

    event_id: str
    event_type: str
    subject: str
    state: DeliveryState
    due_at: Instant | None
    try_count: int
    tries: list[TryShape]
    created_at: Instant
    finished_at: Instant | None


class DeliveryPage(Shape, frozen=True, kw_only=True):
    data: list[DeliveryShape]
    next_cursor: str | None


class SentTest(Shape, frozen=True, kw_only=True):
    """The event that was sent; the webhook's deliveries say what became of it."""

    event_id: str


class DeliveriesQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100
    state: Annotated[DeliveryState, Meta(description="Only those in this state.")] | None = None


@post(
    "/webhooks/{webhook_id:str}/test",
    status_code=202,
    opt=promise(
        Operation(
            "webhooks.test",
            "Send a webhook an event of its own",
            scope="webhooks:manage",
            answer=SentTest,
            status=202,
            is_once=True,
            errors=(NotFound, Conflict),
            example={"eventId": "evt_4711"},
        )
    ),
)
@once
async def send_test(request: ApiRequest, webhook_id: FromPath[str]) -> Response[bytes]:
    await request.refuse_body()
    event_id = await webhooks.rehearse(
        request.context, workspace_id=request.workspace_id, webhook_id=webhook_id
    )
    return answer(SentTest(event_id=event_id), status=202)


@post(
    "/webhooks/{webhook_id:str}/replay",
    status_code=202,
    opt=promise(
        Operation(
            "webhooks.replay",
            "Send an event and all after it again",
            scope="webhooks:manage",
            body=ReplayDocument,
            answer=WebhookShape,
            status=202,
            is_once=True,
            errors=(NotFound, Conflict),
            body_example={"from": "evt_4711"},
            example=event_examples.WEBHOOK,
        )
    ),
)
@once
async def replay_webhook(request: ApiRequest, webhook_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(ReplayDocument, await request.document())
    found = await webhooks.replay(
        request.context,
        workspace_id=request.workspace_id,
        webhook_id=webhook_id,
        first=document.from_,
    )
    return answer(shape_of(found), status=202)


@get(
    "/webhooks/{webhook_id:str}/deliveries",
    opt=promise(
        Operation(
            "webhooks.deliveries.list",
            "List what was sent to a webhook, newest event first",
            scope="webhooks:manage",
            query=DeliveriesQuery,
            answer=DeliveryPage,
            is_conditional=True,
            errors=(NotFound,),
            example=event_examples.DELIVERY_PAGE,
        )
    ),
)
async def list_deliveries(request: ApiRequest, webhook_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(DeliveriesQuery)
    before = id_of(asked.cursor) if asked.cursor else None
    if asked.cursor and before is None:
        raise bad_cursor()
    found = await webhooks.log(
        request.context,
        workspace_id=request.workspace_id,
        webhook_id=webhook_id,
        before=before,
        state=asked.state,
        limit=asked.limit + 1,
    )
    data = found[: asked.limit]
    has_more = len(found) > asked.limit
    return shown(
        request,
        DeliveryPage(
            data=[_delivery(each) for each in data],
            next_cursor=shown_id(data[-1].event_id) if has_more else None,
        ),
    )


def _delivery(found: Delivery) -> DeliveryShape:
    return DeliveryShape(
        event_id=shown_id(found.event_id),
        event_type=found.event_type,
        subject=found.subject,
        state=found.state,
        due_at=wire(found.due_at) if found.state is DeliveryState.PENDING else None,
        try_count=found.try_count,
        tries=[TryShape(**each) for each in found.tries],
        created_at=instant(found.created_at),
        finished_at=wire(found.finished_at),
    )


ROUTES = [send_test, replay_webhook, list_deliveries]
