"""How often one person would be tried, and what that may cost, in each way of a plan.

A plan without a flow tries people on the campaign's own channel. A flow may send more than one
message, on several: then its graphs say how many (`flow.sends`). What becomes of a call is the
flow's to decide; a message that a carrier could not take is tried again by the campaign's rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from campana.domain import spend
from campana.domain.campaign import Campaign, ChannelType, Plan
from campana.domain.spend import Price
from campana.services import flow_people, variant_plans
from campana.services.foretelling import most_tries
from campana.services.spending import LONGEST_CALL
from campana.services.warned import warned
from campana.store.db import Tx

if TYPE_CHECKING:
    from campana.flow.definition import Flow

_Prices = Mapping[ChannelType, Price]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tries:
    """Of one person on one kind of channel: `most` None is without end."""

    least: int
    most: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How people are gone about in one way of a plan."""

    flow: Flow | None
    begins_on: ChannelType
    again: int
    """How often one message, or one call of a plan without a flow, may be tried."""
    longest: timedelta
    """Of a call."""
    tries: Mapping[ChannelType, Tries]
    _costs: dict[tuple[tuple[ChannelType, Price], ...], tuple[Decimal, Decimal | None]] = field(
        default_factory=dict[tuple[tuple[ChannelType, Price], ...], tuple[Decimal, Decimal | None]]
    )

    def cost(self, prices: _Prices) -> tuple[Decimal, Decimal | None]:
        """What one person may cost at these prices, at the least and at the most (None: no end)."""
        key = tuple(sorted(prices.items(), key=lambda each: each[0]))
        if key not in self._costs:
            self._costs[key] = self._reckoned(prices)
        return self._costs[key]

    def _reckoned(self, prices: _Prices) -> tuple[Decimal, Decimal | None]:
        least = {each: price.amount for each, price in prices.items()}
        most = {
            each: spend.worst_case(price, longest=self.longest)
            * _again(each, self.flow, self.again)
            for each, price in prices.items()
        }
        if self.flow is None:
            nothing = Decimal(0)
            return least.get(self.begins_on, nothing), most.get(self.begins_on, nothing)
        from campana.flow import sends

        found = sends.bounds(self.flow, begins_on=self.begins_on, least=least, most=most)
        return found.least, found.most


async def courses(tx: Tx, campaign: Campaign, plan: Plan) -> list[Course]:
    """Of each variant, by its place; of the plan itself where it has none."""
    known = dict[tuple[str, ChannelType], Course]()
    found: list[Course] = []
    for place in range(max(1, len(plan.variants))):
        own, _ = variant_plans.nth(plan, place)
        begins_on = (own.begins_on if own.flow else None) or campaign.channel_type
        flow = await flow_people.flow_of(tx, own)
        key = (flow.version if flow else "", begins_on)
        if key not in known:
            known[key] = _course(campaign, plan, flow, begins_on)
        found.append(known[key])
    return found


def _course(campaign: Campaign, plan: Plan, flow: Flow | None, begins_on: ChannelType) -> Course:
    again = most_tries(campaign, plan)
    tries = {begins_on: Tries(least=1, most=again)}
    if flow is not None:
        from campana.flow import sends

        tries = {
            each: Tries(
                least=int(found.least),
                most=None if found.most is None else int(found.most) * _again(each, flow, again),
            )
            for each, found in sends.sends(flow, begins_on=begins_on).items()
        }
    longest = timedelta(seconds=plan.script.max_seconds) if plan.script else LONGEST_CALL
    return Course(flow=flow, begins_on=begins_on, again=again, longest=longest, tries=tries)


def _again(channel_type: ChannelType, flow: Flow | None, again: int) -> int:
    return 1 if flow is not None and channel_type is ChannelType.VOICE else again


def endless(found: Sequence[Course]) -> list[str]:
    """What somebody should know of flows that may send without end, in sentences."""
    types = sorted({c for course in found for c, each in course.tries.items() if each.most is None})
    return [
        warned(
            f"the flow may send by {each} again and again: how much it sends to one person, how"
            " long it takes and what it costs at the most cannot be foretold"
        )
        for each in types
    ]
