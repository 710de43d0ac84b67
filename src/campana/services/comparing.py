"""A campaign's variants beside each other: counts, shares, and whether they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from campana.domain import variants
from campana.domain.campaign import Campaign
from campana.domain.disposition import SUCCESSES
from campana.domain.variants import Interval
from campana.services import variant_plans
from campana.services.campaign_document import plan_of
from campana.store import variants as store
from campana.store.db import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One variant.

    `tried` are those who are done after an attempt; `succeeded` of them ended as asked.
    `versus_first` is its share less that of the first that was tried.
    """

    name: str
    share: float
    is_held_out: bool
    targets: int
    finished: int
    dispositions: dict[str, int]
    tried: int
    succeeded: int
    success: Interval | None
    versus_first: Interval | None


async def by_variant(
    tx: Tx, campaign: Campaign, *, successes: Collection[str] = SUCCESSES
) -> list[Compared]:
    """Every variant in the order of the campaign; none where everybody gets the same."""
    plan = plan_of(campaign.document)
    if not plan.variants:
        return []
    counted = await store.counts(tx, campaign_id=campaign.id, bounds=variant_plans.bounds_of(plan))
    found: list[Compared] = []
    first: tuple[int, int] | None = None
    for place, variant in enumerate(plan.variants):
        own = [each for each in counted if each.variant == place]
        tried = sum(each.tried for each in own)
        succeeded = sum(each.tried for each in own if each.disposition in successes)
        counts = (succeeded, tried)
        is_compared = tried > 0 and not variant.is_held_out
        found.append(
            Compared(
                name=variant.name,
                share=variant.share,
                is_held_out=variant.is_held_out,
                targets=sum(each.count for each in own),
                finished=sum(each.count for each in own if each.state == "finished"),
                dispositions=_dispositions(own),
                tried=tried,
                succeeded=succeeded,
                success=variants.proportion(*counts) if is_compared else None,
                versus_first=(
                    variants.difference(counts, first) if is_compared and first else None
                ),
            )
        )
        if is_compared and first is None:
            first = counts
    return found


def _dispositions(own: Sequence[store.Counted]) -> dict[str, int]:
    summed: Counter[str] = Counter()
    for each in own:
        if each.disposition is not None:
            summed[each.disposition] += each.count
    return dict(summed)
