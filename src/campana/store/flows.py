"""Flows, their versions and their credentials (`queries/flows.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("flows")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFlow:
    """One row of `flows`; `published` is the number of the latest version."""

    id: str
    workspace_id: int
    name: str
    draft: Mapping[str, Any]
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


@dataclass(frozen=True, slots=True)
class Lacking:
    """How many people of a list have nothing in a field, of how many."""

    field: str
    missing: int
    people: int


@dataclass(frozen=True, slots=True)
class Credential:
    """What a webhook may show, without the secret."""

    id: str
    name: str
    kind: str
    created_at: datetime


async def insert(
    tx: Tx,
    *,
    flow_id: str,
    workspace_id: int,
    name: str,
    draft: Mapping[str, Any],
    now: datetime,
) -> bool:
    """Store a new flow; False when the name is taken."""
    cursor = await tx.execute(
        _SQL["insert"],
        {
            "id": flow_id,
            "workspace_id": workspace_id,
            "name": name,
            "draft": Jsonb(dict(draft)),
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def find(tx: Tx, *, workspace_id: int, wanted: str) -> StoredFlow | None:
    """The flow of that id, or else of that name."""
    return await _one(tx, _SQL["find"], workspace_id, wanted)


async def lock(tx: Tx, *, workspace_id: int, wanted: str) -> StoredFlow | None:
    """The same, held until the transaction ends."""
    return await _one(tx, _SQL["lock"], workspace_id, wanted)


async def _one(tx: Tx, query: LiteralString, workspace_id: int, wanted: str) -> StoredFlow | None:
    async with tx.cursor(row_factory=class_row(StoredFlow)) as cursor:
        await cursor.execute(query, {"workspace_id": workspace_id, "wanted": wanted})
        return await cursor.fetchone()


async def every(tx: Tx, *, workspace_id: int) -> list[StoredFlow]:
    """All of the workspace, by name."""
    async with tx.cursor(row_factory=class_row(StoredFlow)) as cursor:
        await cursor.execute(_SQL["list"], {"workspace_id": workspace_id})
        return await cursor.fetchall()


async def update(
    tx: Tx, *, flow_id: str, name: str, draft: Mapping[str, Any], now: datetime
) -> int | None:
    """The new revision; None when another flow has the name."""
    values = {"id": flow_id, "name": name, "draft": Jsonb(dict(draft)), "now": now}
    row = await (await tx.execute(_SQL["update"], values)).fetchone()
    return int(row[0]) if row else None


async def delete(tx: Tx, *, flow_id: str) -> bool:
    """True when it was never published and is gone."""
    return await (await tx.execute(_SQL["delete"], {"id": flow_id})).fetchone() is not None


async def add_version(
    tx: Tx,
    *,
    flow_id: str,
    number: int,
    workspace_id: int,
    content_hash: str,
    definition: Mapping[str, Any],
    now: datetime,
) -> None:
    """Publish; the flow is held."""
    await tx.execute(
        _SQL["add_version"],
        {
            "flow_id": flow_id,
            "number": number,
            "workspace_id": workspace_id,
            "hash": content_hash,
            "definition": Jsonb(dict(definition)),
            "now": now,
        },
    )


async def versions(tx: Tx, *, workspace_id: int, flow_id: str) -> list[Version]:
    """Latest first, without their definitions."""
    values = {"workspace_id": workspace_id, "flow_id": flow_id}
    return [Version(*row) for row in await (await tx.execute(_SQL["versions"], values)).fetchall()]


async def version(tx: Tx, *, flow_id: str, number: int) -> Version | None:
    """One version with its definition."""
    values = {"flow_id": flow_id, "number": number}
    row = await (await tx.execute(_SQL["version"], values)).fetchone()
    return Version(*row) if row else None


async def version_hash(tx: Tx, *, flow_id: str, number: int) -> str | None:
    """The name of a version's content."""
    values = {"flow_id": flow_id, "number": number}
    row = await (await tx.execute(_SQL["version_hash"], values)).fetchone()
    return str(row[0]) if row else None


async def lacking(tx: Tx, *, list_id: str, fields: Sequence[str]) -> list[Lacking]:
    """For each field: how many people of the list have nothing in it, of how many."""
    values = {"list_id": list_id, "fields": list(fields)}
    return [Lacking(*row) for row in await (await tx.execute(_SQL["missing"], values)).fetchall()]


async def add_credential(
    tx: Tx,
    *,
    credential_id: str,
    workspace_id: int,
    name: str,
    kind: str,
    sealed: str,
    now: datetime,
) -> bool:
    """Store what a webhook may show; False when the name is taken."""
    cursor = await tx.execute(
        _SQL["credential_insert"],
        {
            "id": credential_id,
            "workspace_id": workspace_id,
            "name": name,
            "kind": kind,
            "sealed": sealed,
            "now": now,
        },
    )
    return await cursor.fetchone() is not None


async def credentials(tx: Tx, *, workspace_id: int) -> list[Credential]:
    """All of the workspace, by name, without their secrets."""
    cursor = await tx.execute(_SQL["credentials"], {"workspace_id": workspace_id})
    return [Credential(*row) for row in await cursor.fetchall()]


async def credential(tx: Tx, *, workspace_id: int, name: str) -> tuple[str, str] | None:
    """Kind and sealed secret of the one of that name."""
    values = {"workspace_id": workspace_id, "name": name}
    row = await (await tx.execute(_SQL["credential"], values)).fetchone()
    return (str(row[0]), str(row[1])) if row else None


async def delete_credential(tx: Tx, *, workspace_id: int, credential_id: str) -> bool:
    """True when there was one."""
    values = {"workspace_id": workspace_id, "id": credential_id}
    return await (await tx.execute(_SQL["credential_delete"], values)).fetchone() is not None
