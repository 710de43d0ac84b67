"""Test messages and test calls of a channel (`queries/channel_tests.sql`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("channel_tests")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTest:
    """A test and how far it is: `state` is waiting, under_way or ended.

    `outcome` is the disposition of its attempt, `refused` or `expired`; None until it has ended.
    """

    id: int
    channel_id: str
    asked_by: str
    at: datetime
    address: str | None
    conversation_id: str | None
    campaign_id: str | None
    state: str
    outcome: str | None
    reason: str | None


async def add(
    tx: Tx, *, workspace_id: int, channel_id: str, asked_by: str, form: str | None, now: datetime
) -> tuple[int, str] | None:
    """A test that nothing was sent for yet: its id, and who asked in words.

    None when this form was sent before.
    """
    values = {
        "workspace_id": workspace_id,
        "channel_id": channel_id,
        "asked_by": asked_by,
        "form": form,
        "now": now,
    }
    row = await (await tx.execute(_SQL["add"], values)).fetchone()
    return (int(row[0]), str(row[1])) if row else None


async def becomes(
    tx: Tx, *, test_id: int, message_id: int | None = None, campaign_id: str | None = None
) -> None:
    values = {"id": test_id, "message_id": message_id, "campaign_id": campaign_id}
    await tx.execute(_SQL["becomes"], values)


async def remove(tx: Tx, *, test_id: int) -> None:
    await tx.execute(_SQL["remove"], {"id": test_id})


async def since(tx: Tx, *, channel_id: str, since: datetime, most: int) -> int:
    """How many were made after that; counted no further than `most`."""
    values = {"channel_id": channel_id, "since": since, "most": most}
    row = await (await tx.execute(_SQL["since"], values)).fetchone()
    return int(row[0]) if row else 0


async def latest(
    tx: Tx,
    *,
    workspace_id: int,
    channel_id: str,
    now: datetime,
    test_id: int | None = None,
    limit: int = 10,
) -> list[ChannelTest]:
    """The newest tests, newest first; or the one of that id."""
    async with tx.cursor(row_factory=class_row(ChannelTest)) as cursor:
        await cursor.execute(
            _SQL["latest"],
            {
                "workspace_id": workspace_id,
                "channel_id": channel_id,
                "now": now,
                "id": test_id,
                "limit": limit,
            },
        )
        return await cursor.fetchall()
