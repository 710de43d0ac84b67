"""What was put off leaves later, never more densely than the channel's rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campana.domain import pacing
from campana.domain.pacing import Limits
from campana.engine.slots import Slots
from campana.engine.spacing import Spacing
from tests.engine.test_pacing import WINDOW, most_within_window

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECONDS = 6.0


def moments(rate: float) -> list[float]:
    """Of one long grant, as they are planned."""
    planned = pacing.planned(Limits(rate=rate, burst=1, lines=10_000))
    granted = pacing.grant(
        planned,
        arrival_at=START,
        lines_in_use=0,
        wanted=10_000,
        now=START,
        ahead=timedelta(seconds=SECONDS),
    )
    return [n * granted.interval.total_seconds() for n in range(granted.sends)]


def departures(
    planned: Sequence[float], stalls: Sequence[tuple[float, float]], *, spacing: Spacing | None
) -> list[float]:
    """When each send leaves of a process that stands still at some times for some seconds."""
    slots = Slots(planned, tolerance=1.0, spacing=spacing)
    now, found = 0.0, list[float]()
    for moment in planned:
        while (wait := slots.wait(moment, now=now)) > 1e-9:
            now += wait
            now = max([now, *(at + length for at, length in stalls if at <= now < at + length)])
        slots.departed(now=now)
        found.append(now)
    return found


def spaced(*, rate: float, burst: int = 1) -> Spacing:
    made = Spacing()
    made.limit(rate=rate, burst=burst)
    return made


def test_after_a_stall_the_carrier_sees_the_rate_and_all_that_was_put_off() -> None:
    rate, stalls = 250.0, [(1.0, 0.3)]
    most = math.ceil(WINDOW * rate) + 1
    planned = moments(rate)
    assert most_within_window(departures(planned, stalls, spacing=None)) > most
    found = departures(planned, stalls, spacing=spaced(rate=rate))
    assert most_within_window(found) <= most
    assert len(found) == len(planned)


def test_whoever_is_on_time_is_not_held_up() -> None:
    planned = moments(250.0)
    assert departures(planned, [], spacing=spaced(rate=250.0)) == planned


def test_a_burst_leaves_at_once_and_no_more_than_that() -> None:
    made = spaced(rate=150.0, burst=3)
    for _ in range(3):
        assert made.wait(now=5.0) <= 0
        made.left(now=5.0)
    assert 0 < made.wait(now=5.0) < 1 / 150


def test_a_rate_that_was_raised_is_held_from_the_next_send_on() -> None:
    made = spaced(rate=150.0)
    made.left(now=5.0)
    assert made.wait(now=5.0) > 0
    made.limit(rate=1_000.0, burst=10)
    assert made.wait(now=5.0) < 0


@given(
    rate=st.floats(min_value=101, max_value=2_000),
    stalls=st.lists(
        st.tuples(st.floats(0, SECONDS), st.floats(0.001, 0.4)), min_size=1, max_size=5
    ),
)
def test_no_stretch_holds_more_than_the_rate_whenever_a_process_stands_still(
    rate: float, stalls: list[tuple[float, float]]
) -> None:
    found = departures(moments(rate), stalls, spacing=spaced(rate=rate))
    assert most_within_window(found) <= math.ceil(WINDOW * rate) + 1
