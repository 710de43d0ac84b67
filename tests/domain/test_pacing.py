"""How much may be sent: never above the rate or the lines, and in the long run all of the rate."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campana.domain.pacing import USUAL_NOTICE, Limits, cedes, grant

NOW = datetime(2026, 3, 10, 15, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=1)


def limits(rate: float = 1.0, burst: int = 1, lines: int = 1000) -> Limits:
    return Limits(rate=rate, burst=burst, lines=lines)


@pytest.mark.parametrize(
    ("burst", "lines", "in_use", "wanted", "ahead", "sends"),
    [
        (1, 10, 0, 5, 0.0, 1),
        (3, 10, 0, 5, 0.0, 3),
        (3, 10, 0, 2, 0.0, 2),
        (3, 2, 0, 5, 0.0, 2),
        (3, 2, 1, 5, 0.0, 1),
        (3, 2, 2, 5, 0.0, 0),
        (3, 2, 9, 5, 0.0, 0),
        (3, 10, 0, 0, 0.0, 0),
        (1, 10, 0, 5, 0.001, 0),
        (1, 10, 0, 5, 1.0, 0),
        (3, 10, 0, 5, 1.0, 2),
        (3, 10, 0, 5, 1.5, 1),
        (3, 10, 0, 5, 3.0, 0),
        (3, 10, 0, 5, 100.0, 0),
    ],
)
def test_gives_what_rate_lines_and_wish_allow(
    burst: int, lines: int, in_use: int, wanted: int, ahead: float, sends: int
) -> None:
    """At one send a second; `ahead` is how far the theoretical arrival lies in the future."""
    arrival_at = NOW + timedelta(seconds=ahead)
    granted = grant(
        limits(burst=burst, lines=lines),
        arrival_at=arrival_at,
        lines_in_use=in_use,
        wanted=wanted,
        now=NOW,
    )
    assert granted.sends == sends
    assert granted.arrival_at == arrival_at + timedelta(seconds=sends)


def test_idle_time_is_not_saved_up() -> None:
    granted = grant(limits(burst=2), arrival_at=LONG_AGO, lines_in_use=0, wanted=100, now=NOW)
    assert granted.sends == 2
    assert granted.arrival_at == NOW + timedelta(seconds=2)


def test_an_empty_grant_moves_nothing() -> None:
    granted = grant(limits(), arrival_at=LONG_AGO, lines_in_use=0, wanted=0, now=NOW)
    assert (granted.sends, granted.arrival_at) == (0, LONG_AGO)


rates = st.sampled_from([0.1, 0.5, 1.0, 3.0, 7.5, 10.0, 33.0, 50.0]) | st.floats(0.2, 60.0)
# Microseconds between requests: in a hurry, at leisure, and both at once.
pauses = st.lists(st.integers(0, 20_000) | st.integers(0, 2_000_000), min_size=1, max_size=120)


def sent(rate: float, burst: int, pauses: list[int], wanted: int = 1000) -> list[datetime]:
    """The moment of every send when a worker asks after each of these pauses."""
    now, arrival_at, moments = NOW, LONG_AGO, list[datetime]()
    for pause in pauses:
        now += timedelta(microseconds=pause)
        granted = grant(
            limits(rate, burst, lines=10**6),
            arrival_at=arrival_at,
            lines_in_use=0,
            wanted=wanted,
            now=now,
        )
        arrival_at = granted.arrival_at
        moments += [now] * granted.sends
    return moments


def most_within(moments: list[datetime], span: timedelta) -> int:
    """The most sends in any half-open stretch of that length."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= span:
            first += 1
        most = max(most, last - first + 1)
    return most


@settings(max_examples=100, deadline=None)
@given(rate=rates, pauses=pauses)
def test_no_stretch_of_a_second_sends_more_than_the_rate_and_one(
    rate: float, pauses: list[int]
) -> None:
    most = most_within(sent(rate, 1, pauses), timedelta(seconds=1.05))
    assert most <= math.ceil(rate * 1.05) + 1
    assert rate > 20 or most <= math.ceil(rate) + 1


@settings(max_examples=100, deadline=None)
@given(rate=rates, burst=st.integers(1, 20), pauses=pauses)
def test_a_burst_is_the_most_the_rate_is_ever_exceeded_by(
    rate: float, burst: int, pauses: list[int]
) -> None:
    moments = sent(rate, burst, pauses)
    for seconds in (0.001, 0.5, 3.0):
        allowed = rate * seconds + burst
        assert most_within(moments, timedelta(seconds=seconds)) <= math.ceil(allowed)


@pytest.mark.parametrize("rate", [0.5, 1.0, 3.0, 7.5, 33.0])
@pytest.mark.parametrize("burst", [1, 5])
def test_asked_often_the_mean_is_near_the_rate_and_never_above(rate: float, burst: int) -> None:
    seconds, pause = 60, 0.004
    made = len(sent(rate, burst, [4_000] * int(seconds / pause))) - burst
    # Without a burst to make up for it, a send is as late as the request that asks for it.
    late = 1 + pause * rate if burst == 1 else 1.0
    assert rate * seconds / late - 2 <= made <= rate * seconds


@settings(max_examples=50, deadline=None)
@given(lines=st.integers(1, 50), in_use=st.integers(0, 60), wanted=st.integers(0, 100))
def test_never_more_than_the_free_lines_or_the_wish(lines: int, in_use: int, wanted: int) -> None:
    granted = grant(
        limits(1000.0, 100, lines), arrival_at=NOW, lines_in_use=in_use, wanted=wanted, now=NOW
    )
    assert 0 <= granted.sends <= min(max(0, lines - in_use), wanted)


@settings(max_examples=50, deadline=None)
@given(rate=rates, burst=st.integers(1, 20), used=st.integers(0, 20))
def test_a_grant_that_was_lost_makes_it_slower_never_faster(
    rate: float, burst: int, used: int
) -> None:
    """A worker that dies with its grant: what follows is what would have followed its sending."""
    granted = grant(limits(rate, burst), arrival_at=LONG_AGO, lines_in_use=0, wanted=used, now=NOW)
    after = grant(
        limits(rate, burst), arrival_at=granted.arrival_at, lines_in_use=0, wanted=100, now=NOW
    )
    assert granted.sends + after.sends <= burst


def test_the_near_future_can_be_granted_each_send_at_its_time() -> None:
    granted = grant(
        limits(rate=10),
        arrival_at=LONG_AGO,
        lines_in_use=0,
        wanted=100,
        now=NOW,
        ahead=timedelta(seconds=0.5),
    )
    assert granted.sends == 6
    assert (granted.first_at, granted.interval) == (NOW, timedelta(seconds=0.1))
    later = grant(
        limits(rate=10),
        arrival_at=granted.arrival_at,
        lines_in_use=0,
        wanted=100,
        now=NOW + timedelta(seconds=0.2),
        ahead=timedelta(seconds=0.5),
    )
    assert later.sends == 2
    assert later.first_at == NOW + timedelta(seconds=0.6)


def test_a_burst_may_be_early_by_all_but_one_of_its_sends() -> None:
    granted = grant(limits(rate=10, burst=3), arrival_at=NOW, lines_in_use=0, wanted=9, now=NOW)
    assert granted.sends == 3
    assert granted.first_at + 2 * granted.interval == NOW


@settings(max_examples=200)
@given(
    rate=st.integers(1, 200),
    waits=st.lists(st.floats(0, 0.4), min_size=1, max_size=40),
    wanted=st.integers(1, 60),
)
def test_however_grants_fall_their_sends_keep_the_rate(
    rate: int, waits: list[float], wanted: int
) -> None:
    """In any window of 1.05 s at most as many as the rate allows, and one."""
    now, arrival_at = NOW, LONG_AGO
    times: list[datetime] = []
    for wait in waits:
        now += timedelta(seconds=wait)
        granted = grant(
            limits(rate=rate),
            arrival_at=arrival_at,
            lines_in_use=0,
            wanted=wanted,
            now=now,
            ahead=timedelta(seconds=0.25),
        )
        arrival_at = granted.arrival_at
        times += [granted.first_at + n * granted.interval for n in range(granted.sends)]
    assert times == sorted(times)
    window = timedelta(seconds=1.05)
    most = max((sum(start <= t < start + window for t in times) for start in times), default=0)
    assert most <= math.ceil(1.05 * rate) + 1


@pytest.mark.parametrize(
    ("granted_ahead", "is_left"),
    [(-5.0, False), (0.0, False), (0.1, True), (0.29, True), (0.31, False), (0.9, False)],
)
def test_a_slow_worker_leaves_the_channel_to_others_where_it_would_leave_a_gap(
    granted_ahead: float, is_left: bool
) -> None:
    notice = USUAL_NOTICE + timedelta(seconds=0.3)
    arrival_at = NOW + timedelta(seconds=granted_ahead)
    assert cedes(arrival_at=arrival_at, notice=notice, now=NOW) is is_left
    assert not cedes(arrival_at=arrival_at, notice=USUAL_NOTICE, now=NOW)
