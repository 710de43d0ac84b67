"""Segments and followed lists on their way into a campaign (`queries/enrollments.sql`).

A list of people that is enrolled once goes through `targets.enroll` alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from campana.store import segments
from campana.store.db import Tx
from campana.store.segments import Members
from campana.store.sql import load
from campana.store.targets import Finished

_SQL = load("enrollments")
_TARGETS = load("targets")
_NEW = (
    " and c.id <= %(until)s and not exists (select from targets known"
    " where known.campaign_id = %(campaign_id)s and known.contact_id = c.id)"
)
"""Of a stretch, those who are not in the campaign yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """One enrollment of a campaign that is followed, held: how far it has come."""

    list_id: str
    workspace_id: int
    last_contact_id: int
    scan_list_id: str | None
    left_after: int


@dataclass(frozen=True, slots=True)
class Looked:
    """People looked at: up to which contact, and how many."""

    until: int | None
    people: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Targets looked at, up to which and how many, and the contacts of those who wait."""

    until: int | None
    targets: int
    contact_ids: Sequence[int]


async def stretch(tx: Tx, *, list_id: str, after: int, limit: int) -> Looked:
    """The next people of a list, whether they fit or not."""
    values = {"list_id": list_id, "after": after, "limit": limit}
    row = await (await tx.execute(_SQL["stretch"], values)).fetchone()
    return Looked(*row) if row else Looked(None, 0)


async def enroll(
    tx: Tx, *, campaign_id: str, list_id: str, here: Members, after: int, until: int, now: datetime
) -> tuple[int, int]:
    """Make targets of those people of a stretch who fit and are none yet.

    How many fit, and how many were made. `here`: whom, of the list the statement walks.
    """
    whom = Members(sql=f"{here.sql}{_NEW}", values=here.values)
    values = {
        **whom.values,
        "campaign_id": campaign_id,
        "list_id": list_id,
        "after": after,
        "until": until,
        "limit": until,
        "now": now,
    }
    query = segments.asked_of(_TARGETS["enroll"], whom)
    row = await (await tx.execute(query, values)).fetchone()
    return (int(row[1]), int(row[2])) if row else (0, 0)


async def advance(
    tx: Tx,
    *,
    campaign_id: str,
    list_id: str,
    scan_list_id: str | None,
    last_contact_id: int,
    made: int,
    is_done: bool,
    now: datetime,
) -> None:
    """Note how far an enrollment has come; at the end of a round at nothing."""
    await tx.execute(
        _SQL["advance"],
        {
            "campaign_id": campaign_id,
            "list_id": list_id,
            "scan_list_id": scan_list_id,
            "last_contact_id": last_contact_id,
            "made": made,
            "is_done": is_done,
            "now": now,
        },
    )


async def count_duplicates(tx: Tx, *, campaign_id: str, list_id: str, duplicates: int) -> None:
    """So many fitted whose number somebody in the campaign has."""
    await tx.execute(
        _SQL["count_duplicates"],
        {"campaign_id": campaign_id, "list_id": list_id, "duplicates": duplicates},
    )


async def followed(tx: Tx, *, now: datetime) -> list[str]:
    """The campaigns to follow, who has waited longest first."""
    cursor = await tx.execute(_SQL["followed"], {"now": now})
    return [str(row[0]) for row in await cursor.fetchall()]


async def hold(tx: Tx, *, campaign_id: str) -> list[Followed]:
    """The enrollments of a campaign, held; none when another worker has one of them."""
    async with tx.cursor(row_factory=class_row(Followed)) as cursor:
        await cursor.execute(_SQL["hold"], {"campaign_id": campaign_id})
        found = await cursor.fetchall()
    row = await (await tx.execute(_SQL["count_all"], {"campaign_id": campaign_id})).fetchone()
    return found if row is not None and row[0] == len(found) else []


async def waiting(tx: Tx, *, campaign_id: str, after: int, limit: int) -> Waiting:
    """The next targets of a campaign."""
    values = {"campaign_id": campaign_id, "after": after, "limit": limit}
    row = await (await tx.execute(_SQL["waiting"], values)).fetchone()
    return Waiting(*row) if row else Waiting(None, 0, ())


async def fitting(tx: Tx, *, whom: Members, contact_ids: Sequence[int], now: datetime) -> set[int]:
    """Who of these contacts still fits."""
    query = segments.asked_of(_SQL["fitting"], whom)
    values = {**whom.values, "contact_ids": list(contact_ids), "now": now}
    return {int(row[0]) for row in await (await tx.execute(query, values)).fetchall()}


async def leave(
    tx: Tx, *, campaign_id: str, contact_ids: Sequence[int], reason: str, now: datetime
) -> list[Finished]:
    """Finish those who wait; who is being contacted stays."""
    async with tx.cursor(row_factory=class_row(Finished)) as cursor:
        await cursor.execute(
            _SQL["leave"],
            {
                "campaign_id": campaign_id,
                "contact_ids": list(contact_ids),
                "reason": reason,
                "now": now,
            },
        )
        return await cursor.fetchall()


async def look_on(tx: Tx, *, campaign_id: str, left_after: int, now: datetime) -> None:
    """Note how far a campaign has looked for those who left."""
    await tx.execute(
        _SQL["look_on"], {"campaign_id": campaign_id, "left_after": left_after, "now": now}
    )
