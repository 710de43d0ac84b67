"""Why a campaign is contacting nobody just now: its state in a word, and the cause in a sentence.

One function answers the list of campaigns (`waitReason`) and the question "why is it not dialing?"
alike, from facts that are cheap to read. With many groups of people waiting for different things it
names what the first of them waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
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
    CAMPAIGN_QUOTA = "campaign_quota"
    CAMPAIGN_LINES = "campaign_lines"
    CAMPAIGN_RATE = "campaign_rate"
    CANARY = "canary"
    WINDOW_CLOSED = "window_closed"
    RETRIES = "retries"
    ADDRESS_BUSY = "address_busy"
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
    Cause.CAMPAIGN_QUOTA: (ShownState.WAITING, WaitReason.BUDGET),
    Cause.CAMPAIGN_LINES: (ShownState.WAITING, WaitReason.PACING),
    Cause.CAMPAIGN_RATE: (ShownState.WAITING, WaitReason.PACING),
    Cause.CANARY: (ShownState.WAITING, WaitReason.PACING),
    Cause.WINDOW_CLOSED: (ShownState.WAITING, WaitReason.WINDOW),
    Cause.RETRIES: (ShownState.WAITING, WaitReason.RETRIES),
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
    """When the first closed window opens; None when nobody asked."""
    acted_by: str | None = None
    acted_at: datetime | None = None
    """Who acted last on the campaign, and when."""
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


def standing(state: CampaignState, facts: WaitFacts, now: datetime) -> Standing:
    """Why a campaign of this state contacts nobody at `now`, or that it does."""
    found = _at_rest(state, facts) if state is not CampaignState.RUNNING else _running(facts, now)
    if facts.failure is None or found.cause not in TOLD_WITH_FAILURE:
        return found
    said = f"{found.sentence} The newest attempts failed at the carrier: {facts.failure}."
    return replace(found, sentence=said)


def _running(facts: WaitFacts, now: datetime) -> Standing:
    if facts.start_date is not None and facts.start_date > now:
        return _until(Cause.BEFORE_START, "It starts", facts.start_date)
    if facts.is_attempting:
        return _told(Cause.CONTACTING, "It is contacting people now.")
    if not facts.is_clock_steady:
        return _told(
            Cause.CLOCK_UNSTEADY,
            "The database's clock has jumped: nothing starts until two readings agree.",
        )
    if facts.is_callable:
        return _held_back(facts, now)
    if facts.is_enrolling:
        return _told(Cause.ENROLLING, "The people of its list are being enrolled.")
    return _nobody_callable(facts, now)


def _at_rest(state: CampaignState, facts: WaitFacts) -> Standing:
    match state:
        case CampaignState.DRAFT:
            return _told(Cause.DRAFT, "It is a draft: nobody has launched it.")
        case CampaignState.PAUSED:
            return _told(Cause.PAUSED, f"It was paused{_by(facts)}.")
        case CampaignState.TRIPPED:
            reason = facts.state_reason or "one of its limits was passed"
            said = f"A breaker stopped it: {reason}."
            if facts.resume_at is not None:
                said += f" It goes on at {_moment(facts.resume_at)}."
            return _told(Cause.TRIPPED, said, until=facts.resume_at)
        case CampaignState.CANCELLED:
            return _told(Cause.CANCELLED, f"It was cancelled{_by(facts)}{_outcomes(facts)}.")
        case CampaignState.EXPIRED:
            when = f" on {_moment(facts.end_date)}" if facts.end_date else ""
            return _told(Cause.EXPIRED, f"Its end date passed{when}{_outcomes(facts)}.")
        case _:
            return _told(Cause.COMPLETED, f"Everybody is finished{_outcomes(facts)}.")


def _held_back(facts: WaitFacts, now: datetime) -> Standing:
    """Somebody may be contacted now: what stands in the way, the hardest to mend first."""
    if not facts.may_call:
        return _told(Cause.NO_COUNTRIES, "This workspace may not call any country.")
    if facts.paused is not None:
        return _channel_paused(facts.paused)
    if facts.channel is not None:
        found = _channel_stopped(facts.channel, now)
        if found is not None:
            return found
    if facts.held_by is not None and facts.held_until is not None and facts.held_until > now:
        return _own_limit(facts.held_by, facts.held_until)
    if facts.channel is not None:
        found = _channel_busy(facts.channel, now)
        if found is not None:
            return found
    return _told(Cause.READY, "People can be contacted now: the next attempt is about to begin.")


def _channel_paused(pause: ChannelPause) -> Standing:
    said = f"Its channel {pause.name} is paused, by {pause.by} at {_moment(pause.at)}"
    why = f": {pause.reason.rstrip('.')}" if pause.reason else ""
    return _told(Cause.CHANNEL_PAUSED, f"{said}{why}.")


def _channel_stopped(channel: ChannelFacts, now: datetime) -> Standing | None:
    if not channel.has_worker:
        return _told(Cause.NO_WORKER, f"No worker that serves the channel {channel.name} is alive.")
    if channel.refusal is not None:
        return _told(
            Cause.CARRIER_DOWN,
            f"No call is placed on the channel {channel.name}. {channel.refusal}.",
        )
    if channel.down_until is not None and channel.down_until > now:
        return _until(
            Cause.CARRIER_DOWN,
            f"The carrier of the channel {channel.name} lets nothing through; it is tried again",
            channel.down_until,
        )
    if channel.quota_resets_at is not None:
        return _until(
            Cause.CHANNEL_QUOTA,
            f"The channel {channel.name} has used up its attempts of the day; it goes on",
            channel.quota_resets_at,
        )
    return None


def _channel_busy(channel: ChannelFacts, now: datetime) -> Standing | None:
    if channel.lines_in_use >= channel.lines:
        return _told(
            Cause.CHANNEL_LINES,
            f"All {channel.lines} lines of the channel {channel.name} are in use.",
        )
    if channel.arrival_at > now:
        return _told(
            Cause.CHANNEL_RATE,
            f"The channel {channel.name} is at its rate.",
            until=channel.arrival_at,
        )
    return None


def _own_limit(held_by: str, until: datetime) -> Standing:
    match held_by:
        case "quota":
            return _until(
                Cause.CAMPAIGN_QUOTA, "It has used up its attempts of the day; it goes on", until
            )
        case "canary":
            return _told(
                Cause.CANARY, "Its first people were contacted: the verdict on them is awaited."
            )
        case "lines":
            return _told(Cause.CAMPAIGN_LINES, "All lines it may use are in use.")
        case _:
            return _told(Cause.CAMPAIGN_RATE, "It is at its own rate.", until=until)


def _nobody_callable(facts: WaitFacts, now: datetime) -> Standing:
    if facts.first_due_at is None:
        if facts.is_importing:
            return _told(Cause.IMPORTING, "The file with its people is still being imported.")
        if facts.keeps_open:
            return _told(
                Cause.NO_CONTACTS, "Everybody is finished; it is kept open for more people."
            )
        return _told(
            Cause.ALL_FINISHED,
            f"Everybody is finished{_outcomes(facts)}; it is about to be completed.",
        )
    if facts.first_due_at <= now or facts.first_reason == "window":
        opens = facts.opens_at or (facts.first_due_at if facts.first_due_at > now else None)
        said = "It is outside the hours of everybody who waits"
        if opens is None:
            return _told(Cause.WINDOW_CLOSED, f"{said}.")
        return _until(Cause.WINDOW_CLOSED, f"{said}; the next are open", opens)
    if facts.first_reason == "address_busy":
        return _until(
            Cause.ADDRESS_BUSY,
            "Whoever is next is in contact with another campaign; asked again",
            facts.first_due_at,
        )
    if facts.first_attempts:
        return _until(
            Cause.RETRIES, "Everybody left was tried already; the next try is", facts.first_due_at
        )
    why = (facts.first_reason or "put off").replace("_", " ")
    return _until(
        Cause.DEFERRED, f"Whoever is next is put off ({why}); asked again", facts.first_due_at
    )


def _told(cause: Cause, sentence: str, *, until: datetime | None = None) -> Standing:
    return Standing(cause=cause, sentence=sentence, until=until)


def _until(cause: Cause, said: str, moment: datetime) -> Standing:
    return Standing(cause=cause, sentence=f"{said} at {_moment(moment)}.", until=moment)


def _by(facts: WaitFacts) -> str:
    if facts.acted_by is None or facts.acted_at is None:
        return ""
    return f" by {facts.acted_by} at {_moment(facts.acted_at)}"


def _outcomes(facts: WaitFacts) -> str:
    told = [f"{count} {name.replace('_', ' ')}" for name, count in sorted(facts.outcomes.items())]
    return f": {', '.join(told)}" if told else ""


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
