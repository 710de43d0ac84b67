"""Campaigns (`queries/campaigns.sql`): the rows people see, and what the engine may choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row, tuple_row
from psycopg.types.json import Jsonb

from campana.domain.campaign import Campaign, CampaignState, CampaignType, ChannelType
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("campaigns")

GATE = 0x636D7067 & 0x7FFFFFFF
"""First half of the two-part advisory lock by which those who share a campaign let in whoever
waits to change it; the second is a hash of its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a page of campaigns is narrowed by; None does not narrow."""

    states: Sequence[CampaignState] | None = None
    channel_type: ChannelType | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a page: the contract's nine keys, `state` standing for the status."""

    id: str
    name: str
    description: str | None
    type: str
    state: CampaignState
    channel_type: str
    start_date: datetime | None
    end_date: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some rows, how many there are in all, and when a status will change by the clock alone."""

    rows: Sequence[Row]
    total: int
    next_change: datetime | None


@dataclass(frozen=True, slots=True)
class Runnable:
    """A campaign a dispatcher may choose."""

    id: str
    workspace_id: int
    channel_id: str
    document: Mapping[str, Any]
    start_date: datetime | None
    end_date: datetime | None


@dataclass(frozen=True, slots=True)
class InForce:
    """What a claim goes by, each as written: the campaign, its workspace, its channel's hours."""

    document: Mapping[str, Any]
    policy: Mapping[str, Any]
    channel_window: Mapping[str, Any] | None
    has_prices: bool
    watched_at: datetime
    erasure_key: str | None
    """Sealed; None while nobody was erased in the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A campaign in numbers: targets by state and disposition, attempts by outcome."""

    targets: Mapping[str, int]
    dispositions: Mapping[str, int]
    attempts: Mapping[str, int]
    open_attempts: int
    retries: int
    talk_seconds: float


async def insert(tx: Tx, *, campaign: Campaign) -> None:
    """Store a new campaign exactly as given."""
    await tx.execute(
        _SQL["insert"],
        {
            "id": campaign.id,
            "workspace_id": campaign.workspace_id,
            "state": campaign.state,
            "created_at": campaign.created_at,
            "launched_at": campaign.launched_at,
            **_changeable(campaign),
        },
    )


async def get(tx: Tx, *, campaign_id: str, now: datetime) -> Campaign | None:
    return await _one(tx, "get", campaign_id=campaign_id, now=now)


async def lock(tx: Tx, *, campaign_id: str, now: datetime) -> Campaign | None:
    """The campaign, held until the transaction ends; waits for claims in progress."""
    return await _one(tx, "lock", campaign_id=campaign_id, now=now)


async def page(
    tx: Tx, *, workspace_id: int, filters: Filters, limit: int, offset: int, now: datetime
) -> Page:
    values = {
        "workspace_id": workspace_id,
        "states": None if filters.states is None else list(filters.states),
        "channel_type": filters.channel_type,
        "date_from": filters.date_from,
        "date_to": filters.date_to,
        "limit": limit,
        "offset": offset,
        "now": now,
    }
    cursor = await tx.execute(_SQL["page"], values)
    rows = [
        Row(r[0], r[1], r[2], r[3], CampaignState(r[4]), r[5], r[6], r[7], r[8])
        for r in await cursor.fetchall()
    ]
    counted = await (await tx.execute(_SQL["count"], values)).fetchone()
    total, next_change = counted or (0, None)
    return Page(rows=rows, total=int(total), next_change=next_change)


async def update(tx: Tx, *, campaign: Campaign, now: datetime) -> None:
    """Write everything of `campaign` that a person may change; the version goes up by one."""
    await tx.execute(_SQL["update"], {"id": campaign.id, "now": now, **_changeable(campaign)})


async def set_state(
    tx: Tx,
    *,
    campaign_id: str,
    state: CampaignState,
    now: datetime,
    reason: str | None = None,
    resume_at: datetime | None = None,
) -> None:
    """`reason` says why a breaker tripped it, `resume_at` when it goes on by itself."""
    await tx.execute(
        _SQL["set_state"],
        {
            "id": campaign_id,
            "state": state,
            "now": now,
            "reason": reason,
            "resume_at": resume_at,
        },
    )


async def set_archived(tx: Tx, *, campaign_id: str, archived: bool, now: datetime) -> None:
    """The version goes up by one; its state stays what it is."""
    values = {"id": campaign_id, "archived": archived, "now": now}
    await tx.execute(_SQL["set_archived"], values)


async def delete_draft(tx: Tx, *, campaign_id: str) -> bool:
    """True when it was a draft and is gone."""
    cursor = await tx.execute(_SQL["delete_draft"], {"id": campaign_id})
    return await cursor.fetchone() is not None


async def complete_finished(tx: Tx, *, now: datetime) -> list[str]:
    """Complete every running campaign whose ledger has nothing left; returns their ids."""
    seem = await (await tx.execute(_SQL["seem_finished"])).fetchall()
    if not seem:
        return []
    values = {"ids": [row[0] for row in seem], "now": now}
    cursor = await tx.execute(_SQL["complete_finished"], values)
    return [str(row[0]) for row in await cursor.fetchall()]


async def past_end(tx: Tx, *, now: datetime) -> list[str]:
    """Launched campaigns past their end date, held until the transaction ends."""
    cursor = await tx.execute(_SQL["past_end"], {"now": now})
    return [str(row[0]) for row in await cursor.fetchall()]


async def runnable(tx: Tx, *, channel_ids: Sequence[str], now: datetime) -> list[Runnable]:
    cursor = await tx.execute(_SQL["runnable"], {"channel_ids": list(channel_ids), "now": now})
    return [Runnable(*row) for row in await cursor.fetchall()]


async def share(
    tx: Tx, *, campaign_id: str, channel_id: str | None = None, now: datetime
) -> InForce | None:
    """What is in force of a campaign that runs at `now`, share-locked; None when it does not.

    `channel_id` is the channel whose hours count; the campaign's own unless said.
    """
    values = {"id": campaign_id, "channel_id": channel_id, "gate": GATE, "now": now}
    cursor = await tx.execute(_SQL["share"], values)
    row = await cursor.fetchone()
    return InForce(*row) if row else None


async def outcomes(tx: Tx, *, campaign_id: str) -> dict[str, int]:
    """How many of its people finished with which disposition."""
    rows = await _all(tx, "progress", campaign_id=campaign_id)
    return {disposition: number for state, disposition, number in rows if state == "finished"}


async def counts(tx: Tx, *, campaign_id: str) -> Counts:
    targets: dict[str, int] = {"waiting": 0, "attempting": 0, "talking": 0, "finished": 0}
    dispositions: dict[str, int] = {}
    for state, disposition, number in await _all(tx, "progress", campaign_id=campaign_id):
        targets[state] += number
        if disposition is not None:
            dispositions[disposition] = number
    attempts: dict[str, int] = {}
    open_attempts, talked = 0, 0.0
    for disposition, number, seconds in await _all(tx, "attempt_counts", campaign_id=campaign_id):
        talked += seconds
        if disposition is None:
            open_attempts = number
        else:
            attempts[disposition] = number
    [[retries]] = await _all(tx, "retries", campaign_id=campaign_id)
    return Counts(
        targets=targets,
        dispositions=dispositions,
        attempts=attempts,
        open_attempts=open_attempts,
        retries=retries,
        talk_seconds=talked,
    )


async def _all(tx: Tx, query: str, *, campaign_id: str) -> list[Any]:
    async with tx.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_SQL[query], {"id": campaign_id})
        return await cursor.fetchall()


async def _one(tx: Tx, query: str, *, campaign_id: str, now: datetime) -> Campaign | None:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_SQL[query], {"id": campaign_id, "gate": GATE, "now": now})
        row = await cursor.fetchone()
    if row is None:
        return None
    row["type"] = CampaignType(row["type"])
    row["channel_type"] = ChannelType(row["channel_type"])
    row["state"] = CampaignState(row["state"])
    return Campaign(**row)


def _changeable(campaign: Campaign) -> dict[str, Any]:
    return {
        "name": campaign.name,
        "description": campaign.description,
        "type": campaign.type,
        "channel_type": campaign.channel_type,
        "start_date": campaign.start_date,
        "end_date": campaign.end_date,
        "list_id": campaign.list_id,
        "channel_id": campaign.channel_id,
        "keep_open": campaign.keep_open,
        "document": Jsonb(dict(campaign.document)),
    }


async def share_state(
    tx: Tx, *, campaign_id: str, now: datetime
) -> tuple[CampaignState, Mapping[str, Any]]:
    """State and document, share-locked: a cancel or an edit waits until this transaction ends."""
    cursor = await tx.execute(_SQL["share_state"], {"id": campaign_id, "gate": GATE, "now": now})
    row = await cursor.fetchone()
    if row is None:
        return CampaignState.CANCELLED, {}
    return CampaignState(row[0]), row[1]
