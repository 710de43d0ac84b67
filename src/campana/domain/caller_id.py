"""Which of a channel's numbers a call is placed from: in turn, and each so often a day at most.

Carriers mark numbers from which many calls come as spam; spreading calls over several and keeping
each below a number of calls a day is what dialers do about it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIds:
    """The numbers of a channel, and how many calls each may place in a day of UTC."""

    numbers: tuple[str, ...]
    """In E.164; at least one."""
    calls_a_day: int | None = None
    """From each of them, over all channels and campaigns of the workspace; None is no limit."""

    def only(self, number: str | None) -> CallerIds:
        """The same with the one number a campaign chose, or all where it chose none."""
        return (
            self if number is None else CallerIds(numbers=(number,), calls_a_day=self.calls_a_day)
        )

    @property
    def most_calls_a_day(self) -> int | None:
        """All of them together."""
        return None if self.calls_a_day is None else self.calls_a_day * len(self.numbers)

    def calls_left(self, used: Mapping[str, int]) -> int | None:
        """Of a day on which each number has placed so many."""
        most = self.calls_a_day
        return None if most is None else sum(max(0, most - used.get(n, 0)) for n in self.numbers)

    @property
    def are_counted(self) -> bool:
        """Whether it makes a difference how often each was used."""
        return self.calls_a_day is not None or len(self.numbers) > 1

    def next(self, used: Mapping[str, int]) -> str | None:
        """The one used least today, of equals the first; None when each has had its calls."""
        found = min(self.numbers, key=lambda number: used.get(number, 0))
        if self.calls_a_day is not None and used.get(found, 0) >= self.calls_a_day:
            return None
        return found
