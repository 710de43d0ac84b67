"""Whether a change lets less be sent over a channel, or a trunk of it, and what it eases."""

from __future__ import annotations

import math
from collections.abc import Sequence

from campana.domain import easing
from campana.domain.easing import Held
from campana.domain.pacing import TrunkLimits
from campana.services import caller_ids
from campana.services.context import Context
from campana.store.channels import Channel


def is_lower(before: Channel, after: Channel) -> bool:
    """Is any limit of the channel lower now?"""
    return _is_any_lower(
        (before.rate, before.burst, before.lines, before.daily_attempts),
        (after.rate, after.burst, after.lines, after.daily_attempts),
    )


def is_trunk_lower(before: TrunkLimits, after: TrunkLimits) -> bool:
    """Is any limit of the trunk lower now?"""
    return _is_any_lower(
        (before.rate, before.burst, before.lines, before.daily),
        (after.rate, after.burst, after.lines, after.daily),
    )


def eased(context: Context, before: Channel, after: Channel) -> set[Held]:
    """What holds people back less than it did.

    Another account may be up where the one before was not.
    """
    found = set(easing.HOURS) if before.window != after.window else set[Held]()
    if dict(before.config) == dict(after.config):
        return found
    found.add(Held.CARRIER)
    callers = caller_ids.pool_of(context, before), caller_ids.pool_of(context, after)
    if easing.are_callers_eased(*callers):
        found.add(Held.CALLER_IDS)
    is_another = before.portfolio not in (None, after.portfolio)
    if is_another or easing.is_limit_eased(before.portfolio_limit, after.portfolio_limit):
        found.add(Held.PORTFOLIO)
    return found


def _is_any_lower(before: Sequence[float | None], after: Sequence[float | None]) -> bool:
    """None is no limit."""
    return any(_number(now) < _number(was) for was, now in zip(before, after, strict=True))


def _number(limit: float | None) -> float:
    return math.inf if limit is None else limit
