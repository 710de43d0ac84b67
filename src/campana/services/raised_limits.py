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
_CLAIMS_ARE_OVER_AFTER = 11.0
"""Seconds: a claim that stands still for ten is ended by the server."""


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
    """Make whomever a spend limit put off due at once; how many they were (engine role).

    Who changes a campaign waits for its claims. Of the limit of a day one may have read the old
    value and put people off by it later: they are looked for once more.
    """
    found = await _bring_forward(context, workspace_id=workspace_id, campaign_id=campaign_id)
    if campaign_id is None:
        await context.doze(_CLAIMS_ARE_OVER_AFTER)
        found += await _bring_forward(context, workspace_id=workspace_id, campaign_id=None)
    return found


async def _bring_forward(context: Context, *, workspace_id: int, campaign_id: str | None) -> int:
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
