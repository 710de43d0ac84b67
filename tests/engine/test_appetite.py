"""A process takes what it can send in time, and finds out how much that is."""

from __future__ import annotations

from campana.engine.appetite import LEAST, MOST, Appetite


def test_quick_claims_make_it_take_more_up_to_a_limit() -> None:
    appetite = Appetite()
    taken = [appetite.most]
    for _ in range(20):
        appetite.took(0.02, sends=appetite.most)
        taken.append(appetite.most)
    assert taken == sorted(taken)
    assert taken[0] < taken[-1] == MOST


def test_a_slow_claim_and_sends_that_came_too_late_halve_it() -> None:
    appetite = Appetite()
    before = appetite.most
    appetite.took(0.3, sends=before)
    assert appetite.most == before // 2
    appetite.missed()
    assert appetite.most == before // 4
    for _ in range(10):
        appetite.missed()
    assert appetite.most == LEAST


def test_a_claim_of_next_to_nobody_says_nothing() -> None:
    appetite = Appetite()
    before = appetite.most
    appetite.took(0.001, sends=1)
    assert appetite.most == before


def test_it_recovers_from_the_least_there_is() -> None:
    appetite = Appetite()
    for _ in range(20):
        appetite.took(1.0, sends=1)
    for _ in range(40):
        appetite.took(0.01, sends=appetite.most)
    assert appetite.most == MOST
