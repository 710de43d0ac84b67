"""What campaigns show besides their nine keys (`queries/overview.sql`), a page of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campana.domain.waiting import WaitFacts
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("overview")


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
    """What each campaign is doing at `now`."""
    cursor = await tx.execute(_SQL["waiting"], {"ids": list(campaign_ids), "now": now})
    return {
        row[0]: WaitFacts(
            start_date=row[1],
            is_attempting=row[2],
            is_enrolling=row[3],
            is_callable=row[4],
            first_due_at=row[5],
            first_reason=row[6],
            first_attempts=row[7],
        )
        for row in await cursor.fetchall()
    }


async def progress(tx: Tx, *, campaign_ids: Sequence[str]) -> dict[str, list[TargetCount]]:
    """The targets of each campaign, counted; a campaign without targets is absent."""
    cursor = await tx.execute(_SQL["progress"], {"ids": list(campaign_ids)})
    counted: dict[str, list[TargetCount]] = {}
    for campaign_id, state, disposition, count in await cursor.fetchall():
        counted.setdefault(campaign_id, []).append(TargetCount(state, disposition, count))
    return counted
