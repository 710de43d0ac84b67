"""What is worth waking up for: the news of the world, and when each loop next finds work.

A worker looks for work many times a second and finds none most of the time. Here its loops rest
until somebody has written to the database, or until the moment at which their next look can find
something; then they look, with the pauses they always make. So that a moment nobody thought of is
not slept through, everybody looks once an hour whatever is said here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from campana.domain.campaign import Plan
from campana.domain.pacing import quota_day, quota_resets_at
from campana.domain.target import zones_of
from campana.domain.window import next_open
from campana.engine.notice import COVERED, SHORTEST
from campana.services.campaign_document import plan_of
from campana.services.dispatch import SEND_DEADLINE
from campana.services.outcomes import SWEEP_MARGIN
from campana.store import moments
from campana.store.db import Database
from campana.store.moments import Moments, Waiting

_TOGETHER = 0.01
_YEAR = 366 * 86_400.0

NEVER = datetime.max.replace(tzinfo=UTC)


class Agenda:
    """Of one simulation; its processes share it."""

    def __init__(
        self, db: Database, *, now: Callable[[], datetime], living: Callable[[], set[int]]
    ) -> None:
        """`living` are the numbers of owners whose process lives."""
        self._db = db
        self.now = now
        self._living = living
        self.news = 0
        """Grows with each change."""
        self.reports = 0
        """Grows with each report of the carrier that was stored."""
        self._heard = asyncio.Event()
        self._asking = asyncio.Lock()
        self._known_at = -1
        self._computed_at = NEVER
        self._moments: Mapping[str, datetime] = {}
        self._ended_at: datetime | None = None

    def tell(self, *, is_report: bool = False) -> None:
        """Something was written; a report waits to be applied, and changes nothing else."""
        if is_report:
            self.reports += 1
        else:
            self.news += 1
        self._heard.set()
        self._heard = asyncio.Event()

    async def hear(self, *, until: datetime) -> None:
        """Return at the next news, or then; what happens at once is one piece of news."""
        seconds = min((until - self.now()).total_seconds(), _YEAR)
        try:
            async with asyncio.timeout(max(0.001, seconds)):
                await self._heard.wait()
        except TimeoutError:
            return
        await asyncio.sleep(_TOGETHER)

    async def moment(self, loop: str) -> datetime:
        """When this loop next finds work, as things stand now."""
        async with self._asking:
            now = self.now()
            if self._known_at != self.news or any(
                self._computed_at < moment <= now for moment in self._moments.values()
            ):
                self._known_at = self.news
                self._computed_at = now
                self._moments = await self._compute(now)
        return self._moments.get(loop, NEVER)

    async def last_end(self) -> datetime | None:
        """When an attempt ended last."""
        await self.moment("breakers")
        return self._ended_at

    async def _compute(self, now: datetime) -> Mapping[str, datetime]:
        async with self._db.read() as tx:
            waiting = await moments.waiting(tx, now=now, day=quota_day(now))
            others = await moments.others(tx, living=sorted(self._living()))
        self._ended_at = others.ended_at
        return {
            "dispatch": min((_sends(each, now) for each in waiting), default=NEVER),
            "windows": min((_opens(each, now) for each in waiting), default=NEVER),
            "inquire": others.ask_at or NEVER,
            "sweep": _sweeps(others, now),
            "account": _old_enough(others.own_created_at, now),
            "close": now if others.is_over else others.close_at or NEVER,
            "breakers": others.close_at or NEVER,
        }


def _sends(waiting: Waiting, now: datetime) -> datetime:
    """When somebody of this group can be claimed."""
    own_lines = _plan(waiting).pacing.lines
    if (
        waiting.open_until is None
        or waiting.lines_in_use >= waiting.lines
        or (own_lines is not None and waiting.own_lines_in_use >= own_lines)
    ):
        # Opening the window is news, and so is the end of an attempt.
        return NEVER
    moment = max(waiting.due_at, waiting.not_before or waiting.due_at, now)
    if waiting.daily_attempts is not None and waiting.sent_today >= waiting.daily_attempts:
        moment = max(moment, quota_resets_at(now))
    early = timedelta(seconds=(waiting.burst - 1) / waiting.rate) + SHORTEST + COVERED
    return max(moment, waiting.arrival_at - early)


def _opens(waiting: Waiting, now: datetime) -> datetime:
    """When the window over this group opens."""
    if waiting.open_until is not None:
        return NEVER
    window = _plan(waiting).window
    return next_open(window, zones_of(waiting.window_key), max(now, waiting.due_at)) or now


def _sweeps(others: Moments, now: datetime) -> datetime:
    if others.has_promises:
        return now
    return _old_enough(others.orphan_created_at, now)


def _old_enough(created_at: datetime | None, now: datetime) -> datetime:
    """When an attempt that nobody may know of is looked at."""
    return NEVER if created_at is None else max(now, created_at + SEND_DEADLINE + SWEEP_MARGIN)


def _plan(waiting: Waiting) -> Plan:
    return plan_of(waiting.document, channel_window=waiting.channel_window)
