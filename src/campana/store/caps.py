"""Who has been tried as often as a cap allows, and until when (`queries/caps.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain.caps import Cap, CapPer
from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("caps")


@dataclass(frozen=True, slots=True)
class Person:
    """A target asked about: its contact and the address it would be tried on."""

    target_id: int
    contact_id: int
    address: str


async def hold_contacts(tx: Tx, *, contact_ids: Sequence[int]) -> set[int]:
    """Those of the contacts nobody else holds, held until the transaction ends."""
    cursor = await tx.execute(_SQL["hold_contacts"], {"contact_ids": arrays.numbers(contact_ids)})
    return {int(row[0]) for row in await cursor.fetchall()}


async def reached(
    tx: Tx, *, workspace_id: int, people: Sequence[Person], caps: Sequence[Cap], now: datetime
) -> dict[int, datetime]:
    """Target id to when it may be tried again, of those who have reached one of the caps."""
    if not people or not caps:
        return {}
    cursor = await tx.execute(
        _SQL["reached"],
        {
            "workspace_id": workspace_id,
            "target_ids": arrays.numbers(person.target_id for person in people),
            "contact_ids": arrays.numbers(person.contact_id for person in people),
            "addresses": arrays.texts(person.address for person in people),
            "per_contact": [cap.per is CapPer.CONTACT for cap in caps],
            "attempts": [cap.attempts for cap in caps],
            "days": [cap.days for cap in caps],
            "now": now,
        },
    )
    return {int(row[0]): row[1] for row in await cursor.fetchall()}
