"""What sessions ask of programs (`queries/flow_requests.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("flow_requests")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to be made, for this worker alone for a while."""

    session_id: int
    wait: int
    workspace_id: int
    request: Mapping[str, Any]


async def add(
    tx: Tx,
    *,
    session_id: int,
    wait: int,
    workspace_id: int,
    request: Mapping[str, Any],
    now: datetime,
) -> None:
    await tx.execute(
        _SQL["add"],
        {
            "session_id": session_id,
            "wait": wait,
            "workspace_id": workspace_id,
            "request": Jsonb(dict(request)),
            "now": now,
        },
    )


async def take(tx: Tx, *, limit: int, until: datetime, now: datetime) -> list[Request]:
    """Up to `limit` that nobody asks now; they are this worker's until then."""
    values = {"limit": limit, "until": until, "now": now}
    return [Request(*row) for row in await (await tx.execute(_SQL["take"], values)).fetchall()]


async def drop(tx: Tx, *, session_id: int, waits: Sequence[int]) -> None:
    await tx.execute(_SQL["drop"], {"session_id": session_id, "waits": list(waits)})


async def drop_all(tx: Tx, *, session_id: int) -> None:
    await tx.execute(_SQL["drop_all"], {"session_id": session_id})
