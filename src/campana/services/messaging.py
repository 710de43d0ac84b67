"""Limits of messaging providers, kept in the claim.

How many people a portfolio of channels may write to first in any 24 hours, and how soon the same
person may be written to again.

Who is put off is due when there is room for them: the n-th of them when the n-th of those who count
now does not any more. A place that was given and not used is lost until then: it errs low.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from campana.store import due, portfolios
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral
from campana.store.portfolios import Limits, Portfolio

DAY = timedelta(hours=24)


async def within_limits(
    tx: Tx, allowed: Sequence[Candidate], *, channel_id: str, now: datetime
) -> list[Candidate]:
    """Those the provider lets be written to now; the others are put off, with the reason."""
    if not allowed:
        return []
    limits = await portfolios.limits(tx, channel_id=channel_id)
    kept, deferrals = list(allowed), list[Deferral]()
    if limits.pair_seconds is not None:
        kept, late = await _apart(tx, kept, limits, channel_id=channel_id, now=now)
        deferrals += late
    if limits.portfolio is not None and limits.people is not None and kept:
        portfolio = Portfolio(workspace_id=limits.workspace_id, name=limits.portfolio)
        kept, late = await _counted(tx, kept, portfolio, people=limits.people, now=now)
        deferrals += late
    await due.defer(tx, deferrals=deferrals, now=now)
    return kept


async def _apart(
    tx: Tx, allowed: Sequence[Candidate], limits: Limits, *, channel_id: str, now: datetime
) -> tuple[list[Candidate], list[Deferral]]:
    apart = timedelta(seconds=limits.pair_seconds or 0)
    written = await portfolios.written_since(
        tx,
        workspace_id=limits.workspace_id,
        channel_id=channel_id,
        addresses=[each.address or "" for each in allowed],
        since=now - apart,
    )
    kept = [each for each in allowed if each.address not in written]
    return kept, [
        Deferral(target_id=each.id, until=written[each.address] + apart, why="pair_rate")
        for each in allowed
        if each.address is not None and each.address in written
    ]


async def _counted(
    tx: Tx, allowed: Sequence[Candidate], portfolio: Portfolio, *, people: int, now: datetime
) -> tuple[list[Candidate], list[Deferral]]:
    counted = await portfolios.hold(tx, portfolio=portfolio, before=now - DAY)
    known = await portfolios.known(
        tx, portfolio=portfolio, addresses=[each.address or "" for each in allowed]
    )
    room = max(0, people - counted)
    kept: list[Candidate] = []
    beyond: list[Candidate] = []
    for each in allowed:
        if each.address in known:
            kept.append(each)
        elif room:
            room -= 1
            kept.append(each)
        else:
            beyond.append(each)
    await portfolios.note(
        tx, portfolio=portfolio, addresses=[each.address or "" for each in kept], now=now
    )
    if not beyond:
        return kept, []
    free = await portfolios.oldest(tx, portfolio=portfolio, limit=len(beyond))
    return kept, [
        Deferral(
            target_id=each.id,
            until=(free[min(n, len(free) - 1)] if free else now) + DAY,
            why="portfolio",
        )
        for n, each in enumerate(beyond)
    ]
