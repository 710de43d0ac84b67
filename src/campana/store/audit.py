"""Who did what (`queries/audit.sql`); it is only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("audit")

LATEST = 2**63 - 1
"""Before this number lies every entry."""

PEOPLE = "people"
"""Whoever is signed in to the console, no programs; the name of nobody, for names have an address
behind them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing somebody asked for, why it was refused, or what it changed of one thing.

    Of a change `detail` has `of`, the table, `how` (made, changed, removed) and `fields`, a list of
    name, before and after.
    """

    id: int
    at: datetime
    person_id: str | None
    actor: str
    action: str
    subject: str
    result: str
    detail: Mapping[str, Any]
    client: str | None
    request_id: str


async def add(
    tx: Tx,
    *,
    workspace_id: int,
    at: datetime,
    person_id: str | None,
    actor: str,
    action: str,
    subject: str,
    result: str,
    detail: Mapping[str, Any],
    client: str | None,
    request_id: str,
) -> None:
    await tx.execute(
        _SQL["add"],
        {
            "workspace_id": workspace_id,
            "at": at,
            "person_id": person_id,
            "actor": actor,
            "action": action,
            "subject": subject,
            "result": result,
            "detail": Jsonb(dict(detail)),
            "client": client,
            "request_id": request_id,
        },
    )


async def seal(tx: Tx, *, upto: datetime, now: datetime, most: int) -> int:
    """Seal what was written up to a moment, at most so many entries a workspace; the most that one
    of them had (engine role)."""
    rows = await (
        await tx.execute(_SQL["seal"], {"upto": upto, "now": now, "most": most})
    ).fetchall()
    return max((int(row[1]) for row in rows), default=0)


async def page(
    tx: Tx, *, workspace_id: int, who: str | None = None, before: int = LATEST, limit: int
) -> list[Entry]:
    """Entries before this number, newest first: all, those of PEOPLE, or those of one actor."""
    query = "page" if who is None else "page_of_people" if who == PEOPLE else "page_of_actor"
    async with tx.cursor(row_factory=class_row(Entry)) as cursor:
        await cursor.execute(
            _SQL[query],
            {"workspace_id": workspace_id, "actor": who, "before": before, "limit": limit},
        )
        return await cursor.fetchall()
