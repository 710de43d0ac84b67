"""Erasures (`queries/erasures.sql`): whom the workspace has erased, and the hashes that are left.

What takes the traces of a person away is `store/traces.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("erasures")


class ErasureState(StrEnum):
    """How far an erasure has come."""

    ERASING = "erasing"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """A person who was erased, as one is shown. `waits_for` says what holds it up."""

    id: str
    contact_ids: Sequence[int]
    state: ErasureState
    reason: str
    requested_by: str
    waits_for: str | None
    requested_at: datetime
    done_at: datetime | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", ErasureState(self.state))


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An erasure with something left to do; `dossier` is sealed."""

    id: str
    workspace_id: int
    contact_ids: Sequence[int]
    dossier: str
    requested_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewErasure:
    """An erasure about to be stored."""

    id: str
    workspace_id: int
    contact_ids: Sequence[int]
    reason: str
    requested_by: str
    dossier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedAddress:
    """An address asked about whose person was erased."""

    address: str
    erasure_id: str
    erased_at: datetime


async def key(tx: Tx, *, workspace_id: int) -> str | None:
    """What the workspace hashes with, sealed; None while nobody was erased."""
    row = await (await tx.execute(_SQL["key"], {"workspace_id": workspace_id})).fetchone()
    return row[0] if row else None


async def offer_key(tx: Tx, *, workspace_id: int, sealed: str) -> None:
    """Use this key unless there is one."""
    await tx.execute(_SQL["offer_key"], {"workspace_id": workspace_id, "sealed": sealed})


async def keys(tx: Tx) -> dict[int, str]:
    """The sealed key of every workspace that has one (engine role)."""
    return {row[0]: row[1] for row in await (await tx.execute(_SQL["keys"])).fetchall()}


async def replace_key(tx: Tx, *, workspace_id: int, before: str, sealed: str) -> None:
    """Put the same key under another seal."""
    values = {"workspace_id": workspace_id, "before": before, "sealed": sealed}
    await tx.execute(_SQL["replace_key"], values)


async def same_person(tx: Tx, *, workspace_id: int, contact_id: int) -> dict[int, str]:
    """The contact and whoever has one of its addresses, each with its list; none when it is not
    there."""
    cursor = await tx.execute(
        _SQL["same_person"], {"workspace_id": workspace_id, "contact_id": contact_id}
    )
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def hold_campaigns(tx: Tx, *, workspace_id: int) -> None:
    """Let nobody enroll anybody of the workspace until the transaction ends."""
    await tx.execute(_SQL["hold_campaigns"], {"workspace_id": workspace_id})


async def targets_of(
    tx: Tx, *, workspace_id: int, contact_ids: Sequence[int], addresses: Sequence[str]
) -> dict[int, bool]:
    """Targets of these contacts, and others at these addresses; True for the contacts' own."""
    cursor = await tx.execute(
        _SQL["targets_of"],
        {
            "workspace_id": workspace_id,
            "contact_ids": list(contact_ids),
            "addresses": list(addresses),
        },
    )
    return {int(row[0]): bool(row[1]) for row in await cursor.fetchall()}


async def hold_targets(tx: Tx, *, target_ids: Sequence[int]) -> dict[int, str]:
    """Hold these targets, and what is due of them; each with its state."""
    given = {"target_ids": list(target_ids)}
    await tx.execute(_SQL["hold_due"], given)
    cursor = await tx.execute(_SQL["hold_targets"], given)
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def forget_address(
    tx: Tx, *, target_ids: Sequence[int], contact_ids: Sequence[int], addresses: Sequence[str]
) -> dict[int, str]:
    """Take the address from targets (held) that nobody is being contacted for; their states."""
    cursor = await tx.execute(
        _SQL["forget_address"],
        {
            "target_ids": list(target_ids),
            "contact_ids": list(contact_ids),
            "addresses": list(addresses),
        },
    )
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def stop_intents(tx: Tx, *, target_ids: Sequence[int], now: datetime) -> None:
    """What is written and not sent yet is not to be sent."""
    await tx.execute(_SQL["stop_intents"], {"target_ids": list(target_ids), "now": now})


async def empty(tx: Tx, *, contact_ids: Sequence[int], now: datetime) -> None:
    """Leave nothing of these contacts but the rows their targets count on, in no list."""
    await tx.execute(_SQL["drop_addresses"], {"contact_ids": list(contact_ids)})
    await tx.execute(_SQL["empty_contacts"], {"contact_ids": list(contact_ids), "now": now})


async def insert(tx: Tx, *, new: NewErasure, hashes: Sequence[bytes], now: datetime) -> None:
    """Note an erasure, and keep its addresses from being contacted."""
    await tx.execute(
        _SQL["insert"],
        {
            "id": new.id,
            "workspace_id": new.workspace_id,
            "contact_ids": list(new.contact_ids),
            "reason": new.reason,
            "requested_by": new.requested_by,
            "dossier": new.dossier,
            "now": now,
        },
    )
    await tx.execute(
        _SQL["keep_hashes"],
        {
            "workspace_id": new.workspace_id,
            "erasure_id": new.id,
            "hashes": list(hashes),
            "now": now,
        },
    )


async def get(tx: Tx, *, workspace_id: int, erasure_id: str) -> Erasure | None:
    return await _one(tx, _SQL["get"], {"workspace_id": workspace_id, "id": erasure_id})


async def of_contact(tx: Tx, *, workspace_id: int, contact_id: int) -> Erasure | None:
    """The erasure this contact went with."""
    values = {"workspace_id": workspace_id, "contact_id": contact_id}
    return await _one(tx, _SQL["of_contact"], values)


async def page(tx: Tx, *, workspace_id: int, after: str | None, limit: int) -> list[Erasure]:
    """Newest first, from the one after erasure `after`."""
    async with tx.cursor(row_factory=class_row(Erasure)) as cursor:
        await cursor.execute(
            _SQL["page"], {"workspace_id": workspace_id, "after": after, "limit": limit}
        )
        return await cursor.fetchall()


async def begun(tx: Tx, *, erasure_id: str) -> Begun | None:
    """What is left to do of it; None when it is done."""
    async with tx.cursor(row_factory=class_row(Begun)) as cursor:
        await cursor.execute(_SQL["begun"], {"id": erasure_id})
        return await cursor.fetchone()


async def wait(tx: Tx, *, erasure_id: str, waits_for: str) -> None:
    await tx.execute(_SQL["wait"], {"id": erasure_id, "waits_for": waits_for})


async def finish(tx: Tx, *, erasure_id: str, now: datetime) -> bool:
    """Close it and forget the dossier; False when it was closed."""
    cursor = await tx.execute(_SQL["finish"], {"id": erasure_id, "now": now})
    return await cursor.fetchone() is not None


async def erased_since(
    tx: Tx, *, workspace_id: int, addresses: Sequence[str], pads: bytes, since: datetime
) -> set[int]:
    """The places in `addresses` of those whose person was erased at `since` or later."""
    cursor = await tx.execute(
        _SQL["erased_since"],
        {
            "workspace_id": workspace_id,
            "addresses": list(addresses),
            "pads": pads,
            "since": since,
        },
    )
    return {int(row[0]) - 1 for row in await cursor.fetchall()}


async def erased_now(
    tx: Tx, *, workspace_id: int, addresses: Sequence[str], pads: bytes | None, now: datetime
) -> list[ErasedAddress]:
    """Those of `addresses` that are not contacted because their person was erased."""
    if pads is None:
        return []
    async with tx.cursor(row_factory=class_row(ErasedAddress)) as cursor:
        await cursor.execute(
            _SQL["erased_now"],
            {
                "workspace_id": workspace_id,
                "addresses": list(addresses),
                "pads": pads,
                "now": now,
            },
        )
        return await cursor.fetchall()


async def _one(tx: Tx, query: LiteralString, values: Mapping[str, Any]) -> Erasure | None:
    async with tx.cursor(row_factory=class_row(Erasure)) as cursor:
        await cursor.execute(query, values)
        return await cursor.fetchone()
