"""`/v1/webhooks`: have events sent to an address of yours, signed, and see how that went."""

from __future__ import annotations

from datetime import timedelta

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.clock import wire
from campana.domain.errors import Conflict, NotFound
from campana.services import documents, webhooks
from campana.services.webhooks import (
    RotationDocument,
    WebhookDocument,
    WithSecret,
)
from campana.store.webhooks import Webhook
from campana.web import event_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once_in_secret
from campana.web.operations import Operation, promise
from campana.web.query import Paging
from campana.web.request import ApiRequest


class WebhookShape(Shape, frozen=True, kw_only=True):
    """Where events are sent. `missed` counts those given up after three days."""

    id: str
    url: str
    description: str | None
    event_types: list[str]
    enabled: bool
    disabled_reason: str | None
    failing_since: Instant | None
    missed: int
    created_at: Instant
    updated_at: Instant


class WebhookSecretShape(WebhookShape, frozen=True, kw_only=True):
    """A webhook with its new secret, which is shown this once."""

    secret: str


class WebhookPage(Shape, frozen=True, kw_only=True):
    data: list[WebhookShape]
    page: int
    page_size: int
    total_count: int


@get(
    "/webhooks",
    opt=promise(
        Operation(
            "webhooks.list",
            "List webhooks, oldest first",
            scope="webhooks:manage",
            query=Paging,
            answer=WebhookPage,
            is_conditional=True,
            example=event_examples.WEBHOOK_PAGE,
        )
    ),
)
async def list_webhooks(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(Paging)
    found = await webhooks.every(request.context, workspace_id=request.workspace_id)
    start = (asked.page - 1) * asked.page_size
    return shown(
        request,
        WebhookPage(
            data=[shape_of(each) for each in found[start:][: asked.page_size]],
            page=asked.page,
            page_size=asked.page_size,
            total_count=len(found),
        ),
    )


@post(
    "/webhooks",
    opt=promise(
        Operation(
            "webhooks.create",
            "Have events sent somewhere; the answer shows the secret, once",
            scope="webhooks:manage",
            body=WebhookDocument,
            answer=WebhookSecretShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example=event_examples.WEBHOOK_DOCUMENT,
            example=event_examples.WEBHOOK_WITH_SECRET,
            headers={"Location": "Where the webhook is from now on."},
        )
    ),
)
@once_in_secret
async def create_webhook(request: ApiRequest) -> Response[bytes]:
    made = await webhooks.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(
        _with_secret(made),
        status=201,
        headers={"location": f"/v1/webhooks/{made.webhook.id}"},
    )


@get(
    "/webhooks/{webhook_id:str}",
    opt=promise(
        Operation(
            "webhooks.get",
            "Show a webhook",
            scope="webhooks:manage",
            answer=WebhookShape,
            is_conditional=True,
            errors=(NotFound,),
            example=event_examples.WEBHOOK,
        )
    ),
)
async def get_webhook(request: ApiRequest, webhook_id: FromPath[str]) -> ASGIApp:
    found = await webhooks.get(
        request.context, workspace_id=request.workspace_id, webhook_id=webhook_id
    )
    return shown(request, shape_of(found))


@patch(
    "/webhooks/{webhook_id:str}",
    opt=promise(
        Operation(
            "webhooks.change",
            "Change a webhook (JSON Merge Patch), or switch it on again",
            scope="webhooks:manage",
            body=WebhookDocument,
            answer=WebhookShape,
            errors=(NotFound,),
            body_example={"enabled": True},
            example=event_examples.WEBHOOK,
        )
    ),
)
async def change_webhook(request: ApiRequest, webhook_id: FromPath[str]) -> Response[bytes]:
    changed = await webhooks.change(
        request.context,
        workspace_id=request.workspace_id,
        webhook_id=webhook_id,
        patch=await request.patch(),
    )
    return answer(shape_of(changed))


@delete(
    "/webhooks/{webhook_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "webhooks.delete",
            "Delete a webhook with its log",
            scope="webhooks:manage",
            status=204,
            errors=(NotFound,),
        )
    ),
)
async def delete_webhook(request: ApiRequest, webhook_id: FromPath[str]) -> None:
    await webhooks.delete(request.context, workspace_id=request.workspace_id, webhook_id=webhook_id)


@post(
    "/webhooks/{webhook_id:str}/rotate",
    status_code=200,
    opt=promise(
        Operation(
            "webhooks.rotate",
            "Give a webhook a new secret; for a while messages are signed with the old ones too",
            scope="webhooks:manage",
            body=RotationDocument,
            answer=WebhookSecretShape,
            is_once=True,
            errors=(NotFound, Conflict),
            body_example={"overlapSeconds": 86400},
            example=event_examples.WEBHOOK_WITH_SECRET,
        )
    ),
)
@once_in_secret
async def rotate_webhook(request: ApiRequest, webhook_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(RotationDocument, await request.document())
    made = await webhooks.rotate(
        request.context,
        workspace_id=request.workspace_id,
        webhook_id=webhook_id,
        overlap=timedelta(seconds=document.overlap_seconds),
    )
    return answer(_with_secret(made))


def shape_of(found: Webhook) -> WebhookShape:
    """The webhook as it is shown."""
    return WebhookShape(
        id=found.id,
        url=found.url,
        description=found.description,
        event_types=list(found.event_types),
        enabled=found.is_enabled,
        disabled_reason=found.disabled_reason,
        failing_since=wire(found.failing_since),
        missed=found.missed,
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


def _with_secret(made: WithSecret) -> WebhookSecretShape:
    shape = shape_of(made.webhook)
    fields = {name: getattr(shape, name) for name in shape.__struct_fields__}
    return WebhookSecretShape(**fields, secret=made.secret)


ROUTES = [
    list_webhooks,
    create_webhook,
    get_webhook,
    change_webhook,
    delete_webhook,
    rotate_webhook,
]
