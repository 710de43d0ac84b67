"""Contact lists (`queries/lists.sql`): who may be called, under a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from psycopg.errors import ForeignKeyViolation, RestrictViolation, UniqueViolation
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.domain.errors import Conflict
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("lists")


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A list that is a question: the condition as written, and the lists it names.

    `lists` has the id of each by what it was called when that was written.
    """

    where: str
    lists: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactList:
    """One list; `default_country` (ISO 3166) reads numbers written without a country code.

    `mapping` and `types`: what the last import with any was told about the columns of its file.
    A `segment` has no people of its own: `contact_count` is None.
    """

    id: str
    name: str
    default_country: str | None
    mapping: Mapping[str, str]
    types: Mapping[str, str]
    segment: Segment | None
    created_at: datetime
    contact_count: int | None

    def __post_init__(self) -> None:
        if isinstance(self.segment, dict):
            written = cast("Mapping[str, Any]", self.segment)
            object.__setattr__(self, "segment", Segment(**written))


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
    segment: Segment | None = None,
) -> bool:
    """True when the list is new; False when the name is taken."""
    cursor = await tx.execute(
        _SQL["insert"],
        {
            "id": list_id,
            "workspace_id": workspace_id,
            "name": name,
            "default_country": default_country,
            "segment": _written(segment),
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


async def page(
    tx: Tx, *, workspace_id: int, limit: int, offset: int, archived: bool | None = False
) -> Page:
    """Newest first; None of `archived` does not ask whether a test call left them."""
    values = {
        "workspace_id": workspace_id,
        "limit": limit,
        "offset": offset,
        "archived": archived,
    }
    async with tx.cursor(row_factory=class_row(ContactList)) as cursor:
        await cursor.execute(_SQL["page"], values)
        lists = await cursor.fetchall()
    counted = await (await tx.execute(_SQL["count"], values)).fetchone()
    return Page(lists=lists, total=int(counted[0]) if counted else 0)


async def update(
    tx: Tx,
    *,
    workspace_id: int,
    list_id: str,
    name: str,
    default_country: str | None,
    segment: Segment | None = None,
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
                "segment": _written(segment),
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
    """Hold the list until the transaction ends; every writer of its contacts does so first.

    Raises:
        Conflict: it is a segment.
    """
    row = await (await tx.execute(_SQL["lock"], {"id": list_id})).fetchone()
    if row is not None and row[1]:
        raise Conflict("this list is a segment: people are in it because they fit")
    return row is not None


async def is_empty(tx: Tx, *, list_id: str) -> bool:
    """Is nobody in the list, at the moment of asking?"""
    row = await (await tx.execute(_SQL["is_empty"], {"id": list_id})).fetchone()
    return row is not None and bool(row[0])


async def holding(tx: Tx, *, workspace_id: int) -> list[str]:
    """The ids of all lists with people of their own, in order."""
    cursor = await tx.execute(_SQL["holding"], {"workspace_id": workspace_id})
    return [str(row[0]) for row in await cursor.fetchall()]


async def segment_of(tx: Tx, *, list_id: str) -> Segment | None:
    """What a list asks; None when it has people of its own."""
    row = await (await tx.execute(_SQL["segment"], {"id": list_id})).fetchone()
    return Segment(where=row[0], lists=row[1]) if row else None


async def ids_of(tx: Tx, *, workspace_id: int, wanted: Collection[str]) -> dict[str, str | None]:
    """The id of each list with people of its own, by its id or name as given."""
    cursor = await tx.execute(
        _SQL["ids_of"], {"workspace_id": workspace_id, "wanted": sorted(wanted)}
    )
    return {str(row[0]): row[1] for row in await cursor.fetchall()}


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


def _written(segment: Segment | None) -> Jsonb | None:
    if segment is None:
        return None
    return Jsonb({"where": segment.where, "lists": dict(segment.lists)})
