"""Conversations (`queries/conversations.sql`): one thread a person and channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from campana.domain.campaign import ChannelType
from campana.domain.conversation import ConversationStatus
from campana.store import arrays
from campana.store.db import Tx
from campana.store.patterns import containing
from campana.store.sql import load

_SQL = load("conversations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A thread. `address` is the person's; `campaign_id` the last campaign that wrote."""

    id: str
    workspace_id: int
    channel_id: str
    channel_type: ChannelType
    address: str
    contact_id: int | None
    name: str | None
    """As they call themselves on that channel."""
    campaign_id: str | None
    status: ConversationStatus
    assignee: str | None
    queue: str | None
    note: str | None
    stopped_at: datetime | None
    started_at: datetime | None
    last_inbound_at: datetime | None
    last_message_at: datetime
    created_at: datetime
    closed_at: datetime | None
    version: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "status", ConversationStatus(self.status))
        object.__setattr__(self, "channel_type", ChannelType(self.channel_type))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message an attempt is about to send."""

    attempt_id: UUID
    address: str
    text: str
    contact_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a page is narrowed by; None does not narrow. Dates are those of the last message."""

    channel_id: str | None = None
    campaign_id: str | None = None
    status: ConversationStatus | None = None
    assignee: str | None = None
    search: str | None = None
    """Part of the address, or of the name of whoever writes."""
    date_from: datetime | None = None
    date_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Latest:
    """What was said last in a thread."""

    direction: str
    origin: str
    kind: str
    text: str


async def open_for(
    tx: Tx,
    *,
    new_id: str,
    workspace_id: int,
    channel_id: str,
    address: str,
    contact_id: int | None,
    name: str | None,
    campaign_id: str | None,
    at: datetime,
    now: datetime,
) -> Conversation:
    """The thread of whoever wrote at `at`, made when there is none, and held."""
    values = {
        "id": new_id,
        "workspace_id": workspace_id,
        "channel_id": channel_id,
        "address": address,
        "contact_id": contact_id,
        "name": name,
        "campaign_id": campaign_id,
        "at": at,
        "now": now,
    }
    [found] = await _conversations(tx, _SQL["open_for"], values)
    return found


async def open_to(
    tx: Tx, *, new_id: str, workspace_id: int, channel_id: str, address: str, now: datetime
) -> Conversation:
    """The thread with an address that is written to first, made when there is none, and held."""
    values = {
        "id": new_id,
        "workspace_id": workspace_id,
        "channel_id": channel_id,
        "address": address,
        "now": now,
    }
    [found] = await _conversations(tx, _SQL["open_to"], values)
    return found


async def of_address(
    tx: Tx, *, workspace_id: int, channel_id: str, address: str
) -> Conversation | None:
    """The thread of that person on the channel, held."""
    values = {"workspace_id": workspace_id, "channel_id": channel_id, "address": address}
    return await _first(tx, _SQL["of_address"], values)


async def note_outbound(
    tx: Tx,
    *,
    workspace_id: int,
    channel_id: str,
    campaign_id: str | None,
    origin: str,
    outgoing: Sequence[Outgoing],
    new_ids: Sequence[str],
    now: datetime,
) -> None:
    """What these attempts are about to send, each in its thread; `new_ids` are for new threads."""
    await tx.execute(
        _SQL["note_outbound"],
        {
            "ids": arrays.texts(new_ids),
            "attempt_ids": arrays.uuids(each.attempt_id for each in outgoing),
            "addresses": arrays.texts(each.address for each in outgoing),
            "texts": arrays.texts(each.text for each in outgoing),
            "contact_ids": arrays.numbers_or_none(each.contact_id for each in outgoing),
            "workspace_id": workspace_id,
            "channel_id": channel_id,
            "campaign_id": campaign_id,
            "origin": origin,
            "now": now,
        },
    )


async def lock(tx: Tx, *, conversation_id: str) -> Conversation | None:
    """The thread, held until the transaction ends."""
    return await _first(tx, _SQL["lock"], {"id": conversation_id})


async def get(tx: Tx, *, workspace_id: int, conversation_id: str) -> Conversation | None:
    return await _first(tx, _SQL["get"], {"id": conversation_id, "workspace_id": workspace_id})


async def change(
    tx: Tx,
    *,
    conversation_id: str,
    status: ConversationStatus,
    assignee: str | None,
    queue: str | None,
    note: str | None,
    closed_at: datetime | None,
    returned_at: datetime | None,
) -> None:
    """What was decided about the thread (held)."""
    await tx.execute(
        _SQL["change"],
        {
            "id": conversation_id,
            "status": status,
            "assignee": assignee,
            "queue": queue,
            "note": note,
            "closed_at": closed_at,
            "returned_at": returned_at,
        },
    )


async def take_returned(tx: Tx, *, limit: int) -> list[tuple[int, str, str]]:
    """Threads that people gave back and no flow was told of: workspace, channel, address."""
    cursor = await tx.execute(_SQL["take_returned"], {"limit": limit})
    return [(int(row[0]), str(row[1]), str(row[2])) for row in await cursor.fetchall()]


async def hand_off(
    tx: Tx,
    *,
    new_id: str,
    workspace_id: int,
    channel_id: str,
    address: str,
    contact_id: int | None,
    campaign_id: str | None,
    queue: str | None,
    note: str | None,
    now: datetime,
) -> Conversation:
    """It waits for a person from now on; as it is then."""
    values = {
        "id": new_id,
        "workspace_id": workspace_id,
        "channel_id": channel_id,
        "address": address,
        "contact_id": contact_id,
        "campaign_id": campaign_id,
        "queue": queue,
        "note": note,
        "now": now,
    }
    [found] = await _conversations(tx, _SQL["hand_off"], values)
    return found


async def place_of_session(tx: Tx, *, session_id: int) -> tuple[str, str] | None:
    """Channel and address a flow's session spoke on last, or would first; None without either."""
    row = await (await tx.execute(_SQL["place_of_session"], {"session_id": session_id})).fetchone()
    return (str(row[0]), str(row[1])) if row and row[0] and row[1] else None


async def said(
    tx: Tx,
    *,
    conversation_id: str,
    stopped_at: datetime | None = None,
    started_at: datetime | None = None,
) -> None:
    """When the person said STOP or START; an earlier word changes nothing."""
    values = {"id": conversation_id, "stopped_at": stopped_at, "started_at": started_at}
    await tx.execute(_SQL["said_stop"], values)


async def spoken(tx: Tx, *, conversation_id: str, now: datetime) -> None:
    """We have one more message in it."""
    await tx.execute(_SQL["spoken"], {"id": conversation_id, "now": now})


async def page(
    tx: Tx,
    *,
    workspace_id: int,
    filters: Filters,
    limit: int,
    offset: int,
    after: tuple[datetime, str] | None,
) -> list[Conversation]:
    """Latest message first, after the thread of that time and id."""
    values = {
        **_narrowed(workspace_id, filters),
        "after_at": after[0] if after else None,
        "after_id": after[1] if after else None,
        "limit": limit,
        "offset": offset,
    }
    return await _conversations(tx, _SQL["page"], values)


async def count(tx: Tx, *, workspace_id: int, filters: Filters) -> int:
    """How many threads there are in all: reads them all."""
    cursor = await tx.execute(_SQL["count"], _narrowed(workspace_id, filters))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _narrowed(workspace_id: int, filters: Filters) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "channel_id": filters.channel_id,
        "campaign_id": filters.campaign_id,
        "status": filters.status,
        "assignee": filters.assignee,
        "words": containing(filters.search) if filters.search else None,
        "date_from": filters.date_from,
        "date_to": filters.date_to,
    }


async def latest(tx: Tx, *, conversation_ids: Sequence[str]) -> dict[str, Latest]:
    """The last stored message of these threads, by thread."""
    cursor = await tx.execute(_SQL["latest"], {"ids": list(conversation_ids)})
    return {str(row[0]): Latest(*row[1:]) for row in await cursor.fetchall()}


async def names(
    tx: Tx, *, conversation_ids: Sequence[str], of_everybody: bool = False
) -> Mapping[str, Sequence[str]]:
    """The names of the people of these threads, by thread.

    With `of_everybody`, also those of whoever else is reached at its address.
    """
    found: dict[str, list[str]] = {}
    for query in ("names", "names_of_everybody") if of_everybody else ("names",):
        cursor = await tx.execute(_SQL[query], {"ids": list(conversation_ids)})
        for conversation_id, *parts in await cursor.fetchall():
            known = found.setdefault(conversation_id, [])
            known += [part for part in parts if part and part not in known]
    return found


async def _first(tx: Tx, query: LiteralString, values: Mapping[str, Any]) -> Conversation | None:
    found = await _conversations(tx, query, values)
    return found[0] if found else None


async def _conversations(
    tx: Tx, query: LiteralString, values: Mapping[str, Any]
) -> list[Conversation]:
    async with tx.cursor(row_factory=class_row(Conversation)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchall()
