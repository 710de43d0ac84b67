"""Sends that certainly did not happen: many at once, whoever was meant is due again.

A process that stood still for longer than the send deadline has a whole grant of them, at the very
moment it can afford it least. So most are put back by one statement; whatever is not as its sender
left it, or belongs to a campaign that is over, goes the way every end goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campana.domain.campaign import STATUS_OF, CampaignStatus
from campana.domain.disposition import Disposition
from campana.services import outcomes, sent_events
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.store import attempts, campaigns, quotas, sending
from campana.store.due import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """An intent that is too old to be sent, and the group it was claimed from."""

    intent: Claimed
    group: Group


async def put_back(context: Context, unsent: Sequence[Unsent], *, reason: str) -> None:
    """End these attempts as not sent, all at once. Repeating it changes nothing.

    Raises:
        Unavailable: the database does not answer.
    """
    now = context.clock.now()
    given = {
        each.intent.attempt_id: sending.Unsent(
            attempt_id=each.intent.attempt_id,
            window_key=each.group.window_key,
            priority=each.group.priority,
            event=sent_events.ended(
                each.intent, ended_at=now, disposition=Disposition.NOT_SENT, reason=reason
            ),
        )
        for each in unsent
    }
    async with context.db.transaction() as tx:
        held = await sending.hold_unsent(tx, unsent=list(given.values()), now=now)
        # Attempts before campaigns, as by whoever concludes one; of these each once, in order.
        going_on: set[str] = set()
        for campaign_id in sorted({each.campaign_id for each in held if each.is_plain}):
            state, _ = await campaigns.share_state(tx, campaign_id=campaign_id, now=now)
            if STATUS_OF[state] is not CampaignStatus.COMPLETED:
                going_on.add(campaign_id)
        plain = {each.attempt_id for each in held if each.is_plain and each.campaign_id in going_on}
        await sending.put_back(
            tx, unsent=[given[each] for each in sorted(plain)], reason=reason, now=now
        )
        ended = set(plain)
        for each in held:
            if each.attempt_id in plain:
                continue
            attempt = await attempts.lock(tx, attempt_id=each.attempt_id)
            if attempt is not None and attempt.state.is_open:
                await outcomes.end(
                    tx, context, attempt, disposition=Disposition.NOT_SENT, reason=reason
                )
                ended.add(attempt.id)
        await quotas.give_back(tx, attempt_ids=ended)
