"""The dispatcher of channels whose carrier takes sends by request; any number may run side by side.

One step: choose a group, get a grant, claim so many intents, commit that they are about to be sent,
and start their sends, spread over the time the grant covers. A send has one of four ends: accepted
(the attempt is the carrier's from then on), not sent for certain (due again), refused (settled by
what that means), or in doubt: then nobody guesses, the attempt stays open and the carrier is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
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
from campana.services import dispatch, inquiries, outcomes
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE, Allowance, Claimed
from campana.services.group_commit import GroupCommit
from campana.store import reports
from campana.store.due import Group
from campana.store.reports import Taken

log = logging.getLogger(__name__)

AHEAD = timedelta(milliseconds=250)
"""How much of the near future one grant covers: with the claim's own time inside the send
deadline."""

_MOST_IN_FLIGHT = 500
_RETRY_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Departure:
    """An intent, and when it may go: not before `at`, not after `deadline` (monotonic seconds)."""

    intent: Claimed
    at: float
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
        self._unused: dict[str, int] = {}
        self._ask_grant_at: dict[str, float] = {}
        self._resting = Resting(monotonic=context.monotonic)
        self._sends: dict[UUID, asyncio.Task[None]] = {}
        self._accepted = GroupCommit(self._store_accepted)
        self._is_draining = False
        self.ownership = Ownership(context, in_hand=lambda: self._sends, serves=accounts.kinds)

    @property
    def is_busy(self) -> bool:
        """Is a send of this process under way, or not yet written down?"""
        return bool(self._sends)

    async def step(self) -> bool:
        """Start what one grant allows; False when there was nothing to start."""
        if not self._may_start():
            return False
        accounts = await self._accounts.known()
        now = self._context.monotonic()
        rested = [
            channel_id
            for channel_id in accounts
            if self._ask_grant_at.get(channel_id, 0.0) <= now
            and not self._resting.is_on(channel_id)
        ]
        groups = await dispatch.ready(self._context, channel_ids=rested) if rested else []
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
        if self._sends:
            await asyncio.wait(self._sends.values(), timeout=seconds)
        for task in list(self._sends.values()):
            # Whoever comes next finds it open, and asks.
            task.cancel()
        await asyncio.gather(*self._sends.values(), return_exceptions=True)
        await self._accepted.settled()

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and not self._is_draining
            and len(self._sends) < _MOST_IN_FLIGHT
            and self._context.clock.is_steady
        )

    async def _serve(self, group: Group, account: Account) -> bool | None:
        """Grant, claim and start for one group; None when its channel has no budget now."""
        channel, owner_id = account.channel, self.ownership.owner_id
        asked_at = self._context.monotonic()
        allowed = await dispatch.grant_ahead(
            self._context,
            channel_id=channel.id,
            owner_id=owner_id,
            wanted=min(_batch(channel.rate, channel.burst), _MOST_IN_FLIGHT - len(self._sends)),
            unused=self._unused.pop(channel.id, 0),
            ahead=AHEAD,
        )
        if not allowed.sends:
            return None
        # The future that was given out has to come nearer before more of it is worth asking for.
        self._ask_grant_at[channel.id] = (
            asked_at + (allowed.sends * allowed.interval).total_seconds() / 2
        )
        begun = self._context.monotonic()
        try:
            claimed = await dispatch.claim(
                self._context,
                group=group,
                channel_type=channel.channel_type,
                owner_id=owner_id,
                limit=allowed.sends,
                ahead=AHEAD,
            )
        except Unavailable:
            await self.ownership.renounce()
            raise
        if unused := allowed.sends - len(claimed):
            self._unused[channel.id] = unused
            self._ask_grant_at.pop(channel.id, None)
        if claimed:
            await self._start(claimed, account, allowed, asked_at=asked_at, begun=begun)
        return bool(claimed)

    async def _start(
        self,
        claimed: Sequence[Claimed],
        account: Account,
        allowed: Allowance,
        *,
        asked_at: float,
        begun: float,
    ) -> None:
        owner_id = self.ownership.owner_id
        deadline = begun + SEND_DEADLINE.total_seconds()
        may_go = await self._begin(claimed, account, owner_id)
        now, monotonic = self._context.clock.now(), self._context.monotonic()
        for number, intent in enumerate(claimed):
            by_channel = (
                asked_at + (allowed.first_after + number * allowed.interval).total_seconds()
            )
            by_campaign = monotonic + (intent.not_before - now).total_seconds()
            departure = _Departure(
                intent=intent,
                at=max(by_channel, by_campaign),
                deadline=deadline if intent.attempt_id in may_go else 0.0,
                owner_id=owner_id,
            )
            task = asyncio.create_task(self._send(departure, account))
            self._sends[intent.attempt_id] = task
            task.add_done_callback(lambda _, key=intent.attempt_id: self._sends.pop(key, None))

    async def _begin(
        self, claimed: Sequence[Claimed], account: Account, owner_id: int
    ) -> set[UUID]:
        """Commit that these are about to be sent; those that may not go are not in the answer."""
        plan = claimed[0].plan
        try:
            return await dispatch.begin_sending_all(
                self._context,
                claimed=claimed,
                owner_id=owner_id,
                from_number=plan.caller_id or account.sender or "",
                is_call=account.is_call,
                ask_after=account.carrier.patience.ask_after,
            )
        except Unavailable:
            return set()

    async def _send(self, departure: _Departure, account: Account) -> None:
        """From an intent that is marked as sending to the end of our part in it."""
        intent = departure.intent
        await asyncio.sleep(max(0.0, departure.at - self._context.monotonic()))
        if not self._may_go(departure):
            await self._settle(intent, Disposition.NOT_SENT, "too late to be sent")
            return
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

    def _may_go(self, departure: _Departure) -> bool:
        return (
            self._context.monotonic() < departure.deadline
            and self.ownership.is_held
            and self.ownership.owner_id == departure.owner_id
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
        taken = Taken(
            attempt_id=intent.attempt_id,
            ref=accepted.ref,
            ask_at=self._context.clock.now() + account.carrier.patience.ask_after,
        )
        await _until_stored(lambda: self._accepted.add([taken]))

    async def _store_accepted(self, taken: Sequence[Taken]) -> None:
        async with self._context.db.transaction() as tx:
            await reports.accept(tx, taken=taken, now=self._context.clock.now())

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
