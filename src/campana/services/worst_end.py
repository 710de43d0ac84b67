"""When a run is over at the latest: every try of everybody in vain, one round after another.

In the run rounds overlap; so it is never later than this, as long as somebody works and no other
campaign is launched on the channel meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campana.domain.cadence import Rule
from campana.domain.caps import Cap
from campana.domain.day_part import in_other_part
from campana.domain.forecast import Later, Pace, forecast
from campana.domain.window import Window

_Zones = tuple[str, ...]

_HOUR = timedelta(hours=1)
_SLOWEST = 0.98
"""The share of its rate a channel keeps to, in the mean of a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What is to be gone through."""

    people: Mapping[_Zones, int]
    later: Later
    """Those of them whom a cap keeps away for now, until some time in the hour after that."""
    tries: int
    rules: Sequence[Rule]
    """By which somebody may be tried again."""
    caps: Sequence[Cap]
    others: int
    """Attempts of other campaigns on the channel that may come first."""
    held: timedelta
    """How long an attempt may take."""


def worst_end(
    rounds: Rounds, *, window: Window, pace: Pace, start: datetime, end: datetime | None
) -> datetime | None:
    """When the last attempt would be over; None when it might never be, `end` at the latest."""
    first = None if pace.first is None else pace.first + rounds.others
    slow = replace(pace, rate=pace.rate * _SLOWEST, first=first)
    ends: list[datetime] = []
    attempts = sum(rounds.people.values()) * rounds.tries + rounds.others
    begins = start
    later: Later = {(z, since + _HOUR): count for (z, since), count in rounds.later.items()}
    for number in range(rounds.tries):
        people = _with_others(rounds) if number == 0 else rounds.people
        found = forecast(people, later=later, window=window, pace=slow, start=begins, end=end)
        slow = replace(slow, first=None)
        if found.not_reached or found.last_at is None:
            return end
        ends.append(found.last_at + rounds.held)
        later, begins = {}, _next_round(rounds, ends, window)
        for quota in pace.quotas:
            if attempts > quota.at(start):
                # What is left of the quota of that day nobody says.
                begins = max(begins, quota.renewed_at(found.last_at) or begins)
    last = ends[-1]
    return last if end is None else min(last, end + rounds.held)


def _with_others(rounds: Rounds) -> Mapping[_Zones, int]:
    """As if the others' were people of this campaign's: most come where most are."""
    if not rounds.others:
        return rounds.people
    largest = max(rounds.people, key=lambda zones: rounds.people[zones])
    return Counter(rounds.people) + Counter({largest: rounds.others})


def _next_round(rounds: Rounds, ends: Sequence[datetime], window: Window) -> datetime:
    """When the last of them may be tried again, whatever the try before came to."""
    last = ends[-1]
    moments = [last]
    for rule in rounds.rules:
        after = last + max((rule.delay, *rule.later_delays))
        moments.append(after)
        if rule.in_other_part:
            moments += [
                in_other_part(window, each, after=after, than=last) for each in rounds.people
            ]
    for cap in rounds.caps:
        # Before the oldest of the latest has become too old to count nobody is tried again. Others
        # may have tried them before the first of ours, and those that go on may do so at any time.
        is_filled = bool(rounds.others) or len(ends) == 1
        oldest = len(ends) - (1 if is_filled else cap.attempts)
        if oldest >= 0:
            moments.append(ends[oldest] + timedelta(days=cap.days))
    return max(moments)
