"""The ledger as a checker wants it: everything, unjudged (`queries/checks.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("checks")


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """An attempt and the target it belongs to."""

    id: UUID
    campaign_id: str
    target_id: int
    contact_id: int
    attempt_no: int
    address: str
    zones: Sequence[str]
    state: str
    disposition: str | None
    created_at: datetime
    ended_at: datetime | None
    was_lost: bool
    """Was it ever `unknown`?"""


@dataclass(frozen=True, slots=True)
class EventRow:
    """What others are told of an attempt or a target."""

    type: str
    campaign_id: str
    target: str
    """As others know it."""
    subject: str
    """The attempt or the target, as others know it."""
    disposition: str | None


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target, and what it must agree with."""

    id: int
    campaign_id: str
    address: str | None
    state: str
    disposition: str | None
    attempt_count: int
    attempts_made: int
    """The highest number among its attempts."""
    open_attempts: int
    is_due: bool


async def attempts(tx: Tx) -> list[AttemptRow]:
    return [AttemptRow(*row) for row in await (await tx.execute(_SQL["attempts"])).fetchall()]


async def targets(tx: Tx) -> list[TargetRow]:
    return [TargetRow(*row) for row in await (await tx.execute(_SQL["targets"])).fetchall()]


async def events(tx: Tx) -> list[EventRow]:
    return [EventRow(*row) for row in await (await tx.execute(_SQL["events"])).fetchall()]


async def about_to_be_contacted(tx: Tx, *, since: datetime) -> list[str]:
    """Addresses that were claimed since then and may not have been contacted yet."""
    cursor = await tx.execute(_SQL["about_to_be_contacted"], {"since": since})
    return [str(row[0]) for row in await cursor.fetchall()]


async def open_attempts(tx: Tx) -> int:
    """How many attempts nobody knows the end of yet."""
    row = await (await tx.execute(_SQL["open_attempts"])).fetchone()
    return int(row[0]) if row else 0
