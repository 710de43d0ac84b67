"""What stops a campaign by itself: shares of its last attempts that nobody would want to go on.

A breaker looks at a short sample of what ended last, so that its cost is the same for ten attempts
and ten million. A canary looks at the first few people of a campaign before the rest may go.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from campana.domain.disposition import Disposition


class Measure(StrEnum):
    """A share of attempts, and on which side of its limit trouble lies."""

    FAILURE = "failure rate"
    ANSWER = "answer rate"
    """Of the calls, those that a person answered."""
    OPT_OUT = "opt-out rate"
    ABANDONED = "abandoned transfer rate"
    """Of the calls that were to be handed to a person, those that nobody took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """`share` (0 to 1) that the measure must not pass: upwards, or downwards for answers."""

    measure: Measure
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakers:
    """Limits over the last `sample_size` attempts that ended `within` this time, once there are
    `minimum`; `resume_after` None waits for a person."""

    limits: tuple[Limit, ...] = (Limit(measure=Measure.FAILURE, share=0.8),)
    complaint_share: float | None = 0.003
    """Of complaints (0 to 1): large providers of mail refuse senders who stay above it."""
    minimum: int = 50
    sample_size: int = 100
    within: timedelta = timedelta(minutes=15)
    resume_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The `share` (0 to 1) of a campaign's people that goes first, and what must hold of them.

    The verdict is given when the last of their attempts has been over for `wait`.
    """

    share: float
    limits: tuple[Limit, ...]
    wait: timedelta = timedelta(0)

    def size(self, people: int) -> int:
        """How many go first: at least one."""
        # Seven percent of a hundred are seven, and not the next above 7.000000000000001.
        return max(1, math.ceil(round(self.share * people, 6)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What became of some attempts: how many by disposition, how many people opted out after
    theirs, how many calls were to be handed over and how many of those nobody took; how many were
    calls that touched the network, and how many of those a person answered."""

    outcomes: Mapping[Disposition, int]
    opted_out: int = 0
    transfers: int = 0
    abandoned: int = 0
    calls: int = 0
    answered: int = 0

    @property
    def size(self) -> int:
        """Attempts that touched the network."""
        return sum(n for outcome, n in self.outcomes.items() if outcome not in NO_CONTACT)


FAILURES = frozenset({
    Disposition.CARRIER_ERROR,
    Disposition.CONGESTION,
    Disposition.BLOCKED,
})  # fmt: skip
"""Outcomes that say something of the carrier or the sender, and nothing of the person."""
_CARRIER = frozenset({Disposition.CARRIER_ERROR, Disposition.CONGESTION})
ANSWERS = frozenset({Disposition.COMPLETED, Disposition.TRANSFERRED, Disposition.HUNG_UP})
WISHES = frozenset({Disposition.CALLBACK_REQUEST, Disposition.OPT_OUT})
"""Outcomes of an answered call, if it was answered: a network may say the second for a person."""
NO_CONTACT = frozenset({Disposition.NOT_SENT, Disposition.CANCELLED})
"""Ours: neither the carrier's fault nor the person's choice."""


def tripped(limits: Sequence[Limit], sample: Sample) -> str | None:
    """The first limit a sample passes, as a reason in words; None when it passes none."""
    if not sample.size:
        return None
    for limit in limits:
        count, of, what = _count(limit.measure, sample), sample.size, "attempts"
        if limit.measure is Measure.ABANDONED:
            of, what = sample.transfers, "transfers"
        elif limit.measure is Measure.ANSWER:
            of, what = sample.calls, "calls"
        if of < _FEWEST.get(limit.measure, 1):
            continue
        share = count / of
        is_answer = limit.measure is Measure.ANSWER
        if share < limit.share if is_answer else share > limit.share:
            side = "below" if is_answer else "above"
            return (
                f"{limit.measure} of {_percent(share)} ({count} of {of} {what})"
                f" is {side} {_percent(limit.share)}"
            )
    return None


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"


# A single colleague at lunch is not a reason to stop.
_FEWEST = {Measure.ABANDONED: 10}
COMPLAINTS_WITHIN = timedelta(hours=24)
"""Complaints come hours after what they are about."""
_COMPLAINT_BASE = 1_000
"""Fewer attempts are judged as if they were so many: one complaint of ten people says little."""

_MOST_COUNTED = 1_000_000


def complained(share: float, *, complaints: int, attempts: int) -> str | None:
    """The reason in words when more than this share of the last day's people complained."""
    if complaints <= share * max(attempts, _COMPLAINT_BASE):
        return None
    told = "1 complaint" if complaints == 1 else f"{complaints} complaints"
    return f"{told} of {attempts} attempts in a day: above {_percent(share)}"


def enough_attempts(share: float, *, complaints: int) -> int:
    """Of how many attempts in a day so many complaints are no more than this share, however many
    more there were; 0 when they never are too many."""
    if complaints <= share * _COMPLAINT_BASE:
        return 0
    return math.ceil(complaints / share) + 1 if share else _MOST_COUNTED


def is_down(newest: Sequence[Disposition], *, after: int) -> bool:
    """Does a carrier let nothing through? The newest `after` attempts on it all failed."""
    touched = [outcome for outcome in newest if outcome not in NO_CONTACT]
    return len(touched) >= after and all(outcome in _CARRIER for outcome in touched[:after])


def _count(measure: Measure, sample: Sample) -> int:
    match measure:
        case Measure.FAILURE:
            return sum(sample.outcomes.get(outcome, 0) for outcome in FAILURES)
        case Measure.ANSWER:
            return sample.answered
        case Measure.OPT_OUT:
            return sample.opted_out
        case Measure.ABANDONED:
            return sample.abandoned
