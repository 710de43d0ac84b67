"""Targets and their enrolling (`queries/targets.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from campana.domain.cadence import ORDINARY, History
from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.domain.target import Target, TargetState
from campana.store.db import Tx
from campana.store.sql import load

_SQL = load("targets")


@dataclass(frozen=True, slots=True)
class Enrollment:
    """How far a list has been enrolled; a segment walks through other lists, `scan_list_id` is
    the one it is in."""

    list_id: str
    workspace_id: int
    last_contact_id: int
    scan_list_id: str | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one stretch of enrolling did; `last_contact_id` is None at the end of the list."""

    last_contact_id: int | None
    seen: int
    made: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A target that is done, as others are told of it."""

    id: int
    workspace_id: int
    campaign_id: str
    contact_id: int
    address: str | None
    disposition: str
    attempt_count: int
    last_reason: str | None
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class FollowingAddress:
    """Where a target may go on; `has_own_zone` when the contact said where it is."""

    address: str
    has_own_zone: bool


async def begin_enrollment(
    tx: Tx, *, workspace_id: int, campaign_id: str, list_id: str, now: datetime
) -> None:
    await tx.execute(
        _SQL["begin_enrollment"],
        {
            "campaign_id": campaign_id,
            "list_id": list_id,
            "workspace_id": workspace_id,
            "now": now,
        },
    )


async def lock_enrollment(tx: Tx, *, campaign_id: str) -> Enrollment | None:
    """The enrollment to go on with, held; None when everybody is enrolled."""
    row = await (await tx.execute(_SQL["lock_enrollment"], {"campaign_id": campaign_id})).fetchone()
    return Enrollment(*row) if row else None


async def enroll(
    tx: Tx, *, campaign_id: str, enrollment: Enrollment, limit: int, now: datetime
) -> Stretch:
    """Make targets of the next `limit` contacts and note how far that went."""
    values = {"campaign_id": campaign_id, "list_id": enrollment.list_id, "now": now}
    row = await (
        await tx.execute(
            _SQL["enroll"], {**values, "after": enrollment.last_contact_id, "limit": limit}
        )
    ).fetchone()
    stretch = Stretch(*row) if row else Stretch(None, 0, 0)
    await _advance(tx, stretch, is_done=stretch.seen < limit, values=values)
    return stretch


async def end_enrollment(
    tx: Tx, *, campaign_id: str, enrollment: Enrollment, now: datetime
) -> None:
    """Stop enrolling: the campaign is over."""
    values = {"campaign_id": campaign_id, "list_id": enrollment.list_id, "now": now}
    await _advance(tx, Stretch(None, 0, 0), is_done=True, values=values)


async def _advance(
    tx: Tx, stretch: Stretch, *, is_done: bool, values: dict[str, str | datetime]
) -> None:
    await tx.execute(
        _SQL["advance_enrollment"],
        {
            **values,
            "last_contact_id": stretch.last_contact_id,
            "made": stretch.made,
            "seen": stretch.seen,
            "is_done": is_done,
        },
    )


async def finish(
    tx: Tx, *, target_id: int, disposition: Disposition, reason: str, now: datetime
) -> Finished | None:
    """Done, with what became of it; None when it was done already, and stays as it is."""
    async with tx.cursor(row_factory=class_row(Finished)) as cursor:
        await cursor.execute(
            _SQL["finish"],
            {"target_id": target_id, "disposition": disposition, "reason": reason, "now": now},
        )
        return await cursor.fetchone()


async def correct(
    tx: Tx,
    *,
    target_id: int,
    attempt_no: int,
    disposition: Disposition,
    reason: str,
    now: datetime,
) -> Finished | None:
    """Replace `unknown` by what a late report says of that attempt; None when it was not so."""
    async with tx.cursor(row_factory=class_row(Finished)) as cursor:
        await cursor.execute(
            _SQL["correct"],
            {
                "target_id": target_id,
                "attempt_no": attempt_no,
                "disposition": disposition,
                "is_final": FINALITY[disposition] is not Finality.RETRY,
                "is_no": disposition is Disposition.DECLINED,
                "reason": reason,
                "now": now,
            },
        )
        return await cursor.fetchone()


async def wait_again(
    tx: Tx, *, target_id: int, due_at: datetime, reason: str, priority: int = ORDINARY
) -> str | None:
    """Due again at `due_at`; returns its window key, None when it was not attempting."""
    row = await (
        await tx.execute(
            _SQL["wait_again"],
            {"target_id": target_id, "due_at": due_at, "reason": reason, "priority": priority},
        )
    ).fetchone()
    return str(row[0]) if row else None


async def close_waiting(
    tx: Tx, *, campaign_id: str, disposition: Disposition, now: datetime
) -> int:
    """Finish everybody who waits; returns how many."""
    cursor = await tx.execute(
        _SQL["close_waiting"],
        {"campaign_id": campaign_id, "disposition": disposition, "now": now},
    )
    return cursor.rowcount


async def history(tx: Tx, *, target_id: int) -> History:
    """How its attempts ended, on the address it is at and on all of them."""
    cursor = await tx.execute(_SQL["history"], {"target_id": target_id})
    tries: dict[Disposition, int] = {}
    made, last = 0, None
    for outcome, here, everywhere in await cursor.fetchall():
        disposition = Disposition(outcome)
        tries[disposition] = here
        if disposition is not Disposition.NOT_SENT:
            made, last = made + everywhere, last or disposition
    return History(tries=tries, made=made, last=last)


async def addresses(tx: Tx, *, target_id: int) -> list[str]:
    """Every address of the person, of every kind."""
    cursor = await tx.execute(_SQL["addresses"], {"target_id": target_id})
    return [str(row[0]) for row in await cursor.fetchall()]


async def zones(tx: Tx, *, target_id: int) -> tuple[str, ...]:
    """Where the person may be: the zones of the contact, or of the number the target is at."""
    row = await (await tx.execute(_SQL["zones"], {"target_id": target_id})).fetchone()
    return tuple(row[0]) if row else ()


async def following_address(tx: Tx, *, target_id: int) -> FollowingAddress | None:
    """The contact's next phone after the one the target is at; None when there is no more.

    One that another target of the campaign has is passed over: that one is tried there.
    """
    row = await (await tx.execute(_SQL["following_address"], {"target_id": target_id})).fetchone()
    return FollowingAddress(*row) if row else None


async def move_to_address(
    tx: Tx, *, target_id: int, address: str, zones: Sequence[str] | None
) -> bool:
    """Go on with another address; False when another target of the campaign has just taken it.

    `zones` are those of the number; None leaves the contact's own in force.
    """
    try:
        async with tx.transaction():
            await tx.execute(
                _SQL["move_to_address"],
                {
                    "target_id": target_id,
                    "address": address,
                    "zones": None if zones is None else list(zones),
                },
            )
    except UniqueViolation:
        return False
    return True


async def follow_contacts(tx: Tx, *, contact_ids: Sequence[int], now: datetime) -> None:
    """Bring the targets that go on to where these contacts (held) can be reached now.

    One at a number its contact has no more goes to the first that no other target of the campaign
    is at, or to none: then the gate says so. An attempt under way keeps the number it was made to.
    """
    if not contact_ids:
        return
    given = {"contact_ids": list(contact_ids)}
    await tx.execute(_SQL["hold_of_contacts"], given)
    await tx.execute(_SQL["lose_addresses"], given)
    cursor = await tx.execute(_SQL["without_address"], given)
    for (target_id,) in await cursor.fetchall():
        try:
            async with tx.transaction():
                await tx.execute(_SQL["find_address"], {"target_id": target_id})
        except UniqueViolation:
            # Somebody else of the campaign has just come to it: the gate finds no address.
            continue
    await tx.execute(_SQL["move_windows"], {**given, "now": now})


async def page(
    tx: Tx,
    *,
    campaign_id: str,
    after: int,
    limit: int,
    state: TargetState | None = None,
    disposition: Disposition | None = None,
) -> list[Target]:
    """Targets with an id above `after`, in order."""
    async with tx.cursor(row_factory=class_row(Target)) as cursor:
        await cursor.execute(
            _SQL["page"],
            {
                "campaign_id": campaign_id,
                "after": after,
                "limit": limit,
                "state": state,
                "disposition": disposition,
            },
        )
        return await cursor.fetchall()


async def get(tx: Tx, *, campaign_id: str, target_id: int) -> Target | None:
    async with tx.cursor(row_factory=class_row(Target)) as cursor:
        await cursor.execute(_SQL["get"], {"campaign_id": campaign_id, "target_id": target_id})
        return await cursor.fetchone()
