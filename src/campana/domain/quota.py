"""How many attempts may begin in a day, and what is left of that while a run is played ahead.

A channel, its numbers, a campaign and what may be spent each have their say, and their days need
not begin at the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_NEARLY_NOTHING = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many attempts a day, of which some may be gone already."""

    most: int
    left: int | None = None
    """Of the day `on`, where something of it is gone; of every other day `most`."""
    on: date | None = None
    zone: tzinfo | None = UTC
    """Where its day begins and ends; None is one day without an end."""

    def at(self, moment: datetime) -> int:
        """What there is of the day of `moment` (aware) before anything of a run is done in it."""
        if self.left is None or (self.zone and self._day_of(moment, self.zone) != self.on):
            return self.most
        return max(0, self.left)

    def renewed_at(self, moment: datetime) -> datetime | None:
        """When the day after that of `moment` begins (UTC); None when none follows."""
        if self.zone is None:
            return None
        tomorrow = self._day_of(moment, self.zone) + _DAY
        return datetime.combine(tomorrow, time.min, tzinfo=self.zone).astimezone(UTC)

    @staticmethod
    def _day_of(moment: datetime, zone: tzinfo) -> date:
        return moment.astimezone(zone).date()


class Left:
    """What is left of several quotas together."""

    def __init__(self, quotas: Sequence[Quota], start: datetime) -> None:
        """At the moment a run begins."""
        self._quotas = quotas
        self._left = [float(each.at(start)) for each in quotas]
        self._renewed_at = [each.renewed_at(start) for each in quotas]

    @property
    def least(self) -> float:
        """Of the one of which the least is left; without any there is no limit."""
        return min(self._left, default=float("inf"))

    @property
    def turn(self) -> datetime | None:
        """When the next of their days begins."""
        return min((each for each in self._renewed_at if each is not None), default=None)

    def renew(self, now: datetime) -> None:
        """Begin the days that have begun by `now`."""
        for place, quota in enumerate(self._quotas):
            turn = self._renewed_at[place]
            if turn is not None and turn <= now:
                self._left[place] = float(quota.at(now))
                self._renewed_at[place] = quota.renewed_at(now)

    def take(self, attempts: float) -> None:
        """So many have begun."""
        rest = [each - attempts for each in self._left]
        self._left = [each if each > _NEARLY_NOTHING else 0.0 for each in rest]
