"""Who asks in vain while others are served asks less often; whoever is served asks in time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campana.engine.asking import Asking

SOON = timedelta(milliseconds=60)


def rest(asking: Asking, *, since: float) -> float:
    """Until the channel is asked again, to a millisecond."""
    return next(
        n / 1000 for n in range(120_000) if asking.is_due("chan", now=since + n / 1000 + 1e-6)
    )


def test_a_grant_is_followed_by_the_next_question_when_half_of_it_is_over() -> None:
    asking = Asking()
    assert rest(asking, since=5.0) == 0
    asking.granted("chan", at=5.0, lasting=timedelta(seconds=0.2))
    assert rest(asking, since=5.0) == 0.1
    assert asking.is_due("another", now=5.0)
    asking.at_once("chan")
    assert rest(asking, since=5.0) == 0


def test_questions_in_vain_grow_rarer_up_to_half_a_second() -> None:
    asking = Asking()
    rests: list[float] = []
    for _ in range(12):
        asking.denied("chan", at=5.0, again_after=SOON, is_ours=False)
        rests.append(rest(asking, since=5.0))
    assert rests[0] == 0.06
    assert rests == sorted(rests)
    assert rests[-1] == 0.5
    asking.granted("chan", at=5.0, lasting=timedelta(seconds=0.2))
    asking.denied("chan", at=5.0, again_after=SOON, is_ours=False)
    assert rest(asking, since=5.0) == 0.06


def test_what_is_missing_on_the_own_channel_is_asked_for_soon_each_time() -> None:
    """Lines, for one, are free again when a call ends."""
    asking = Asking()
    for _ in range(12):
        asking.denied("chan", at=5.0, again_after=timedelta(0), is_ours=True)
        assert rest(asking, since=5.0) == 0.05


def test_what_is_missing_on_the_channel_of_another_is_asked_for_more_and_more_rarely() -> None:
    asking = Asking()
    rests: list[float] = []
    for _ in range(12):
        asking.denied("chan", at=5.0, again_after=timedelta(0), is_ours=False)
        rests.append(rest(asking, since=5.0))
    assert rests[0] == 0.05
    assert rests == sorted(rests)
    assert rests[-1] == 0.5


@pytest.mark.parametrize(("seconds", "rests"), [(0.7, 0.7), (9.0, 1.0)])
def test_a_slow_channel_is_asked_when_it_says_so_and_within_a_second(
    seconds: float, rests: float
) -> None:
    """Its rate may have been raised."""
    asking = Asking()
    for _ in range(2):
        asking.denied("chan", at=5.0, again_after=timedelta(seconds=seconds), is_ours=False)
        assert rest(asking, since=5.0) == rests
