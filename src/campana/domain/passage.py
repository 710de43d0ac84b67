"""Why somebody was contacted: what the claim read of them, kept beside the attempt in a few words.

`noted` is made in the claim and must be cheap. `told` spells it out for whoever asks later: a line
for every rule of the gate in its order, and for the limits behind it. An attempt exists only when
none of them objected.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from campana.domain.gate import Facts
from campana.domain.window import MIDNIGHT_AFTER, Window, zone_named


class Rule(StrEnum):
    """What may keep somebody from being contacted, in the order in which it is asked."""

    ADDRESS = "address"
    SUPPRESSION = "suppression"
    CONSENT = "consent"
    NUMBER = "number"
    COUNTRY = "country"
    CARE_WINDOW = "care_window"
    COMPARISON = "comparison"
    HOURS = "hours"
    ADDRESS_FREE = "address_free"
    CAPS = "caps"
    CALLER_ID = "caller_id"
    PACE = "pace"


class Verdict(StrEnum):
    """What a rule said of an attempt that was made."""

    PASSED = "passed"
    NOT_ASKED = "not_asked"
    """The campaign, the channel or the address gave it nothing to ask."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rule, what it said, and what it went by: words and numbers for people and programs."""

    rule: Rule
    verdict: Verdict
    facts: Mapping[str, Any]


def noted(
    facts: Facts, now: datetime, *, caps: int, owner_id: int, caller_id: str | None
) -> dict[str, Any]:
    """What is kept: only what cannot be known from the attempt itself.

    Args:
        facts: which the gate has let pass.
        now: aware; of the claim.
        caps: how many caps were asked.
        owner_id: the worker whose grant the attempt is part of.
        caller_id: the number it goes from, where one was chosen.
    """
    found: dict[str, Any] = {"owner": owner_id}
    if facts.window.always:
        found["always"] = True
    found["zones"] = [_clock(facts.window, name, now) for name in facts.zones]
    if facts.country is not None:
        found["country"] = facts.country
    if facts.requires_consent:
        found["consent"] = True
    if facts.is_free_form and facts.wrote_at is not None:
        found["wroteAt"] = facts.wrote_at.isoformat()
    if caps:
        found["caps"] = caps
    if caller_id is not None:
        found["from"] = caller_id
    return found


def _clock(window: Window, name: str, now: datetime) -> dict[str, str]:
    """What the clock showed there, and the hours of that day."""
    zone = zone_named(name)
    if zone is None:
        return {"zone": name}
    local = now.astimezone(zone)
    hours = ", ".join(
        f"{each.start:%H:%M}-{'24:00' if each.end == MIDNIGHT_AFTER else f'{each.end:%H:%M}'}"
        for each in window.days[local.weekday()]
    )
    return {"zone": name, "time": local.isoformat(timespec="seconds"), "hours": hours}


def told(note: Mapping[str, Any], *, address: str) -> Sequence[Told]:
    """Every rule with what it said; none of an attempt from before anything was noted."""
    if not note:
        return []
    is_letter = "@" in address
    said: dict[Rule, tuple[bool, Mapping[str, Any]]] = {
        Rule.ADDRESS: (True, {"address": address}),
        Rule.SUPPRESSION: (True, {}),
        Rule.CONSENT: (bool(note.get("consent")), {}),
        Rule.NUMBER: (not is_letter, {}),
        Rule.COUNTRY: (not is_letter, {"country": note.get("country")}),
        Rule.CARE_WINDOW: ("wroteAt" in note, {"wroteAt": note.get("wroteAt")}),
        Rule.COMPARISON: (True, {}),
        Rule.HOURS: (not note.get("always"), {"zones": note.get("zones", [])}),
        Rule.ADDRESS_FREE: (True, {}),
        Rule.CAPS: (bool(note.get("caps")), {"caps": note.get("caps", 0)}),
        Rule.CALLER_ID: ("from" in note, {"from": note.get("from")}),
        Rule.PACE: (True, {"owner": note.get("owner")}),
    }
    return [
        Told(
            rule=rule,
            verdict=Verdict.PASSED if is_asked else Verdict.NOT_ASKED,
            facts=facts if is_asked or rule is Rule.HOURS else {},
        )
        for rule, (is_asked, facts) in said.items()
    ]
