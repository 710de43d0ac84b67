"""How far a share that was counted may be from the true one."""

from __future__ import annotations

import math
from collections.abc import Callable


def clopper_pearson(hits: int, tries: int, *, sure: float = 0.95) -> tuple[float, float]:
    """The exact two-sided interval of a binomial share; (0, 1) of no tries."""
    if not tries:
        return 0.0, 1.0
    tail = (1 - sure) / 2
    low = 0.0 if not hits else _share_at(lambda p: 1 - _at_most(hits - 1, tries, p) - tail)
    high = 1.0 if hits == tries else _share_at(lambda p: tail - _at_most(hits, tries, p))
    return low, high


def _share_at(rises: Callable[[float], float]) -> float:
    """Where this function of a share, which rises, is zero."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rises(middle) > 0 else (middle, high)
    return (low + high) / 2


def _at_most(hits: int, tries: int, share: float) -> float:
    if share in {0.0, 1.0}:
        return 1.0 if share == 0.0 or hits >= tries else 0.0
    return sum(
        math.exp(
            math.lgamma(tries + 1)
            - math.lgamma(n + 1)
            - math.lgamma(tries - n + 1)
            + n * math.log(share)
            + (tries - n) * math.log1p(-share)
        )
        for n in range(hits + 1)
    )
