"""Reports by a provider's own names, and whose they are (`queries/named_reports.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from campana.domain.attempt import AttemptEvent, Detail, EventType
from campana.domain.disposition import Disposition
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("named_reports")

SLOT_SPACE = 0x62696E64 & 0x7FFFFFFF
"""First half of the advisory lock on one of the connections a provider allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A report as it came in."""

    workspace_id: int
    channel_id: str
    ref: str
    address: str
    key: str
    event: AttemptEvent
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The attempt behind a name, and which part of how many it is."""

    attempt_id: UUID
    part: int
    parts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One that waits to be matched; `meant` is None while its name means nothing."""

    id: int
    named: Named
    meant: Meant | None


class _Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line to keep, named as its columns are."""

    workspace_id: int
    channel_id: str
    ref: str
    address: str
    report: str
    type: str
    at: datetime
    detail: Detail
    received_at: datetime
    body: str | None


async def add_refs(tx: Tx, *, refs: Sequence[tuple[UUID, Sequence[str]]], now: datetime) -> None:
    """Write down what a provider calls these attempts, part after part."""
    rows = [
        (attempt_id, ref, part, len(set(names)))
        for attempt_id, names in refs
        for part, ref in enumerate(dict.fromkeys(names), 1)
    ]
    if rows:
        await tx.execute(
            _SQL["add_refs"],
            {
                "attempt_ids": arrays.uuids(row[0] for row in rows),
                "refs": arrays.texts(row[1] for row in rows),
                "part_nos": arrays.numbers(row[2] for row in rows),
                "counts": arrays.numbers(row[3] for row in rows),
                "now": now,
            },
        )


async def keep(tx: Tx, *, named: Sequence[Named]) -> None:
    """Keep these: in the inbox of callbacks, or until they can be matched."""
    rows = [
        _Row(
            workspace_id=each.workspace_id,
            channel_id=each.channel_id,
            ref=each.ref,
            address=each.address,
            report=each.key,
            type=each.event.type,
            at=each.event.at,
            detail=each.event.detail,
            received_at=each.received_at,
            body=each.event.body,
        )
        for each in named
    ]
    await tx.execute(_SQL["keep"], {"kept": msgspec.json.encode(rows).decode()})


async def take(tx: Tx, *, limit: int, now: datetime) -> list[Waiting]:
    """Up to `limit` to match now, held until the transaction ends."""
    rows = await (await tx.execute(_SQL["take"], {"limit": limit, "now": now})).fetchall()
    return [
        Waiting(
            id=row[0],
            named=Named(
                workspace_id=row[1],
                channel_id=row[2],
                ref=row[3],
                address=row[4],
                key=row[5],
                event=AttemptEvent(type=EventType(row[6]), at=row[7], detail=row[8], body=row[13]),
                received_at=row[9],
            ),
            meant=Meant(attempt_id=row[10], part=row[11], parts=row[12]) if row[10] else None,
        )
        for row in rows
    ]


async def forget(tx: Tx, *, ids: Sequence[int]) -> None:
    if ids:
        await tx.execute(_SQL["forget"], {"ids": arrays.numbers(ids)})


async def try_again(tx: Tx, *, later: Sequence[tuple[int, datetime]]) -> None:
    """Look at each of these again, not before its time."""
    if later:
        values = {
            "ids": arrays.numbers(each for each, _ in later),
            "try_ats": arrays.moments(at for _, at in later),
        }
        await tx.execute(_SQL["try_again"], values)


async def nameless(tx: Tx, *, named: Named, since: datetime, until: datetime) -> list[UUID]:
    """Attempts without names, sent then, that a report may be about; at most two."""
    values = {
        "workspace_id": named.workspace_id,
        "address": named.address,
        "channel_id": named.channel_id,
        "since": since,
        "until": until,
    }
    return [row[0] for row in await (await tx.execute(_SQL["nameless"], values)).fetchall()]


async def end_part(
    tx: Tx, *, named: Named, attempt_id: UUID, disposition: Disposition
) -> list[Disposition | None]:
    """Write down how a part ended; returns how all of them did, held."""
    await tx.execute(_SQL["hold_parts"], {"attempt_id": attempt_id})
    await tx.execute(
        _SQL["end_part"],
        {
            "channel_id": named.channel_id,
            "ref": named.ref,
            "attempt_id": attempt_id,
            "disposition": disposition,
        },
    )
    cursor = await tx.execute(_SQL["hold_parts"], {"attempt_id": attempt_id})
    return [Disposition(row[1]) if row[1] else None for row in await cursor.fetchall()]


async def refs_of(tx: Tx, *, attempt_id: UUID) -> list[str]:
    """What its provider calls an attempt, part after part."""
    cursor = await tx.execute(_SQL["refs_of"], {"attempt_id": attempt_id})
    return [row[0] for row in await cursor.fetchall()]


async def take_slot(session: Tx, *, channel_id: str, most: int) -> int | None:
    """One of the `most` connections of a channel, for as long as the session lives."""
    for slot in range(most):
        values = {"space": SLOT_SPACE, "slot": f"{channel_id}/{slot}"}
        row = await (await session.execute(_SQL["take_slot"], values)).fetchone()
        if row and row[0]:
            return slot
    return None


async def free_slot(session: Tx, *, channel_id: str, slot: int) -> None:
    values = {"space": SLOT_SPACE, "slot": f"{channel_id}/{slot}"}
    await session.execute(_SQL["free_slot"], values)
