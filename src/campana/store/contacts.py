"""Contacts and their addresses (`queries/contacts.sql`), written many at a time.

Whoever writes here holds the list first (`lists.lock`). What counts as a duplicate is decided by
the caller, on what `holders` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.contact import NewContact
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("contacts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A stored person. `phone` in E.164; `zones` is what a window is read in."""

    id: int
    list_id: str
    external_id: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    country: str | None
    language: str | None
    time_zone: str | None
    zones: Sequence[str]
    attributes: Mapping[str, str]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A contact that already has an external id or a number that is asked about."""

    id: int
    external_id: str | None
    phone: str | None


async def holders(
    tx: Tx, *, list_id: str, external_ids: Sequence[str], phones: Sequence[str]
) -> list[Holder]:
    """Every contact of the list with one of these external ids or numbers."""
    async with tx.cursor(row_factory=class_row(Holder)) as cursor:
        await cursor.execute(
            _SQL["holders"],
            {"list_id": list_id, "external_ids": list(external_ids), "phones": list(phones)},
        )
        return await cursor.fetchall()


async def insert(
    tx: Tx, *, workspace_id: int, list_id: str, contacts: Sequence[NewContact], now: datetime
) -> list[int]:
    """Store new contacts without their numbers; their ids in the order given."""
    if not contacts:
        return []
    cursor = await tx.execute(
        _SQL["insert"],
        {"workspace_id": workspace_id, "list_id": list_id, "now": now, **_columns(contacts)},
    )
    return sorted(int(row[0]) for row in await cursor.fetchall())


async def update(
    tx: Tx, *, list_id: str, contacts: Mapping[int, NewContact], now: datetime
) -> None:
    """Lay what is given over stored contacts, by id; None and empty leave what is there."""
    if not contacts:
        return
    await tx.execute(
        _SQL["update"],
        {
            "ids": list(contacts),
            "list_id": list_id,
            "now": now,
            **_columns(list(contacts.values())),
        },
    )


async def set_numbers(
    tx: Tx, *, workspace_id: int, list_id: str, contacts: Mapping[int, NewContact]
) -> None:
    """Make each contact's number the one given; a number may pass from one of them to another."""
    if not contacts:
        return
    await tx.execute(_SQL["drop_numbers"], {"ids": list(contacts)})
    await tx.execute(
        _SQL["insert_numbers"],
        {
            "workspace_id": workspace_id,
            "list_id": list_id,
            "ids": list(contacts),
            "phones": [contact.phone for contact in contacts.values()],
            "countries": [contact.country for contact in contacts.values()],
        },
    )


async def page(tx: Tx, *, workspace_id: int, list_id: str, after: int, limit: int) -> list[Contact]:
    """Contacts in the order they came in, from the one after id `after`."""
    async with tx.cursor(row_factory=class_row(Contact)) as cursor:
        await cursor.execute(
            _SQL["page"],
            {"workspace_id": workspace_id, "list_id": list_id, "after": after, "limit": limit},
        )
        return await cursor.fetchall()


def _columns(contacts: Sequence[NewContact]) -> dict[str, list[Any]]:
    return {
        "external_ids": [contact.external_id for contact in contacts],
        "first_names": [contact.first_name for contact in contacts],
        "last_names": [contact.last_name for contact in contacts],
        "languages": [contact.language for contact in contacts],
        "time_zones": [contact.time_zone for contact in contacts],
        "zones": [",".join(contact.zones) for contact in contacts],
        "attributes": [Jsonb(dict(contact.attributes)) for contact in contacts],
    }
