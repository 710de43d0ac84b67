"""A carrier has taken a message of a conversation."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from campana.carriers.base import Accepted
from campana.services import reports
from campana.services.context import Context
from campana.store import reports as store
from campana.store.reports import Taken, Told


async def accept(
    context: Context, *, attempt_id: UUID, channel_id: str, accepted: Accepted, ask_at: datetime
) -> None:
    """Write down that it is the carrier's now, and what its answer told beyond that.

    Raises:
        Unavailable: the database does not answer.
    """
    async with context.db.transaction() as tx:
        taken = Taken(attempt_id=attempt_id, ref=accepted.ref, ask_at=ask_at)
        await store.accept(tx, taken=[taken], now=context.clock.now())
        told = [
            Told(
                channel_id=channel_id,
                attempt_id=report.attempt_id,
                key=report.key,
                event=report.event,
            )
            for report in accepted.reports
        ]
        await reports.apply_told(tx, context, told)
