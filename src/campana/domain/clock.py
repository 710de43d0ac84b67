"""Time as a parameter. Nothing below bootstrap reads the machine's clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
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
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("in UTC this lies outside the years 1 to 9999") from None
