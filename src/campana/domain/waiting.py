"""What a campaign may be waiting for, and the facts it is told from (`domain/standing.py`).

All are cheap to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


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


class Cause(StrEnum):
    """The machine-readable answer to "why is it not dialing?"."""

    DRAFT = "draft"
    PAUSED = "paused"
    TRIPPED = "tripped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    BEFORE_START = "before_start"
    CONTACTING = "contacting"
    READY = "ready"
    ENROLLING = "enrolling"
    IMPORTING = "importing"
    CLOCK_UNSTEADY = "clock_unsteady"
    NO_COUNTRIES = "no_countries"
    CHANNEL_PAUSED = "channel_paused"
    CARRIER_DOWN = "carrier_down"
    NO_WORKER = "no_worker"
    CHANNEL_QUOTA = "channel_quota"
    CHANNEL_LINES = "channel_lines"
    CHANNEL_RATE = "channel_rate"
    MORE_URGENT = "more_urgent"
    CAMPAIGN_QUOTA = "campaign_quota"
    CAMPAIGN_LINES = "campaign_lines"
    CAMPAIGN_RATE = "campaign_rate"
    CANARY = "canary"
    SPEND_LIMIT = "spend_limit"
    CAPS = "caps"
    NEVER_OPEN = "never_open"
    WINDOW_CLOSED = "window_closed"
    RETRIES = "retries"
    CALLBACK = "callback"
    ADDRESS_BUSY = "address_busy"
    TALKING = "talking"
    REPORTS = "reports"
    DEFERRED = "deferred"
    NO_CONTACTS = "no_contacts"
    ALL_FINISHED = "all_finished"


# What each cause is called in the list of campaigns.
SHOWN: Mapping[Cause, tuple[ShownState, WaitReason | None]] = {
    Cause.DRAFT: (ShownState.DRAFT, None),
    Cause.PAUSED: (ShownState.PAUSED, None),
    Cause.TRIPPED: (ShownState.TRIPPED, None),
    Cause.COMPLETED: (ShownState.COMPLETED, None),
    Cause.CANCELLED: (ShownState.CANCELLED, None),
    Cause.EXPIRED: (ShownState.EXPIRED, None),
    Cause.BEFORE_START: (ShownState.SCHEDULED, WaitReason.START),
    Cause.CONTACTING: (ShownState.RUNNING, None),
    Cause.READY: (ShownState.RUNNING, None),
    Cause.ENROLLING: (ShownState.RUNNING, None),
    Cause.IMPORTING: (ShownState.WAITING, WaitReason.CONTACTS),
    Cause.CLOCK_UNSTEADY: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.NO_COUNTRIES: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.CHANNEL_PAUSED: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.CARRIER_DOWN: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.NO_WORKER: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.CHANNEL_QUOTA: (ShownState.WAITING, WaitReason.BUDGET),
    Cause.CHANNEL_LINES: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.CHANNEL_RATE: (ShownState.WAITING, WaitReason.PACING),
    Cause.MORE_URGENT: (ShownState.WAITING, WaitReason.PACING),
    Cause.CAMPAIGN_QUOTA: (ShownState.WAITING, WaitReason.BUDGET),
    Cause.CAMPAIGN_LINES: (ShownState.WAITING, WaitReason.PACING),
    Cause.CAMPAIGN_RATE: (ShownState.WAITING, WaitReason.PACING),
    Cause.CANARY: (ShownState.WAITING, WaitReason.PACING),
    Cause.SPEND_LIMIT: (ShownState.WAITING, WaitReason.BUDGET),
    Cause.CAPS: (ShownState.WAITING, WaitReason.BUDGET),
    Cause.NEVER_OPEN: (ShownState.WAITING, WaitReason.WINDOW),
    Cause.WINDOW_CLOSED: (ShownState.WAITING, WaitReason.WINDOW),
    Cause.RETRIES: (ShownState.WAITING, WaitReason.RETRIES),
    Cause.CALLBACK: (ShownState.WAITING, WaitReason.RETRIES),
    Cause.TALKING: (ShownState.RUNNING, None),
    Cause.REPORTS: (ShownState.RUNNING, None),
    Cause.ADDRESS_BUSY: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.DEFERRED: (ShownState.WAITING, WaitReason.CAPACITY),
    Cause.NO_CONTACTS: (ShownState.WAITING, WaitReason.CONTACTS),
    Cause.ALL_FINISHED: (ShownState.WAITING, WaitReason.CONTACTS),
}


TOLD_WITH_FAILURE = frozenset({
    Cause.TRIPPED,
    Cause.COMPLETED,
    Cause.CONTACTING,
    Cause.CARRIER_DOWN,
    Cause.RETRIES,
    Cause.ALL_FINISHED,
})  # fmt: skip
"""What is explained by attempts that all fail, where they do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelFacts:
    """How a campaign's channel stands: its limits, what is used of them, and who serves it."""

    name: str
    lines: int
    lines_in_use: int
    arrival_at: datetime
    """The theoretical arrival time of its pacing (`domain/pacing.py`)."""
    quota_resets_at: datetime | None
    """When more may be sent, if the quota of the day is used up."""
    down_until: datetime | None
    """Its carrier lets nothing through and is not asked before."""
    has_worker: bool
    """A living worker of its kind exists."""
    served_before: str | None = None
    """The name of a more urgent campaign whose people could be contacted on it now."""
    refusal: str | None = None
    """Why none of its trunks takes a call, where each refuses our registration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPause:
    """Whoever could be contacted now waits for channels that are paused: one of them."""

    name: str
    by: str
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitFacts:
    """What the ledger says: is anybody in contact, being enrolled, or free to be contacted at once?

    `first_*` describe whoever is due first; `first_due_at` is None when nobody waits.
    """

    start_date: datetime | None
    is_attempting: bool
    is_enrolling: bool
    is_callable: bool
    first_due_at: datetime | None
    first_reason: str | None
    first_attempts: int
    end_date: datetime | None = None
    is_importing: bool = False
    is_talking: bool = False
    """Somebody is in a conversation of a flow, which waits for them or for a time."""
    has_care: bool = True
    """A work process lives: it imports and enrolls."""
    awaits_reports: bool = False
    """Carriers have messages whose end they have not told, and nothing else is under way; False
    when nobody asked."""
    keeps_open: bool = False
    is_clock_steady: bool = True
    may_call: bool = True
    """The workspace allows at least one country."""
    channel: ChannelFacts | None = None
    paused: ChannelPause | None = None
    """None as long as anybody can be contacted on a channel that is in use."""
    held_by: str | None = None
    """The campaign's own limit that holds it back (`rate`, `lines`, `quota`, `canary`)."""
    held_until: datetime | None = None
    opens_at: datetime | None = None
    """When whoever is due first may be contacted; None when nobody asked, or never."""
    never_opens: bool = False
    """The hours of campaign and channel are never open together; False when nobody asked."""
    acted_by: str | None = None
    acted_at: datetime | None = None
    """Who paused or cancelled it last, and when."""
    state_reason: str | None = None
    resume_at: datetime | None = None
    failure: str | None = None
    """What the newest attempts all failed of at the carrier; None when they did not, or nobody
    asked."""
    outcomes: Mapping[str, int] = field(default_factory=dict[str, int])
    """What became of those who are finished; empty when nobody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a campaign stands: what to show, why, and until when as far as anybody can know."""

    cause: Cause
    sentence: str
    until: datetime | None = None

    @property
    def state(self) -> ShownState:
        return SHOWN[self.cause][0]

    @property
    def wait_reason(self) -> WaitReason | None:
        return SHOWN[self.cause][1]
