"""Flows, their versions and their credentials (`queries/flows.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.store import segments
from campana.store.db import Tx
from campana.store.segments import Members
from campana.store.sql import load
from campana.store.versioned import Queries

_SQL = load("flows")


QUERIES = Queries(
    insert=_SQL["insert"],
    find=_SQL["find"],
    lock=_SQL["lock"],
    every=_SQL["list"],
    update=_SQL["update"],
    delete=_SQL["delete"],
    add_version=_SQL["add_version"],
    versions=_SQL["versions"],
    version=_SQL["version"],
)
"""Drafts of flows and their versions, for `store/versioned.py`."""


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


async def version_hash(tx: Tx, *, flow_id: str, number: int) -> str | None:
    """The name of a version's content."""
    values = {"flow_id": flow_id, "number": number}
    row = await (await tx.execute(_SQL["version_hash"], values)).fetchone()
    return str(row[0]) if row else None


async def lacking(tx: Tx, *, whom: Members, fields: Sequence[str], now: datetime) -> list[Lacking]:
    """For each field: how many people of the list or segment have nothing in it, of how many."""
    values = {**whom.values, "fields": list(fields), "now": now}
    query = segments.asked_of(_SQL["missing"], whom)
    return [Lacking(*row) for row in await (await tx.execute(query, values)).fetchall()]


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
