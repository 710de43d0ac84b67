"""How far ahead a process asks: near while its sends leave in time, else as far as it needs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campana.domain.pacing import USUAL_NOTICE
from campana.engine.notice import COVERED, LONGEST, SHORTEST, Notice
from campana.services.dispatch import SEND_DEADLINE


def after(*claims: float, before: float = 0.0, misses: bool = False) -> Notice:
    """Of a process whose sends could start so long after their grants."""
    notice = Notice()
    for seconds in claims:
        if misses:
            notice.missed()
        notice.took(seconds, before=before)
    return notice


def test_a_quick_process_asks_for_the_near_future() -> None:
    notice = after(*[0.01] * 40)
    assert (notice.span, notice.reach) == (SHORTEST, SHORTEST + COVERED)


def test_slow_claims_alone_make_it_ask_no_further_than_usual() -> None:
    assert Notice().span == USUAL_NOTICE
    notice = after(*[0.4] * 5)
    assert (notice.span, notice.reach) == (USUAL_NOTICE, USUAL_NOTICE + COVERED)


@pytest.mark.parametrize(("took", "before"), [(0.3, 0.0), (0.4, 0.1), (0.6, 0.3), (0.75, 0.5)])
def test_one_whose_sends_miss_their_moments_asks_for_such_as_it_can_reach(
    took: float, before: float
) -> None:
    notice = after(took, before=before, misses=True)
    assert timedelta(seconds=took) < notice.span < notice.reach
    # Its last send is still within the deadline, which runs from the claim.
    assert notice.reach < timedelta(seconds=before) + SEND_DEADLINE


def test_the_deadline_is_reckoned_with_the_least_that_lay_before_it() -> None:
    notice = after(0.6, before=0.3, misses=True)
    far = notice.reach
    notice.took(0.6, before=0.05)
    assert notice.reach == far - timedelta(seconds=0.25)
    assert timedelta(0) < notice.span < notice.reach


def test_it_never_asks_for_more_than_a_second_ahead() -> None:
    assert after(5.0, before=4.0, misses=True).span == LONGEST


def test_moments_that_passed_before_anybody_was_claimed_count_too() -> None:
    notice = after(0.01, before=0.3)
    notice.missed(0.4)
    assert notice.span == timedelta(seconds=0.6)


def test_a_process_that_is_quick_again_asks_for_the_near_future_again() -> None:
    notice = after(0.4, misses=True)
    spans = [notice.span]
    for _ in range(40):
        notice.took(0.01, before=0.0)
        spans.append(notice.span)
    assert spans == sorted(spans, reverse=True)
    assert spans[-1] == SHORTEST
    notice.took(0.4, before=0.0)
    assert notice.span == USUAL_NOTICE
