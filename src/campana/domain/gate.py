"""The last question before an attempt: may this person be contacted now?

Asked inside the claim's transaction on facts read there. Every rule is a function in RULES; the
first that objects decides. A fact that is missing objects: the gate fails closed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campana.domain.conversation import is_care_window_open
from campana.domain.disposition import Disposition
from campana.domain.toll import is_refused
from campana.domain.window import Window, ever_opens, is_open, next_open

ADDRESS_BUSY_DELAY = timedelta(seconds=15)
"""Another campaign is in contact with this address now; a call rarely ends sooner."""

NEVER_OPEN_DELAY = timedelta(hours=1)
"""The hours of campaign and channel, as they are now, are never open together."""


class Reach(StrEnum):
    """What the address of somebody is, as far as a rule asks."""

    NONE = "none"
    REFUSED = "refused"
    """A number that is never contacted, or none at all."""
    NUMBER = "number"
    LETTER = "letter"


def reach_of(address: str | None) -> Reach:
    """What it is to be contacted at `address`."""
    if address is None:
        return Reach.NONE
    if "@" in address:
        return Reach.LETTER
    return Reach.REFUSED if is_refused(address) else Reach.NUMBER


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the claim read about one target, or many alike, in the claim's own transaction."""

    reach: Reach
    country: str | None
    zones: tuple[str, ...]
    suppressed_by: str | None
    """Scope of the suppression that covers the address (`workspace`, `campaign`, `channel`)."""
    address_is_busy: bool
    """Another attempt to this address is open in this workspace."""
    allowed_countries: frozenset[str]
    requires_consent: bool
    has_consent: bool
    """The latest word of the ledger on this address and kind of channel is a grant that holds."""
    window: Window
    capped_until: datetime | None
    """When the last of the caps this person has reached opens again."""
    is_held_out: bool = False
    """Left out of a comparison on purpose."""
    is_free_form: bool = False
    """Anything may be said, on a channel whose provider lets that be sent only to whoever wrote
    lately; where a flow speaks it is known later (`free_form`)."""
    wrote_at: datetime | None = None
    """When the person last wrote on the channel; read where that may matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """Go ahead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Not now: due again at `until`. `why` is a machine-readable word."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Never in this campaign."""

    disposition: Disposition
    why: str


Verdict = Allow | Defer | Drop


def check(facts: Facts, now: datetime) -> Verdict:
    """The verdict of the first rule that objects, or Allow."""
    for rule in RULES:
        verdict = rule(facts, now)
        if verdict is not None:
            return verdict
    return Allow()


def _has_address(facts: Facts, _: datetime) -> Verdict | None:
    if facts.reach is Reach.NONE:
        return Drop(disposition=Disposition.NO_ADDRESS, why="no_address")
    return None


def _not_suppressed(facts: Facts, _: datetime) -> Verdict | None:
    if facts.suppressed_by is not None:
        return Drop(disposition=Disposition.SUPPRESSED, why=f"suppressed_{facts.suppressed_by}")
    return None


def _consent_given(facts: Facts, _: datetime) -> Verdict | None:
    if facts.requires_consent and not facts.has_consent:
        return Drop(disposition=Disposition.NO_CONSENT, why="no_consent")
    return None


def _number_allowed(facts: Facts, _: datetime) -> Verdict | None:
    if facts.reach is not Reach.NUMBER and facts.reach is not Reach.LETTER:
        return Drop(disposition=Disposition.NUMBER_REFUSED, why="number_refused")
    return None


def _country_allowed(facts: Facts, _: datetime) -> Verdict | None:
    # The list is against toll fraud: a letter costs the same wherever it goes.
    if facts.reach is not Reach.LETTER and facts.country not in facts.allowed_countries:
        return Drop(disposition=Disposition.COUNTRY_NOT_ALLOWED, why="country_not_allowed")
    return None


def _care_window_open(facts: Facts, now: datetime) -> Verdict | None:
    return free_form(facts.wrote_at, now) if facts.is_free_form else None


def free_form(wrote_at: datetime | None, now: datetime) -> Drop | None:
    """What keeps anything but an approved template from whoever wrote then; None: nothing."""
    if is_care_window_open(wrote_at, now):
        return None
    return Drop(disposition=Disposition.WINDOW_CLOSED, why="care_window_closed")


def _not_held_out(facts: Facts, _: datetime) -> Verdict | None:
    # After what would have kept them out anyway: those who are left are like those contacted.
    if facts.is_held_out:
        return Drop(disposition=Disposition.HELD_OUT, why="held_out")
    return None


def _window_open(facts: Facts, now: datetime) -> Verdict | None:
    if is_open(facts.window, facts.zones, now):
        return None
    opens = next_open(facts.window, facts.zones, now)
    if opens is None and not ever_opens(facts.window, now):
        # It is not about this person: the hours can be mended, and nobody is given up for them.
        return Defer(until=now + NEVER_OPEN_DELAY, why="never_open")
    if opens is None:
        return Drop(disposition=Disposition.ZONE_UNKNOWN, why="zone_unknown")
    return Defer(until=opens, why="window")


def _under_caps(facts: Facts, _: datetime) -> Verdict | None:
    if facts.capped_until is not None:
        return Defer(until=facts.capped_until, why="caps")
    return None


def _address_free(facts: Facts, now: datetime) -> Verdict | None:
    if facts.address_is_busy:
        return Defer(until=now + ADDRESS_BUSY_DELAY, why="address_busy")
    return None


RULES: tuple[Callable[[Facts, datetime], Verdict | None], ...] = (
    _has_address,
    _not_suppressed,
    _consent_given,
    _number_allowed,
    _country_allowed,
    _care_window_open,
    _not_held_out,
    _window_open,
    # Before the caps: an attempt that is open may turn out never to have left, and fills none then.
    _address_free,
    _under_caps,
)
