"""Campaigns as people look for them, and what goes on now (`queries/campaign_search.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.domain.campaign import CampaignState
from campana.domain.ids import uuid7
from campana.store.db import Tx
from campana.store.patterns import containing
from campana.store.sql import load

_SQL = load("campaign_search")

_ORDERS = {"newest": "newest", "oldest": "oldest", "name": "by_name"}
"""The query of each order that may be asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is looked for; None does not narrow. `sort` is newest, oldest or name."""

    words: str | None = None
    states: Sequence[CampaignState] | None = None
    channel_type: str | None = None
    sort: str = "newest"
    archived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A line of the list."""

    id: str
    name: str
    type: str
    channel_type: str
    state: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """Attempts begun on a channel in one minute with one outcome, or state while they are open."""

    minute: datetime
    channel_id: str
    outcome: str
    count: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUse:
    """How busy a channel is; `down_until` while its carrier does not answer."""

    id: str
    name: str
    kind: str
    channel_type: str
    lines: int
    down_until: datetime | None
    in_use: int
    is_paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfers:
    """Calls that were to be handed to a person, and those of them that nobody took."""

    count: int
    abandoned: int


async def page(
    tx: Tx, *, workspace_id: int, search: Search, limit: int, offset: int, now: datetime
) -> list[Found]:
    """Some of the campaigns."""
    values = _values(workspace_id, search, now) | {"limit": limit, "offset": offset}
    async with tx.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(_SQL[_ORDERS[search.sort]], values)
        return await cursor.fetchall()


async def count(tx: Tx, *, workspace_id: int, search: Search, now: datetime) -> int:
    """How many there are in all: reads them all."""
    cursor = await tx.execute(_SQL["count"], _values(workspace_id, search, now))
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


def _values(workspace_id: int, search: Search, now: datetime) -> dict[str, object]:
    return {
        "workspace_id": workspace_id,
        "words": None if search.words is None else containing(search.words),
        "exact": search.words,
        "states": None if search.states is None else list(search.states),
        "channel_type": search.channel_type,
        "archived": search.archived,
        "now": now,
    }


async def named(
    tx: Tx, *, workspace_id: int, campaign_ids: Sequence[str], now: datetime
) -> list[Found]:
    async with tx.cursor(row_factory=class_row(Found)) as cursor:
        await cursor.execute(
            _SQL["named"], {"workspace_id": workspace_id, "ids": list(campaign_ids), "now": now}
        )
        return await cursor.fetchall()


async def recent_attempts(tx: Tx, *, workspace_id: int, since: datetime) -> list[Minute]:
    async with tx.cursor(row_factory=class_row(Minute)) as cursor:
        await cursor.execute(
            _SQL["recent_attempts"], {"workspace_id": workspace_id, "since": since}
        )
        return await cursor.fetchall()


async def begun(tx: Tx, *, workspace_id: int, since: datetime, until: datetime) -> dict[str, int]:
    """Attempts begun from `since` and before `until`, by campaign."""
    values = {"workspace_id": workspace_id, "since": since, "until": until}
    cursor = await tx.execute(_SQL["begun"], values)
    return {str(row[0]): int(row[1]) for row in await cursor.fetchall()}


async def channels(tx: Tx, *, workspace_id: int) -> list[ChannelUse]:
    async with tx.cursor(row_factory=class_row(ChannelUse)) as cursor:
        await cursor.execute(_SQL["channels"], {"workspace_id": workspace_id})
        return await cursor.fetchall()


async def last_event(tx: Tx, *, workspace_id: int) -> datetime | None:
    """When something happened last."""
    row = await (await tx.execute(_SQL["last_event"], {"workspace_id": workspace_id})).fetchone()
    return row[0] if row else None


async def transfers(tx: Tx, *, workspace_id: int, since: datetime, most: int) -> Transfers:
    """The newest `most` of those whose attempt was made since then."""
    first = uuid7(int(since.timestamp() * 1000), bytes(10))
    values = {"workspace_id": workspace_id, "first": first, "most": most}
    async with tx.cursor(row_factory=class_row(Transfers)) as cursor:
        await cursor.execute(_SQL["transfers"], values)
        return await cursor.fetchone() or Transfers(count=0, abandoned=0)


async def abandoned_limit(tx: Tx, *, workspace_id: int, now: datetime) -> float | None:
    """The lowest limit of a running campaign for abandoned transfers, 0 to 1."""
    values = {"workspace_id": workspace_id, "now": now}
    row = await (await tx.execute(_SQL["abandoned_limit"], values)).fetchone()
    return row[0] if row else None
