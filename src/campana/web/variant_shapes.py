"""How the variants of a campaign are shown beside each other."""

from __future__ import annotations

from campana.domain.variants import Interval
from campana.services.comparing import Compared
from campana.web.answers import Shape


class IntervalShape(Shape, frozen=True, kw_only=True):
    """A value, and where it lies with 95 % confidence."""

    value: float
    low: float
    high: float


class DifferenceShape(IntervalShape, frozen=True, kw_only=True):
    """`isSignificant`: chance alone would make as much less than once in twenty times."""

    is_significant: bool


class VariantStats(Shape, frozen=True, kw_only=True):
    """A variant in numbers. `success` is the share of those tried who succeeded; `versusFirst`
    what it has over the first variant that was tried."""

    name: str
    share: float
    hold_out: bool
    targets: int
    finished: int
    dispositions: dict[str, int]
    tried: int
    succeeded: int
    success: IntervalShape | None
    versus_first: DifferenceShape | None


def variant_stats(found: Compared) -> VariantStats:
    """A variant as it is shown."""
    difference = found.versus_first
    return VariantStats(
        name=found.name,
        share=found.share,
        hold_out=found.is_held_out,
        targets=found.targets,
        finished=found.finished,
        dispositions=found.dispositions,
        tried=found.tried,
        succeeded=found.succeeded,
        success=IntervalShape(**_rounded(found.success)) if found.success else None,
        versus_first=(
            DifferenceShape(**_rounded(difference), is_significant=difference.excludes_zero)
            if difference
            else None
        ),
    )


def _rounded(found: Interval) -> dict[str, float]:
    return {
        "value": round(found.value, 4),
        "low": round(found.low, 4),
        "high": round(found.high, 4),
    }
