"""Comparing ways to go about a campaign: who gets which, and whether the difference is one.

Who gets which follows from the campaign and the contact alone: it is the same however often, by
whomever and in whatever order it is asked, and no row has to say it. Of two campaigns the same
person falls differently.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

WHOLE = 100
"""What the shares of all variants add up to, in percent."""
BUCKETS = 10_000

_Z = 1.959963984540054
"""The normal quantile of a 95 % interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A share, or a difference of shares, and where it lies with 95 % confidence."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether chance alone would hardly make it."""
        return self.low > 0 or self.high < 0


def bucket(campaign_id: str, contact_id: int) -> int:
    """0 to 9,999, even and sticky; `queries/variants.sql` and `outlook.sql` reckon the same."""
    digest = hashlib.sha256(f"{campaign_id}:{contact_id}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % BUCKETS


def bounds(shares: Sequence[float]) -> list[int]:
    """The first bucket of each variant but the first, for shares in percent."""
    return [round(end * BUCKETS / WHOLE) for end in accumulate(shares[:-1])]


def place(shares: Sequence[float], *, campaign_id: str, contact_id: int) -> int:
    """Which of the variants of these shares a contact gets."""
    found = bucket(campaign_id, contact_id)
    return sum(found >= bound for bound in bounds(shares))


def proportion(successes: int, of: int) -> Interval:
    """A share with Wilson's score interval: true also for few people and for none or all of them.

    Raises:
        ValueError: there are none to count, or more successes than people.
    """
    if not 0 <= successes <= of or of == 0:
        raise ValueError("a share is of somebody, and of no more than there are")
    share, square = successes / of, _Z**2
    middle = (successes + square / 2) / (of + square)
    reach = _Z / (of + square) * math.sqrt(of * share * (1 - share) + square / 4)
    # At none and at all the bound is exact; the floating point is not.
    low = middle - reach if successes else 0.0
    high = middle + reach if successes < of else 1.0
    return Interval(value=share, low=low, high=high)


def difference(first: tuple[int, int], second: tuple[int, int]) -> Interval:
    """Share of the first minus share of the second; each is successes and people.

    The interval is Newcombe's (Statistics in Medicine 17, 1998, method 10): of two Wilson
    intervals. Unlike the plain one it holds for few people and for shares near none and all.

    Raises:
        ValueError: as for `proportion`.
    """
    one, two = proportion(*first), proportion(*second)
    value = one.value - two.value
    return Interval(
        value=value,
        low=value - math.hypot(one.value - one.low, two.high - two.value),
        high=value + math.hypot(one.high - one.value, two.value - two.low),
    )
