"""Messages of conversations (`queries/messages.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.attempt import AttemptState
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a thread, with how far the attempt that sends it is.

    `id` is None for what a campaign tells everybody: it stands in no row of its own, and its text
    follows from `document` and the contact's fields. `key` orders messages of one instant.
    """

    key: str
    id: int | None
    direction: str
    origin: str
    kind: str
    text: str
    subject: str | None
    template: Mapping[str, Any] | None
    payload: str | None
    reply_to: str | None
    media: Mapping[str, Any] | None
    campaign_id: str | None
    author: str | None
    permission: str | None
    state: str | None
    problem: str | None
    at: datetime
    attempt_id: UUID | None
    attempt_state: AttemptState | None
    disposition: Disposition | None
    reason: str | None
    ended_at: datetime | None
    document: Mapping[str, Any] | None
    contact_id: int | None
    first_name: str | None
    last_name: str | None
    attributes: Mapping[str, Any] | None

    def __post_init__(self) -> None:
        if self.attempt_state is not None:
            object.__setattr__(self, "attempt_state", AttemptState(self.attempt_state))
        if self.disposition is not None:
            object.__setattr__(self, "disposition", Disposition(self.disposition))


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """A message that waits to be sent, held, and what decides whether it may go."""

    id: int
    workspace_id: int
    conversation_id: str
    text: str
    subject: str | None
    template: Mapping[str, Any] | None
    permission: str | None
    tries: int
    at: datetime
    address: str
    last_inbound_at: datetime | None
    channel_type: ChannelType
    allowed_countries: Sequence[str]
    is_suppressed: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "channel_type", ChannelType(self.channel_type))


async def add_inbound(
    tx: Tx,
    *,
    workspace_id: int,
    conversation_id: str,
    provider_key: str,
    kind: str,
    text: str,
    payload: str | None,
    reply_to: str | None,
    media: Mapping[str, Any] | None,
    campaign_id: str | None,
    at: datetime,
) -> int | None:
    """Store what a person sent; None when it is stored already."""
    cursor = await tx.execute(
        _SQL["add_inbound"],
        {
            "workspace_id": workspace_id,
            "conversation_id": conversation_id,
            "provider_key": provider_key,
            "kind": kind,
            "text": text,
            "payload": payload,
            "reply_to": reply_to,
            "media": Jsonb(dict(media)) if media else None,
            "campaign_id": campaign_id,
            "at": at,
        },
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else None


async def queue(
    tx: Tx,
    *,
    workspace_id: int,
    conversation_id: str,
    origin: str,
    text: str,
    now: datetime,
    kind: str = "text",
    subject: str | None = None,
    template: Mapping[str, Any] | None = None,
    author: str | None = None,
    permission: str | None = None,
    campaign_id: str | None = None,
) -> int:
    """Have it sent; its id."""
    cursor = await tx.execute(
        _SQL["queue"],
        {
            "workspace_id": workspace_id,
            "conversation_id": conversation_id,
            "origin": origin,
            "kind": kind,
            "text": text,
            "subject": subject,
            "template": Jsonb(dict(template)) if template else None,
            "author": author,
            "permission": permission,
            "campaign_id": campaign_id,
            "now": now,
        },
    )
    [row] = await cursor.fetchall()
    return int(row[0])


async def was_answered_since(
    tx: Tx, *, conversation_id: str, permission: str, since: datetime
) -> bool:
    """Was this kind of answer made in the thread after `since`?"""
    values = {"conversation_id": conversation_id, "permission": permission, "since": since}
    row = await (await tx.execute(_SQL["answered_since"], values)).fetchone()
    return bool(row and row[0])


async def waiting_channels(tx: Tx, *, channel_ids: Sequence[str], now: datetime) -> list[str]:
    """Those of the channels on which something waits to be sent now."""
    values = {"channel_ids": list(channel_ids), "now": now}
    cursor = await tx.execute(_SQL["waiting_channels"], values)
    return [str(row[0]) for row in await cursor.fetchall()]


async def claim(tx: Tx, *, channel_id: str, limit: int, now: datetime) -> list[Queued]:
    """What waits on the channel, held until the transaction ends."""
    async with tx.cursor(row_factory=class_row(Queued)) as cursor:
        await cursor.execute(_SQL["claim"], {"channel_id": channel_id, "limit": limit, "now": now})
        return await cursor.fetchall()


async def open_attempts(
    tx: Tx,
    *,
    attempts: Mapping[int, UUID],
    owner_id: int,
    ask_at: datetime,
    now: datetime,
) -> set[UUID]:
    """Attempts by the messages they send, as about to be sent; returns those that were made."""
    if not attempts:
        return set()
    cursor = await tx.execute(
        _SQL["open"],
        {
            "ids": arrays.uuids(attempts.values()),
            "message_ids": arrays.numbers(attempts),
            "owner_id": owner_id,
            "ask_at": ask_at,
            "now": now,
        },
    )
    return {row[0] for row in await cursor.fetchall()}


async def refuse(tx: Tx, *, message_id: int, problem: str) -> None:
    """It is not sent, for the reason of that word."""
    await tx.execute(_SQL["refuse"], {"id": message_id, "problem": problem})


async def defer(tx: Tx, *, until: Mapping[int, datetime]) -> None:
    """Each of these messages not before its moment."""
    if until:
        values = {"ids": arrays.numbers(until), "moments": arrays.moments(until.values())}
        await tx.execute(_SQL["defer"], values)


async def bring_forward(tx: Tx, *, channel_id: str, now: datetime) -> None:
    """Whatever waits on the channel is due at once."""
    await tx.execute(_SQL["bring_forward"], {"channel_id": channel_id, "now": now})


async def requeue(tx: Tx, *, attempt_id: UUID, due_at: datetime, most: int) -> None:
    """The attempt reached nobody: its message waits again, unless it was tried `most` times."""
    values = {"attempt_id": attempt_id, "due_at": due_at, "most": most}
    await tx.execute(_SQL["requeue"], values)


async def page(
    tx: Tx,
    *,
    workspace_id: int,
    conversation_id: str,
    channel_id: str,
    address: str,
    after: tuple[datetime, str] | None,
    limit: int,
    is_newest_first: bool = False,
) -> list[Message]:
    """A thread after the message of that time and key, oldest first; or before it, newest first."""
    async with tx.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(
            _SQL["page"],
            {
                "workspace_id": workspace_id,
                "conversation_id": conversation_id,
                "channel_id": channel_id,
                "address": address,
                "after_at": after[0] if after else None,
                "after_key": after[1] if after else None,
                "is_newest": is_newest_first,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def get(tx: Tx, *, workspace_id: int, message_id: int) -> Message | None:
    async with tx.cursor(row_factory=class_row(Message)) as cursor:
        await cursor.execute(_SQL["get"], {"id": message_id, "workspace_id": workspace_id})
        return await cursor.fetchone()


async def last_campaign(tx: Tx, *, workspace_id: int, address: str, channel_id: str) -> str | None:
    """The campaign that wrote to them last on this channel."""
    values = {"workspace_id": workspace_id, "address": address, "channel_id": channel_id}
    row = await (await tx.execute(_SQL["last_campaign"], values)).fetchone()
    return str(row[0]) if row else None
