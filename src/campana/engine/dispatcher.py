"""The dispatcher of channels whose carrier takes sends by request; any number may run side by side.

One step: get a grant on a channel or two, claim so many of the groups whose turn it is, committed
as about to be sent, and have them leave (`sending`), each at a moment of the grant.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from campana.carriers.base import Marking
from campana.domain import pacing
from campana.domain.pacing import Limits
from campana.engine.accounts import Account, Accounts
from campana.engine.appetite import Appetite
from campana.engine.asking import Asking
from campana.engine.choosing import Choosing
from campana.engine.duty import Duty
from campana.engine.helping import Helping
from campana.engine.notice import Notice
from campana.engine.ownership import Ownership
from campana.engine.resting import Resting
from campana.engine.sending import Sending
from campana.engine.slots import Slots
from campana.engine.spacing import Spacing
from campana.services import dispatch, granting
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.services.intents import Send

_CLAIMS = 16
"""The most groups one grant is shared among: a claim costs the same for one as for many."""
_CHANNELS = 2
"""Served side by side: while the database writes the claim of one, the gate decides another's."""
_MOST_IN_FLIGHT = 5_000
"""Of a process, sent or about to be; a carrier may take fewer at once."""


class Dispatcher:
    """One process's share of the sending. `step` starts the sends of a grant or two."""

    def __init__(self, context: Context, *, accounts: Accounts, public_url: str) -> None:
        """`public_url` is where carriers reach our web processes, without a slash at its end."""
        self._context = context
        self._accounts = accounts
        self._choosing = Choosing(context, salt=int.from_bytes(context.entropy(8), "big"))
        self._asking = Asking()
        self._helping = Helping()
        self._resting = Resting(monotonic=context.monotonic)
        self._notice = Notice()
        self._granted_until: dict[str, datetime | None] = {}
        """Where the pace of each channel stood after the last grant to this process."""
        self._spacings: dict[str, Spacing] = {}
        self._appetite = Appetite()
        self.duty = Duty()
        self.ownership = Ownership(
            context, in_hand=lambda: self._sending.in_hand, serves=accounts.kinds, duty=self.duty
        )
        self._sending = Sending(
            context,
            ownership=self.ownership,
            public_url=public_url,
            resting=self._resting,
            appetite=self._appetite,
            notice=self._notice,
        )

    @property
    def is_busy(self) -> bool:
        """Is a send of this process under way, or not yet written down?"""
        return bool(self._sending.in_hand)

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
        await self._sending.drain(seconds=seconds)

    def _may_start(self) -> bool:
        return (
            self.ownership.is_held
            and not self._sending.is_draining
            and len(self._sending.in_hand) < _MOST_IN_FLIGHT
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
        slots = Slots(
            allowed.moments,
            tolerance=allowed.lateness.total_seconds(),
            spacing=self._spacing_of(channel_id, allowed.limits),
        )
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

    def _spacing_of(self, channel_id: str, limits: Limits | None) -> Spacing | None:
        """What keeps sends of the channel apart that missed their moments; None if none is sent."""
        if limits is None or not pacing.catches_up(limits.rate):
            return None
        spacing = self._spacings.setdefault(channel_id, Spacing())
        spacing.limit(rate=limits.rate, burst=limits.burst)
        return spacing

    def _wanted(self, account: Account) -> int:
        """What one grant may give at most."""
        free = account.carrier.most_at_once - self._sending.count(account.channel.id)
        return max(0, min(self._appetite.most, free, _MOST_IN_FLIGHT - len(self._sending.in_hand)))

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
                self._sending.start(
                    claimed,
                    account,
                    slots,
                    group=group,
                    owner_id=owner_id,
                    deadline=claimed[0].began + SEND_DEADLINE.total_seconds(),
                )
                if started == len(claimed):
                    took = self._context.monotonic() - granted_at
                    self._notice.took(took, before=claimed[0].began - granted_at)
        return started


def _send_of(account: Account) -> Send:
    """How attempts are written that count as sent from their claim on."""
    return Send(
        sender=account.sender,
        is_call=account.is_call,
        ask_after=account.carrier.patience.ask_after,
    )
