"""Reports by a provider's own names: kept before they are acknowledged, then matched.

A name becomes known with the answer that told it. Until then its reports wait; where the answer
never came, the one attempt at that address that is still without names is the one that is meant.
Of a message in several parts the first failure ends the attempt, and the last part's delivery.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from campana.domain.attempt import EventType
from campana.domain.disposition import Disposition
from campana.services import reports
from campana.services.context import Context
from campana.store import named_reports as store
from campana.store.db import Tx
from campana.store.named_reports import Named, Waiting
from campana.store.reports import Told

log = logging.getLogger(__name__)

AT_ONCE = 100
ANSWER_WAITS = timedelta(seconds=15)
"""So long after a report the answer that tells its name may still come."""
_OLDEST_SEND = timedelta(days=8)
"""No provider tries to deliver for longer."""
_CLOCKS_DIFFER = timedelta(minutes=1)
_GIVE_UP = timedelta(days=3)
_SHORTEST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=1), timedelta(hours=1)


async def keep(context: Context, named: Sequence[Named]) -> None:
    """Store these; durable when it returns (engine role).

    Raises:
        Unavailable: the database does not answer.
    """
    # One statement that is its own transaction, as for callbacks.
    async with context.db.glance() as tx:
        await store.keep(tx, named=named)


async def match(context: Context) -> int:
    """Apply what can be matched by now; returns how many were looked at (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        waiting = await store.take(tx, limit=AT_ONCE, now=now)
        told: list[Told] = []
        done: list[int] = []
        later: list[tuple[int, datetime]] = []
        for each in waiting:
            found = await _meant(tx, each, now=now)
            if found is not None:
                told += found
                done.append(each.id)
            elif now - each.named.received_at >= _GIVE_UP:
                log.warning(
                    "channel %s reports of %s, which nobody knows",
                    each.named.channel_id,
                    each.named.ref,
                )
                done.append(each.id)
            else:
                waited = now - each.named.received_at
                later.append((each.id, now + min(max(waited, _SHORTEST_PAUSE), _LONGEST_PAUSE)))
        await store.forget(tx, ids=done)
        await store.try_again(tx, later=later)
        await reports.apply_told(tx, context, told)
    return len(waiting)


async def _meant(tx: Tx, waiting: Waiting, *, now: datetime) -> list[Told] | None:
    """What a report says of an attempt; None while nobody knows of which."""
    named, meant = waiting.named, waiting.meant
    if meant is not None and meant.parts > 1:
        return await _of_part(tx, named, meant.attempt_id)
    if meant is not None:
        return [_told(named, meant.attempt_id)]
    if now - named.received_at < ANSWER_WAITS:
        return None
    found = await store.nameless(
        tx,
        named=named,
        since=named.received_at - _OLDEST_SEND,
        until=named.received_at + _CLOCKS_DIFFER,
    )
    if len(found) != 1:
        return None
    log.info("%s on channel %s is found by its address", named.ref, named.channel_id)
    await store.add_refs(tx, refs=[(found[0], [named.ref])], now=now)
    return [_told(named, found[0])]


async def _of_part(tx: Tx, named: Named, attempt_id: UUID) -> list[Told]:
    if named.event.type is not EventType.ENDED:
        return [_told(named, attempt_id)]
    disposition = Disposition(str(named.event.detail["disposition"]))
    ends = await store.end_part(tx, named=named, attempt_id=attempt_id, disposition=disposition)
    if disposition is Disposition.DELIVERED and any(end is not disposition for end in ends):
        return []
    return [replace(_told(named, attempt_id), key=f"parts:{disposition}")]


def _told(named: Named, attempt_id: UUID) -> Told:
    return Told(
        channel_id=named.channel_id,
        attempt_id=attempt_id,
        key=named.key,
        event=named.event,
        received_at=named.received_at,
    )
