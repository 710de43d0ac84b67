"""A contact who calls, on a carrier that reaches nobody: the whole call is played at once."""

from __future__ import annotations

import logging

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.services import channel_secrets, outcomes, receiving, rehearsing
from campana.services.context import Context
from campana.services.receiving import Taken
from campana.store import attempts, channels, session_waits
from campana.store.channels import Channel
from campana.store.db import Tx

log = logging.getLogger(__name__)

_NOBODY = 0
"""Who owns an attempt that ends by its carrier's word."""


async def call_in(
    tx: Tx, context: Context, *, workspace_id: int, channel_id: str, number: str, does: str
) -> bool:
    """Play the call of whoever has this number, who `does` this line by line.

    It goes to the session that waits for it on a voice channel of the kind of `channel_id`, by
    which they were told to call; False when none does, or when that cannot take it now.
    """
    told_by = await channels.find(tx, workspace_id=workspace_id, wanted=channel_id)
    if told_by is None or not context.carriers[told_by.kind].plays_callers:
        return False
    known = {
        channel.id: channel
        for channel in await channels.of_kind(tx, kind=told_by.kind)
        if channel.workspace_id == workspace_id and channel.channel_type == ChannelType.VOICE
    }
    for session_id, campaign_id, voice_id in await session_waits.for_call(
        tx, workspace_id=workspace_id, channel_ids=list(known), numbers=[number]
    ):
        taken = await receiving.take_for(
            tx,
            context,
            session_id=session_id,
            campaign_id=campaign_id,
            channel_id=voice_id,
            trunk=None,
            number=number,
            called=_called(context, known[voice_id]),
            owner_id=_NOBODY,
        )
        if isinstance(taken, Taken):
            await _play(tx, context, taken, does=does)
            return True
        log.info("a call that was to be played was not taken: %s", taken.name)
    return False


async def _play(tx: Tx, context: Context, taken: Taken, *, does: str) -> None:
    now = context.clock.now()
    answered = AttemptEvent(type=EventType.ANSWERED, at=now)
    await attempts.add_event(
        tx, workspace_id=taken.workspace_id, attempt_id=taken.attempt_id, event=answered
    )
    attempt = await attempts.lock(tx, attempt_id=taken.attempt_id)
    assert attempt is not None, "written in this transaction"  # noqa: S101
    became = await rehearsing.play(
        tx, context, attempt, disposition=Disposition.COMPLETED, does=does, now=now
    )
    await outcomes.end(
        tx, context, attempt, disposition=became, reason=str(became), answered_at=now
    )


def _called(context: Context, channel: Channel) -> str:
    kind = context.carriers[channel.kind]
    config = channel_secrets.config_of(context, kind=kind, stored=channel.config)
    return next(iter(kind.senders(config)), "")
