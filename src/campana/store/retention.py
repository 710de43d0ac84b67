"""How long what is known of people is kept, and what has become too old
(`queries/retention.sql`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("retention")


class Kept(StrEnum):
    """What is kept for a while, and goes with age, attempt by attempt."""

    RECORDINGS = "recordings"
    TRANSCRIPTS = "transcripts"
    ATTEMPTS = "attempts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How far a class has come: up to this attempt everything is forgotten."""

    done_at: datetime
    done_id: UUID


BEGINNING = Mark(done_at=datetime(1970, 1, 1, tzinfo=UTC), done_id=UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Old:
    """An attempt that is too old. Nothing is taken from one that is not over."""

    id: UUID
    created_at: datetime
    is_over: bool


async def get(tx: Tx, *, workspace_id: int) -> Mapping[str, Any]:
    row = await (await tx.execute(_SQL["get"], {"workspace_id": workspace_id})).fetchone()
    return row[0] if row else {}


async def set_document(tx: Tx, *, workspace_id: int, document: Mapping[str, Any]) -> None:
    await tx.execute(_SQL["set"], {"workspace_id": workspace_id, "document": Jsonb(dict(document))})


async def documents(tx: Tx) -> dict[int, Mapping[str, Any]]:
    """What every workspace has written (engine role)."""
    return {row[0]: row[1] for row in await (await tx.execute(_SQL["all"])).fetchall()}


async def mark(tx: Tx, *, workspace_id: int, kept: Kept) -> Mark:
    values = {"workspace_id": workspace_id, "class": kept}
    row = await (await tx.execute(_SQL["mark"], values)).fetchone()
    return Mark(done_at=row[0], done_id=row[1]) if row else BEGINNING


async def stretch(
    tx: Tx, *, workspace_id: int, after: Mark, before: datetime, limit: int
) -> list[Old]:
    """The next attempts of before `before`, oldest first, behind the mark."""
    async with tx.cursor(row_factory=class_row(Old)) as cursor:
        await cursor.execute(
            _SQL["stretch"],
            {
                "workspace_id": workspace_id,
                "before": before,
                "done_at": after.done_at,
                "done_id": after.done_id,
                "limit": limit,
            },
        )
        return await cursor.fetchall()


async def advance(tx: Tx, *, workspace_id: int, kept: Kept, to: Mark) -> None:
    """Move the mark on, never back."""
    await tx.execute(
        _SQL["advance"],
        {
            "workspace_id": workspace_id,
            "class": kept,
            "done_at": to.done_at,
            "done_id": to.done_id,
        },
    )


async def forget_recordings(tx: Tx, *, attempt_ids: Sequence[UUID], now: datetime) -> None:
    """Note that the sound of these calls is gone."""
    await tx.execute(_SQL["forget_recordings"], {"attempt_ids": list(attempt_ids), "now": now})


async def forget_transcripts(tx: Tx, *, attempt_ids: Sequence[UUID], now: datetime) -> None:
    """Forget what was said and typed in these calls."""
    given = {"attempt_ids": list(attempt_ids), "now": now}
    await tx.execute(_SQL["forget_transcripts"], given)
    await tx.execute(_SQL["forget_words"], given)


async def forget_messages(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Forget old messages; how many, at most `limit`."""
    given = {"workspace_id": workspace_id, "before": before, "limit": limit}
    return (await tx.execute(_SQL["forget_messages"], given)).rowcount


async def forget_conversations(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Forget conversations of which no message is left; how many, at most `limit`."""
    given = {"workspace_id": workspace_id, "before": before, "limit": limit}
    return (await tx.execute(_SQL["forget_conversations"], given)).rowcount


async def forget_sessions(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Forget what old flow sessions were told and said; how many, at most `limit`."""
    given = {"workspace_id": workspace_id, "before": before, "limit": limit}
    return (await tx.execute(_SQL["forget_sessions"], given)).rowcount


async def forget_import_rows(
    tx: Tx, *, workspace_id: int, before: datetime, limit: int, now: datetime
) -> int:
    """Forget the rows of old imports, of both kinds; of how many, at most twice `limit`."""
    given = {"workspace_id": workspace_id, "before": before, "limit": limit, "now": now}
    count = 0
    for name in ("forget_import_rows", "forget_suppression_import_rows"):
        row = await (await tx.execute(_SQL[name], given)).fetchone()
        count += row[0] if row else 0
    return count


async def forget_events(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Forget old events; how many of the `limit` oldest that were."""
    given = {"workspace_id": workspace_id, "before": before, "limit": limit}
    return (await tx.execute(_SQL["forget_events"], given)).rowcount


async def forget_deliveries(tx: Tx, *, workspace_id: int, before: datetime, limit: int) -> int:
    """Forget old deliveries that are over; how many, at most `limit`."""
    given = {"workspace_id": workspace_id, "before": before, "limit": limit}
    return (await tx.execute(_SQL["forget_deliveries"], given)).rowcount
