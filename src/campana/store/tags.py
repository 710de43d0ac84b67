"""Tags of contacts (`queries/tags.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campana.domain.tag import MAX_TAGS
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("tags")


class Tagging(StrEnum):
    """What became of one person."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    NOT_FOUND = "not_found"
    TOO_MANY = "too_many"


@dataclass(frozen=True, slots=True)
class Tagged:
    """One person that was asked for, and their contact if there is one."""

    contact_id: int | None
    result: Tagging


async def change(
    tx: Tx,
    *,
    list_id: str,
    people: Sequence[tuple[int | None, str | None]],
    add: Sequence[str],
    remove: Sequence[str],
    now: datetime,
) -> list[Tagged]:
    """Mark people of a list, each by contact id or external id; one result each, in order."""
    cursor = await tx.execute(
        _SQL["change"],
        {
            "list_id": list_id,
            "contact_ids": [contact_id for contact_id, _ in people],
            "external_ids": [external_id for _, external_id in people],
            "add": list(add),
            "remove": list(remove),
            "most": MAX_TAGS,
            "now": now,
        },
    )
    return [Tagged(row[1], Tagging(row[2])) for row in await cursor.fetchall()]
