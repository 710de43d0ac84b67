"""A campaign's life: what it is, which states it passes through, what a person is told.

The API's three statuses answer "will it contact people?". The state says why. A stored state
changes only by an action in TRANSITIONS or by the engine finding the ledger finished; reaching the
end date expires a launched campaign without anybody writing it (`store/queries/campaigns.sql`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from campana.domain.breakers import Breakers, Canary
from campana.domain.cadence import Cadence
from campana.domain.caps import Cap
from campana.domain.pacing import OwnLimits
from campana.domain.script import Script
from campana.domain.window import DEFAULT as DEFAULT_WINDOW
from campana.domain.window import Window


class CampaignType(StrEnum):
    VOICE_BOT = "VoiceBot"
    FLOW = "Flow"


class ChannelType(StrEnum):
    VOICE = "Voice"
    WHATSAPP = "WhatsApp"
    SMS = "SMS"
    EMAIL = "Email"


class CampaignStatus(StrEnum):
    """Will it contact people? The API's word."""

    RUNNING = "Running"
    PAUSED = "Paused"
    COMPLETED = "Completed"


class CampaignState(StrEnum):
    """What is stored, with `expired` once the end date has passed."""

    DRAFT = "draft"
    PAUSED = "paused"
    TRIPPED = "tripped"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Action(StrEnum):
    """What a person can ask of a campaign."""

    LAUNCH = "launch"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    ARCHIVE = "archive"
    """Out of the list of campaigns; its state stays what it is."""
    UNARCHIVE = "unarchive"


_S = CampaignState

STATUS_OF: Mapping[CampaignState, CampaignStatus] = {
    _S.DRAFT: CampaignStatus.PAUSED,
    _S.PAUSED: CampaignStatus.PAUSED,
    _S.TRIPPED: CampaignStatus.PAUSED,
    _S.RUNNING: CampaignStatus.RUNNING,
    _S.COMPLETED: CampaignStatus.COMPLETED,
    _S.CANCELLED: CampaignStatus.COMPLETED,
    _S.EXPIRED: CampaignStatus.COMPLETED,
}

TRANSITIONS: Mapping[tuple[CampaignState, Action], CampaignState] = {
    (_S.DRAFT, Action.LAUNCH): _S.RUNNING,
    (_S.RUNNING, Action.PAUSE): _S.PAUSED,
    (_S.PAUSED, Action.PAUSE): _S.PAUSED,
    (_S.TRIPPED, Action.PAUSE): _S.PAUSED,
    (_S.PAUSED, Action.RESUME): _S.RUNNING,
    (_S.TRIPPED, Action.RESUME): _S.RUNNING,
    (_S.RUNNING, Action.RESUME): _S.RUNNING,
    (_S.DRAFT, Action.CANCEL): _S.CANCELLED,
    (_S.RUNNING, Action.CANCEL): _S.CANCELLED,
    (_S.PAUSED, Action.CANCEL): _S.CANCELLED,
    (_S.TRIPPED, Action.CANCEL): _S.CANCELLED,
    (_S.CANCELLED, Action.CANCEL): _S.CANCELLED,
    (_S.COMPLETED, Action.ARCHIVE): _S.COMPLETED,
    (_S.CANCELLED, Action.ARCHIVE): _S.CANCELLED,
    (_S.EXPIRED, Action.ARCHIVE): _S.EXPIRED,
    # Whatever is not archived is where this would bring it: asked again, it is so already.
    **{(state, Action.UNARCHIVE): state for state in _S},
}


_ENDING = frozenset({_S.RUNNING, _S.PAUSED, _S.TRIPPED})
"""States that the end date ends."""


def states_of(status: CampaignStatus) -> tuple[CampaignState, ...]:
    """Every state a person sees as `status`."""
    return tuple(state for state, shown in STATUS_OF.items() if shown is status)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowPin:
    """The version of a flow that a campaign stays on."""

    id: str
    version: int
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its start node takes from the trigger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One way of several to go about it: `share` percent of the people get it. Those held out are
    enrolled and counted, and never contacted."""

    name: str
    share: float
    is_held_out: bool = False
    script: Script | None = None
    """In place of the campaign's."""
    window: Window | None = None
    """Hours besides the campaign's: both must be open."""
    flow: FlowPin | None = None
    """In place of the campaign's."""
    templates: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is sent in place of the templates that the flow names."""
    channel_type: ChannelType | None = None
    """On which of its channels the flow begins, when that is not the campaign's own."""

    @property
    def changes_talk(self) -> bool:
        """Does it change what only a flow has?"""
        return bool(self.flow or self.templates or self.channel_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a campaign goes about it: everything the engine needs besides whom and when it ends."""

    window: Window = DEFAULT_WINDOW
    cadence: Cadence = field(default_factory=Cadence)
    script: Script | None = None
    flow: FlowPin | None = None
    templates: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of a variant: what is sent in place of the templates that the flow names."""
    begins_on: ChannelType | None = None
    """Of a variant: on which kind of channel the flow begins, when not on the campaign's own."""
    channels: Mapping[ChannelType, str] = field(default_factory=dict[ChannelType, str])
    """Which channel its flow uses for each type besides the campaign's own."""
    scripts: Mapping[str, Script] = field(default_factory=dict[str, Script])
    """The VoiceBots that its flow calls by name."""
    caller_id: str | None = None
    pacing: OwnLimits = field(default_factory=OwnLimits)
    breakers: Breakers = field(default_factory=Breakers)
    canary: Canary | None = None
    requires_consent: bool = False
    """Contact only people whose consent the ledger holds."""
    caps: tuple[Cap, ...] = ()
    """Besides those of the workspace."""
    spend_limit: Decimal | None = None
    """What the whole campaign may cost."""
    variants: tuple[Variant, ...] = ()
    """Empty: everybody gets the same."""
    run_if_within: timedelta = timedelta(hours=24)
    """How long after its turn somebody may still be called when nobody was there to do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One row. `state` is as stored, or `expired` when `end_date` had passed at the time of
    reading."""

    id: str
    workspace_id: int
    name: str
    description: str | None
    type: CampaignType
    channel_type: ChannelType
    state: CampaignState
    start_date: datetime | None
    end_date: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    list_id: str | None
    channel_id: str | None
    keep_open: bool
    archived: bool
    launched_at: datetime | None
    finished_at: datetime | None
    state_reason: str | None = None
    """Why a breaker tripped it."""
    resume_at: datetime | None = None
    """When it goes on by itself."""
    running_since: datetime | None = None
    """Since when it runs without a pause; None before the launch."""
    document: Mapping[str, Any]
    """The configuration (`services/campaign_document.py` reads it into a Plan): as written, but for
    the copies beside the bots it pins (`services/campaign_bots.py`)."""

    def as_of(self, now: datetime) -> Campaign:
        """The same as it is read at `now`: expired when its end has passed and it was not over."""
        over = self.end_date is not None and self.end_date < now
        return replace(self, state=_S.EXPIRED) if over and self.state in _ENDING else self

    @property
    def status(self) -> CampaignStatus:
        return STATUS_OF[self.state]
