"""A spend limit was raised: whomever the old one had put off is asked again now.

Without it they would wait for the time they were put off to, which for the limit of a day is the
next day. They may be a million: a background task goes through them.
"""

from __future__ import annotations

from campana.services.context import Context
from campana.store import due, jobs
from campana.store.db import Tx

TASK = "ask_again"
_AT_ONCE = 2_000


async def note(
    tx: Tx,
    *,
    workspace_id: int,
    before: float | None,
    after: float | None,
    campaign_id: str | None = None,
) -> None:
    """Have them asked again, if `after` is more than `before`; None is no limit.

    `campaign_id` is the campaign whose own limit it was; None for the limit of a day, which is that
    of all campaigns.
    """
    if before is None or (after is not None and after <= before):
        return
    await jobs.defer(
        tx,
        task=TASK,
        arguments={"workspace_id": workspace_id, "campaign_id": campaign_id or ""},
    )


async def ask_again(context: Context, *, workspace_id: int, campaign_id: str | None) -> int:
    """Make whomever a spend limit put off due at once; how many they were (engine role)."""
    found = 0
    while True:
        async with context.db.transaction() as tx:
            moved = await due.bring_forward(
                tx,
                workspace_id=workspace_id,
                campaign_id=campaign_id,
                reason="budget",
                limit=_AT_ONCE,
                now=context.clock.now(),
            )
        found += moved
        if moved < _AT_ONCE:
            return found
