"""Who gets which variant is sticky and even; a difference is told with how sure it is."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campana.domain.variants import bounds, bucket, difference, place, proportion


def test_the_same_contact_always_gets_the_same_and_shares_are_kept() -> None:
    shares = [45.0, 45.0, 10.0]
    found = Counter(
        place(shares, campaign_id="camp_1", contact_id=contact) for contact in range(20_000)
    )
    assert place(shares, campaign_id="camp_1", contact_id=7) == place(
        shares, campaign_id="camp_1", contact_id=7
    )
    for number, share in enumerate(shares):
        assert abs(found[number] / 20_000 - share / 100) < 0.015


def test_of_two_campaigns_the_same_people_fall_differently() -> None:
    both = sum(
        place([50, 50], campaign_id="camp_1", contact_id=n)
        == place([50, 50], campaign_id="camp_2", contact_id=n)
        for n in range(4_000)
    )
    assert 0.45 < both / 4_000 < 0.55


def test_buckets_are_pinned_for_who_was_told_before() -> None:
    assert [bucket("camp_789", n) for n in (1, 2, 41)] == PINNED


PINNED = [9563, 8790, 5468]


@given(st.integers(2, 10), st.integers(0, 10**9))
def test_everybody_gets_one_of_them(count: int, contact: int) -> None:
    shares = [100 / count] * count
    assert 0 <= place(shares, campaign_id="c", contact_id=contact) < count
    assert bounds(shares) == sorted(bounds(shares))


def test_a_share_lies_where_wilson_says() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, 857-872), table I, method 3: 81/263, 15/148.
    one, two = proportion(81, 263), proportion(15, 148)
    assert (round(one.low, 4), round(one.high, 4)) == (0.2553, 0.3662)
    assert (round(two.low, 4), round(two.high, 4)) == (0.0624, 0.1605)
    assert proportion(0, 20).low == 0
    assert round(proportion(0, 20).high, 4) == 0.1611


def test_a_difference_lies_where_newcombe_says() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, 873-890), table II, method 10: 56/70 - 48/80.
    found = difference((56, 70), (48, 80))
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert found.excludes_zero
    assert not difference((5, 10), (5, 10)).excludes_zero


@pytest.mark.parametrize("counts", [(0, 0), (-1, 5), (6, 5)])
def test_a_share_of_nobody_is_none(counts: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="share"):
        proportion(*counts)
