"""Whose hours do not come before a campaign is over: said of all of them at once, by their zones.

What a launch refuses looks at no people: hours that open nowhere on earth in time. Of the people of
a list it is a warning, since others may be added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from campana.domain.campaign import Campaign, Plan
from campana.domain.errors import FieldProblem
from campana.domain.window import Window, both, ever_opens, next_open, zone_named
from campana.services import variant_plans
from campana.services.crowds import Judge
from campana.services.warned import warned
from campana.services.window_document import hours_of
from campana.store.channels import Channel
from campana.store.outlook import Crowd

_EVERYWHERE = [(f"Etc/GMT{hours:+}",) for hours in range(-14, 13)]
_BETWEEN = timedelta(hours=1)
"""Some clocks lie between those of whole hours."""
_MOST_NAMED = 5

_Zones = tuple[str, ...]


def problems(
    campaign: Campaign, plan: Plan, channel: Channel | None, *, now: datetime
) -> Iterator[FieldProblem]:
    """That nobody, wherever they are, could be contacted between its start and its end."""
    end, start = campaign.end_date, max(now, campaign.start_date or now)
    if end is None or end <= start:
        return
    ways = {own.window: None for _, own in variant_plans.each_way(plan)}
    windows = [each if channel is None else hours_with(each, channel) for each in ways]
    if not any(ever_opens(each, start) for each in windows):
        # That is another problem, and said as one.
        return
    openings = (next_open(each, zones, start) for each in windows for zones in _EVERYWHERE)
    if not any(each is not None and each < end + _BETWEEN for each in openings):
        yield FieldProblem(
            pointer="/endDate",
            message="its hours open nowhere before it: end it later, or widen the window",
        )


def warnings(judge: Judge, found: Sequence[Crowd]) -> Iterator[str]:
    """A sentence for those whose hours open too late, and one for those for whom they never do."""
    campaign, plan, now = judge.campaign, judge.plan, judge.now
    start, end = max(now, campaign.start_date or now), campaign.end_date
    late, never = Counter[_Zones](), Counter[_Zones]()
    people = 0
    opens = dict[tuple[int, _Zones], datetime | None]()
    for crowd in found:
        reason, zones = judge.reason(crowd), tuple(sorted(crowd.zones))
        key = crowd.variant, zones
        if key not in opens:
            opens[key] = next_open(_window(plan, crowd), zones, start)
        if reason is None:
            people += crowd.people
            if end is not None and ((at := opens[key]) is None or at >= end):
                late[zones] += crowd.people
        elif reason == "zone_unknown" and zones and all(zone_named(each) for each in zones):
            never[zones] += crowd.people
    if late and end is not None:
        yield warned(
            f"the window does not open before the endDate {_moment(end)} in {_named(late)}:"
            f" {late.total():,} of {people:,} people are not contacted; end it later, or widen"
            " the window"
        )
    everybody = sum(crowd.people for crowd in found)
    if never:
        yield warned(
            f"the window is never open in all zones at once where people may be in {_named(never)}:"
            f" {never.total():,} of {everybody:,} people are never contacted; widen the window, or"
            " say in which zone they are"
        )


def hours_with(window: Window, channel: Channel) -> Window:
    """The hours in which the channel is open as well."""
    return both(window, hours_of(channel.window)) if channel.window else window


def _window(plan: Plan, crowd: Crowd) -> Window:
    own, _ = variant_plans.nth(plan, crowd.variant)
    return own.window


def _named(zones: Iterable[_Zones]) -> str:
    named = [" or ".join(each) for each in sorted(zones)]
    rest = ["…"] if len(named) > _MOST_NAMED else []
    return ", ".join([*named[:_MOST_NAMED], *rest])


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
