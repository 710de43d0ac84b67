"""What is written as a draft and published as versions that never change: flows and bots.

Each sort has its own tables and its own queries, of one shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.store.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """The statements of one sort; they take and give the same, whatever the tables."""

    insert: LiteralString
    find: LiteralString
    lock: LiteralString
    every: LiteralString
    update: LiteralString
    delete: LiteralString
    add_version: LiteralString
    versions: LiteralString
    version: LiteralString


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A draft; `published` is the number of the latest version."""

    id: str
    workspace_id: int
    name: str
    draft: Mapping[str, Any]
    text: str | None = None
    """As it was typed, where a sort keeps that and somebody typed it."""
    revision: int
    published: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A published version; `hash` names its content."""

    number: int
    hash: str
    created_at: datetime
    definition: Mapping[str, Any] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a draft says: its name, its definition, and the text that was typed if any was."""

    name: str
    definition: Mapping[str, Any]
    text: str | None = None


async def insert(
    tx: Tx, *, queries: Queries, new_id: str, workspace_id: int, content: Content, now: datetime
) -> bool:
    """Store a new draft; False when the name is taken."""
    values = {"id": new_id, "workspace_id": workspace_id, **_values(content), "now": now}
    return await (await tx.execute(queries.insert, values)).fetchone() is not None


async def find(tx: Tx, *, queries: Queries, workspace_id: int, wanted: str) -> Stored | None:
    """The one of that id, or else of that name."""
    return await _one(tx, queries.find, workspace_id, wanted)


async def lock(tx: Tx, *, queries: Queries, workspace_id: int, wanted: str) -> Stored | None:
    """The same, held until the transaction ends."""
    return await _one(tx, queries.lock, workspace_id, wanted)


async def _one(tx: Tx, query: LiteralString, workspace_id: int, wanted: str) -> Stored | None:
    async with tx.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(query, {"workspace_id": workspace_id, "wanted": wanted})
        return await cursor.fetchone()


async def every(tx: Tx, *, queries: Queries, workspace_id: int) -> list[Stored]:
    """All of the workspace, by name."""
    async with tx.cursor(row_factory=class_row(Stored)) as cursor:
        await cursor.execute(queries.every, {"workspace_id": workspace_id})
        return await cursor.fetchall()


async def update(
    tx: Tx, *, queries: Queries, draft_id: str, content: Content, now: datetime
) -> int | None:
    """The new revision; None when another one has the name."""
    values = {"id": draft_id, **_values(content), "now": now}
    row = await (await tx.execute(queries.update, values)).fetchone()
    return int(row[0]) if row else None


async def delete(tx: Tx, *, queries: Queries, draft_id: str) -> bool:
    """True when it was never published and is gone."""
    return await (await tx.execute(queries.delete, {"id": draft_id})).fetchone() is not None


async def add_version(
    tx: Tx, *, queries: Queries, of: Stored, number: int, content_hash: str, now: datetime
) -> None:
    """Publish the draft, which is held."""
    await tx.execute(
        queries.add_version,
        {
            "id": of.id,
            "number": number,
            "workspace_id": of.workspace_id,
            "hash": content_hash,
            "definition": Jsonb(dict(of.draft)),
            "text": of.text,
            "now": now,
        },
    )


async def versions(tx: Tx, *, queries: Queries, workspace_id: int, draft_id: str) -> list[Version]:
    """Latest first, without their definitions."""
    values = {"workspace_id": workspace_id, "id": draft_id}
    return [Version(*row) for row in await (await tx.execute(queries.versions, values)).fetchall()]


async def version(tx: Tx, *, queries: Queries, draft_id: str, number: int) -> Version | None:
    """One version with its definition."""
    values = {"id": draft_id, "number": number}
    row = await (await tx.execute(queries.version, values)).fetchone()
    return Version(*row) if row else None


def _values(content: Content) -> dict[str, object]:
    return {
        "name": content.name,
        "draft": Jsonb(dict(content.definition)),
        "text": content.text,
    }
