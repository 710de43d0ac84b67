"""Making, changing and rehearsing webhooks. How events get to them is `services/deliveries.py`."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from campana.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidParameter,
    NotFound,
    VersionMismatch,
)
from campana.domain.event import EventName, NewEvent, id_of, shown_id
from campana.services import documents
from campana.services.context import Context
from campana.services.outbound import Refused
from campana.store import deliveries, events, webhooks
from campana.store.db import Tx
from campana.store.deliveries import Delivery, DeliveryState
from campana.store.webhooks import Webhook

MOST = 50
"""Webhooks a workspace may have."""

MOST_SECRETS = 10
"""Secrets its messages may be signed with at once: each takes room in a header, and time."""

SWITCHED_OFF = "switched off"
"""The reason when somebody did it."""

_SECRET_BYTES = 32


class WebhookDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A webhook as written: where to send which types of events; none named is all of them."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    description: Annotated[str, Meta(max_length=500)] | None = None
    event_types: Annotated[list[EventName], Meta(max_length=100)] = []
    enabled: bool = True


class RotationDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """For how long messages are signed with the older secrets too."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=30 * 86400)] = 86400


class ReplayDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The first event that is sent again; all after it follow."""

    from_: Annotated[str, Meta(max_length=100)] = msgspec.field(name="from")


@dataclass(frozen=True, slots=True, kw_only=True)
class WithSecret:
    """A webhook at the only moment its secret is shown."""

    webhook: Webhook
    secret: str


async def create(context: Context, *, workspace_id: int, raw: object) -> WithSecret:
    """Make a webhook that is told of everything from now on.

    Raises:
        InvalidParameter: naming each field that is wrong.
        Conflict: the workspace has as many as it may.
    """
    document = await _acceptable(context, raw)
    now = context.clock.now()
    webhook = Webhook(
        id=context.new_id("whk"),
        workspace_id=workspace_id,
        url=document.url,
        description=document.description,
        event_types=_distinct(document.event_types),
        is_enabled=document.enabled,
        disabled_reason=None if document.enabled else SWITCHED_OFF,
        failing_since=None,
        failures=0,
        retry_at=None,
        missed=0,
        created_at=now,
        updated_at=now,
    )
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if len(await webhooks.page(tx, workspace_id=workspace_id)) >= MOST:
            raise Conflict(f"a workspace has at most {MOST} webhooks")
        await webhooks.insert(tx, webhook=webhook, cursor=await events.newest(tx))
        secret = await _add_secret(tx, context, webhook)
    return WithSecret(webhook=webhook, secret=secret)


async def get(context: Context, *, workspace_id: int, webhook_id: str) -> Webhook:
    """One webhook.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return _found(await webhooks.get(tx, workspace_id=workspace_id, webhook_id=webhook_id))


async def every(context: Context, *, workspace_id: int) -> list[Webhook]:
    """All of the workspace, oldest first."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await webhooks.page(tx, workspace_id=workspace_id)


async def change(
    context: Context,
    *,
    workspace_id: int,
    webhook_id: str,
    patch: Mapping[str, Any],
    was: Webhook | None = None,
) -> Webhook:
    """Apply a JSON Merge Patch; switching one on again forgets that it failed.

    What it was not told of while it was off is sent once it is on, if it is not too old. `was` is
    what the caller has seen; None skips the comparison.

    Raises:
        NotFound, InvalidParameter
        VersionMismatch: what is written of it has been changed since.
    """
    before = await get(context, workspace_id=workspace_id, webhook_id=webhook_id)
    is_known = "url" not in patch or patch["url"] == before.url
    # Outside the transaction, because a name may have to be resolved.
    await _acceptable(
        context,
        documents.merge(_written(before), patch),
        known_url=before.url if is_known and not patch.get("enabled") else None,
    )
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        before = _found(await webhooks.lock(tx, workspace_id=workspace_id, webhook_id=webhook_id))
        if was is not None and _written(was) != _written(before):
            raise VersionMismatch
        document = documents.read(WebhookDocument, documents.merge(_written(before), patch))
        still_off = before.disabled_reason or SWITCHED_OFF
        changed = replace(
            before,
            url=document.url,
            description=document.description,
            event_types=_distinct(document.event_types),
            is_enabled=document.enabled,
            disabled_reason=None if document.enabled else still_off,
        )
        await webhooks.update(tx, webhook=changed, now=now)
        return _found(await webhooks.get(tx, workspace_id=workspace_id, webhook_id=webhook_id))


async def delete(context: Context, *, workspace_id: int, webhook_id: str) -> None:
    """Remove it with its log; what is under way may still arrive.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await webhooks.delete(tx, workspace_id=workspace_id, webhook_id=webhook_id):
            raise NotFound


async def rotate(
    context: Context, *, workspace_id: int, webhook_id: str, overlap: timedelta
) -> WithSecret:
    """A new secret; messages are signed with the older ones too until `overlap` has passed.

    Raises:
        NotFound: there is none of that id in this workspace.
        Conflict: as many older ones sign as may.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        webhook = _found(await webhooks.lock(tx, workspace_id=workspace_id, webhook_id=webhook_id))
        older = await webhooks.retire_secrets(
            tx, webhook_id=webhook_id, until=now + overlap, now=now
        )
        if older >= MOST_SECRETS:
            raise Conflict(
                f"{MOST_SECRETS} secrets sign already; an overlapSeconds of 0 ends the older ones"
            )
        secret = await _add_secret(tx, context, webhook)
    return WithSecret(webhook=webhook, secret=secret)


async def rehearse(context: Context, *, workspace_id: int, webhook_id: str) -> str:
    """Send it an event of its own, by the way all events go; returns the event's id.

    Raises:
        NotFound: there is none of that id in this workspace.
        Conflict: it is switched off.
    """
    now = context.clock.now()
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        webhook = _found(await webhooks.lock(tx, workspace_id=workspace_id, webhook_id=webhook_id))
        if not webhook.is_enabled:
            raise Conflict("the webhook is switched off")
        [number] = await events.add(
            tx,
            NewEvent(
                type=EventName.WEBHOOK_TEST,
                workspace_id=workspace_id,
                subject=webhook.id,
                campaign_id=None,
                at=now,
                data={"id": webhook.id, "description": webhook.description},
            ),
        )
    return shown_id(number)


async def replay(context: Context, *, workspace_id: int, webhook_id: str, first: str) -> Webhook:
    """Send the event `first` and all after it again, in order, then what is new.

    Raises:
        NotFound: there is none of that id in this workspace.
        InvalidParameter: `first` is no event, or none that has happened.
        Conflict: the webhook is switched off.
    """
    number = id_of(first)
    if not number:
        raise InvalidParameter(
            problems=[FieldProblem(pointer="/from", message="must be the id of an event")]
        )
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        webhook = _found(await webhooks.lock(tx, workspace_id=workspace_id, webhook_id=webhook_id))
        if not webhook.is_enabled:
            raise Conflict("the webhook is switched off")
        if number > await events.newest(tx):
            raise InvalidParameter(
                problems=[FieldProblem(pointer="/from", message="has not happened yet")]
            )
        await webhooks.rewind(
            tx,
            workspace_id=workspace_id,
            webhook_id=webhook_id,
            before=number - 1,
            now=context.clock.now(),
        )
    return webhook


async def log(
    context: Context,
    *,
    workspace_id: int,
    webhook_id: str,
    before: int | None,
    state: DeliveryState | None,
    limit: int,
) -> list[Delivery]:
    """What was sent to a webhook, newest event first, from the one before event `before`.

    Raises:
        NotFound: there is none of that id in this workspace.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        _found(await webhooks.get(tx, workspace_id=workspace_id, webhook_id=webhook_id))
        return await deliveries.page(
            tx,
            workspace_id=workspace_id,
            webhook_id=webhook_id,
            before=before,
            state=state,
            limit=limit,
        )


async def _acceptable(
    context: Context, raw: object, *, known_url: str | None = None
) -> WebhookDocument:
    document, _, problems = documents.sift(WebhookDocument, raw)
    if document is not None and document.url != known_url:
        try:
            await context.outbound.check(document.url)
        except Refused as error:
            problems.append(FieldProblem(pointer="/url", message=str(error)))
    if document is None or problems:
        raise InvalidParameter(problems=problems)
    return document


async def _add_secret(tx: Tx, context: Context, webhook: Webhook) -> str:
    secret = "whsec_" + base64.b64encode(context.entropy(_SECRET_BYTES)).decode()
    await webhooks.add_secret(
        tx,
        workspace_id=webhook.workspace_id,
        webhook_id=webhook.id,
        sealed=context.secrets.seal(secret),
        now=context.clock.now(),
    )
    return secret


def _written(webhook: Webhook) -> dict[str, Any]:
    """The webhook as a document, to be patched."""
    return {
        "url": webhook.url,
        "description": webhook.description,
        "eventTypes": list(webhook.event_types),
        "enabled": webhook.is_enabled,
    }


def _distinct(names: list[EventName]) -> list[str]:
    return [str(name) for name in dict.fromkeys(names)]


def _found(webhook: Webhook | None) -> Webhook:
    if webhook is None:
        raise NotFound
    return webhook
