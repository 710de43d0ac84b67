"""What a launch would come to: who is contacted, how many attempts that is, what it may cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from campana.domain import spend
from campana.domain.campaign import Campaign, ChannelType, Plan
from campana.domain.spend import Price
from campana.services.flow_tries import Course
from campana.services.policy import Policy
from campana.store import spend as spend_store
from campana.store.db import Tx
from campana.store.outlook import Crowd

_Zones = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """What the run may cost, in the one currency of the price table."""

    lowest: Decimal
    """Everybody answers at the first try and talks for a minute at the most."""
    highest: Decimal | None
    """Every try of everybody is as long as it may be; no more than the campaign may spend. None
    where a flow may send without end, and nothing limits what is spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The price table as far as a campaign uses it."""

    tables: Mapping[ChannelType, Mapping[str, Price]]
    """Of each kind of channel that is used, where there are prices for it."""
    is_limited: bool
    """There is a limit to keep: whoever has no price is not contacted."""

    @property
    def table(self) -> bool:
        """Whether anything has a price."""
        return any(self.tables.values())

    @property
    def prefix_length(self) -> int:
        """Characters of the longest prefix, its plus sign included; 0 without any."""
        keys = (key for table in self.tables.values() for key in table)
        return max((len(key) for key in keys if key.startswith("+")), default=0)


async def prices_of(
    tx: Tx, campaign: Campaign, plan: Plan, courses: Sequence[Course], *, policy: Policy
) -> Prices:
    """Those of every kind of channel that somebody may be tried on."""
    workspace_id = campaign.workspace_id
    entries = await spend_store.all_prices(tx, workspace_id=workspace_id)
    used = {campaign.channel_type, *(each for course in courses for each in course.tries)}
    return Prices(
        tables={
            each: {entry.prefix: entry.price for entry in entries if entry.channel_type == each}
            for each in sorted(used)
        },
        is_limited=plan.spend_limit is not None or policy.daily_spend_limit is not None,
    )


@dataclass(slots=True)
class Reckoned:
    """Who may be contacted, by zones, now or when the window opens; who never, by reason.

    And how many attempts that makes on each kind of channel: `most` None is without end.
    """

    eligible: Counter[_Zones] = field(default_factory=Counter[_Zones])
    skipped: Counter[str] = field(default_factory=Counter[str])
    least: dict[ChannelType, Counter[_Zones]] = field(
        default_factory=lambda: defaultdict(Counter[_Zones])
    )
    most: dict[ChannelType, Counter[_Zones] | None] = field(
        default_factory=lambda: defaultdict(Counter[_Zones])
    )
    later: Counter[tuple[_Zones, datetime]] = field(
        default_factory=Counter[tuple[_Zones, datetime]]
    )
    """Those of them whom a cap keeps away until then."""
    dearest: Decimal = Decimal(0)
    """What one attempt may cost at the most, of a plan without a flow."""
    lowest: Decimal = Decimal(0)
    highest: Decimal | None = Decimal(0)
    limit: Decimal | None = None

    @property
    def cost(self) -> CostRange:
        """No more than the campaign may spend."""
        ends = (self.lowest, self.highest)
        if self.limit is None:
            return CostRange(lowest=ends[0], highest=ends[1])
        lowest, highest = (self.limit if e is None else min(e, self.limit) for e in ends)
        return CostRange(lowest=lowest, highest=highest)

    def take(self, crowd: Crowd, course: Course, prices: Mapping[ChannelType, Price]) -> None:
        """These are contacted."""
        zones = tuple(sorted(crowd.zones))
        self.eligible[zones] += crowd.people
        if crowd.capped_until is not None:
            self.later[zones, crowd.capped_until] += crowd.people
        if (price := prices.get(course.begins_on)) is not None:
            self.dearest = max(self.dearest, spend.worst_case(price, longest=course.longest))
        for channel_type, tries in course.tries.items():
            if tries.least:
                self.least[channel_type][zones] += crowd.people * tries.least
            most = self.most[channel_type]
            if tries.most is None:
                self.most[channel_type] = None
            elif most is not None:
                most[zones] += crowd.people * tries.most
        lowest, highest = course.cost(prices)
        self.lowest += crowd.people * lowest
        if highest is None or self.highest is None:
            self.highest = None
        else:
            self.highest += crowd.people * highest


def known_prices(crowd: Crowd, prices: Prices) -> dict[ChannelType, Price]:
    """What an attempt to these people costs, by the kind of channel."""
    found = {
        each: spend.price_of(crowd.address or "", crowd.country, table)
        for each, table in prices.tables.items()
    }
    return {each: price for each, price in found.items() if price is not None}
