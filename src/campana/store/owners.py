"""Owners, their advisory locks, and the grants they hold (`queries/owners.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from psycopg.errors import LockNotAvailable

from campana.domain.pacing import Limits, quota_day
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("owners")

KIND_SPACE = 0x6B696E64 & 0x7FFFFFFF
"""First half of the shared lock by which a living worker says which kind of carrier it serves."""
DUTY_SPACE = 0x64757479 & 0x7FFFFFFF
"""First half of the lock of the process that looks often; the second is 0."""
LOCK_SPACE = 0x63616D70 & 0x7FFFFFFF
"""First half of the two-part advisory lock; the second is the owner's number."""


@dataclass(frozen=True, slots=True)
class Served:
    """A channel's dispatcher, by its owner id, and until when nobody else needs to be."""

    by: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A channel's pacing row, held: limits as they are now, the theoretical arrival time, and how
    much is granted of the quota of the day of the last grant."""

    limits: Limits
    arrival_at: datetime
    rate: float | None
    """What `arrival_at` was reckoned with."""
    day: date
    day_sends: int
    down_until: datetime | None
    """Nothing is granted before: the carrier lets nothing through."""
    kind: str
    config: Mapping[str, Any]
    workspace_id: int
    is_paused: bool = False
    """Somebody paused the channel: nothing is granted until it is resumed."""
    served: Served | None = None
    """Who serves it; None when nobody ever did, or whoever did gave it up."""

    def is_stopped(self, now: datetime) -> bool:
        """Does nothing at all begin on the channel at `now`?"""
        is_down = self.down_until is not None and self.down_until > now
        return self.is_paused or is_down

    def quota_day(self, now: datetime) -> date:
        """The day whose quota a grant at `now` is of.

        Where a worker whose clock is a little ahead has begun the next day, it has begun for all.
        """
        today = quota_day(now)
        return self.day if self.day == today + timedelta(days=1) else today

    def sent_on(self, day: date) -> int:
        """How much of the quota of a day that has come is granted."""
        return self.day_sends if self.day == day else 0

    def is_served_beside(self, owner_id: int, now: datetime) -> bool:
        """Does another than this owner serve the channel at `now`?"""
        served = self.served
        return served is not None and served.by != owner_id and served.until > now


async def take_identity(session: Tx) -> int:
    """A number never used before, locked by `session` (an autocommit connection) for as long as it
    lives."""
    row = await (await session.execute(_SQL["new"])).fetchone()
    owner_id = int(row[0]) if row else 0
    await session.execute(_SQL["hold"], {"space": LOCK_SPACE, "owner_id": owner_id})
    return owner_id


async def serve(session: Tx, *, kind: str) -> None:
    """Say that a worker for carriers of this kind lives, for as long as `session` does."""
    await session.execute(_SQL["serve"], {"space": KIND_SPACE, "kind": kind})


async def take_duty(session: Tx) -> bool:
    """Have the duty of looking often for as long as `session` lives; False while another has it."""
    row = await (await session.execute(_SQL["take_duty"], {"space": DUTY_SPACE})).fetchone()
    return bool(row and row[0])


async def is_served(tx: Tx, *, kind: str) -> bool:
    """Does a worker live that said so?"""
    row = await (
        await tx.execute(_SQL["is_served"], {"space": KIND_SPACE, "kind": kind})
    ).fetchone()
    return bool(row and row[0])


async def is_gone(tx: Tx, *, owner_id: int) -> bool:
    """True when that owner's session is gone; nobody else can conclude so until this transaction
    ends."""
    row = await (
        await tx.execute(_SQL["try_take"], {"space": LOCK_SPACE, "owner_id": owner_id})
    ).fetchone()
    return bool(row and row[0])


async def lock_pace(tx: Tx, *, channel_id: str) -> Pace | None:
    """The channel's pacing row, held until the transaction ends."""
    return await _lock_pace(tx, _SQL["lock_pacing"], channel_id=channel_id)


async def lock_pace_soon(tx: Tx, *, channel_id: str, at_most: timedelta) -> Pace | None:
    """The same, but None where another holds it for longer than that: in a transaction in which
    nothing more can be done."""
    milliseconds = str(round(at_most.total_seconds() * 1000))
    try:
        return await _lock_pace(
            tx, _SQL["lock_pacing_soon"], channel_id=channel_id, milliseconds=milliseconds
        )
    except LockNotAvailable:
        return None


async def lock_pace_if_free(tx: Tx, *, channel_id: str) -> Pace | None:
    """The same, but None while another holds it."""
    return await _lock_pace(tx, _SQL["lock_pacing_if_free"], channel_id=channel_id)


async def _lock_pace(tx: Tx, query: LiteralString, *, channel_id: str, **given: str) -> Pace | None:
    row = await (await tx.execute(query, {"channel_id": channel_id, **given})).fetchone()
    if row is None:
        return None
    arrival_at, reckoned, down_until, day, day_sends, served_by, served_until = row
    cursor = await tx.execute(_SQL["limits"], {"channel_id": channel_id})
    [(rate, burst, lines, daily, kind, config, of, is_paused)] = await cursor.fetchall()
    return Pace(
        limits=Limits(rate=rate, burst=burst, lines=lines, daily=daily),
        arrival_at=arrival_at,
        rate=reckoned,
        day=day,
        day_sends=day_sends,
        down_until=down_until,
        kind=kind,
        config=config,
        workspace_id=of,
        is_paused=is_paused,
        served=None if served_by is None else Served(served_by, served_until),
    )


async def lines_in_use(tx: Tx, *, channel_id: str, owner_id: int) -> int:
    """Open attempts on the channel and lines promised to other living owners."""
    row = await (
        await tx.execute(
            _SQL["lines_in_use"],
            {"channel_id": channel_id, "owner_id": owner_id, "space": LOCK_SPACE},
        )
    ).fetchone()
    return int(row[0]) if row else 0


async def refused_call(tx: Tx, *, channel_ids: Sequence[str]) -> None:
    """Count that a call of these channels' trunks was not taken."""
    await tx.execute(_SQL["refused_call"], {"channel_ids": list(channel_ids)})


async def set_pace(
    tx: Tx,
    *,
    channel_id: str,
    arrival_at: datetime,
    rate: float,
    day: date,
    sends: int,
    served: Served | None,
) -> None:
    """Where the pace stands, and how much of the quota of a day is granted."""
    await tx.execute(
        _SQL["set_pace"],
        {
            "channel_id": channel_id,
            "arrival_at": arrival_at,
            "rate": rate,
            "sends": sends,
            "day": day,
            "served_by": None if served is None else served.by,
            "served_until": None if served is None else served.until,
        },
    )


async def promise(
    tx: Tx,
    *,
    channel_id: str,
    owner_id: int,
    lines: int,
    trunk: str | None = None,
    day: date | None = None,
) -> None:
    """Replace what the owner was promised on the channel. `day` is the one whose quota it is of."""
    await tx.execute(
        _SQL["promise"],
        {
            "channel_id": channel_id,
            "owner_id": owner_id,
            "lines": lines,
            "trunk": trunk,
            "day": day,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A promise that holds, of any day or of one."""

    day: date | None

    def is_of(self, now: datetime) -> bool:
        """Does what is claimed at `now` count for the quota it was taken from?"""
        return self.day is None or self.day == quota_day(now)


async def use_promise(tx: Tx, *, channel_id: str, owner_id: int, lines: int) -> Promise | None:
    """Turn so many promised lines into what the transaction writes; None when the promise does
    not hold any more."""
    cursor = await tx.execute(
        _SQL["use_promise"], {"channel_id": channel_id, "owner_id": owner_id, "lines": lines}
    )
    row = await cursor.fetchone()
    if row is None:
        return Promise(day=None)
    is_revoked, day = row
    return None if is_revoked else Promise(day=day)


async def revoke_promises(tx: Tx, *, channel_id: str) -> None:
    """Nothing is claimed any more under what was granted on the channel (web role)."""
    await tx.execute(_SQL["revoke_promises"], {"channel_id": channel_id})


async def forget_promises(tx: Tx, *, owner_id: int) -> None:
    await tx.execute(_SQL["forget_promises"], {"owner_id": owner_id})


async def promise_owners(tx: Tx) -> list[int]:
    cursor = await tx.execute(_SQL["promise_owners"])
    return [int(row[0]) for row in await cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class Standing:
    """A promise of lines as somebody wrote it; any change makes it another one."""

    channel_id: str
    owner_id: int
    version: str


async def standing_promises(tx: Tx) -> list[Standing]:
    """Every promise of lines that has any left."""
    cursor = await tx.execute(_SQL["standing_promises"])
    return [Standing(*row) for row in await cursor.fetchall()]


async def revoke_standing(tx: Tx, *, standing: Standing) -> bool:
    """Free its lines unless it was touched meanwhile; nothing is claimed under it any more."""
    cursor = await tx.execute(
        _SQL["revoke_standing"],
        {
            "channel_id": standing.channel_id,
            "owner_id": standing.owner_id,
            "version": standing.version,
        },
    )
    return cursor.rowcount > 0
