"""What is going on over all workspaces, in numbers (`queries/activity.sql`)."""

from __future__ import annotations

from dataclasses import dataclass

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("activity")


@dataclass(frozen=True, slots=True)
class Activity:
    """How many attempts or campaigns (`what`) are in a state that is not over."""

    what: str
    state: str
    count: int


async def activity(tx: Tx) -> list[Activity]:
    cursor = await tx.execute(_SQL["activity"])
    return [Activity(*row) for row in await cursor.fetchall()]


async def answers(tx: Tx) -> None:
    """Returns when the database does."""
    await tx.execute(_SQL["answers"])
