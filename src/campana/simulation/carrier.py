"""A carrier in this process: the sandbox's plan, without its server. It writes down what it is
sent.

What is on its way arrives also when its sender has died meanwhile; what it tells is signed and read
as the sandbox's callbacks are, and told again while nobody takes it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import msgspec

from campana.carriers import sandbox
from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    Heard,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
)
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.domain.ids import attempt_text
from campana.sandbox.plan import Fate, Plan, fate
from campana.sandbox.provider import Taking, written_back
from campana.sandbox.teller import Told, journey
from campana.sandbox.wire import SIGNATURE, Said, Status, sign

_TRIES = 8
_FIRST_PAUSE = 0.25
_BEHIND_QUESTIONS = 0.7
_SOON_SECONDS = 7.0


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
        last = self.fate.happenings[-1] if self.is_taken else None
        return sandbox.OUTCOMES[last.outcome] if last is not None and last.outcome else None

    @property
    def ends_at(self) -> datetime:
        """When it was over at the carrier."""
        return self.at + timedelta(seconds=self.fate.happenings[-1].after if self.is_taken else 0)


class Wire(Protocol):
    """What lies between a process and the carrier."""

    @property
    def name(self) -> str:
        """The process."""
        ...

    async def depart(self) -> float:
        """Something leaves; seconds it will travel. Does not return to the dead."""
        ...

    async def arrive(self) -> None:
        """An answer comes back. Does not return to the dead."""
        ...


Keep = Callable[[Sequence[Heard]], Awaitable[None]]


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

    def kind(self, wire: Wire, keep: Callable[[str], Keep]) -> CarrierKind:
        """The sandbox's kind, whose accounts reach this provider from one process."""

        def open_account(config: sandbox.Config) -> Carrier:
            return _Account(self, config, wire=wire, keep=keep)

        return CarrierKind(
            kind=sandbox.KIND.kind,
            channel_types=sandbox.KIND.channel_types,
            config=sandbox.KIND.config,
            is_loopback_only=sandbox.KIND.is_loopback_only,
            senders=sandbox.KIND.senders,
            masked=sandbox.KIND.masked,
            open=open_account,
            plays_callers=sandbox.KIND.plays_callers,
        )

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
            attempt=attempt, taken_at=self.now(), happenings=met.happenings, does=met.does
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
        return self._takings[attempt_text(attempt_id)].statuses()[-1]

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


class _Account:
    """One channel's account in one process."""

    def __init__(
        self,
        provider: SimulatedProvider,
        config: sandbox.Config,
        *,
        wire: Wire,
        keep: Callable[[str], Keep],
    ) -> None:
        self._provider = provider
        self._config = config
        self._wire = wire
        self._keep = keep
        # The adapter as it is, for reading what the carrier says; it never connects.
        self._adapter = sandbox.Sandbox(config)

    @property
    def patience(self) -> Patience:
        return self._adapter.patience

    @property
    def most_at_once(self) -> int:
        return self._adapter.most_at_once

    async def send(self, outbound: Outbound) -> Accepted:
        seconds = await self._wire.depart()
        answer = self._provider.spawn(self._deliver(outbound, after=seconds))
        try:
            async with asyncio.timeout(self._config.timeout_seconds):
                met = await asyncio.shield(answer)
        except TimeoutError as error:
            await self._wire.arrive()
            raise CarrierError(Disposition.UNKNOWN, retryable=True, detail="no answer") from error
        await self._wire.arrive()
        return self._read(outbound, met)

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        try:
            await asyncio.sleep(await self._wire.depart())
        except CarrierError as error:
            return Unknowable(why=error.detail)
        await self._provider.attend(is_question=True)
        if self._provider.manners.is_mute:
            await self._wire.arrive()
            return Unknowable(why="cannot say")
        statuses = self._provider.lookup(attempt_id)
        await self._wire.arrive()
        if statuses is None:
            return NotSent()
        read = self.parse_callback(self._signed(msgspec.json.encode(statuses)))
        return [each for each in read if isinstance(each, Report)]

    def parse_callback(self, callback: Callback) -> list[Heard]:
        return self._adapter.parse_callback(callback)

    async def aclose(self) -> None:
        await self._adapter.aclose()

    async def _deliver(self, outbound: Outbound, *, after: float) -> Fate:
        """The send's way to the carrier, and the carrier's until it answers."""
        left = self._provider.now(), self._provider.shown()
        await asyncio.sleep(after)
        await self._provider.attend(is_question=False)
        met, taking = self._provider.receive(outbound, sender=self._wire.name, left=left)
        is_end = self._tells_end(met)
        if taking is not None and not is_end:
            keep = self._keep(outbound.callback_url.rpartition("/")[2])

            async def post(told: Status | list[Said]) -> None:
                await keep(self.parse_callback(self._signed(msgspec.json.encode(told))))

            self._provider.spawn(self._provider.tell(taking, post))
            for said in written_back(
                met,
                attempt=taking.attempt,
                to=outbound.to,
                sender=outbound.sender,
                taken_at=taking.taken_at,
            ):
                saying = partial(post, [said])
                self._provider.spawn(self._provider.insist(saying, after=met.says_after))
        await asyncio.sleep(met.happenings[-1].after if is_end else met.reply_seconds)
        if met.fault in {"silent", "lost"}:
            await asyncio.sleep(self._config.timeout_seconds)
        return met

    def _read(self, outbound: Outbound, met: Fate) -> Accepted:
        match met.fault:
            case "garbage":
                raise CarrierError(
                    Disposition.UNKNOWN,
                    retryable=True,
                    detail="answered 200 with what nobody understands",
                )
            case "error" | "refuse" if not met.happenings:
                word = "internal" if met.fault == "error" else self._provider.plan.refusal
                disposition, retryable = sandbox.REFUSALS[word]
                raise CarrierError(disposition, retryable=retryable, detail=f"refused: {word}")
            case _:
                ref = f"sb-{attempt_text(outbound.attempt_id)}"
                return Accepted(ref=ref, reports=self._end(outbound, met))

    def _tells_end(self, met: Fate) -> bool:
        manners = self._provider.manners
        is_told = manners.tells_ends_at_once and met.fault is None
        return is_told and met.happenings[-1].after <= _SOON_SECONDS

    def _end(self, outbound: Outbound, met: Fate) -> tuple[Report, ...]:
        if not self._tells_end(met):
            return ()
        # Without the time of the answer: ends that leave nothing to decide are told by carriers
        # that do not know it.
        end = msgspec.structs.replace(self._provider.end_of(outbound.attempt_id), answered_at=None)
        read = self.parse_callback(self._signed(msgspec.json.encode(end)))
        return tuple(each for each in read if isinstance(each, Report))

    def _signed(self, body: bytes) -> Callback:
        now = self._provider.now()
        return Callback(
            method="POST",
            headers={SIGNATURE: sign(self._config.secret, body, at=now)},
            body=body,
            received_at=now,
        )
