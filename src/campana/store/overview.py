"""What campaigns show besides their nine keys (`queries/overview.sql`), a page of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row

from campana.domain.pacing import quota_day, quota_resets_at
from campana.domain.waiting import ChannelFacts, ChannelPause, WaitFacts
from campana.store.db import Tx
from campana.store.owners import KIND_SPACE
from campana.store.sql import load

_SQL = load("overview")
_CARE_KIND = "sandbox"
"""Served by work processes and by no others: they enroll, import and close, too."""


@dataclass(frozen=True, slots=True)
class Written:
    """The configuration of a campaign as written, and whether it is put away."""

    document: Mapping[str, Any]
    is_archived: bool


@dataclass(frozen=True, slots=True)
class TargetCount:
    """How many targets are in a state, with a disposition when that is `finished`."""

    state: str
    disposition: str | None
    count: int


async def documents(tx: Tx, *, campaign_ids: Sequence[str]) -> dict[str, Written]:
    cursor = await tx.execute(_SQL["documents"], {"ids": list(campaign_ids)})
    return {row[0]: Written(row[1], row[2]) for row in await cursor.fetchall()}


async def waiting(tx: Tx, *, campaign_ids: Sequence[str], now: datetime) -> dict[str, WaitFacts]:
    """What each campaign is doing at `now`; whether the clock is steady the database cannot say."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            _SQL["waiting"],
            {
                "ids": list(campaign_ids),
                "now": now,
                "day": quota_day(now),
                "kind_space": KIND_SPACE,
                "care_kind": _CARE_KIND,
            },
        )
        rows = await cursor.fetchall()
    return {row["id"]: _facts(row, now) for row in rows}


def _facts(row: Mapping[str, Any], now: datetime) -> WaitFacts:
    channel = None
    if row["channel_name"] is not None:
        channel = ChannelFacts(
            name=row["channel_name"],
            lines=row["lines"],
            lines_in_use=row["lines_in_use"],
            arrival_at=row["arrival_at"],
            quota_resets_at=quota_resets_at(now) if row["is_spent"] else None,
            down_until=row["down_until"],
            has_worker=row["has_worker"],
            served_before=row["served_before"],
        )
    paused = None
    if row["paused_at"] is not None:
        paused = ChannelPause(
            name=row["paused_name"],
            by=row["paused_by"],
            at=row["paused_at"],
            reason=row["pause_reason"],
        )
    return WaitFacts(
        start_date=row["start_date"],
        end_date=row["end_date"],
        is_attempting=row["is_attempting"],
        is_enrolling=row["is_enrolling"],
        is_importing=row["is_importing"],
        is_callable=row["is_callable"],
        is_talking=row["is_talking"],
        has_care=row["has_care"],
        keeps_open=row["keep_open"],
        may_call=row["may_call"],
        first_due_at=row["first_due_at"],
        first_reason=row["first_reason"],
        first_attempts=row["first_attempts"],
        channel=channel,
        paused=paused,
        held_by=row["held_by"],
        held_until=row["held_until"],
        acted_by=row["acted_by"],
        acted_at=row["acted_at"],
        state_reason=row["state_reason"],
        resume_at=row["resume_at"],
    )


async def holds_people(tx: Tx, *, campaign_id: str) -> bool:
    """Is an attempt open that keeps its person: more than the report of a message is awaited?"""
    row = await (await tx.execute(_SQL["holds_people"], {"campaign_id": campaign_id})).fetchone()
    return bool(row and row[0])


@dataclass(frozen=True, slots=True)
class Newest:
    """How an attempt ended; `sip_status` is the final code that refused a call."""

    disposition: str | None
    reason: str | None
    sip_status: int | None


async def newest(tx: Tx, *, campaign_id: str, limit: int) -> list[Newest]:
    """The attempts of a campaign that ended last, the newest first."""
    given = {"campaign_id": campaign_id, "limit": limit}
    cursor = await tx.execute(_SQL["newest"], given)
    return [Newest(*row) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Left:
    """People of a campaign who wait and open and close together."""

    window_key: str
    people: int
    last_due_at: datetime


async def rates(tx: Tx, *, campaign_ids: Sequence[str]) -> dict[str, float]:
    """The most attempts a second that each may make; one without a channel is absent."""
    cursor = await tx.execute(_SQL["rates"], {"ids": list(campaign_ids)})
    return {row[0]: float(row[1]) for row in await cursor.fetchall()}


async def left_by_zones(tx: Tx, *, campaign_ids: Sequence[str]) -> dict[str, list[Left]]:
    """Who waits in each; one in which nobody does is absent."""
    cursor = await tx.execute(_SQL["left_by_zones"], {"ids": list(campaign_ids)})
    found: dict[str, list[Left]] = {}
    for campaign_id, *row in await cursor.fetchall():
        found.setdefault(campaign_id, []).append(Left(*row))
    return found


async def progress(tx: Tx, *, campaign_ids: Sequence[str]) -> dict[str, list[TargetCount]]:
    """The targets of each campaign, counted; a campaign without targets is absent."""
    cursor = await tx.execute(_SQL["progress"], {"ids": list(campaign_ids)})
    counted: dict[str, list[TargetCount]] = {}
    for campaign_id, state, disposition, count in await cursor.fetchall():
        counted.setdefault(campaign_id, []).append(TargetCount(state, disposition, count))
    return counted
