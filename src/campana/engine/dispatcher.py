"""The dispatcher of channels whose carrier takes sends by request; any number may run side by side.

One step: get a grant on a channel or two, claim so many of the groups whose turn it is, committed
as about to be sent, and start their sends, each at a moment of the grant. A send has one of four
ends: accepted (the attempt is the carrier's from then on), not sent for certain (due again),
refused (settled by what that means), or in doubt: then nobody guesses, the attempt stays open and
the carrier is asked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cached_property, partial
from uuid import UUID

from campana.carriers.base import Accepted, CarrierError, Marking, Outbound
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.engine.accounts import Account, Accounts
from campana.engine.appetite import Appetite
from campana.engine.asking import Asking
from campana.engine.choosing import Choosing
from campana.engine.departing import Departure
from campana.engine.duty import Duty
from campana.engine.enduring import until_stored
from campana.engine.helping import Helping
from campana.engine.notice import Notice
from campana.engine.ownership import Ownership
from campana.engine.resting import Resting
from campana.engine.slots import Slots
from campana.services import (
    dispatch,
    granting,
    inquiries,
    outcomes,
    sent,
    signing,
    unsent,
    unsubscribes,
)
from campana.services.claimed import Claimed, content_of
from campana.services.context import Context
from campana.services.departures import Departures
from campana.services.dispatch import SEND_DEADLINE
from campana.services.group_commit import GroupCommit
from campana.services.intents import Send
from campana.services.sent import Answer
from campana.services.session_calls import is_talk
from campana.services.unsent import Unsent
from campana.store.due import Group
from campana.store.sending import MOST_AT_ONCE

log = logging.getLogger(__name__)

_CLAIMS = 16
"""The most groups one grant is shared among: a claim costs the same for one as for many."""
_CHANNELS = 2
"""Served side by side: while the database writes the claim of one, the gate decides another's."""
_ANSWERS_PAUSE = 0.025
"""Seconds from one write of many ends to the next."""
_PUT_BACK_AT_ONCE = 500
"""In one transaction: it holds locks a pause may have to wait for."""

_MOST_IN_FLIGHT = 5_000
"""Of a process, sent or about to be; a carrier may take fewer at once."""


class Dispatcher:
    """One process's share of the sending. `step` starts the sends of a grant or two."""

    def __init__(self, context: Context, *, accounts: Accounts, public_url: str) -> None:
        """`public_url` is where carriers reach our web processes, without a slash at its end."""
        self._context = context
        self._accounts = accounts
        self._public_url = public_url
        self._choosing = Choosing(context, salt=int.from_bytes(context.entropy(8), "big"))
        self._asking = Asking()
        self._helping = Helping()
        self._resting = Resting(monotonic=context.monotonic)
        self._sends: dict[UUID, asyncio.Task[None]] = {}
        self._at_once: Counter[str] = Counter()
        """How many of them each channel has."""
        self._departures = Departures(context)
        self._answers = GroupCommit(self._store_answers, largest=MOST_AT_ONCE, pause=_ANSWERS_PAUSE)
        self._unsent = GroupCommit(self._store_unsent, largest=_PUT_BACK_AT_ONCE)
        self._notice = Notice()
        self._granted_until: dict[str, datetime | None] = {}
        """Where the pace of each channel stood after the last grant to this process."""
        self._appetite = Appetite()
        self._is_draining = False
        self.duty = Duty()
        self.ownership = Ownership(
            context, in_hand=lambda: self._sends, serves=accounts.kinds, duty=self.duty
        )

    @cached_property
    def _unsubscribes(self) -> unsubscribes.Unsubscribes:
        """Made when a letter is sent: the key is a file."""
        blobs, entropy = self._context.blobs, self._context.entropy
        key = signing.signing_key(blobs, entropy, name=unsubscribes.KEY_NAME)
        return unsubscribes.Unsubscribes(key=key)

    @property
    def is_busy(self) -> bool:
        """Is a send of this process under way, or not yet written down?"""
        return bool(self._sends)

    @property
    def is_awaited(self) -> bool:
        """Did somebody wait on a channel when this process last looked?"""
        return self._choosing.is_awaited

    async def step(self) -> bool:
        """Start what they allow; False when there was nothing to start."""
        if not self._may_start():
            return False
        accounts = await self._accounts.known()
        now = self._context.monotonic()
        rested = [
            channel_id
            for channel_id, account in accounts.items()
            if self._asking.is_due(channel_id, now=now)
            and account.carrier.most_at_once
            and not self._resting.is_on(channel_id)
        ]
        await self._choosing.look(
            rested, owner_id=self.ownership.owner_id, beside=self._helping.on(now=now)
        )
        waiting = self._choosing.channels(rested)
        for first in range(0, len(waiting), _CHANNELS):
            served = await asyncio.gather(
                *(self._serve(accounts[each]) for each in waiting[first : first + _CHANNELS]),
                # Whatever becomes of one, the other is waited for: a channel is served once.
                return_exceptions=True,
            )
            for each in served:
                if isinstance(each, BaseException):
                    raise each
            if any(served):
                return True
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
        await self._departures.settled()
        await self._answers.settled()
        await self._unsent.settled()

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and not self._is_draining
            and len(self._sends) < _MOST_IN_FLIGHT
            and self._context.clock.is_steady
        )

    async def _serve(self, account: Account) -> bool:
        """Get a grant on a channel and start what it allows; False when nothing came of it."""
        channel_id, owner_id = account.channel.id, self.ownership.owner_id
        notice = self._notice
        allowed = await granting.grant_ahead(
            self._context,
            channel_id=channel_id,
            owner_id=owner_id,
            wanted=self._wanted(account),
            ahead=notice.reach,
            notice=notice.span,
            after=self._granted_until.get(channel_id),
            waits=not notice.is_slow,
            serves=notice.is_punctual,
            yields=channel_id not in self._helping.on(now=self._context.monotonic()),
        )
        if not allowed.sends:
            self._asking.denied(
                channel_id,
                at=self._context.monotonic(),
                again_after=allowed.again_after,
                is_ours=allowed.is_ours,
            )
            return False
        notice.granted()
        self._helping.granted(channel_id, at=allowed.at, was_behind=allowed.was_behind)
        self._granted_until[channel_id] = allowed.arrival_at
        lasting = allowed.sends * allowed.interval
        self._asking.granted(channel_id, at=allowed.at, lasting=lasting)
        slots = Slots(allowed.moments, tolerance=allowed.lateness.total_seconds())
        started = await self._fill(account, slots, most=allowed.sends, granted_at=allowed.at)
        if unused := allowed.sends - started:
            self._asking.at_once(channel_id)
            await granting.give_back(
                self._context,
                channel_id=channel_id,
                owner_id=owner_id,
                sends=unused,
                moments=slots.unused_at_end,
                allowed=allowed,
            )
        return started > 0

    def _wanted(self, account: Account) -> int:
        """What one grant may give at most."""
        free = account.carrier.most_at_once - self._at_once[account.channel.id]
        return max(0, min(self._appetite.most, free, _MOST_IN_FLIGHT - len(self._sends)))

    async def _fill(self, account: Account, slots: Slots, *, most: int, granted_at: float) -> int:
        """Start sends at the moments of a grant, group after group; returns how many."""
        channel_id, owner_id = account.channel.id, self.ownership.owner_id
        share = -(-most // max(1, min(_CLAIMS, self._choosing.waiting(channel_id))))
        started = asked = 0
        if not slots.reachable(now=self._context.monotonic()):
            self._notice.missed(self._context.monotonic() - granted_at)
        # A line that was asked for is promised no more, whether somebody was found for it or not.
        while True:
            begun = self._context.monotonic()
            limit, last = min(share, most - asked, slots.reachable(now=begun)), slots.last
            group = self._choosing.next(channel_id) if limit else None
            if group is None or last is None:
                break
            claimed = await dispatch.claim(
                self._context,
                group=group,
                channel_type=account.channel.channel_type,
                owner_id=owner_id,
                limit=limit,
                ahead=timedelta(seconds=max(0.0, last - begun)),
                # Of whom nobody could say later whether it left, an intent is one until it leaves.
                send=None if isinstance(account.carrier, Marking) else _send_of(account),
                marks=self._choosing.marks,
            )
            self._choosing.had(group, sends=len(claimed))
            asked += limit
            started += len(claimed)
            if claimed:
                self._appetite.took(self._context.monotonic() - begun, sends=len(claimed))
                self._start(claimed, account, slots, group=group)
                if started == len(claimed):
                    took = self._context.monotonic() - granted_at
                    self._notice.took(took, before=claimed[0].began - granted_at)
        return started

    def _start(
        self,
        claimed: Sequence[Claimed],
        account: Account,
        slots: Slots,
        *,
        group: Group,
    ) -> None:
        owner_id = self.ownership.owner_id
        deadline = claimed[0].began + SEND_DEADLINE.total_seconds()
        now, monotonic = self._context.clock.now(), self._context.monotonic()
        for intent in claimed:
            by_campaign = monotonic + (intent.not_before - now).total_seconds()
            departure = Departure(
                intent=intent,
                group=group,
                at=slots.take(not_before=max(by_campaign, monotonic)),
                slots=slots,
                deadline=deadline,
                owner_id=owner_id,
            )
            task = asyncio.create_task(self._send(departure, account))
            self._sends[intent.attempt_id] = task
            self._at_once[intent.channel_id] += 1
            task.add_done_callback(lambda _, intent=intent: self._is_over(intent))

    def _is_over(self, intent: Claimed) -> None:
        self._sends.pop(intent.attempt_id, None)
        self._at_once[intent.channel_id] -= 1

    async def _send(self, departure: Departure, account: Account) -> None:
        """From an intent that is marked as sending to the end of our part in it."""
        intent = departure.intent
        if departure.at is not None:
            await asyncio.sleep(max(0.0, departure.at - self._context.monotonic()))
        is_missed = departure.is_missed(self._context.monotonic())
        if is_missed or not self._may_go(departure):
            if not departure.slots.is_given_up:
                departure.slots.is_given_up = True
                self._appetite.missed()
                if is_missed:
                    self._notice.missed()
            unsent = Unsent(intent=intent, group=departure.group)
            await until_stored(lambda: self._unsent.add([unsent]))
            return
        try:
            accepted = await account.carrier.send(self._outbound(departure, account))
        except CarrierError as error:
            await self._failed(intent, account, error)
        except Exception:
            # A bug, after the network may have been touched: nobody knows, so somebody asks.
            log.exception("attempt %s failed in the middle", intent.attempt_id)
            await self._doubt(intent)
        else:
            self._resting.succeeded(account.channel.id)
            await self._accept(intent, account, accepted)

    def _may_go(self, departure: Departure) -> bool:
        return (
            self._context.monotonic() < departure.deadline
            and self.ownership.is_held
            and self.ownership.owner_id == departure.owner_id
            and not self._is_draining
        )

    def _outbound(self, departure: Departure, account: Account) -> Outbound:
        intent = departure.intent
        return Outbound(
            attempt_id=intent.attempt_id,
            channel_type=ChannelType(account.channel.channel_type),
            to=intent.address,
            sender=intent.plan.caller_id or account.sender,
            content=content_of(intent),
            is_conducted=intent.message is not None and is_talk(intent.message),
            callback_url=f"{self._public_url}/callbacks/{account.channel.id}",
            unsubscribe_url=self._unsubscribe_url(intent, account),
            may_send=lambda: self._may_go(departure),
            leave=partial(
                self._departures.leave,
                intent,
                owner_id=departure.owner_id,
                ask_after=account.carrier.patience.ask_after,
            ),
        )

    def _unsubscribe_url(self, intent: Claimed, account: Account) -> str | None:
        """Of a letter: mail programs show it as a button."""
        if account.channel.channel_type != ChannelType.EMAIL:
            return None
        return self._unsubscribes.link(
            self._public_url,
            workspace_id=account.channel.workspace_id,
            channel_id=account.channel.id,
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

    async def _accept(self, intent: Claimed, account: Account, accepted: Accepted) -> None:
        answer = Answer(
            intent=intent,
            accepted=accepted,
            ask_at=self._context.clock.now() + account.carrier.patience.ask_after,
        )
        await until_stored(lambda: self._answers.add([answer]))

    async def _store_answers(self, answers: Sequence[Answer]) -> None:
        await sent.store_answers(self._context, answers, owner_id=self.ownership.owner_id)

    async def _store_unsent(self, found: Sequence[Unsent]) -> None:
        await unsent.put_back(self._context, found, reason="too late to be sent")

    async def _doubt(self, intent: Claimed) -> None:
        """Ours no more: the carrier is asked, once what was on its way has had time to arrive."""
        await until_stored(
            lambda: inquiries.open_doubt(self._context, attempt_id=intent.attempt_id)
        )

    async def _settle(
        self, intent: Claimed, disposition: Disposition, reason: str, *, wait: timedelta | None
    ) -> None:
        await until_stored(
            lambda: outcomes.settle(
                self._context,
                attempt_id=intent.attempt_id,
                disposition=disposition,
                reason=reason,
                wait=wait,
            )
        )


def _send_of(account: Account) -> Send:
    """How attempts are written that count as sent from their claim on."""
    return Send(
        sender=account.sender,
        is_call=account.is_call,
        ask_after=account.carrier.patience.ask_after,
    )
