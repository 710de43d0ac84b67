"""Caps in the claim: nobody is tried more often than they say, however many claim at once.

They are counted twice. Before the gate, so that whoever has reached a cap is put off. And once the
attempts are written: from then on nobody else can write one to the same address (index
attempts_open_address) or, the contact being held, to the same contact; so what a second look finds
is all there is. An attempt too many was never sent: it ends in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from campana.domain.attempt import AttemptEvent, AttemptState, EventType
from campana.domain.caps import Cap, CapPer
from campana.domain.disposition import Disposition
from campana.services.claimed import Claimed
from campana.store import attempts, caps, due, targets
from campana.store.caps import Person
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral

CONTACT_HELD_DELAY = timedelta(seconds=15)
"""Another claim holds the contact now. It is over in milliseconds, its attempt is not."""


async def reached(
    tx: Tx,
    waiting: Sequence[Candidate],
    *,
    workspace_id: int,
    limits: Sequence[Cap],
    now: datetime,
) -> dict[int, datetime]:
    """Target id to when it may be tried again, of those who have reached a cap."""
    people = [
        Person(each.id, each.contact_id, each.address)
        for each in waiting
        if each.address is not None
    ]
    return await caps.reached(tx, workspace_id=workspace_id, people=people, caps=limits, now=now)


async def hold_contacts(
    tx: Tx, allowed: Sequence[Candidate], *, limits: Sequence[Cap], now: datetime
) -> list[Candidate]:
    """Those whose contact is this claim's alone; the others are put off. All, if no cap asks."""
    if all(cap.per is not CapPer.CONTACT for cap in limits):
        return list(allowed)
    held = await caps.hold_contacts(tx, contact_ids=[each.contact_id for each in allowed])
    later = now + CONTACT_HELD_DELAY
    await due.defer(
        tx,
        deferrals=[
            Deferral(target_id=each.id, until=later, why="contact_busy")
            for each in allowed
            if each.contact_id not in held
        ],
        now=now,
    )
    return [each for each in allowed if each.contact_id in held]


async def end_those_beyond(
    tx: Tx,
    opened: Sequence[Claimed],
    *,
    workspace_id: int,
    limits: Sequence[Cap],
    now: datetime,
) -> set[int]:
    """End the attempts of this claim that go beyond a cap.

    Returns their targets, which are due again when it opens.
    """
    people = [Person(each.target_id, each.contact_id, each.address) for each in opened]
    opens = await caps.reached(tx, workspace_id=workspace_id, people=people, caps=limits, now=now)
    for each in opened:
        if each.target_id in opens:
            await _end(tx, each, until=opens[each.target_id], now=now)
    return set(opens)


async def _end(tx: Tx, claimed: Claimed, *, until: datetime, now: datetime) -> None:
    detail = {"disposition": str(Disposition.NOT_SENT), "reason": "caps"}
    await attempts.add_event(
        tx,
        workspace_id=claimed.workspace_id,
        attempt_id=claimed.attempt_id,
        event=AttemptEvent(type=EventType.ENDED, at=now, detail=detail),
    )
    await attempts.close(
        tx,
        attempt_id=claimed.attempt_id,
        state=AttemptState.ENDED,
        disposition=Disposition.NOT_SENT,
        reason="caps",
        ended_at=now,
    )
    await targets.wait_again(tx, target_id=claimed.target_id, due_at=until, reason="caps")
