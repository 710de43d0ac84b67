"""What people send us, and whom it is from (`queries/inbound.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zlib import crc32

import msgspec
from psycopg.rows import class_row

from campana.domain.address import AddressKind
from campana.store import reports
from campana.store.db import Tx
from campana.store.reports import Kept
from campana.store.sql import load
from campana.store.suppressions import Suppression

_SQL = load("inbound")

PARTS = 16
"""Of the inbox; a person on a channel is always in the same one."""
_PART_SPACE = 0x696E626F
"""First half of the advisory lock of a part; the second is its number."""


class Said(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One message as the carrier told it, in the names of the inbox."""

    key: str
    sender: str
    text: str
    at: datetime
    kind: str = "text"
    payload: str | None = None
    reply_to: str | None = None
    media: dict[str, Any] | None = None
    name: str | None = None
    asks_to: str | None = None
    """The provider has read it as an opt-out word, and acted on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptInbound:
    """A message on its way into the inbox."""

    workspace_id: int
    channel_id: str
    said: Said
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message in the inbox; `tries` is how often it could not be applied."""

    id: int
    workspace_id: int
    channel_id: str
    said: Said
    received_at: datetime
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What is known of whoever wrote, of one contact list."""

    id: int
    first_name: str | None
    last_name: str | None
    language: str | None


class _Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line of the inbox, named as its columns are."""

    workspace_id: int
    channel_id: str
    part: int
    said: Said
    received_at: datetime


async def keep(tx: Tx, *, inbound: Sequence[KeptInbound], told: Sequence[Kept]) -> None:
    """Put these into their inboxes, together (any role)."""
    rows = [
        _Row(
            workspace_id=each.workspace_id,
            channel_id=each.channel_id,
            part=crc32(f"{each.channel_id} {each.said.sender}".encode()) % PARTS,
            said=each.said,
            received_at=each.received_at,
        )
        for each in inbound
    ]
    values = {
        "inbound": msgspec.json.encode(rows).decode(),
        "reports": reports.rows_of(told),
    }
    await tx.execute(_SQL["keep"], values)


async def parts(tx: Tx, *, now: datetime) -> list[int]:
    """Those with something to apply now."""
    cursor = await tx.execute(_SQL["parts"], {"now": now})
    return [int(row[0]) for row in await cursor.fetchall()]


async def hold_part(tx: Tx, *, part: int) -> bool:
    """Keep everybody else from a part until the transaction ends; False when somebody has it."""
    cursor = await tx.execute(_SQL["hold_part"], {"space": _PART_SPACE, "part": part})
    row = await cursor.fetchone()
    return bool(row and row[0])


async def first(tx: Tx, *, part: int, now: datetime) -> Waiting | None:
    """The oldest of a part that may be applied now."""
    row = await (await tx.execute(_SQL["first"], {"part": part, "now": now})).fetchone()
    if row is None:
        return None
    return Waiting(
        id=row[0],
        workspace_id=row[1],
        channel_id=row[2],
        said=msgspec.convert(row[3], Said),
        received_at=row[4],
        tries=row[5],
    )


async def remove(tx: Tx, *, inbound_id: int) -> None:
    """It is applied."""
    await tx.execute(_SQL["remove"], {"id": inbound_id})


async def put_off(tx: Tx, *, inbound_id: int, retry_at: datetime) -> None:
    """It could not be applied."""
    await tx.execute(_SQL["put_off"], {"id": inbound_id, "retry_at": retry_at})


async def contacts(
    tx: Tx, *, workspace_id: int, kinds: Sequence[AddressKind], address: str
) -> list[int]:
    """Ids of whoever has this address in a list of the workspace."""
    values = {"workspace_id": workspace_id, "kinds": list(kinds), "address": address}
    return [int(row[0]) for row in await (await tx.execute(_SQL["contacts"], values)).fetchall()]


async def people(tx: Tx, *, contact_ids: Sequence[int]) -> list[Person]:
    """Names and languages of these contacts."""
    async with tx.cursor(row_factory=class_row(Person)) as cursor:
        await cursor.execute(_SQL["people"], {"ids": list(contact_ids)})
        return await cursor.fetchall()


async def addresses(tx: Tx, *, contact_ids: Sequence[int]) -> list[str]:
    """Every address of these contacts."""
    cursor = await tx.execute(_SQL["addresses"], {"ids": list(contact_ids)})
    return [str(row[0]) for row in await cursor.fetchall()]


async def lift_stops(tx: Tx, *, workspace_id: int, addresses: Sequence[str]) -> list[Suppression]:
    """Undo what STOP from these addresses made; what is gone."""
    async with tx.cursor(row_factory=class_row(Suppression)) as cursor:
        await cursor.execute(
            _SQL["lift_stops"], {"workspace_id": workspace_id, "addresses": list(addresses)}
        )
        return await cursor.fetchall()
