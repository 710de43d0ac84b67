"""A carrier in this process: the sandbox's plan, without its server. It writes down what it is
sent.

What it tells is told again while nobody takes it; `account.py` is how a process reaches it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from campana.carriers import sandbox
from campana.carriers.base import (
    Outbound,
)
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.domain.ids import attempt_text
from campana.sandbox.fate import Fate, fate
from campana.sandbox.plan import Plan
from campana.sandbox.provider import Taking
from campana.sandbox.teller import Told, journey
from campana.sandbox.wire import Status

_TRIES = 8
_FIRST_PAUSE = 0.25
_BEHIND_QUESTIONS = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One send as it arrived at the carrier."""

    at: datetime
    left_at: datetime
    """When it left its sender."""
    shown_at: datetime
    """What the database's clock showed then; `at` and `left_at` are of a clock nobody touches."""
    attempt_id: UUID
    channel_type: ChannelType
    to: str
    fate: Fate
    is_taken: bool
    is_repeat: bool
    sender: str
    """The name of the process that sent it."""

    @property
    def outcome(self) -> Disposition | None:
        """What came of it; None when it was not taken."""
        end = self.fate.end if self.is_taken else None
        return sandbox.OUTCOMES[end.outcome] if end is not None and end.outcome else None

    @property
    def callback_at(self) -> datetime | None:
        """When they asked to be called again."""
        after = self.fate.callback_after
        return self.at + timedelta(seconds=after) if self.is_taken and after is not None else None

    @property
    def ends_at(self) -> datetime:
        """When it was over at the carrier."""
        end = self.fate.end if self.is_taken else None
        return self.at + timedelta(seconds=end.after if end is not None else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a carrier is like besides its plan. Spans are seconds from the start."""

    stalls: tuple[tuple[float, float], ...] = ()
    """From when, and for how long, it leaves unread what it is sent and asked. Then it answers
    questions first."""
    is_mute: bool = False
    """It cannot say what became of an attempt."""
    tells_ends_at_once: bool = False
    """Its answer to a send waits for the end where that comes soon, and is all it ever tells."""


class SimulatedProvider:
    """The other end, shared by all processes."""

    def __init__(
        self,
        plan: Plan,
        *,
        now: Callable[[], datetime],
        shown: Callable[[], datetime],
        spawn: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]],
    ) -> None:
        """`spawn` starts what goes on whatever becomes of the sender; `shown` is the time by the
        database's clock."""
        self.plan = plan
        self.now = now
        self.shown = shown
        self.spawn = spawn
        self.sent: list[Sent] = []
        self.asked = 0
        self.manners = Manners()
        self._starts = now()
        self._takings: dict[str, Taking] = {}
        self._calls: Counter[str] = Counter()

    def receive(
        self, outbound: Outbound, *, sender: str, left: tuple[datetime, datetime]
    ) -> tuple[Fate, Taking | None]:
        """A send has arrived: what will come of it, and what was newly taken, if anything was."""
        attempt = attempt_text(outbound.attempt_id)
        known = self._takings.get(attempt)
        call = self._calls[outbound.to]
        met = fate(
            self.plan,
            attempt=attempt,
            to=outbound.to,
            channel_type=outbound.channel_type,
            call=call,
            is_conducted=outbound.is_conducted,
        )
        self.sent.append(
            Sent(
                at=self.now(),
                left_at=left[0],
                shown_at=left[1],
                attempt_id=outbound.attempt_id,
                channel_type=outbound.channel_type,
                to=outbound.to,
                fate=met,
                is_taken=bool(met.happenings),
                is_repeat=known is not None,
                sender=sender,
            )
        )
        if known is not None:
            return met, None
        self._calls[outbound.to] += 1
        if not met.happenings:
            return met, None
        taking = Taking(
            attempt=attempt,
            taken_at=self.now(),
            happenings=met.happenings,
            does=met.does,
            callback_after=met.callback_after,
        )
        self._takings[attempt] = taking
        return met, taking

    async def attend(self, *, is_question: bool) -> None:
        """Return when it reads what has just come in."""
        elapsed = (self.now() - self._starts).total_seconds()
        for at, span in self.manners.stalls:
            if at <= elapsed < at + span:
                behind = 0.0 if is_question else _BEHIND_QUESTIONS
                await asyncio.sleep(at + span - elapsed + behind)

    def end_of(self, attempt_id: UUID) -> Status:
        """Of what was taken, also before it comes."""
        statuses = self._takings[attempt_text(attempt_id)].statuses()
        return next(each for each in statuses if each.status == "finished")

    def lookup(self, attempt_id: UUID) -> list[Status] | None:
        """What has happened so far; None when it was never taken."""
        self.asked += 1
        taking = self._takings.get(attempt_text(attempt_id))
        return None if taking is None else taking.statuses(until=self.now())

    async def tell(self, taking: Taking, post: Callable[[Status], Awaitable[None]]) -> None:
        """Report everything that comes of a send, each at its time."""
        since = self.now()
        for told in journey(self.plan, taking):
            await asyncio.sleep(max(0.0, told.due - (self.now() - since).total_seconds()))
            self._post(told, post)

    def _post(self, told: Told, post: Callable[[Status], Awaitable[None]]) -> None:
        for _ in range(told.post.copies):
            self.spawn(self.insist(partial(post, told.status)))

    async def insist(self, post: Callable[[], Awaitable[None]], *, after: float = 0.0) -> None:
        """Say something, and say it again while nobody takes it."""
        await asyncio.sleep(after)
        pause = _FIRST_PAUSE
        for _ in range(_TRIES):
            try:
                await post()
            except Unavailable:
                await asyncio.sleep(pause)
                pause *= 2
            else:
                return
