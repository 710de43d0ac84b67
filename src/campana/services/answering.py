"""From a message that waits in a conversation to an attempt that may be sent, and what follows.

The same order as for campaigns: what may be sent is decided on facts read with the claim, and the
attempt is committed before the network is touched. A suppression keeps back everything but the
answers the law asks for; what was written and may not go is refused with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from campana.domain.address import Unusable, parse_phone
from campana.domain.campaign import ChannelType
from campana.domain.conversation import is_care_window_open
from campana.domain.disposition import Disposition
from campana.domain.ids import uuid7
from campana.domain.keywords import Keyword
from campana.domain.toll import is_refused
from campana.services import messaging, suppressed
from campana.services.context import Context
from campana.store import messages, owners
from campana.store.db import Tx
from campana.store.messages import Queued

MOST_TRIES = 5
CONFIRM_WITHIN = timedelta(minutes=5)
"""Until when an opt-out may be confirmed (47 CFR 64.1200(a)(12)): later it would be one more
message to somebody who asked for none."""
_BUSY = timedelta(seconds=2)
_NOT_REACHED = frozenset({Disposition.NOT_SENT, Disposition.CONGESTION})
"""Ends that certainly brought nothing to anybody and may be otherwise next time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerable:
    """A message whose attempt is committed: this owner, and only this owner, may send it."""

    attempt_id: UUID
    message_id: int
    workspace_id: int
    channel_id: str
    channel_type: ChannelType
    address: str
    text: str
    template: Mapping[str, Any] | None


async def waiting(context: Context, *, channel_ids: Sequence[str]) -> list[str]:
    """Those of the channels on which something waits to be sent (engine role)."""
    async with context.db.read() as tx:
        return await messages.waiting_channels(tx, channel_ids=channel_ids, now=context.clock.now())


async def claim(
    context: Context, *, channel_id: str, owner_id: int, limit: int, ask_after: timedelta
) -> list[Answerable]:
    """Up to `limit` messages of the channel, each with an attempt that is about to be sent.

    `limit` lines were granted to the owner; those that are not used are free again.
    """
    now = context.clock.now()
    async with context.db.transaction() as tx:
        promise = await owners.use_promise(
            tx, channel_id=channel_id, owner_id=owner_id, lines=limit
        )
        if promise is None or not promise.is_of(now):
            return []
        allowed: dict[UUID, Queued] = {}
        claimed = await messages.claim(tx, channel_id=channel_id, limit=limit, now=now)
        for each in await _with_erased(tx, context, claimed):
            problem = problem_with(each, now=now)
            if problem is not None:
                await messages.refuse(tx, message_id=each.id, problem=problem)
            else:
                attempt_id = uuid7(int(now.timestamp() * 1000), context.entropy(10))
                allowed[attempt_id] = each
        allowed = await _within_limits(tx, allowed, channel_id=channel_id, now=now)
        made = await messages.open_attempts(
            tx,
            attempts={each.id: attempt_id for attempt_id, each in allowed.items()},
            owner_id=owner_id,
            ask_at=now + ask_after,
            now=now,
        )
        await messages.defer(
            tx,
            until={
                each.id: now + _BUSY
                for attempt_id, each in allowed.items()
                if attempt_id not in made
            },
        )
    return [
        Answerable(
            attempt_id=attempt_id,
            message_id=each.id,
            workspace_id=each.workspace_id,
            channel_id=channel_id,
            channel_type=each.channel_type,
            address=each.address,
            text=each.text,
            template=each.template,
        )
        for attempt_id, each in allowed.items()
        if attempt_id in made
    ]


async def _within_limits(
    tx: Tx, allowed: Mapping[UUID, Queued], *, channel_id: str, now: datetime
) -> dict[UUID, Queued]:
    """Those that the provider lets be sent now; the others wait, as a campaign's would.

    An answer costs no place of a portfolio; a template to somebody who is silent does.
    """
    late = await messaging.put_off(
        tx,
        [
            messaging.Message(id=each.id, address=each.address, wrote_at=each.last_inbound_at)
            for each in allowed.values()
            if each.channel_type is ChannelType.WHATSAPP
        ],
        channel_id=channel_id,
        now=now,
    )
    until = {each.target_id: each.until for each in late}
    await messages.defer(tx, until=until)
    return {attempt_id: each for attempt_id, each in allowed.items() if each.id not in until}


async def _with_erased(tx: Tx, context: Context, claimed: Sequence[Queued]) -> list[Queued]:
    """These, with those of erased people as suppressed; a channel is one workspace's."""
    if not claimed:
        return []
    erased = await suppressed.erased_among(
        tx,
        context,
        workspace_id=claimed[0].workspace_id,
        addresses=[each.address for each in claimed],
    )
    return [
        replace(each, is_suppressed=each.is_suppressed or each.address in erased)
        for each in claimed
    ]


def problem_with(queued: Queued, *, now: datetime) -> str | None:
    """The word for why it may not be sent, now or ever; None when it may."""
    if queued.is_suppressed and queued.permission is None:
        return "suppressed"
    if queued.permission == Keyword.STOP and now - queued.at > CONFIRM_WITHIN:
        return "too_late"
    is_free_form = queued.channel_type is ChannelType.WHATSAPP and queued.template is None
    if is_free_form and not is_care_window_open(queued.last_inbound_at, now):
        return "window_closed"
    if queued.channel_type is ChannelType.EMAIL:
        return None
    if is_refused(queued.address):
        return "number_refused"
    number = parse_phone(queued.address, default_country=None)
    if isinstance(number, Unusable) or number.country not in queued.allowed_countries:
        return "country_not_allowed"
    return None


async def follow(tx: Tx, *, attempt_id: UUID, disposition: Disposition, now: datetime) -> None:
    """The attempt has ended: what certainly reached nobody waits to be sent again."""
    if disposition in _NOT_REACHED:
        await messages.requeue(tx, attempt_id=attempt_id, due_at=now + _BUSY, most=MOST_TRIES)
