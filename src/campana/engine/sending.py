"""The sends of a process, from their claim until what became of them is written down.

Each leaves at a moment of its grant. It has one of four ends: accepted (the attempt is the
carrier's from then on), not sent for certain (due again), refused (settled by what that means), or
in doubt: then nobody guesses, the attempt stays open and the carrier is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import timedelta
from functools import cached_property, partial
from uuid import UUID

from campana.carriers.base import CarrierError, Marking, Outbound, at_once
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.engine.accounts import Account
from campana.engine.appetite import Appetite
from campana.engine.backlog import Backlog
from campana.engine.departing import Departing
from campana.engine.enduring import until_stored
from campana.engine.notice import Notice
from campana.engine.ownership import Ownership
from campana.engine.resting import Resting
from campana.engine.slots import Slots
from campana.services import inquiries, outcomes, sent, signing, unsent, unsubscribes
from campana.services.claimed import Claimed, content_of
from campana.services.context import Context
from campana.services.departures import Departures
from campana.services.sent import Answer
from campana.services.session_calls import is_talk
from campana.services.unsent import Unsent
from campana.store.due import Group
from campana.store.sending import MOST_AT_ONCE

log = logging.getLogger(__name__)

_ANSWERS_PAUSE = 0.025
"""Seconds from one write of many ends to the next."""
_PUT_BACK_AT_ONCE = 500
"""In one transaction: it holds locks a pause may have to wait for."""
_SHORTEST_WAIT = 0.001
"""Seconds between two looks at who may leave: a timer is hardly finer."""


class Sending:
    """What one process has in hand."""

    def __init__(
        self,
        context: Context,
        *,
        ownership: Ownership,
        public_url: str,
        resting: Resting,
        appetite: Appetite,
        notice: Notice,
    ) -> None:
        """`resting`, `appetite` and `notice` are told what sends come to; `ownership` says whose
        they are."""
        self._context = context
        self._ownership = ownership
        self._public_url = public_url
        self._resting = resting
        self._appetite = appetite
        self._notice = notice
        self._in_hand: dict[UUID, asyncio.Task[None]] = {}
        """Each with the task that has it, or had it last."""
        self._of_channel: Counter[str] = Counter()
        """How many of them each channel has."""
        self._departures = Departures(context)
        self._answers = Backlog(
            self._store_answers, done=self._are_done, largest=MOST_AT_ONCE, pause=_ANSWERS_PAUSE
        )
        self._unsent = Backlog(self._store_unsent, done=self._are_done, largest=_PUT_BACK_AT_ONCE)
        self.is_draining = False

    @cached_property
    def _unsubscribes(self) -> unsubscribes.Unsubscribes:
        """Made when a letter is sent: the key is a file."""
        blobs, entropy = self._context.blobs, self._context.entropy
        key = signing.signing_key(blobs, entropy, name=unsubscribes.KEY_NAME)
        return unsubscribes.Unsubscribes(key=key)

    @property
    def in_hand(self) -> Collection[UUID]:
        """The attempts that are about to be sent, under way, or not yet written down."""
        return self._in_hand.keys()

    def count(self, channel_id: str) -> int:
        """How many of them are the channel's."""
        return self._of_channel[channel_id]

    def start(
        self,
        claimed: Sequence[Claimed],
        account: Account,
        slots: Slots,
        *,
        group: Group,
        owner_id: int,
        deadline: float,
    ) -> None:
        """Have each of one claim leave at a moment of its grant, until `deadline` (monotonic
        seconds) and while `owner_id`, who claimed them, is who we are."""
        departing = Departing(
            account=account,
            channel_type=ChannelType(account.channel.channel_type),
            callback_url=f"{self._public_url}/callbacks/{account.channel.id}",
            group=group,
            slots=slots,
            owner_id=owner_id,
            is_marking=isinstance(account.carrier, Marking),
            may_go=partial(self._may_go, owner_id, deadline),
        )
        now, monotonic = self._context.clock.now(), self._context.monotonic()
        leaving: list[tuple[float, int, Claimed]] = []
        missed: list[Claimed] = []
        for n, intent in enumerate(claimed):
            wait = max(0.0, (intent.not_before - now).total_seconds())
            at = slots.take(not_before=monotonic + wait)
            if at is None:
                missed.append(intent)
            else:
                leaving.append((at, n, intent))
        leaving.sort(reverse=True)
        task = asyncio.create_task(self._depart(leaving, departing))
        self._in_hand.update((each.attempt_id, task) for each in claimed)
        self._of_channel[account.channel.id] += len(claimed)
        for intent in missed:
            self._miss(intent, departing, is_late=True)

    async def drain(self, *, seconds: float) -> None:
        """Begin nothing more; wait for sends under way to be answered and written down."""
        self.is_draining = True
        try:
            async with asyncio.timeout(seconds):
                await self._over()
        except TimeoutError:
            # Whoever comes next finds them open, and asks.
            self._answers.give_up()
            self._unsent.give_up()
            for task in self._under_way():
                task.cancel()
            await self._over()
            self._in_hand.clear()

    async def _over(self) -> None:
        while tasks := self._under_way():
            await asyncio.wait(tasks)
        await self._departures.settled()
        await self._answers.settled()
        await self._unsent.settled()

    def _under_way(self) -> set[asyncio.Task[None]]:
        return {task for task in self._in_hand.values() if not task.done()}

    async def _depart(
        self, leaving: list[tuple[float, int, Claimed]], departing: Departing
    ) -> None:
        """Begin each send of a claim at its moment, the last of the list first."""
        monotonic, slots = self._context.monotonic, departing.slots
        try:
            while leaving:
                at, _, intent = leaving[-1]
                now = monotonic()
                if (early := slots.wait(at, now=now)) > 0:
                    await asyncio.sleep(max(_SHORTEST_WAIT, early))
                    continue
                leaving.pop()
                slots.departed(now=now)
                sending = asyncio.create_task(self._send(intent, at, departing))
                self._in_hand[intent.attempt_id] = sending
        finally:
            self._are_over([intent for _, _, intent in leaving])

    async def _send(self, intent: Claimed, at: float, departing: Departing) -> None:
        """From an intent that is marked as sending to the end of our part in it."""
        account = departing.account
        is_missed = departing.slots.is_missed(at, now=self._context.monotonic())
        if is_missed or not departing.may_go():
            self._miss(intent, departing, is_late=is_missed)
            return
        try:
            accepted = await account.carrier.send(self._outbound(intent, departing))
        except CarrierError as error:
            await self._failed(intent, account, error)
        except Exception:
            # A bug, after the network may have been touched: nobody knows, so somebody asks.
            log.exception("attempt %s failed in the middle", intent.attempt_id)
            await self._doubt(intent)
        else:
            self._resting.succeeded(account.channel.id)
            ask_after = account.carrier.patience.ask_after
            self._answers.add(Answer(intent=intent, accepted=accepted, ask_after=ask_after))

    def _may_go(self, owner_id: int, deadline: float) -> bool:
        return (
            self._context.monotonic() < deadline
            and self._ownership.is_held
            and self._ownership.owner_id == owner_id
            and not self.is_draining
        )

    def _miss(self, intent: Claimed, departing: Departing, *, is_late: bool) -> None:
        """It may not leave any more: its target is due again."""
        if not departing.slots.is_given_up:
            departing.slots.is_given_up = True
            self._appetite.missed()
            if is_late:
                self._notice.missed()
        self._unsent.add(Unsent(intent=intent, group=departing.group))

    def _outbound(self, intent: Claimed, departing: Departing) -> Outbound:
        account = departing.account
        return Outbound(
            attempt_id=intent.attempt_id,
            channel_type=departing.channel_type,
            to=intent.address,
            sender=intent.plan.caller_id or account.sender,
            content=content_of(intent),
            is_conducted=intent.message is not None and is_talk(intent.message),
            callback_url=departing.callback_url,
            unsubscribe_url=self._unsubscribe_url(intent, departing),
            may_send=departing.may_go,
            leave=self._leave(intent, departing),
        )

    def _leave(self, intent: Claimed, departing: Departing) -> Callable[[], Awaitable[bool]]:
        """What a carrier awaits that can never say it has not heard of an attempt."""
        if not departing.is_marking:
            return at_once
        return partial(
            self._departures.leave,
            intent,
            owner_id=departing.owner_id,
            ask_after=departing.account.carrier.patience.ask_after,
        )

    def _unsubscribe_url(self, intent: Claimed, departing: Departing) -> str | None:
        """Of a letter: mail programs show it as a button."""
        if departing.channel_type is not ChannelType.EMAIL:
            return None
        return self._unsubscribes.link(
            self._public_url,
            workspace_id=intent.workspace_id,
            channel_id=intent.channel_id,
            address=intent.address,
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
            wait = None if error.retryable else error.retry_after
            await self._settle(intent, error.disposition, error.detail, wait=wait)

    async def _doubt(self, intent: Claimed) -> None:
        """Ours no more: the carrier is asked, once what was on its way has had time to arrive."""
        await self._end(
            intent, partial(inquiries.open_doubt, self._context, attempt_id=intent.attempt_id)
        )

    async def _settle(
        self, intent: Claimed, disposition: Disposition, reason: str, *, wait: timedelta | None
    ) -> None:
        await self._end(
            intent,
            partial(
                outcomes.settle,
                self._context,
                attempt_id=intent.attempt_id,
                disposition=disposition,
                reason=reason,
                wait=wait,
            ),
        )

    async def _end(self, intent: Claimed, store: Callable[[], Awaitable[None]]) -> None:
        """Write down what others have no part in."""
        try:
            await until_stored(store)
        finally:
            self._are_over([intent])

    async def _store_answers(self, answers: Sequence[Answer]) -> None:
        await sent.store_answers(self._context, answers, owner_id=self._ownership.owner_id)

    async def _store_unsent(self, found: Sequence[Unsent]) -> None:
        await unsent.put_back(self._context, found, reason="too late to be sent")

    def _are_done(self, written: Sequence[Answer | Unsent]) -> None:
        self._are_over([each.intent for each in written])

    def _are_over(self, intents: Sequence[Claimed]) -> None:
        for intent in intents:
            if self._in_hand.pop(intent.attempt_id, None) is not None:
                self._of_channel[intent.channel_id] -= 1
