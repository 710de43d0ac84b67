"""A campaign's own limits, kept where its people are claimed: no worker can go around them.

The channel's limits are granted beforehand (`dispatch.schedule`); these lie below and are counted
in the claim's transaction under the campaign's own lock. A campaign without limits pays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campana.domain.campaign import Plan
from campana.domain.pacing import Grant, Hold, OwnPace, own_grant, own_hold, own_rate
from campana.domain.window import END_OF_TIME
from campana.services.claimed import Claimed
from campana.store import campaign_pacing
from campana.store.campaign_pacing import CampaignPace
from campana.store.db import Tx
from campana.store.due import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAllowance:
    """How many attempts a campaign's own limits leave; `locked` is None when it has no limits."""

    attempts: int
    ahead: timedelta
    locked: CampaignPace | None = None
    granted: Grant | None = None

    def moment(self, n: int, now: datetime) -> datetime:
        """From when the `n`-th of them may be sent."""
        if self.granted is None:
            return now
        return max(now, self.granted.first_at + n * self.granted.interval)


async def allow(
    tx: Tx, *, group: Group, plan: Plan, wanted: int, ahead: timedelta, now: datetime
) -> OwnAllowance:
    """What the campaign may begin now, at most `wanted`; its row is held until the commit.

    When that is nothing, the reason is noted, so that nobody asks again before it may change.
    """
    if not plan.pacing.any and plan.canary is None:
        return OwnAllowance(attempts=wanted, ahead=ahead)
    locked = await campaign_pacing.lock(
        tx, campaign_id=group.campaign_id, workspace_id=group.workspace_id, now=now
    )
    granted = own_grant(plan.pacing, locked.pace, wanted=wanted, now=now, ahead=ahead)
    attempts = min(granted.sends, _canary_left(plan, locked, wanted))
    own = OwnAllowance(attempts=attempts, ahead=ahead, locked=locked, granted=granted)
    if not attempts:
        await use(tx, own, group=group, plan=plan, claimed=(), now=now)
    return own


async def use(
    tx: Tx,
    own: OwnAllowance,
    *,
    group: Group,
    plan: Plan,
    claimed: Sequence[Claimed],
    now: datetime,
) -> None:
    """Count the attempts that were written."""
    if own.locked is None:
        return
    locked = own.locked
    again = own_grant(plan.pacing, locked.pace, wanted=len(claimed), now=now, ahead=own.ahead)
    pace = replace(
        locked.pace,
        arrival_at=again.arrival_at,
        rate=own_rate(plan.pacing, locked.pace, now=now),
        lines_in_use=locked.pace.lines_in_use + len(claimed),
        attempts_today=locked.pace.attempts_today + len(claimed),
    )
    begun = locked.begun + await _first_tries(tx, locked, claimed)
    after = replace(locked, pace=pace, begun=begun)
    await campaign_pacing.set_pace(
        tx,
        campaign_id=group.campaign_id,
        arrival_at=pace.arrival_at,
        rate=pace.rate,
        attempts_today=pace.attempts_today,
        begun=begun,
        hold=_hold(plan, after, pace, now=now, ahead=own.ahead),
        now=now,
    )


async def _first_tries(tx: Tx, locked: CampaignPace, claimed: Sequence[Claimed]) -> int:
    """How many of these are the first that their people may hear of.

    While first people are looked for, who was put back unsent is one still.
    """
    again = [each for each in claimed if each.attempt_no > 1]
    first = len(claimed) - len(again)
    if again and locked.is_canary_pending:
        first += await campaign_pacing.untried(
            tx, tries={each.target_id: each.attempt_no for each in again}
        )
    return first


def _canary_left(plan: Plan, locked: CampaignPace, wanted: int) -> int:
    if plan.canary is None or not locked.is_canary_pending:
        return wanted
    return max(0, plan.canary.size(locked.enrolled) - locked.begun)


def _hold(
    plan: Plan, locked: CampaignPace, pace: OwnPace, *, now: datetime, ahead: timedelta
) -> Hold | None:
    if not _canary_left(plan, locked, 1):
        return Hold(by="canary", until=END_OF_TIME)
    return own_hold(plan.pacing, pace, now=now, ahead=ahead)
