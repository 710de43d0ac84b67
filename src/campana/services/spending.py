"""Money in the claim and at the end of an attempt: no limit is passed by more than is promised.

A claim promises each attempt what it may cost at worst, and settling turns the promise into what it
did cost. Both hold the purse of the day and then that of the campaign, and the claim does so before
it writes an intent: the order every transaction takes its locks in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from campana.domain import spend
from campana.domain.campaign import Plan
from campana.domain.disposition import Disposition
from campana.domain.event import EventName
from campana.domain.spend import Price, Purse
from campana.services import events
from campana.services.policy import Policy
from campana.store import decisions, due, targets
from campana.store import events as store_events
from campana.store import spend as store
from campana.store.attempts import Attempt
from campana.store.db import Tx
from campana.store.due import Candidate, Deferral
from campana.store.spend import Reservation

SETTLING_DELAY = timedelta(seconds=60)
"""While promises are open, some of the money may come back: ask again when calls have ended."""
EXHAUSTED = "all that it may cost is spent, raise its spendLimit first"
"""Why a campaign was tripped whose own limit is used up."""
LONGEST_CALL = timedelta(hours=1)
"""What a conversation without a script of its own may last."""


@dataclass(slots=True, kw_only=True)
class Budget:
    """What the people of one claim may cost; empty when nothing is priced."""

    day: date
    promised: Mapping[int, tuple[Price, Decimal]] = field(
        default_factory=dict[int, tuple[Price, Decimal]]
    )
    """Target id to its price and the worst it may cost."""
    is_exhausted: bool = False
    """What the cheapest of those put off may cost is more than the campaign's own limit leaves,
    and no attempt is open from which some of it would come back."""


async def within_limits(
    tx: Tx,
    allowed: Sequence[Candidate],
    *,
    workspace_id: int,
    campaign_id: str,
    channel_type: str,
    plan: Plan,
    policy: Policy,
    has_prices: bool,
    now: datetime,
) -> tuple[list[Candidate], Budget]:
    """Those whose worst case the limits still hold; the others are put off, with the reason.

    Whoever has no price is dropped when there is a limit to keep: nobody knows what they cost.
    """
    day = spend.day_of(now, policy.zone)
    budget = Budget(day=day)
    is_limited = plan.spend_limit is not None or policy.daily_spend_limit is not None
    if not allowed or not (has_prices or is_limited):
        return list(allowed), budget
    keys = {key for each in allowed for key in spend.keys_of(each.address or "", each.country)}
    prices = await store.prices(
        tx, workspace_id=workspace_id, channel_type=channel_type, keys=sorted(keys)
    )
    purses = await store.hold(
        tx,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        day=day,
        day_limit=policy.daily_spend_limit,
        campaign_limit=plan.spend_limit,
    )
    longest = timedelta(seconds=plan.script.max_seconds) if plan.script else LONGEST_CALL
    kept: list[Candidate] = []
    promised: dict[int, tuple[Price, Decimal]] = {}
    deferrals: list[Deferral] = []
    lacking: list[Decimal] = []
    for each in allowed:
        price = spend.price_of(each.address or "", each.country, prices)
        if price is None:
            if is_limited:
                finished = await targets.finish(
                    tx,
                    target_id=each.id,
                    disposition=Disposition.PRICE_UNKNOWN,
                    reason="price_unknown",
                    now=now,
                )
                told = events.of_target(EventName.TARGET_FINISHED, finished, at=now)
                await store_events.add(tx, *told)
                await decisions.skip(tx, target_id=each.id, reason="price_unknown", now=now)
            else:
                kept.append(each)
            continue
        amount = spend.worst_case(price, longest=longest)
        if all(purse.has(amount) for purse in purses):
            for purse in purses:
                purse.reserve(amount)
            promised[each.id] = (price, amount)
            kept.append(each)
        else:
            until = _until(purses, amount, policy=policy, now=now)
            lacking.append(amount)
            deferrals.append(Deferral(target_id=each.id, until=until, why="budget"))
    await due.defer(tx, deferrals=deferrals, now=now)
    budget.promised = promised
    of_campaign = purses[1]
    if lacking and not of_campaign.reserved:
        budget.is_exhausted = not of_campaign.has(min(lacking))
    return kept, budget


def _until(
    purses: tuple[Purse, Purse], amount: Decimal, *, policy: Policy, now: datetime
) -> datetime:
    of_day, of_campaign = purses
    tomorrow = spend.next_day(now, policy.zone)
    if not of_day.has(amount) and not of_day.reserved and of_campaign.has(amount):
        return tomorrow
    return min(now + SETTLING_DELAY, tomorrow)


async def promise(
    tx: Tx, attempts: Mapping[int, UUID], *, workspace_id: int, campaign_id: str, budget: Budget
) -> None:
    """Reserve what these attempts (target id to attempt) may cost."""
    await store.reserve(
        tx,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        day=budget.day,
        reservations=[
            Reservation(attempt_id=attempts[target_id], price=price, amount=amount)
            for target_id, (price, amount) in budget.promised.items()
            if target_id in attempts
        ],
    )


async def settle(
    tx: Tx, attempt: Attempt, *, disposition: Disposition, talk_seconds: float | None
) -> None:
    """What the attempt did cost; before it is closed, while nobody waits for its address."""
    charge = await store.charge(tx, attempt_id=attempt.id)
    if charge is None:
        return
    await store.hold(
        tx,
        workspace_id=charge.workspace_id,
        campaign_id=charge.campaign_id,
        day=charge.day,
        day_limit=None,
        campaign_limit=None,
    )
    await store.settle(
        tx,
        attempt_id=attempt.id,
        charge=charge,
        cost=spend.cost(
            charge.price,
            disposition=disposition,
            talk_seconds=talk_seconds,
            reserved=charge.reserved,
        ),
    )
