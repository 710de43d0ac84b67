"""Time as a parameter. Nothing below bootstrap reads the machine's clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

# Python's reader takes any letter between date and time; people's mistakes hide there.
_DATE_AND_TIME = re.compile(r"[0-9W-]{1,10}([T ][0-9:.,]{1,20}(Z|[+-][0-9:.]{1,15})?)?")


class Clock(Protocol):
    """Tells the time; production samples the database's clock, tests say what they like."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...

    @property
    def is_steady(self) -> bool:
        """False while the clock cannot be trusted: nothing new may begin."""
        ...


JUMP = timedelta(seconds=5)
"""Further off than this a clock that is asked again has jumped, not drifted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a clock said, and when by the monotonic one, in seconds."""

    said: datetime
    at: float

    def carried_to(self, at: float) -> datetime:
        """What it says at another monotonic moment, if it goes on evenly."""
        return self.said + timedelta(seconds=at - self.at)

    def agrees_with(self, other: Sample) -> bool:
        """Whether both can be readings of one clock that goes evenly."""
        return abs(self.said - other.carried_to(self.at)) <= JUMP


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """A clock asked now and then, and carried on between by the monotonic one.

    A sample that jumps is doubted, not followed: the time goes on as before, `is_steady` is False,
    and the next sample decides. One that agrees with the doubted one makes it the time; one that
    agrees with the time as it was shows that the jump was none; a third opinion is doubted in its
    turn.
    """

    trusted: Sample
    doubted: Sample | None = None

    @property
    def is_steady(self) -> bool:
        """False while a jump is neither believed nor refuted."""
        return self.doubted is None

    def now(self, at: float) -> datetime:
        """The time at a monotonic moment."""
        return self.trusted.carried_to(at)

    def follow(self, sample: Sample) -> Carried:
        """The clock after another sample."""
        if any(sample.agrees_with(known) for known in (self.trusted, self.doubted) if known):
            return Carried(trusted=sample)
        return replace(self, doubted=sample)


def wire(moment: datetime | None) -> str | None:
    """`2024-03-01T09:00:00Z`: how every time leaves Campana, whole seconds in UTC."""
    if moment is None:
        return None
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def parse_moment(text: str, *, is_end: bool = False) -> datetime:
    """An ISO 8601 date or time as an instant in UTC.

    A date alone is its first instant in UTC, or its last when `is_end`; a time without an offset
    is UTC.

    Raises:
        ValueError: not ISO 8601.
    """
    shape = _DATE_AND_TIME.fullmatch(text)
    if shape is None:
        raise ValueError("not an ISO 8601 date or time")
    moment = datetime.fromisoformat(text)
    if is_end and shape[1] is None:
        moment = moment.replace(hour=23, minute=59, second=59, microsecond=999999)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else in_utc(moment)


def in_utc(moment: datetime) -> datetime:
    """An aware time as it is in UTC.

    Raises:
        ValueError: there it is none.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this lies outside the years 1 to 9999") from None
