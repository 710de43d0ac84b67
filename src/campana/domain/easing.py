"""What a rule puts people off for, and which of that a change of the rules eases.

Whoever was put off for it may be asked again before their time; whether they may be contacted then,
the gate decides as ever. So it is enough to know that something may have been eased.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

from campana.domain.caller_id import CallerIds
from campana.domain.campaign import Plan
from campana.domain.caps import Cap


class Held(StrEnum):
    """Reasons for which somebody waits longer than seconds, and which people can do away with."""

    WINDOW = "window"
    NEVER_OPEN = "never_open"
    CAPS = "caps"
    BUDGET = "budget"
    CALLER_IDS = "caller_ids_used_up"
    PORTFOLIO = "portfolio"
    CARRIER = "carrier"
    """Nobody is put off for it: a channel whose carrier is down is not served."""


HOURS = frozenset({Held.WINDOW, Held.NEVER_OPEN})


def of_plan(before: Plan, after: Plan) -> set[Held]:
    """What a campaign eased that has another plan now."""
    eased = set(HOURS) if before.window != after.window else set[Held]()
    if are_caps_eased(before.caps, after.caps):
        eased.add(Held.CAPS)
    if is_limit_eased(before.spend_limit, after.spend_limit):
        eased.add(Held.BUDGET)
    if before.caller_id != after.caller_id:
        eased.add(Held.CALLER_IDS)
    return eased


def are_caps_eased(before: Sequence[Cap], after: Sequence[Cap]) -> bool:
    """Is there one that allows more now, or is gone?"""
    allowed = {(cap.per, cap.days): cap.attempts for cap in after}
    return any(
        (now := allowed.get((cap.per, cap.days))) is None or now > cap.attempts for cap in before
    )


def is_limit_eased(before: Decimal | int | None, after: Decimal | int | None) -> bool:
    """Is it higher now, or is there none any more (None)?"""
    return before is not None and (after is None or after > before)


def are_callers_eased(before: CallerIds | None, after: CallerIds | None) -> bool:
    """Is there another number to call from, or may each place more calls? None: nobody counts."""
    if before is None or after is None:
        return before is not after
    is_new = not set(after.numbers) <= set(before.numbers)
    return is_new or is_limit_eased(before.calls_a_day, after.calls_a_day)
