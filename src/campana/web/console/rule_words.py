"""What each rule said at a claim, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from campana.domain.passage import Rule, Told, Verdict
from campana.store.spend import Charge
from campana.web.console.language import marked, say

_NAMES: Mapping[Rule, str] = {
    Rule.ADDRESS: marked("Address"),
    Rule.SUPPRESSION: marked("Suppression"),
    Rule.CONSENT: marked("Consent"),
    Rule.NUMBER: marked("Number"),
    Rule.COUNTRY: marked("Country"),
    Rule.CARE_WINDOW: marked("24-hour window"),
    Rule.COMPARISON: marked("Comparison"),
    Rule.HOURS: marked("Hours"),
    Rule.CAPS: marked("Caps"),
    Rule.ADDRESS_FREE: marked("One at a time"),
    Rule.CALLER_ID: marked("Number shown"),
    Rule.PACE: marked("Pace and lines"),
}


_PASSED: Mapping[Rule, str] = {
    Rule.ADDRESS: marked("%(address)s is theirs."),
    Rule.SUPPRESSION: marked("No suppression held, and they were not erased."),
    Rule.CONSENT: marked("Their latest word on record was a consent that held."),
    Rule.NUMBER: marked("It is no premium, satellite or shared-cost number."),
    Rule.COUNTRY: marked("%(country)s was among the countries that may be called."),
    Rule.CARE_WINDOW: marked("They had written at %(wroteAt)s."),
    Rule.COMPARISON: marked("They were not held out of a comparison."),
    Rule.CAPS: marked("Asked: %(caps)s. None was reached."),
    Rule.ADDRESS_FREE: marked("No other attempt to this address was open."),
    Rule.CALLER_ID: marked("%(from)s had a call left that day."),
    Rule.PACE: marked("Within what the channel granted worker %(owner)s."),
}
_NOT_ASKED: Mapping[Rule, str] = {
    Rule.CONSENT: marked("The campaign did not ask for consent."),
    Rule.NUMBER: marked("Not asked of e-mail."),
    Rule.COUNTRY: marked("Not asked of e-mail."),
    Rule.CARE_WINDOW: marked("Not asked: it is about WhatsApp without a template."),
    Rule.CAPS: marked("There were none."),
    Rule.CALLER_ID: marked("Not chosen from several."),
}


def name_of(told: Told) -> str:
    """What the rule is called."""
    return say(_NAMES[told.rule])


def verdict_of(told: Told) -> str:
    """What it said, and what it went by."""
    is_asked = told.verdict is Verdict.PASSED
    if told.rule is Rule.HOURS:
        return _hours(told.facts["zones"], is_asked=is_asked)
    return say((_PASSED if is_asked else _NOT_ASKED)[told.rule], **told.facts)


def spend_of(charge: Charge | None) -> str:
    """What was promised and what it came to."""
    if charge is None:
        return say("No price was asked.")
    said = {"most": charge.reserved, "cost": charge.cost}
    if charge.cost is None:
        return say("The limits left %(most)s, which it may cost at worst.", **said)
    return say("The limits left %(most)s; it cost %(cost)s.", **said)


def _hours(zones: Sequence[Mapping[str, Any]], *, is_asked: bool) -> str:
    clocks = ", ".join(
        say("%(clock)s in %(zone)s (open %(hours)s)", clock=_clock(each["time"]), zone=each["zone"],
            hours=each["hours"] or "-")
        if is_asked
        else say("%(clock)s in %(zone)s", clock=_clock(each["time"]), zone=each["zone"])
        for each in zones
        if "time" in each
    )  # fmt: skip
    if is_asked:
        return clocks
    always = say("The campaign may contact people at any hour.")
    return f"{always} {clocks}".strip()


def _clock(moment: str) -> str:
    """`2026-03-10T11:00:00-0400` as `2026-03-10 11:00`."""
    return moment[:16].replace("T", " ")
