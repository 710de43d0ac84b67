"""Contact lists (`queries/lists.sql`): who may be called, under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import ForeignKeyViolation, RestrictViolation, UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.errors import Conflict
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactList:
    """One list; `default_country` (ISO 3166) reads numbers written without a country code.

    `mapping` and `types`: what the last import with any was told about the columns of its file.
    """

    id: str
    name: str
    default_country: str | None
    mapping: Mapping[str, str]
    types: Mapping[str, str]
    created_at: datetime
    contact_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some lists, and how many there are in all."""

    lists: list[ContactList]
    total: int


async def insert(
    tx: Tx,
    *,
    list_id: str,
    workspace_id: int,
    name: str,
    default_country: str | None,
    now: datetime,
) -> bool:
    """True when the list is new; False when the name is taken."""
    cursor = await tx.execute(
        _SQL["insert"],
        {
            "id": list_id,
            "workspace_id": workspace_id,
            "name": name,
            "default_country": default_country,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def get(tx: Tx, *, workspace_id: int, list_id: str) -> ContactList | None:
    async with tx.cursor(row_factory=class_row(ContactList)) as cursor:
        await cursor.execute(_SQL["get"], {"workspace_id": workspace_id, "id": list_id})
        return await cursor.fetchone()


async def find(tx: Tx, *, workspace_id: int, wanted: str) -> ContactList | None:
    """The list of that id, or else of that name."""
    async with tx.cursor(row_factory=class_row(ContactList)) as cursor:
        await cursor.execute(_SQL["find"], {"workspace_id": workspace_id, "wanted": wanted})
        return await cursor.fetchone()


async def page(tx: Tx, *, workspace_id: int, limit: int, offset: int) -> Page:
    """Newest first."""
    values = {"workspace_id": workspace_id, "limit": limit, "offset": offset}
    async with tx.cursor(row_factory=class_row(ContactList)) as cursor:
        await cursor.execute(_SQL["page"], values)
        lists = await cursor.fetchall()
    counted = await (await tx.execute(_SQL["count"], values)).fetchone()
    return Page(lists=lists, total=int(counted[0]) if counted else 0)


async def update(
    tx: Tx, *, workspace_id: int, list_id: str, name: str, default_country: str | None
) -> bool:
    """True when there is such a list.

    Raises:
        Conflict: another list has the name; the transaction is then of no more use.
    """
    try:
        cursor = await tx.execute(
            _SQL["update"],
            {
                "workspace_id": workspace_id,
                "id": list_id,
                "name": name,
                "default_country": default_country,
            },
        )
    except UniqueViolation:
        raise Conflict(f"there is a contact list named {name!r} already") from None
    return await cursor.fetchone() is not None


async def delete(tx: Tx, *, workspace_id: int, list_id: str) -> bool:
    """Remove a list and its contacts; True when there was one.

    Raises:
        Conflict: a campaign uses it; the transaction is then of no more use.
    """
    try:
        cursor = await tx.execute(_SQL["delete"], {"workspace_id": workspace_id, "id": list_id})
    except (ForeignKeyViolation, RestrictViolation):
        raise Conflict("a campaign uses this contact list") from None
    return await cursor.fetchone() is not None


async def lock(tx: Tx, *, list_id: str) -> bool:
    """Hold the list until the transaction ends; every writer of its contacts does so first."""
    cursor = await tx.execute(_SQL["lock"], {"id": list_id})
    return await cursor.fetchone() is not None


async def remember(
    tx: Tx, *, list_id: str, mapping: Mapping[str, str], types: Mapping[str, str]
) -> None:
    """Keep what an import was told of the columns, for the next file."""
    await tx.execute(
        _SQL["remember"],
        {"id": list_id, "mapping": Jsonb(dict(mapping)), "types": Jsonb(dict(types))},
    )


async def country(tx: Tx, *, workspace_id: int, list_id: str | None) -> str | None:
    """Where the list's numbers without a country code lie: its country, else the workspace's."""
    cursor = await tx.execute(_SQL["country"], {"workspace_id": workspace_id, "id": list_id})
    row = await cursor.fetchone()
    return str(row[0]) if row and row[0] is not None else None
