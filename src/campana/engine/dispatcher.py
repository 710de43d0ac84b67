"""The dispatcher of channels whose carrier takes sends by request; any number may run side by side.

One step: choose a group, get a grant, claim so many intents, commit that they are about to be sent,
and start their sends, spread over the time the grant covers. A send has one of four ends: accepted
(the attempt is the carrier's from then on), not sent for certain (due again), refused (settled by
what that means), or in doubt: then nobody guesses, the attempt stays open and the carrier is asked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from campana.carriers.base import Accepted, CarrierError, Outbound
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.domain.fairness import Turns
from campana.domain.ids import attempt_text
from campana.domain.script import render
from campana.engine.accounts import Account, Accounts
from campana.engine.ownership import Ownership
from campana.engine.resting import Resting
from campana.services import dispatch, inquiries, outcomes, sent
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE, Allowance
from campana.services.group_commit import GroupCommit
from campana.services.intents import Send
from campana.services.marks import Marks
from campana.services.sent import Answer
from campana.store.due import Group

log = logging.getLogger(__name__)

AHEAD = timedelta(milliseconds=250)
"""How much of the near future one grant covers: with the claim's own time inside the send
deadline."""

_MOST_IN_FLIGHT = 10_000
"""Of a process, sent or about to be; a carrier may take fewer at once."""

_MOST_CLAIMED, _LEAST_CLAIMED = 500, 200
"""In one claim: a transaction whose locks a pause may have to wait for, and whose sends all have to
start in time. While departures fall behind, claims become smaller; not very small, since what a
claim costs whatever its size is what makes a busy machine late."""

_STEP_CLAIMED = 50
_BEHIND_SECONDS = 0.15
_LARGEST_UNSENT = 100
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Departure:
    """An intent, and when it may go (monotonic seconds): not before `at`."""

    intent: Claimed
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """Intents of one claim, in the order of their departures. None goes after `deadline`."""

    departures: Sequence[_Departure]
    account: Account
    deadline: float
    owner_id: int


class Dispatcher:
    """One process's share of the sending. `step` starts the sends of at most one grant."""

    def __init__(self, context: Context, *, accounts: Accounts, public_url: str) -> None:
        """`public_url` is where carriers reach our web processes, without a slash at its end."""
        self._context = context
        self._accounts = accounts
        self._public_url = public_url
        self._turns = Turns(salt=int.from_bytes(context.entropy(8), "big"))
        self._marks = Marks()
        self._unused: dict[str, int] = {}
        self._ask_grant_at: dict[str, float] = {}
        self._resting = Resting()
        self._in_hand: set[UUID] = set()
        """Attempts that are not yet written down as over or accepted."""
        self._at_once: Counter[str] = Counter()
        """How many of them each channel has."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers = GroupCommit(self._store_answers)
        self._unsent = GroupCommit(self._store_unsent, largest=_LARGEST_UNSENT)
        self._most_claimed = _LEAST_CLAIMED
        self._is_draining = False
        self.ownership = Ownership(context, in_hand=lambda: self._in_hand, serves=accounts.kinds)

    @property
    def is_busy(self) -> bool:
        """Is a send of this process under way, or not yet written down?"""
        return bool(self._in_hand)

    async def step(self) -> bool:
        """Start what one grant allows; False when there was nothing to start."""
        if not self._may_start():
            return False
        accounts = await self._accounts.known()
        now = time.monotonic()
        rested = [
            channel_id
            for channel_id in accounts
            if self._ask_grant_at.get(channel_id, 0.0) <= now
            and not self._resting.is_on(channel_id)
        ]
        groups = (
            await dispatch.ready(self._context, channel_ids=rested, marks=self._marks)
            if rested
            else []
        )
        while (group := self._turns.choose(groups)) is not None:
            started = await self._serve(group, accounts[group.channel_id])
            if started is not None:
                return started
            # A turn in which its channel had nothing to give is no turn.
            self._turns.give_back(group)
            groups = [other for other in groups if other.channel_id != group.channel_id]
        return False

    async def drain(self, *, seconds: float) -> None:
        """Begin nothing more; wait for sends under way to be answered and written down."""
        self._is_draining = True
        until = time.monotonic() + seconds
        while self._tasks and (left := until - time.monotonic()) > 0:
            await asyncio.wait(self._tasks, timeout=left)
        for task in list(self._tasks):
            # Whoever comes next finds it open, and asks.
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._answers.settled()
        await self._unsent.settled()

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and not self._is_draining
            and len(self._in_hand) < _MOST_IN_FLIGHT
            and self._context.clock.is_steady
        )

    async def _serve(self, group: Group, account: Account) -> bool | None:
        """Grant, claim and start for one group; None when its channel has no budget now."""
        channel, owner_id = account.channel, self.ownership.owner_id
        asked_at = time.monotonic()
        allowed = await dispatch.grant_ahead(
            self._context,
            channel_id=channel.id,
            owner_id=owner_id,
            wanted=self._wanted(account),
            unused=self._unused.pop(channel.id, 0),
            ahead=AHEAD,
        )
        if not allowed.sends:
            return None
        # The future that was given out has to come nearer before more of it is worth asking for.
        self._ask_grant_at[channel.id] = (
            asked_at + (allowed.sends * allowed.interval).total_seconds() / 2
        )
        begun = time.monotonic()
        claimed = await dispatch.claim(
            self._context,
            group=group,
            channel_type=channel.channel_type,
            owner_id=owner_id,
            limit=allowed.sends,
            ahead=AHEAD,
            send=Send(
                sender=account.sender,
                is_call=account.is_call,
                ask_after=account.carrier.patience.ask_after,
            ),
            marks=self._marks,
        )
        if unused := allowed.sends - len(claimed):
            self._unused[channel.id] = unused
            self._ask_grant_at.pop(channel.id, None)
        if claimed:
            self._start(claimed, account, allowed, asked_at=asked_at, begun=begun)
        return bool(claimed)

    def _wanted(self, account: Account) -> int:
        """What one grant may give at most, so that all of it can be claimed and sent in time."""
        channel = account.channel
        return min(
            _batch(channel.rate, channel.burst),
            self._most_claimed,
            _MOST_IN_FLIGHT - len(self._in_hand),
            account.carrier.most_at_once - self._at_once[channel.id],
        )

    def _start(
        self,
        claimed: Sequence[Claimed],
        account: Account,
        allowed: Allowance,
        *,
        asked_at: float,
        begun: float,
    ) -> None:
        now, monotonic = self._context.clock.now(), time.monotonic()
        first = asked_at + allowed.first_after.total_seconds()
        interval = allowed.interval.total_seconds()
        departures = [
            _Departure(
                intent=intent,
                at=max(
                    first + number * interval,
                    monotonic + (intent.not_before - now).total_seconds(),
                ),
            )
            for number, intent in enumerate(claimed)
        ]
        channel_id = account.channel.id
        self._in_hand.update(intent.attempt_id for intent in claimed)
        self._at_once[channel_id] += len(claimed)
        claim = _Claim(
            departures=sorted(departures, key=lambda each: each.at),
            account=account,
            deadline=begun + SEND_DEADLINE.total_seconds(),
            owner_id=self.ownership.owner_id,
        )
        self._spawn(self._depart(claim))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _depart(self, claim: _Claim) -> None:
        """Let each go at its time."""
        for departure in claim.departures:
            wait = departure.at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self._spawn(self._go(departure.intent, claim))
        behind = time.monotonic() - claim.departures[-1].at
        if behind > _BEHIND_SECONDS:
            self._most_claimed = max(_LEAST_CLAIMED, self._most_claimed // 2)
        else:
            self._most_claimed = min(_MOST_CLAIMED, self._most_claimed + _STEP_CLAIMED)

    async def _go(self, intent: Claimed, claim: _Claim) -> None:
        """From an intent that is marked as sending to the end of our part in it."""
        try:
            if self._may_go(claim):
                await self._send(intent, claim.account)
            else:
                await _until_stored(lambda: self._unsent.add([intent]))
        finally:
            self._in_hand.discard(intent.attempt_id)
            self._at_once[intent.channel_id] -= 1

    async def _send(self, intent: Claimed, account: Account) -> None:
        try:
            accepted = await account.carrier.send(self._outbound(intent, account))
        except CarrierError as error:
            await self._failed(intent, account, error)
        except Exception:
            # A bug, after the network may have been touched: nobody knows, so somebody asks.
            log.exception("attempt %s failed in the middle", intent.attempt_id)
            await self._doubt(intent)
        else:
            self._resting.succeeded(account.channel.id)
            await self._accept(intent, account, accepted)

    def _may_go(self, claim: _Claim) -> bool:
        return (
            time.monotonic() < claim.deadline
            and self.ownership.is_held
            and self.ownership.owner_id == claim.owner_id
            and not self._is_draining
        )

    def _outbound(self, intent: Claimed, account: Account) -> Outbound:
        script = intent.plan.script
        text = render(script.greeting, intent.fields.as_text()) if script is not None else ""
        return Outbound(
            attempt_id=intent.attempt_id,
            channel_type=ChannelType(account.channel.channel_type),
            to=intent.address,
            sender=intent.plan.caller_id or account.sender,
            text=text,
            callback_url=f"{self._public_url}/callbacks/{account.channel.id}",
        )

    async def _failed(self, intent: Claimed, account: Account, error: CarrierError) -> None:
        """What an unaccepted send comes to, and whether its channel had better rest."""
        attempt = attempt_text(intent.attempt_id)
        log.info("%s on channel %s: %s", attempt, account.channel.id, error.detail)
        if error.retryable:
            rest = self._resting.failed(account.channel.id, at_least=error.retry_after)
            log.warning("channel %s rests for %.1f s: %s", account.channel.id, rest, error.detail)
        if error.disposition is Disposition.UNKNOWN:
            await self._doubt(intent)
        else:
            await self._settle(intent, error.disposition, error.detail)

    async def _accept(self, intent: Claimed, account: Account, accepted: Accepted) -> None:
        answer = Answer(
            intent=intent,
            accepted=accepted,
            ask_at=self._context.clock.now() + account.carrier.patience.ask_after,
        )
        await _until_stored(lambda: self._answers.add([answer]))

    async def _store_answers(self, answers: Sequence[Answer]) -> None:
        await sent.store_answers(self._context, answers, owner_id=self.ownership.owner_id)

    async def _store_unsent(self, intents: Sequence[Claimed]) -> None:
        await outcomes.settle_all(
            self._context,
            attempt_ids=[intent.attempt_id for intent in intents],
            disposition=Disposition.NOT_SENT,
            reason="too late to be sent",
        )

    async def _doubt(self, intent: Claimed) -> None:
        """Ours no more: the carrier is asked, once what was on its way has had time to arrive."""
        await _until_stored(
            lambda: inquiries.open_doubt(self._context, attempt_id=intent.attempt_id)
        )

    async def _settle(self, intent: Claimed, disposition: Disposition, reason: str) -> None:
        await _until_stored(
            lambda: outcomes.settle(
                self._context,
                attempt_id=intent.attempt_id,
                disposition=disposition,
                reason=reason,
            )
        )


def _batch(rate: float, burst: int) -> int:
    """The most one grant can give: what fits into the time it covers."""
    return max(1, int(rate * AHEAD.total_seconds()) + burst)


async def _until_stored(store: Callable[[], Awaitable[None]]) -> None:
    """Store, however long the database is away: until then the attempt is open, never lost."""
    while True:
        try:
            await store()
        except Unavailable:
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return
