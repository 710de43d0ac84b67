"""A channel that fails is left alone, longer each time, and forgiven at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campana.engine.resting import Resting


@pytest.fixture
def seconds() -> list[float]:
    """The monotonic clock: the last one of these."""
    return [0.0]


def test_rests_grow_up_to_a_limit(seconds: list[float]) -> None:
    rests = Resting(monotonic=lambda: seconds[-1])
    lengths: list[float] = []
    for _ in range(12):
        lengths.append(rests.failed("a", at_least=None))
        assert rests.is_on("a")
        seconds.append(seconds[-1] + lengths[-1])
        assert not rests.is_on("a")
    assert lengths == [0.5, 1, 2, 4, 8, 16, *[30] * 6]
    assert not rests.is_on("b")


def test_a_success_forgives(seconds: list[float]) -> None:
    rests = Resting(monotonic=lambda: seconds[-1])
    for _ in range(3):
        seconds.append(seconds[-1] + rests.failed("a", at_least=None))
    rests.succeeded("a")
    assert rests.failed("a", at_least=None) == 0.5


def test_sends_that_were_under_way_count_as_one_failure(seconds: list[float]) -> None:
    rests = Resting(monotonic=lambda: seconds[-1])
    assert rests.failed("a", at_least=None) == 0.5
    seconds.append(0.2)
    assert rests.failed("a", at_least=None) == pytest.approx(0.3)
    seconds.append(0.5)
    assert rests.failed("a", at_least=None) == 1


def test_a_carrier_may_ask_for_more(seconds: list[float]) -> None:
    assert seconds
    assert Resting(monotonic=lambda: seconds[-1]).failed("a", at_least=timedelta(seconds=90)) == 90
