"""Moments of a grant: each given out once, in order, and lost when missed."""

from __future__ import annotations

from campana.engine.slots import Slots


def slots(*moments: float) -> Slots:
    return Slots(moments, tolerance=0.02)


def test_each_moment_is_given_out_once_the_earliest_first() -> None:
    given = slots(3.0, 1.0, 2.0)
    assert [given.take(not_before=0.0) for _ in range(4)] == [1.0, 2.0, 3.0, None]


def test_whoever_may_not_go_yet_leaves_the_earlier_moments_to_others() -> None:
    given = slots(1.0, 2.0, 3.0)
    assert given.take(not_before=1.5) == 2.0
    assert given.take(not_before=0.0) == 1.0
    assert given.take(not_before=3.5) is None


def test_hardly_too_early_is_on_time() -> None:
    assert slots(1.0).take(not_before=1.019) == 1.0
    assert slots(1.0).take(not_before=1.021) is None


def test_a_moment_is_missed_once_the_tolerance_is_over() -> None:
    given = slots(1.0)
    assert not given.is_missed(1.0, now=0.5)
    assert not given.is_missed(1.0, now=1.019)
    assert given.is_missed(1.0, now=1.021)


def test_only_moments_after_all_that_were_taken_can_be_had_again() -> None:
    given = slots(1.0, 2.0, 3.0, 4.0)
    assert given.unused_at_end == 4
    given.take(not_before=2.0)
    assert (given.left, given.unused_at_end, given.last) == (3, 2, 4.0)
    given.take(not_before=4.0)
    assert given.unused_at_end == 0
