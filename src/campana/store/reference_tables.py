"""Tables that flows look rows up in (`queries/reference_tables.sql`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from campana.store import arrays
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("reference_tables")

Scalar = str | int | float | bool | None
Fields = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class ReferenceTable:
    """A table without its rows; `key_column` is the column that finds one."""

    name: str
    key_column: str
    row_count: int
    updated_at: datetime


async def every(tx: Tx, *, workspace_id: int) -> list[ReferenceTable]:
    """All of the workspace, by name."""
    cursor = await tx.execute(_SQL["every"], {"workspace_id": workspace_id})
    return [ReferenceTable(*row) for row in await cursor.fetchall()]


async def find(tx: Tx, *, workspace_id: int, name: str) -> ReferenceTable | None:
    cursor = await tx.execute(_SQL["find"], {"workspace_id": workspace_id, "name": name})
    row = await cursor.fetchone()
    return ReferenceTable(*row) if row else None


async def put(
    tx: Tx,
    *,
    workspace_id: int,
    name: str,
    key_column: str,
    rows: Mapping[str, Fields],
    now: datetime,
) -> None:
    """These rows by their keys, in place of whatever it had."""
    whose = {"workspace_id": workspace_id, "name": name}
    await tx.execute(
        _SQL["put"], {**whose, "key_column": key_column, "row_count": len(rows), "now": now}
    )
    await tx.execute(_SQL["clear"], whose)
    if rows:
        written = [msgspec.json.encode(fields).decode() for fields in rows.values()]
        values = {**whose, "keys": arrays.texts(rows), "fields": arrays.texts(written)}
        await tx.execute(_SQL["fill"], values)


async def claim(tx: Tx, *, workspace_id: int, name: str, key_column: str, now: datetime) -> bool:
    """Make an empty table; False when there is one of that name."""
    values = {"workspace_id": workspace_id, "name": name, "key_column": key_column, "now": now}
    return await (await tx.execute(_SQL["claim"], values)).fetchone() is not None


async def first_rows(tx: Tx, *, workspace_id: int, name: str, limit: int) -> list[Fields]:
    """The first by their keys."""
    values = {"workspace_id": workspace_id, "name": name, "limit": limit}
    return [found[0] for found in await (await tx.execute(_SQL["first_rows"], values)).fetchall()]


async def row(tx: Tx, *, workspace_id: int, name: str, key: str) -> Fields | None:
    """The row of that key (any workspace for the engine)."""
    values = {"workspace_id": workspace_id, "name": name, "key": key}
    found = await (await tx.execute(_SQL["row"], values)).fetchone()
    return found[0] if found else None


async def delete(tx: Tx, *, workspace_id: int, name: str) -> bool:
    """True when there was one."""
    values = {"workspace_id": workspace_id, "name": name}
    return await (await tx.execute(_SQL["delete"], values)).fetchone() is not None
