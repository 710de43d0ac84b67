"""Contacts of a whole workspace, found by id, list, address or external id
(`queries/contact_search.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from campana.store.contacts import Contact
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("contact_search")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownContact(Contact):
    """A contact, and how often it was changed."""

    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What contacts are narrowed by; None does not narrow. `address` as it is stored."""

    list_id: str | None = None
    address: str | None = None
    external_id: str | None = None
    tag: str | None = None


async def get(tx: Tx, *, workspace_id: int, contact_id: int) -> KnownContact | None:
    """None when there is none, or it was erased."""
    async with tx.cursor(row_factory=class_row(KnownContact)) as cursor:
        await cursor.execute(_SQL["get"], {"workspace_id": workspace_id, "id": contact_id})
        return await cursor.fetchone()


async def whole(tx: Tx, *, workspace_id: int, ids: Sequence[int]) -> list[KnownContact]:
    """Those of these ids that are there, in order."""
    async with tx.cursor(row_factory=class_row(KnownContact)) as cursor:
        await cursor.execute(_SQL["whole"], {"workspace_id": workspace_id, "ids": list(ids)})
        return await cursor.fetchall()


async def names(tx: Tx, *, workspace_id: int, ids: Sequence[int]) -> dict[int, str]:
    """First and last name of those who have one, by id."""
    cursor = await tx.execute(_SQL["names"], {"workspace_id": workspace_id, "ids": list(ids)})
    return {int(row[0]): str(row[1]) for row in await cursor.fetchall()}


async def page(
    tx: Tx, *, workspace_id: int, wanted: Wanted, after: int, limit: int
) -> list[KnownContact]:
    """In the order they came in, from the one after id `after`."""
    query = _SQL["page"]
    if wanted.address is not None:
        query = _SQL["by_address"]
    elif wanted.external_id is not None:
        query = _SQL["by_external_id"]
    elif wanted.tag is not None:
        query = _SQL["by_tag"]
    cursor = await tx.execute(
        query,
        {
            "workspace_id": workspace_id,
            "list_id": wanted.list_id,
            "address": wanted.address,
            "external_id": wanted.external_id,
            "tag": wanted.tag,
            "after": after,
            "limit": limit,
        },
    )
    ids = [int(row[0]) for row in await cursor.fetchall()]
    return await whole(tx, workspace_id=workspace_id, ids=ids)
