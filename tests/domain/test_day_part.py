"""Morning, afternoon, evening on the clock of the person, and the way from one to another."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.day_part import DayPart, in_other_part, part_of
from campana.domain.window import DEFAULT, Hours, Window, is_open
from tests.domain.test_window_anywhere import instants, windows, zone_sets

NEW_YORK = ZoneInfo("America/New_York")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def daily(start: int, end: int) -> Window:
    return Window(days=((Hours(start=time(start), end=time(end)),),) * 7)


@pytest.mark.parametrize(
    ("clock", "part"),
    [
        ("00:00", DayPart.MORNING),
        ("11:59", DayPart.MORNING),
        ("12:00", DayPart.AFTERNOON),
        ("16:59", DayPart.AFTERNOON),
        ("17:00", DayPart.EVENING),
        ("23:59", DayPart.EVENING),
    ],
)
def test_a_day_has_three_parts(clock: str, part: DayPart) -> None:
    assert part_of(local(f"2026-03-10T{clock}"), NEW_YORK) is part


@pytest.mark.parametrize(
    ("window", "than", "after", "found"),
    [
        (DEFAULT, "2026-03-10T09:00", "2026-03-10T09:30", "2026-03-10T12:00"),
        (DEFAULT, "2026-03-10T16:30", "2026-03-10T16:45", "2026-03-10T17:00"),
        (DEFAULT, "2026-03-10T16:30", "2026-03-10T20:30", "2026-03-10T20:30"),
        # After the evening comes the morning, as soon as the window is open.
        (DEFAULT, "2026-03-10T20:00", "2026-03-10T20:10", "2026-03-11T08:00"),
        (DEFAULT, "2026-03-07T20:00", "2026-03-07T23:10", "2026-03-08T08:00"),
        (DEFAULT, "2026-03-10T09:00", "2026-03-11T09:00", "2026-03-11T12:00"),
        # Another part that is closed is no other part.
        (daily(12, 17), "2026-03-10T13:00", "2026-03-10T18:00", "2026-03-10T18:00"),
        (daily(9, 12), "2026-03-10T09:00", "2026-03-10T10:00", "2026-03-10T10:00"),
    ],
)
def test_the_next_try_is_in_another_part(window: Window, than: str, after: str, found: str) -> None:
    made = in_other_part(window, ["America/New_York"], after=local(after), than=local(than))
    assert made == local(found)


def test_without_a_zone_or_hours_it_is_left_to_the_gate() -> None:
    now = local("2026-03-10T09:00")
    assert in_other_part(DEFAULT, [], after=now, than=now) == now
    assert in_other_part(DEFAULT, ["Mars/Olympus"], after=now, than=now) == now
    assert in_other_part(Window(), ["America/New_York"], after=now, than=now) == now


@settings(max_examples=100, deadline=None)
@given(window=windows, zones=zone_sets, than=instants, hours=st.integers(0, 72))
def test_it_is_open_and_another_part_or_there_is_none(
    window: Window, zones: list[str], than: datetime, hours: int
) -> None:
    after = than + timedelta(hours=hours)
    found = in_other_part(window, zones, after=after, than=than)
    assert found >= after
    zone = ZoneInfo(zones[0])
    if found != after:
        assert is_open(window, zones, found)
        assert part_of(found, zone) is not part_of(than, zone)
