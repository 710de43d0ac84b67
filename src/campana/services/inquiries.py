"""Ask the carrier what became of an attempt, where nobody here can know.

Asked are the attempts that no process of ours can still send: accepted and silent for a while, in
doubt after a send, or left by a worker that died. Only of those does "never heard of it" mean that
the person was not contacted.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from campana.carriers.base import NotSent, Patience, Report, Unknowable
from campana.domain.attempt import AttemptState
from campana.domain.disposition import Disposition
from campana.services import outcomes, reports
from campana.services.context import Context
from campana.store import attempts, named_reports, quotas
from campana.store import reports as store
from campana.store.attempts import Attempt
from campana.store.reports import Told

log = logging.getLogger(__name__)

DOUBT_MARGIN = timedelta(seconds=5)
"""From giving up on a send to asking about it: what was on its way then has arrived, or never
will."""

_LEASE = timedelta(seconds=30)
"""How long one worker may take over its questions; longer than any carrier's time-out."""


async def open_doubt(context: Context, *, attempt_id: UUID) -> None:
    """The send is over and nobody knows how; said by the only process that could have sent it."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        await store.release(tx, attempt_id=attempt_id, ask_at=now + DOUBT_MARGIN)


async def due(context: Context, *, channel_ids: Sequence[str], limit: int) -> list[Attempt]:
    """Attempts to ask about now, for this worker alone (engine role)."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        return await store.to_ask(
            tx, channel_ids=channel_ids, limit=limit, until=now + _LEASE, now=now
        )


async def refs_of(context: Context, *, attempt_id: UUID) -> list[str]:
    """What the carrier calls an attempt, where it told names of its own (engine role)."""
    async with context.db.read() as tx:
        return await named_reports.refs_of(tx, attempt_id=attempt_id)


async def conclude(
    context: Context,
    attempt: Attempt,
    answer: Sequence[Report] | NotSent | Unknowable,
    *,
    patience: Patience,
) -> None:
    """Act on the carrier's answer; what is still open is asked about again later."""
    now = context.clock.now()
    async with context.db.transaction() as tx:
        held = await attempts.lock(tx, attempt_id=attempt.id)
        if held is None or not held.state.is_open or held.owner_id != 0:
            return
        match answer:
            case NotSent() if held.state is AttemptState.SENDING:
                await outcomes.end(
                    tx,
                    context,
                    held,
                    disposition=Disposition.NOT_SENT,
                    reason="the carrier never heard of it",
                )
                await quotas.give_back(tx, attempt_ids=[held.id])
                return
            case NotSent():
                log.warning("attempt %s was accepted, and is unknown to its carrier", held.id)
            case Unknowable(why=why):
                log.info("attempt %s: its carrier cannot say: %s", held.id, why)
            case _:
                told = [
                    Told(
                        channel_id=held.channel_id,
                        attempt_id=held.id,
                        key=report.key,
                        event=report.event,
                        received_at=now,
                    )
                    for report in answer
                    if report.attempt_id == held.id
                ]
                await reports.apply_told(tx, context, told)
        since = held.sending_at or held.created_at
        held = await attempts.lock(tx, attempt_id=attempt.id)
        if held is None or not held.state.is_open:
            return
        if now - since >= patience.give_up_after:
            await outcomes.end(
                tx,
                context,
                held,
                disposition=Disposition.UNKNOWN,
                reason="its carrier never told its end",
            )
        else:
            await store.ask_again(tx, attempt_id=held.id, ask_at=now + patience.ask_after)
