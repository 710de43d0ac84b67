"""Limits of messaging providers, kept where campaigns and answers are claimed.

How many people a portfolio of channels may write to first in any 24 hours, and how soon the same
person may be written to again. Whoever wrote in the last 24 hours is answered, not written to
first: that costs no place.

Who is put off is due when there is room for them: the n-th of them when the n-th of those who count
now does not any more. A place that was given and not used is lost until then: it errs low.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campana.domain.conversation import is_care_window_open
from campana.store import due, portfolios
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral
from campana.store.portfolios import Limits, Portfolio

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One that would go out now; `id` is its target or its own, as the caller likes."""

    id: int
    address: str
    wrote_at: datetime | None
    """When the person last wrote on the channel."""


async def within_limits(
    tx: Tx, allowed: Sequence[Candidate], *, channel_id: str, now: datetime
) -> list[Candidate]:
    """Those the provider lets be written to now; the others are put off, with the reason."""
    deferrals = await put_off(
        tx,
        [
            Message(id=each.id, address=each.address, wrote_at=each.wrote_at)
            for each in allowed
            if each.address is not None
        ],
        channel_id=channel_id,
        now=now,
    )
    await due.defer(tx, deferrals=deferrals, now=now)
    late = {each.target_id for each in deferrals}
    return [each for each in allowed if each.id not in late]


async def put_off(
    tx: Tx, messages: Sequence[Message], *, channel_id: str, now: datetime
) -> list[Deferral]:
    """Which of these may not go out on the channel yet, each by its id; the others count as sent.

    Whoever asks for the same channel or portfolio waits until the transaction ends.
    """
    if not messages:
        return []
    limits = await portfolios.limits(tx, channel_id=channel_id)
    kept, deferrals = list(messages), list[Deferral]()
    if limits.pair_seconds is not None:
        late = await _apart(tx, kept, limits, channel_id=channel_id, now=now)
        kept, deferrals = list(_without(kept, late)), late
    if limits.portfolio is not None and limits.people is not None:
        portfolio = Portfolio(workspace_id=limits.workspace_id, name=limits.portfolio)
        first = [each for each in kept if not is_care_window_open(each.wrote_at, now)]
        deferrals += await _counted(tx, first, portfolio, people=limits.people, now=now)
    return deferrals


def _without(messages: Sequence[Message], late: Sequence[Deferral]) -> Iterable[Message]:
    gone = {each.target_id for each in late}
    return (each for each in messages if each.id not in gone)


async def _apart(
    tx: Tx, messages: Sequence[Message], limits: Limits, *, channel_id: str, now: datetime
) -> list[Deferral]:
    apart = timedelta(seconds=limits.pair_seconds or 0)
    await portfolios.hold_pairs(tx, channel_id=channel_id)
    last = await portfolios.written_since(
        tx,
        workspace_id=limits.workspace_id,
        channel_id=channel_id,
        addresses=[each.address for each in messages],
        since=now - apart,
    )
    found: list[Deferral] = []
    for each in messages:
        if each.address not in last:
            last[each.address] = now
            continue
        # One after another: several that wait for one person do not all come at once later.
        last[each.address] += apart
        found.append(Deferral(target_id=each.id, until=last[each.address], why="pair_rate"))
    return found


async def _counted(
    tx: Tx, first: Sequence[Message], portfolio: Portfolio, *, people: int, now: datetime
) -> list[Deferral]:
    if not first:
        return []
    counted = await portfolios.hold(tx, portfolio=portfolio, before=now - DAY)
    known = await portfolios.known(
        tx, portfolio=portfolio, addresses=[each.address for each in first]
    )
    room = max(0, people - counted)
    beyond: list[Message] = []
    for each in first:
        if each.address in known:
            continue
        if room:
            room -= 1
            known.add(each.address)
        else:
            beyond.append(each)
    await portfolios.note(
        tx,
        portfolio=portfolio,
        addresses=[each.address for each in first if each.address in known],
        now=now,
    )
    if not beyond:
        return []
    free = await portfolios.oldest(tx, portfolio=portfolio, limit=len(beyond))
    return [
        Deferral(
            target_id=each.id,
            until=(free[min(n, len(free) - 1)] if free else now) + DAY,
            why="portfolio",
        )
        for n, each in enumerate(beyond)
    ]
