"""Why a running campaign is contacting nobody just now: the state in words, and the reason.

Told from facts that are cheap to read, so with many groups of people waiting for different things
it names what the first of them waits for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campana.domain.campaign import CampaignState


class ShownState(StrEnum):
    """A campaign's state as a person reads it."""

    DRAFT = "Draft"
    PAUSED = "Paused"
    TRIPPED = "Tripped"
    SCHEDULED = "Scheduled"
    RUNNING = "Running"
    WAITING = "Waiting"
    COMPLETED = "Completed"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"


class WaitReason(StrEnum):
    """What a running campaign waits for."""

    START = "start"
    WINDOW = "window"
    PACING = "pacing"
    CAPACITY = "capacity"
    RETRIES = "retries"
    BUDGET = "budget"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFacts:
    """What the ledger says: is anybody in contact, being enrolled, or free to be contacted at once?

    `first_*` describe the first who waits; `first_due_at` is None when nobody does.
    """

    start_date: datetime | None
    is_attempting: bool
    is_enrolling: bool
    is_callable: bool
    first_due_at: datetime | None
    first_reason: str | None
    first_attempts: int


def explain(
    state: CampaignState, facts: WaitFacts, now: datetime
) -> tuple[ShownState, WaitReason | None]:
    """The state to show, and why it waits when it does."""
    if state is not CampaignState.RUNNING:
        return ShownState(state.capitalize()), None
    if facts.start_date is not None and facts.start_date > now:
        return ShownState.SCHEDULED, WaitReason.START
    if facts.is_attempting or facts.is_enrolling or facts.is_callable:
        return ShownState.RUNNING, None
    return ShownState.WAITING, _reason(facts, now)


def _reason(facts: WaitFacts, now: datetime) -> WaitReason:
    if facts.first_due_at is None:
        return WaitReason.CONTACTS
    if facts.first_due_at <= now or facts.first_reason == "window":
        return WaitReason.WINDOW
    return WaitReason.RETRIES if facts.first_attempts else WaitReason.CAPACITY
