"""All that is known of a simulation once it is over: what its judges read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from campana.simulation.carrier import Sent
from campana.store.checks import AttemptRow, EventRow, TargetRow

ALWAYS = datetime.max.replace(tzinfo=UTC)
WRITTEN = {
    "busy": "busy",
    "no_answer": "noAnswer",
    "congestion": "congestion",
    "carrier_error": "carrierError",
    "callback_request": "callbackRequest",
    "invalid_number": "invalidNumber",
    "blocked": "blocked",
}
"""Outcomes as a campaign's cadence names them."""
_CLOCK_LAG = timedelta(seconds=7)
"""How long a process may go by what the clock showed before it was put forward or back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of the channel, from the answer to whoever set them on; `until` they were asked to change."""

    since: datetime
    until: datetime = ALWAYS
    rate: float
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A pause or an end, from its answer to the asking for its own end; of all campaigns without
    one."""

    since: datetime
    until: datetime = ALWAYS
    campaign_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """An address that is not to be contacted from that answer on; by no campaign without one."""

    address: str
    since: datetime
    campaign_id: str | None = None
    is_expiry: bool = False
    """`since` is what the database's clock shows then: a consent is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """Whoever had finished so was to be tried again; from the asking to the answer."""

    since: datetime
    until: datetime
    campaign_id: str
    outcomes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Moments are of a clock nobody touches, except where a field says otherwise."""

    sent: Sequence[Sent]
    attempts: Sequence[AttemptRow]
    targets: Sequence[TargetRow]
    told: Sequence[EventRow]
    documents: Mapping[str, Mapping[str, Any]]
    """Of campaigns, by id."""
    limits: Sequence[Limits]
    daily: int | None = None
    """Attempts of the channel in a day."""
    stops: Sequence[Stop] = ()
    barred: Sequence[Barred] = ()
    reopened: Sequence[Reopened] = ()
    ends_since: Mapping[str, datetime] = field(default_factory=dict[str, datetime])
    """When campaigns were given their end date, by the database's clock; the others began with
    theirs."""
    steps: Sequence[datetime] = ()
    """When the database's clock was put forward or back."""
    is_over: bool

    def is_reopened(
        self, campaign_id: str, outcome: str | None, *, after: datetime, before: datetime
    ) -> bool:
        """Did somebody have those tried again in between whom this had become of? Of any outcome
        without one."""
        return any(
            each.campaign_id == campaign_id
            and (outcome is None or outcome in each.outcomes)
            and after <= each.until
            and each.since <= before
            for each in self.reopened
        )

    def cadence(self, campaign_id: str) -> Mapping[str, Any]:
        """As its document says."""
        return self.documents[campaign_id].get("cadence") or {}

    def rule(self, campaign_id: str, outcome: str | None) -> Mapping[str, Any]:
        """What it says of this outcome; empty where it says nothing."""
        return self.cadence(campaign_id).get(WRITTEN.get(outcome or "", ""), {})

    def goes_elsewhere(self, campaign_id: str, outcome: str | None) -> bool:
        """Is somebody tried on another number after that, by the campaign's own words?"""
        return self.rule(campaign_id, outcome).get("then") == "next_address"

    def is_astray(self, moment: datetime) -> bool:
        """Was the database's clock just put forward or back, so that workers may not know yet?"""
        return any(step <= moment <= step + _CLOCK_LAG for step in self.steps)
