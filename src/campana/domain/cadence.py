"""When to try again, on which address, and when not to. One table row an outcome.

`tries` counts what ended with that outcome on the address the target is at, this one included;
tries that never touched the network do not count. A target also ends when its tries on all its
addresses reach `max_attempts`, except that whoever asks to be called back is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campana.domain.day_part import in_other_part
from campana.domain.disposition import FINALITY, Disposition, Finality
from campana.domain.window import Window

ORDINARY = 1
FIRST = 0
"""Priorities among what is due: a callback that was asked for comes before everybody else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Try up to `attempts` times on one address, each some time after the one before ended."""

    attempts: int
    delay: timedelta
    """After the first try."""
    later_delays: tuple[timedelta, ...] = ()
    """After the second and so on, of which the last repeats; empty is `delay` each time."""
    in_other_part: bool = False
    """Not in the part of the day in which the last one ended."""
    then_next_address: bool = False
    """When the tries are used up, go on with the contact's next address."""

    def delay_after(self, tries: int) -> timedelta:
        """How long after the try of this number (counted from 1)."""
        if tries <= 1 or not self.later_delays:
            return self.delay
        return self.later_delays[min(tries - 2, len(self.later_delays) - 1)]


# Busy clears in minutes, nobody home in hours; a congested or failing carrier deserves a pause of
# minutes. Who asks to be called back without saying when is called an hour later. A provider that
# spares people too much is not asked again the same day, and waits longer each time.
DEFAULT_RULES: Mapping[Disposition, Rule] = {
    Disposition.BUSY: Rule(attempts=3, delay=timedelta(minutes=15)),
    Disposition.NO_ANSWER: Rule(attempts=3, delay=timedelta(hours=4)),
    Disposition.CONGESTION: Rule(attempts=3, delay=timedelta(minutes=5)),
    Disposition.CARRIER_ERROR: Rule(attempts=2, delay=timedelta(minutes=10)),
    Disposition.HELD_BACK: Rule(
        attempts=3, delay=timedelta(hours=24), later_delays=(timedelta(hours=48),)
    ),
    Disposition.CALLBACK_REQUEST: Rule(attempts=3, delay=timedelta(hours=1)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """The rules of one campaign: those it states, over the defaults."""

    max_attempts: int = 5
    rules: Mapping[Disposition, Rule] = field(default_factory=lambda: DEFAULT_RULES)
    next_address_after: frozenset[Disposition] = frozenset()
    """Outcomes that end an address (a wrong number) without ending the contact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How the attempts of a target ended, this one included; those never sent are left out of all
    but `tries`."""

    tries: Mapping[Disposition, int]
    """By outcome, on the address the target is at."""
    made: int
    """On all its addresses."""
    last: Disposition | None = None
    """The outcome of the latest that was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When and where the person may be contacted: what another part of the day is read from."""

    window: Window
    zones: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAt:
    """Due again at `when`."""

    when: datetime
    priority: int = ORDINARY


@dataclass(frozen=True, slots=True, kw_only=True)
class NextAddress:
    """Due at once on the contact's next address; done with `disposition` if it has none."""

    disposition: Disposition


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The target is done."""

    disposition: Disposition


Decision = RetryAt | NextAddress | Finish
_GOES_ON = frozenset({Finality.RETRY, Finality.ADDRESS_DONE})


def decide(
    cadence: Cadence,
    *,
    disposition: Disposition,
    history: History,
    hours: Hours,
    callback_at: datetime | None = None,
    now: datetime,
) -> Decision:
    """What follows an attempt that ended with `disposition`.

    Args:
        cadence: the rules.
        disposition: how it ended.
        history: how all attempts of this target ended, this one included.
        hours: for rules that ask for another part of the day.
        callback_at: when the person asked to be called back, if a time was said.
        now: when it ended.
    """
    if Disposition.DECLINED in history.tries and FINALITY[disposition] in _GOES_ON:
        # Said in a call of which nobody knew until after a person had them tried again.
        return Finish(disposition=Disposition.DECLINED)
    if disposition is Disposition.NOT_SENT:
        was_asked_for = history.last is Disposition.CALLBACK_REQUEST
        return RetryAt(when=now, priority=FIRST if was_asked_for else ORDINARY)
    if FINALITY[disposition] is not Finality.RETRY:
        goes_on = disposition in cadence.next_address_after
        return _at_an_end(cadence, disposition, history, goes_on=goes_on)
    rule = cadence.rules.get(disposition)
    if rule is None:
        return Finish(disposition=disposition)
    tries = history.tries.get(disposition, 0)
    if disposition is Disposition.CALLBACK_REQUEST:
        if tries >= rule.attempts:
            return Finish(disposition=disposition)
        asked = callback_at or now + rule.delay_after(tries)
        return RetryAt(when=max(asked, now), priority=FIRST)
    if tries >= rule.attempts or history.made >= cadence.max_attempts:
        return _at_an_end(cadence, disposition, history, goes_on=rule.then_next_address)
    when = now + rule.delay_after(tries)
    if rule.in_other_part:
        when = in_other_part(hours.window, hours.zones, after=when, than=now)
    return RetryAt(when=when)


def _at_an_end(
    cadence: Cadence, disposition: Disposition, history: History, *, goes_on: bool
) -> NextAddress | Finish:
    """Nothing more on this address."""
    if goes_on and history.made < cadence.max_attempts:
        return NextAddress(disposition=disposition)
    return Finish(disposition=disposition)


def is_last(disposition: Disposition) -> bool:
    """Does nothing follow an attempt that ended so, whatever the campaign and the tries before?

    Nobody tries another number of a person who was reached, and no rule can say otherwise.
    """
    return FINALITY[disposition] is Finality.REACHED
