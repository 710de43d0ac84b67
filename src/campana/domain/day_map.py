"""What each hour is to people of some zones: open, too early or late, or a closed day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from campana.domain.window import Window, is_closed_day, open_spans, zone_named

_HOUR = timedelta(hours=1)


class HourKind(StrEnum):
    """Why somebody may be contacted in an hour, or may not."""

    OPEN = "open"
    """In some of it."""
    QUIET = "quiet"
    """Outside of the hours, in one of the zones at least."""
    HOLIDAY = "holiday"
    """A closed day: a holiday or a date that is kept free."""


def hour_kinds(window: Window, zones: Sequence[str], hours: Sequence[datetime]) -> list[HourKind]:
    """Of hours that begin at these instants (aware, ascending), for people in all these zones."""
    if not hours:
        return []
    end = hours[-1] + _HOUR
    days = (end - hours[0]) // timedelta(days=1) + 2
    spans = list(
        takewhile(lambda span: span[0] < end, open_spans(window, zones, hours[0], days=days))
    )
    return [_kind(window, zones, hour, spans) for hour in hours]


def _kind(
    window: Window,
    zones: Sequence[str],
    hour: datetime,
    spans: Sequence[tuple[datetime, datetime]],
) -> HourKind:
    if any(opens < hour + _HOUR and closes > hour for opens, closes in spans):
        return HourKind.OPEN
    known = [zone for name in zones if (zone := zone_named(name)) is not None]
    if any(is_closed_day(window, hour.astimezone(zone).date()) for zone in known):
        return HourKind.HOLIDAY
    return HourKind.QUIET
