"""What carriers report, and the attempts that wait for it (`queries/reports.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from campana.domain.attempt import AttemptEvent, AttemptState, Detail, EventType
from campana.domain.disposition import Disposition
from campana.store import arrays
from campana.store.attempts import Attempt, attempt_of
from campana.store.db import Tx
from campana.store.sql import load
from campana.store.targets import Finished

_SQL = load("reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report as it came in: over which channel, about which attempt, under which name."""

    channel_id: str
    attempt_id: UUID
    key: str
    event: AttemptEvent
    received_at: datetime | None = None
    """When it came in, of what did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A report on its way into the inbox."""

    workspace_id: int
    told: Told
    received_at: datetime


class _Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the inbox, named as its columns are."""

    workspace_id: int
    channel_id: str
    attempt_id: UUID
    report: str
    type: str
    at: datetime
    detail: Detail
    received_at: datetime
    body: str | None


@dataclass(frozen=True, slots=True)
class CallbackChannel:
    """What a callback's address stands for."""

    workspace_id: int
    kind: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How far an attempt has come."""

    attempt_id: UUID
    state: AttemptState
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How an attempt ended, after which nobody is tried again."""

    attempt_id: UUID
    disposition: Disposition
    reason: str
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """An attempt the carrier has accepted, its own name for it, and when to ask about it."""

    attempt_id: UUID
    ref: str | None
    ask_at: datetime


async def channel(tx: Tx, *, channel_id: str) -> CallbackChannel | None:
    """The channel of that id, of whatever workspace (any role)."""
    row = await (await tx.execute(_SQL["channel"], {"channel_id": channel_id})).fetchone()
    return CallbackChannel(*row) if row else None


async def keep(tx: Tx, *, reports: Sequence[Kept]) -> None:
    """Put these into the inbox (any role)."""
    await tx.execute(_SQL["keep"], {"kept": rows_of(reports)})


def rows_of(kept: Sequence[Kept]) -> str:
    """These as JSON, as the inbox takes them."""
    rows = [
        _Row(
            workspace_id=each.workspace_id,
            channel_id=each.told.channel_id,
            attempt_id=each.told.attempt_id,
            report=each.told.key,
            type=each.told.event.type,
            at=each.told.event.at,
            detail=each.told.event.detail,
            received_at=each.received_at,
            body=each.told.event.body,
        )
        for each in kept
    ]
    return msgspec.json.encode(rows).decode()


async def take(tx: Tx, *, limit: int) -> list[Told]:
    """Up to `limit` reports out of the inbox, oldest first; they are gone if this commits."""
    rows = await (await tx.execute(_SQL["take"], {"limit": limit})).fetchall()
    return [
        Told(
            channel_id=channel_id,
            attempt_id=attempt_id,
            key=key,
            event=AttemptEvent(type=EventType(kind), at=at, detail=detail, body=body),
            received_at=received_at,
        )
        for _, channel_id, attempt_id, key, kind, at, detail, received_at, body in sorted(
            rows, key=lambda row: row[0]
        )
    ]


async def lock_attempts(tx: Tx, *, attempt_ids: Sequence[UUID]) -> dict[UUID, Attempt]:
    """Those that exist, held until the transaction ends."""
    found = await _attempts(tx, _SQL["lock_attempts"], {"ids": arrays.uuids(attempt_ids)})
    return {attempt.id: attempt for attempt in found}


async def add_events(
    tx: Tx, *, workspace_ids: Sequence[int], reports: Sequence[Told]
) -> set[tuple[UUID, str]]:
    """Write them into the attempts' histories; returns attempt and key of those not told before."""
    cursor = await tx.execute(
        _SQL["add_events"],
        {
            "workspace_ids": arrays.numbers(workspace_ids),
            "attempt_ids": arrays.uuids(each.attempt_id for each in reports),
            "types": arrays.texts(each.event.type for each in reports),
            "ats": arrays.moments(each.event.at for each in reports),
            "details": arrays.texts(_json(each.event) for each in reports),
            "keys": arrays.texts(each.key for each in reports),
            "bodies": arrays.texts(each.event.body for each in reports),
            "received_ats": arrays.moments(each.received_at for each in reports),
        },
    )
    return {(row[0], str(row[1])) for row in await cursor.fetchall()}


async def move(tx: Tx, *, moves: Sequence[Move]) -> None:
    """Bring attempts forward that do not end with it."""
    if moves:
        await tx.execute(
            _SQL["move"],
            {
                "ids": arrays.uuids(each.attempt_id for each in moves),
                "states": arrays.texts(each.state for each in moves),
                "answered_ats": arrays.moments(each.answered_at for each in moves),
            },
        )


async def conclude(
    tx: Tx, *, ends: Sequence[End], now: datetime
) -> tuple[set[UUID], dict[UUID, Finished]]:
    """End attempts that are open (held) and finish their targets; returns the attempts that ended
    by it, and the targets, by attempt."""
    async with tx.cursor() as cursor:
        await cursor.execute(
            _SQL["conclude"],
            {
                "ids": arrays.uuids(each.attempt_id for each in ends),
                "dispositions": arrays.texts(each.disposition for each in ends),
                "reasons": arrays.texts(each.reason for each in ends),
                "answered_ats": arrays.moments(each.answered_at for each in ends),
                "now": now,
            },
        )
        rows = await cursor.fetchall()
    return {row[0] for row in rows}, {
        row[0]: Finished(
            id=row[1],
            workspace_id=row[2],
            campaign_id=row[3],
            contact_id=row[4],
            address=row[5],
            disposition=row[6],
            attempt_count=row[7],
            last_reason=row[8],
            finished_at=row[9],
        )
        for row in rows
        if row[1] is not None
    }


async def accept(tx: Tx, *, taken: Sequence[Taken], now: datetime) -> None:
    """A carrier has taken these attempts."""
    await tx.execute(
        _SQL["accept"],
        {
            "ids": arrays.uuids(each.attempt_id for each in taken),
            "refs": arrays.texts(each.ref for each in taken),
            "ask_ats": arrays.moments(each.ask_at for each in taken),
            "now": now,
        },
    )


async def release(tx: Tx, *, attempt_id: UUID, ask_at: datetime) -> bool:
    """Its worker is done with it, or dead: the carrier is to be asked. False when it is over."""
    values = {"id": attempt_id, "ask_at": ask_at}
    return await (await tx.execute(_SQL["release"], values)).fetchone() is not None


async def to_ask(
    tx: Tx, *, channel_ids: Sequence[str], limit: int, until: datetime, now: datetime
) -> list[Attempt]:
    """Attempts on these channels to ask about now; nobody else asks about them before `until`."""
    values = {"channel_ids": list(channel_ids), "limit": limit, "until": until, "now": now}
    return await _attempts(tx, _SQL["to_ask"], values)


async def ask_again(tx: Tx, *, attempt_id: UUID, ask_at: datetime) -> None:
    await tx.execute(_SQL["ask_again"], {"id": attempt_id, "ask_at": ask_at})


def _json(event: AttemptEvent) -> str:
    return msgspec.json.encode(event.detail).decode()


async def _attempts(tx: Tx, query: LiteralString, values: Mapping[str, Any]) -> list[Attempt]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(query, values)
        return [attempt_of(row) for row in await cursor.fetchall()]
