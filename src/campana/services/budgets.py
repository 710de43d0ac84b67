"""How many attempts the limits on what is spent pay for, when a run is played ahead.

As the claim has it: an attempt begins when the most it may cost is left, and what it did not cost
comes back.
"""

from __future__ import annotations

from decimal import Decimal

from campana.domain import spend
from campana.domain.quota import Quota
from campana.services.crowds import Judge
from campana.services.foretelling import Money
from campana.store import spend as store
from campana.store.db import Tx


async def money(tx: Tx, judge: Judge, *, one: Decimal, most: Decimal) -> Money | None:
    """What the day and the campaign may still cost, in attempts.

    Args:
        tx: of reading.
        judge: of a draft.
        one: what an attempt costs at the least, in the mean of everybody.
        most: what is set aside for it at the most.

    Returns:
        None where nothing limits it, or where a flow says how often somebody is sent something.
    """
    day_limit, limit = judge.policy.daily_spend_limit, judge.plan.spend_limit
    if not most or judge.plan.flow is not None or (day_limit is None and limit is None):
        return None
    least: list[Quota] = []
    worst: list[Quota] = []
    if day_limit is not None:
        zone = judge.policy.zone
        day = spend.day_of(judge.now, zone)
        purse = await store.of_day(
            tx, workspace_id=judge.campaign.workspace_id, day=day, limit=day_limit
        )
        rest = day_limit - purse.spent - purse.reserved
        # What is promised to calls comes back but for a minute or more; to messages it is spent.
        hoped = rest if one == most else day_limit - purse.spent
        for quotas, cost, left in ((least, one, hoped), (worst, most, rest)):
            quotas.append(
                Quota(
                    most=max(1, _attempts(day_limit, one=cost, most=most)),
                    left=_attempts(left, one=cost, most=most),
                    on=day,
                    zone=zone,
                )
            )
    if limit is not None:
        least.append(Quota(most=_attempts(limit, one=one, most=most), zone=None))
    return Money(least=least, most=worst)


def _attempts(left: Decimal, *, one: Decimal, most: Decimal) -> int:
    """One after another."""
    return 0 if left < most else 1 + int((left - most) / one)
