"""Counts for whoever watches: made anew each time, but the largest not so often.

Counting takes as long as there are rows: the people of a campaign of a million, counted each second
for a page that somebody left open, would be a core's work. So what was found among many is used
twenty times as long as finding it took: a twentieth of the time at most goes into counting, and
what is shown of a million is some seconds old. Nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from campana.domain.forecast import Ends
from campana.store import campaign_search, campaigns, overview
from campana.store.campaign_search import Minute, Transfers
from campana.store.db import Tx
from campana.store.overview import TargetCount

MANY = 20_000
"""Rows from which on a count is used for a while; of fewer it is always made anew."""
_USE_PER_COST = 20.0
_MOST_KEPT = 10_000
"""Counts of one process that are remembered; whoever shows more of them counts more often."""

ABANDONED_WITHIN = timedelta(days=30)
"""What the share of abandoned transfers is of."""
MOST_TRANSFERS = 5_000
"""More tell no more."""
_ABANDONMENT_SECONDS = 30.0

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandonment:
    """The transfers of a workspace, and the lowest limit (0 to 1) of a campaign that runs."""

    transfers: Transfers
    limit: float | None


class Kept(Generic[_T]):
    """What was found, by key, and until when it will do (monotonic seconds)."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._found: dict[str, tuple[_T, float]] = {}

    def __contains__(self, key: str) -> bool:
        """Something was kept, and be it too old."""
        return key in self._found

    def has(self, key: str, *, now: float) -> bool:
        """What was found, and be it nothing, will still do."""
        return key in self._found and now < self._found[key][1]

    def fresh(self, key: str, *, now: float) -> _T | None:
        """What was found, if it will still do."""
        found, until = self._found.get(key, (None, 0.0))
        return found if now < until else None

    def keep(self, key: str, found: _T, *, rows: int, took: float, now: float) -> None:
        """Use what was found among many for as long as finding it `took` deserves."""
        self._found.pop(key, None)
        if rows >= MANY and len(self._found) < _MOST_KEPT:
            self._found[key] = found, now + _USE_PER_COST * took

    def keep_for(self, key: str, found: _T, *, seconds: float, now: float) -> None:
        """Use it for so long, however few there were."""
        self._found.pop(key, None)
        if len(self._found) < _MOST_KEPT:
            self._found[key] = found, now + seconds

    async def counted(
        self,
        key: str,
        count: Callable[[], Awaitable[_T]],
        *,
        rows: Callable[[_T], int],
        monotonic: Callable[[], float],
    ) -> _T:
        """What will still do, else what `count` finds now, among so many `rows`."""
        began = monotonic()
        known = self.fresh(key, now=began)
        if known is not None:
            return known
        found = await count()
        now = monotonic()
        self.keep(key, found, rows=rows(found), took=now - began, now=now)
        return found


class Counts:
    """Of one process. A campaign's id is known to one workspace alone."""

    def __init__(self) -> None:
        """Nothing is counted yet."""
        self._targets = Kept[list[TargetCount]]()
        self._minutes = Kept[list[Minute]]()
        self._campaigns = Kept[campaigns.Counts]()
        self._begun = Kept[Mapping[str, int]]()
        self._abandonment = Kept[Abandonment]()
        self.rates = Kept[float | None]()
        """The highest rate that a campaign may have, attempts a second."""
        self.ends = Kept[Ends | None]()
        """When a campaign will have been through."""

    async def targets(
        self, tx: Tx, *, campaign_ids: Sequence[str], monotonic: Callable[[], float]
    ) -> dict[str, list[TargetCount]]:
        """The targets of each campaign by state and outcome; one without targets may be absent."""
        now = monotonic()
        known = {each: self._targets.fresh(each, now=now) for each in campaign_ids}
        found = {each: counted for each, counted in known.items() if counted is not None}
        stale = [each for each in campaign_ids if each not in found]
        # Large ones by themselves: each is worth what it costs.
        large = [[each] for each in stale if each in self._targets]
        for ids in ([each for each in stale if each not in self._targets], *large):
            if ids:
                found |= await self._count(tx, ids, monotonic)
        return found

    async def campaign(
        self, tx: Tx, *, campaign_id: str, monotonic: Callable[[], float]
    ) -> campaigns.Counts:
        """The targets and the attempts of one campaign by what became of them."""
        return await self._campaigns.counted(
            campaign_id,
            lambda: campaigns.counts(tx, campaign_id=campaign_id),
            rows=lambda found: sum(found.targets.values()) + sum(found.attempts.values()),
            monotonic=monotonic,
        )

    async def minutes(
        self, tx: Tx, *, workspace_id: int, since: datetime, monotonic: Callable[[], float]
    ) -> list[Minute]:
        """Attempts begun since then, the beginning of a minute, by minute and outcome."""
        found = await self._minutes.counted(
            str(workspace_id),
            lambda: campaign_search.recent_attempts(tx, workspace_id=workspace_id, since=since),
            rows=lambda found: sum(each.count for each in found),
            monotonic=monotonic,
        )
        # What was counted a while ago may begin earlier.
        return [each for each in found if each.minute >= since]

    async def abandonment(
        self, tx: Tx, *, workspace_id: int, now: datetime, monotonic: Callable[[], float]
    ) -> Abandonment:
        """Of the transfers of thirty days, as it was half a minute ago at the earliest."""
        key = str(workspace_id)
        began = monotonic()
        if (known := self._abandonment.fresh(key, now=began)) is not None:
            return known
        found = Abandonment(
            transfers=await campaign_search.transfers(
                tx, workspace_id=workspace_id, since=now - ABANDONED_WITHIN, most=MOST_TRANSFERS
            ),
            limit=await campaign_search.abandoned_limit(tx, workspace_id=workspace_id, now=now),
        )
        self._abandonment.keep_for(key, found, seconds=_ABANDONMENT_SECONDS, now=began)
        return found

    async def begun(
        self,
        tx: Tx,
        *,
        workspace_id: int,
        since: datetime,
        until: datetime,
        monotonic: Callable[[], float],
    ) -> Mapping[str, int]:
        """Attempts begun from `since` and before `until`, by campaign."""
        return await self._begun.counted(
            str(workspace_id),
            lambda: campaign_search.begun(tx, workspace_id=workspace_id, since=since, until=until),
            rows=lambda found: sum(found.values()),
            monotonic=monotonic,
        )

    async def _count(
        self, tx: Tx, ids: Sequence[str], monotonic: Callable[[], float]
    ) -> dict[str, list[TargetCount]]:
        began = monotonic()
        counted = await overview.progress(tx, campaign_ids=ids)
        now = monotonic()
        for each in ids:
            of_it = counted.get(each, [])
            rows = sum(part.count for part in of_it)
            self._targets.keep(each, of_it, rows=rows, took=now - began, now=now)
        return counted
