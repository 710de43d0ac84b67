"""What a person said in a call and what counts before the call is over."""

from __future__ import annotations

from uuid import UUID

from campana.services import end_events
from campana.services.context import Context
from campana.store import attempts
from campana.store import events as store_events


async def opt_out(context: Context, *, attempt_id: UUID) -> None:
    """They asked not to be called again: from this commit on nobody contacts them, on any channel.

    Not at the end of the call: another campaign may be about to write to them. Repeating it, and
    the end of the call as an opt-out, change nothing more.
    """
    async with context.db.transaction() as tx:
        attempt = await attempts.lock(tx, attempt_id=attempt_id)
        if attempt is None:
            return
        told = await end_events.suppress(
            tx,
            context,
            attempt,
            reason="asked for it in",
            source="call",
            now=context.clock.now(),
        )
        await store_events.add(tx, *told)
