"""What each hour is to people of some zones."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from campana.domain.day_map import HourKind, hour_kinds
from campana.domain.window import ALWAYS, Hours, Window

MIDNIGHT = datetime(2026, 12, 24, 5, tzinfo=UTC)
"""In New York."""
HOURS = [MIDNIGHT + timedelta(hours=each) for each in range(48)]
NEW_YORK, CHICAGO = "America/New_York", "America/Chicago"


def window(**changes: object) -> Window:
    return Window(days=((Hours(start=time(9), end=time(12, 30)),),) * 7, **changes)  # pyright: ignore[reportArgumentType]


def test_hours_are_open_quiet_or_a_holiday() -> None:
    kinds = hour_kinds(window(holidays=("US",)), [NEW_YORK], HOURS)
    day = [HourKind.QUIET] * 9 + [HourKind.OPEN] * 4 + [HourKind.QUIET] * 11
    assert kinds == day + [HourKind.HOLIDAY] * 24


def test_all_zones_must_be_open_and_a_closed_day_in_one_closes() -> None:
    kinds = hour_kinds(window(), [NEW_YORK, CHICAGO], HOURS)
    assert [n for n, kind in enumerate(kinds[:24]) if kind is HourKind.OPEN] == [10, 11, 12]
    closed = window(closed_dates=frozenset({date(2026, 12, 24)}))
    kinds = hour_kinds(closed, [NEW_YORK, CHICAGO], HOURS)
    assert kinds[:25] == [HourKind.HOLIDAY] * 25


def test_all_hours_are_always_open() -> None:
    assert hour_kinds(ALWAYS, [], HOURS) == [HourKind.OPEN] * 48
    assert hour_kinds(ALWAYS, [NEW_YORK], []) == []
