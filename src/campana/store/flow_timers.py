"""When waits of conversations are over for want of anything else: one row each, found by time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("flow_timers")

LOOK_AFTER = timedelta(hours=6)
"""A wait begins in the transaction in which what held it up leaves. Whatever wrote that without
beginning it (a program of an older version), it is found so much later, and lost never."""


async def start(
    tx: Tx,
    *,
    session_id: int,
    wait: int,
    workspace_id: int,
    due_at: datetime,
    lasts: timedelta | None,
    now: datetime,
) -> None:
    """End a wait at `due_at`; with `lasts`, so long after what was said before it has left."""
    values = {"session_id": session_id, "wait": wait, "workspace_id": workspace_id}
    values |= {"due_at": due_at, "lasts": lasts, "now": now, "look_after": LOOK_AFTER}
    await tx.execute(_SQL["start"], values)


async def begin(tx: Tx, *, session_id: int, now: datetime) -> None:
    """Begin the time of waits that nothing said before them holds up any more."""
    await tx.execute(_SQL["begin"], {"session_id": session_id, "now": now})


async def look_again(tx: Tx, *, session_id: int, wait: int, now: datetime) -> None:
    """Look at a wait whose time has not begun (`LOOK_AFTER`) later."""
    values = {"session_id": session_id, "wait": wait, "now": now, "look_after": LOOK_AFTER}
    await tx.execute(_SQL["look_again"], values)


async def clear(tx: Tx, *, session_id: int, waits: Sequence[int]) -> None:
    await tx.execute(_SQL["clear"], {"session_id": session_id, "waits": list(waits)})


async def clear_all(tx: Tx, *, session_id: int) -> None:
    await tx.execute(_SQL["clear_all"], {"session_id": session_id})


async def due(tx: Tx, *, limit: int, now: datetime) -> list[tuple[int, int, bool]]:
    """Waits (session, number) whose time has come, longest ago first; False for those whose time
    has not begun and that are to be looked at."""
    rows = await (await tx.execute(_SQL["due"], {"limit": limit, "now": now})).fetchall()
    return [(int(row[0]), int(row[1]), bool(row[2])) for row in rows]
