"""When to try again as people write it, by outcome.

There is no field for a declined call (603) and none for an opt-out: those are never tried again,
whatever a campaign says.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from campana.domain.cadence import DEFAULT_RULES, Cadence, Rule
from campana.domain.disposition import Disposition

Delay = Annotated[int, Meta(ge=1, le=30 * 86400)]


class Then(StrEnum):
    """What follows when an address is done with."""

    FINISH = "finish"
    NEXT_ADDRESS = "next_address"


class DayPart(StrEnum):
    """When in the day to try again."""

    ANY = "any"
    OTHER = "other"
    """Morning, afternoon (from 12:00) or evening (from 17:00), whichever the last try was not in,
    as far as the window is ever open then."""


class RuleDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Up to `attempts` tries that end so on one address, each `delaySeconds` after the one before.

    `laterDelaySeconds` are those after the second try and so on, of which the last repeats.
    """

    attempts: Annotated[int, Meta(ge=1, le=20)]
    delay_seconds: Delay
    later_delay_seconds: Annotated[list[Delay], Meta(max_length=20)] = []
    day_part: DayPart = DayPart.ANY
    then: Then = Then.FINISH


class CallbackDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Up to `attempts` requests to be called back are followed, each at the time asked for.

    Who names no time is called `delaySeconds` later.
    """

    attempts: Annotated[int, Meta(ge=1, le=20)]
    delay_seconds: Delay


class LastTryDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """An outcome after which the address is never tried again."""

    then: Then


class CadenceDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """When to try again, by outcome; what is left out keeps its default."""

    max_attempts: Annotated[int, Meta(ge=1, le=20)] = 5
    busy: RuleDocument | UnsetType = UNSET
    no_answer: RuleDocument | UnsetType = UNSET
    voicemail: RuleDocument | UnsetType = UNSET
    congestion: RuleDocument | UnsetType = UNSET
    carrier_error: RuleDocument | UnsetType = UNSET
    undelivered: RuleDocument | UnsetType = UNSET
    held_back: RuleDocument | UnsetType = UNSET
    callback_request: CallbackDocument | UnsetType = UNSET
    invalid_number: LastTryDocument | UnsetType = UNSET
    blocked: LastTryDocument | UnsetType = UNSET
    window_closed: LastTryDocument | UnsetType = UNSET


def cadence_of(document: CadenceDocument) -> Cadence:
    """The domain's Cadence of one as written, over the defaults."""
    stated: Mapping[Disposition, RuleDocument | CallbackDocument | UnsetType] = {
        Disposition.BUSY: document.busy,
        Disposition.NO_ANSWER: document.no_answer,
        Disposition.VOICEMAIL: document.voicemail,
        Disposition.CONGESTION: document.congestion,
        Disposition.CARRIER_ERROR: document.carrier_error,
        Disposition.UNDELIVERED: document.undelivered,
        Disposition.HELD_BACK: document.held_back,
        Disposition.CALLBACK_REQUEST: document.callback_request,
    }
    last_tries = {
        Disposition.INVALID_NUMBER: document.invalid_number,
        Disposition.BLOCKED: document.blocked,
        Disposition.WINDOW_CLOSED: document.window_closed,
    }
    rules = dict(DEFAULT_RULES)
    rules |= {
        outcome: _rule(rule) for outcome, rule in stated.items() if not isinstance(rule, UnsetType)
    }
    return Cadence(
        max_attempts=document.max_attempts,
        rules=rules,
        next_address_after=frozenset(
            outcome
            for outcome, last in last_tries.items()
            if not isinstance(last, UnsetType) and last.then is Then.NEXT_ADDRESS
        ),
    )


def _rule(document: RuleDocument | CallbackDocument) -> Rule:
    delay = timedelta(seconds=document.delay_seconds)
    if isinstance(document, CallbackDocument):
        return Rule(attempts=document.attempts, delay=delay)
    return Rule(
        attempts=document.attempts,
        delay=delay,
        later_delays=tuple(timedelta(seconds=each) for each in document.later_delay_seconds),
        in_other_part=document.day_part is DayPart.OTHER,
        then_next_address=document.then is Then.NEXT_ADDRESS,
    )
