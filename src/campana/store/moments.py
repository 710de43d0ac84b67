"""The next moments at which a worker could find something to do (`queries/moments.sql`).

For rehearsals in virtual time, which skip what lies between. Real workers look again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("moments")


@dataclass(frozen=True, slots=True)
class Waiting:
    """People of one campaign who wait under one key, the first of them from `due_at`."""

    campaign_id: str
    document: str
    """Of the campaign, and below that of its channel: JSON that is read once for as long as it
    stays the same."""
    channel_window: str | None
    window_key: str
    due_at: datetime
    open_until: datetime | None
    watched_at: datetime
    """When the campaign was last looked after."""
    not_before: datetime | None
    """Nothing is claimed sooner: the campaign's start or a limit of its own, the carrier's rest."""
    arrival_at: datetime
    rate: float
    burst: int
    lines: int
    lines_in_use: int
    own_lines_in_use: int
    """Of the campaign alone."""
    daily_attempts: int | None
    sent_today: int


@dataclass(frozen=True, slots=True)
class Moments:
    """When each loop has something to do; None: not before something else happens."""

    ask_at: datetime | None
    orphan_created_at: datetime | None
    """Of the oldest open attempt whose owner is not among the living."""
    own_created_at: datetime | None
    """The same of the others."""
    has_promises: bool
    """Of owners that are not among the living."""
    close_at: datetime | None
    is_over: bool
    """Is a running campaign at its end?"""
    ended_at: datetime | None
    """When an attempt ended last."""
    timer_at: datetime | None
    """When a conversation goes on by itself."""
    request_at: datetime | None
    """When a program is to be asked."""


async def waiting(tx: Tx, *, now: datetime, day: object) -> list[Waiting]:
    """Whoever waits in running campaigns, by campaign and key."""
    async with tx.cursor(row_factory=class_row(Waiting)) as cursor:
        await cursor.execute(_SQL["waiting"], {"now": now, "day": day})
        return await cursor.fetchall()


async def others(tx: Tx, *, living: Sequence[int]) -> Moments:
    """Everything but sending."""
    row = await (await tx.execute(_SQL["others"], {"living": list(living)})).fetchone()
    if row is None:
        raise RuntimeError("a query without a table has no row")
    return Moments(*row)


async def is_finished(tx: Tx) -> bool:
    """Is every campaign over, and no attempt open?"""
    row = await (await tx.execute(_SQL["is_finished"])).fetchone()
    return bool(row and row[0])


@dataclass(frozen=True, slots=True)
class Reason:
    """People of a campaign who were `deferred` or `skipped`, and why."""

    kind: str
    reason: str
    people: int


async def endings(tx: Tx, *, campaign_id: str) -> dict[str, int]:
    """How those ended who were talked with, in the words of their flow: people by word."""
    cursor = await tx.execute(_SQL["endings"], {"campaign_id": campaign_id})
    return {str(word): int(str(people)) for word, people in await cursor.fetchall()}


async def replies(tx: Tx) -> int:
    """How many messages people have written."""
    row = await (await tx.execute(_SQL["replies"])).fetchone()
    return int(str(row[0])) if row else 0


async def reasons(tx: Tx, *, campaign_id: str) -> list[Reason]:
    """Most frequent first."""
    cursor = await tx.execute(_SQL["reasons"], {"campaign_id": campaign_id})
    return [Reason(*row) for row in await cursor.fetchall()]
