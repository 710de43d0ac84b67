"""A contact in a campaign: its state, and the promise that goes with each.

`waiting` has a row in `due`; `attempting` has an open attempt; `finished` has a disposition. Every
target is in exactly one of the three after any crash: that is what "never lost" means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campana.domain.disposition import Disposition


class TargetState(StrEnum):
    WAITING = "waiting"
    ATTEMPTING = "attempting"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One row of `targets`, with when it is due if it waits."""

    id: int
    campaign_id: str
    contact_id: int
    address: str | None
    state: TargetState
    disposition: Disposition | None
    attempt_count: int
    last_reason: str | None
    due_at: datetime | None
    finished_at: datetime | None


ZONE_SEPARATOR = ","


def window_key(zones: tuple[str, ...]) -> str:
    """The key under which targets that open and close together wait: their candidate zones,
    sorted."""
    return ZONE_SEPARATOR.join(sorted(zones))


def zones_of(window_key: str) -> tuple[str, ...]:
    """The candidate zones behind a window key."""
    return tuple(window_key.split(ZONE_SEPARATOR)) if window_key else ()
