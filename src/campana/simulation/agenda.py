"""What is worth waking up for: the news of the world, and when each loop next finds work.

A worker looks for work many times a second and finds none most of the time. Here its loops rest
until somebody has written to the database, or until the moment at which their next look can find
something; then they look, with the pauses they always make. So that a moment nobody thought of is
not slept through, everybody looks twice a day whatever is said here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

import msgspec

from campana.domain.campaign import Plan
from campana.domain.pacing import quota_day, quota_resets_at
from campana.domain.target import zones_of
from campana.domain.window import Window, next_open
from campana.engine.notice import COVERED, SHORTEST
from campana.services.campaign_document import plan_of
from campana.services.dispatch import SEND_DEADLINE
from campana.services.outcomes import SWEEP_MARGIN
from campana.store import moments
from campana.store.db import Database
from campana.store.moments import Moments, Waiting

_TOGETHER = 0.05
_CLOSES_AFTER = timedelta(seconds=1.0)
"""From the end of a campaign to the look that finds it."""
_YEAR = 366 * 86_400.0

NEVER = datetime.max.replace(tzinfo=UTC)


class News(Enum):
    """What was written."""

    CHANGE = auto()
    REPORT = auto()
    """Of the carrier: it waits to be applied, and changes nothing else."""
    WORDS = auto()
    """Of a person: the same."""


@dataclass(slots=True, eq=False)
class _Resting:
    """A loop that rests until it is called, or until its moment."""

    loop: str
    latest: datetime
    is_called: Callable[[], bool]
    ended: asyncio.Future[bool]


class Agenda:
    """Of one simulation; its processes share it."""

    def __init__(
        self,
        db: Database,
        *,
        now: Callable[[], datetime],
        living: Callable[[], set[int]],
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`living` are the numbers of owners whose process lives; `spawn` starts what belongs to
        none of them."""
        self._db = db
        self.now = now
        self._living = living
        self._spawn = spawn
        self.news = 0
        """Grows with each change."""
        self.reports = 0
        """Grows with each report of the carrier that was stored."""
        self.words = 0
        """Grows with each message of a person's."""
        self.has_something = {"dispatch": True, "sweep": True}
        """By loop, whether it could find something at some time: people who wait, open attempts."""
        self.ended_at: datetime | None = None
        """When an attempt ended last, as far as is known."""
        self._heard = asyncio.Event()
        self._resting: dict[_Resting, None] = {}
        self._asking = asyncio.Lock()
        self._is_looking = False
        """Whether those who rest are about to be looked at anyway."""
        self._alarm: asyncio.TimerHandle | None = None
        self._known_at = -1
        self._computed_at = NEVER
        self._moments: Mapping[str, datetime] = {}
        self._plans: dict[tuple[str, str | None], Plan] = {}
        self._openings: dict[tuple[Window, str], tuple[datetime, datetime]] = {}
        """When windows open next, and since when that is so."""

    def next_look(self, loop: str) -> datetime | None:
        """When this loop next finds work, as things were last known; None: never."""
        moment = self._moments.get(loop, NEVER)
        return None if moment == NEVER else moment

    def tell(self, news: News = News.CHANGE) -> None:
        """Something was written."""
        match news:
            case News.REPORT:
                self.reports += 1
            case News.WORDS:
                self.words += 1
            case News.CHANGE:
                self.news += 1
        self._heard.set()
        self._heard = asyncio.Event()
        self._look(after=_TOGETHER)

    async def hear(self, *, until: datetime) -> None:
        """Return at the next news, or then."""
        try:
            async with asyncio.timeout(self._seconds(until)):
                await self._heard.wait()
        except TimeoutError:
            return

    async def rest(self, loop: str, *, latest: datetime, is_called: Callable[[], bool]) -> bool:
        """Return True once this loop is called, False when its next moment or the latest has come.

        Asked whether it is called after each piece of news; what happens at once is one piece.
        """
        if is_called():
            return True
        each = _Resting(loop, latest, is_called, asyncio.get_running_loop().create_future())
        if not self._is_looking:
            if self._is_stale(self.now()):
                self._look(after=0.0)
            elif self._moment(each) <= self.now():
                return False
            else:
                self._wind_alarm(self._moment(each))
        self._resting[each] = None
        try:
            return await each.ended
        finally:
            del self._resting[each]

    def _look(self, *, after: float) -> None:
        """Look at all who rest, once for all that is told until then."""
        if not self._is_looking:
            self._is_looking = True
            asyncio.get_running_loop().call_later(after, lambda: self._spawn(self._wake()))

    async def _wake(self) -> None:
        """End the rest of those whose moment has come, or who are called."""
        async with self._asking:
            self._is_looking = False
            now = self.now()
            if self._is_stale(now):
                self._known_at, self._computed_at = self.news, now
                self._moments = await self._compute(now)
            now = self.now()
            for each in self._resting:
                if each.is_called():
                    _end(each, is_called=True)
                elif self._moment(each) <= now:
                    _end(each, is_called=False)
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
            still = [self._moment(each) for each in self._resting if not each.ended.done()]
            if still:
                self._wind_alarm(min(still))

    def _wind_alarm(self, moment: datetime) -> None:
        """Look at that moment, unless there is an earlier one."""
        when = asyncio.get_running_loop().time() + self._seconds(moment)
        if self._alarm is not None:
            if self._alarm.when() <= when:
                return
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_at(when, self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._look(after=0.0)

    def _seconds(self, until: datetime) -> float:
        return max(0.001, min((until - self.now()).total_seconds(), _YEAR))

    def _moment(self, each: _Resting) -> datetime:
        """When its loop next finds work, as things were last known."""
        return min(each.latest, self._moments.get(each.loop, NEVER))

    def _is_stale(self, now: datetime) -> bool:
        return self._known_at != self.news or any(
            self._computed_at < moment <= now for moment in self._moments.values()
        )

    async def _compute(self, now: datetime) -> Mapping[str, datetime]:
        async with self._db.read() as tx:
            waiting = await moments.waiting(tx, now=now, day=quota_day(now))
            others = await moments.others(tx, living=sorted(self._living()))
        self.ended_at = others.ended_at
        groups = [(each, self._plan(each)) for each in waiting]
        is_open = others.own_created_at or others.orphan_created_at or others.has_promises
        self.has_something = {"dispatch": bool(groups), "sweep": bool(is_open)}
        return {
            "dispatch": min((_sends(each, plan, now) for each, plan in groups), default=NEVER),
            "windows": min((self._opens(each, plan, now) for each, plan in groups), default=NEVER),
            "inquire": others.ask_at or NEVER,
            "sweep": _sweeps(others, now),
            "account": _old_enough(others.own_created_at, now),
            "close": now if others.is_over else _closes(others),
            "breakers": others.close_at or NEVER,
            "flow timers": others.timer_at or NEVER,
            "flow requests": others.request_at or NEVER,
        }

    def _plan(self, waiting: Waiting) -> Plan:
        key = waiting.document, waiting.channel_window
        if key not in self._plans:
            window = waiting.channel_window
            self._plans[key] = plan_of(
                msgspec.json.decode(waiting.document),
                channel_window=None if window is None else msgspec.json.decode(window),
            )
        return self._plans[key]

    def _opens(self, waiting: Waiting, plan: Plan, now: datetime) -> datetime:
        """When the window over this group opens, or its campaign was left alone for too long."""
        watch = max(now, waiting.watched_at + plan.run_if_within / 2)
        if waiting.open_until is not None:
            return watch
        since, key = max(now, waiting.due_at), (plan.window, waiting.window_key)
        asked_at, found = self._openings.get(key, (NEVER, NEVER))
        if not asked_at <= since <= found:
            found = next_open(plan.window, zones_of(waiting.window_key), since) or now
            self._openings[key] = since, found
        return min(watch, found)


def _end(each: _Resting, *, is_called: bool) -> None:
    if not each.ended.done():
        each.ended.set_result(is_called)


def _sends(waiting: Waiting, plan: Plan, now: datetime) -> datetime:
    """When somebody of this group can be claimed."""
    own_lines = plan.pacing.lines
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


def _sweeps(others: Moments, now: datetime) -> datetime:
    if others.has_promises:
        return now
    return _old_enough(others.orphan_created_at, now)


def _closes(others: Moments) -> datetime:
    """Not to the moment: a worker that looks then may have looked just before."""
    return NEVER if others.close_at is None else others.close_at + _CLOSES_AFTER


def _old_enough(created_at: datetime | None, now: datetime) -> datetime:
    """When an attempt that nobody may know of is looked at."""
    return NEVER if created_at is None else max(now, created_at + SEND_DEADLINE + SWEEP_MARGIN)
