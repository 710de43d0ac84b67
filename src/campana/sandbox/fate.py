"""What becomes of each send, drawn from the plan.

Everything depends on the seed and the attempt's id alone: the same attempt meets the same fate in
every run and after every restart. Pure.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from campana.domain.campaign import ChannelType
from campana.sandbox.plan import Behavior, Fault, Mischief, Outcome, Plan, Span

_T = TypeVar("_T")
_MOST_ANSWERS = 12
"""That are drawn for one callee."""

_MESSAGES: Mapping[Outcome, float] = {"delivered": 19, "undelivered": 1}
_MIX: Mapping[ChannelType, Mapping[Outcome, float]] = {
    ChannelType.VOICE: {"completed": 7, "hung_up": 1, "busy": 1, "no_answer": 1},
    ChannelType.WHATSAPP: _MESSAGES,
    ChannelType.SMS: _MESSAGES,
    ChannelType.EMAIL: _MESSAGES,
}

_ANSWERED: frozenset[Outcome] = frozenset(
    {"completed", "transferred", "abandoned", "callback_request", "hung_up"}
)
_RUNG: frozenset[Outcome] = frozenset({*_ANSWERED, "no_answer", "declined"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing the sandbox will report: `after` seconds from taking the send, its status, and
    with its end the outcome."""

    after: float
    status: Literal["queued", "ringing", "answered", "finished", "complained"]
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What becomes of one send."""

    fault: Fault | None
    reply_seconds: float
    happenings: tuple[Happening, ...]
    """None of them when the send is not taken."""
    says: str = ""
    """What the person writes back; empty for nothing."""
    says_after: float = 0.0
    """Seconds from taking the send."""
    does: tuple[str, ...] | None = None
    """What the callee answers in a call that a flow conducts; None in any other."""
    callback_after: float | None = None
    """When they ask to be called again, in seconds from taking the send; None: they do not."""
    calls: tuple[str, ...] | None = None
    """What the person answers when they call, at the time they would write; None: they do not."""

    @property
    def end(self) -> Happening | None:
        """The happening that ends it, which a complaint may follow; None when it is not taken."""
        ends = (each for each in self.happenings if each.status == "finished")
        return next(ends, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """How the report of one happening travels."""

    late_seconds: float
    copies: int
    is_shuffled: bool
    is_forged_first: bool


def fate(
    plan: Plan,
    *,
    attempt: str,
    to: str,
    channel_type: ChannelType,
    call: int,
    is_conducted: bool = False,
) -> Fate:
    """What becomes of send number `call` (from 0) to a person."""
    behavior = Behavior()
    if row := plan.people.get(to):
        behavior = row[min(call, len(row) - 1)]
    fault = behavior.fault or _fault(plan, attempt)
    fault = None if fault == "none" else fault
    mix = plan.mix.get(channel_type) or _MIX[channel_type]
    outcome = behavior.outcome or _weighed(mix, draw(plan.seed, attempt, "outcome"))
    reply = plan.seconds.slow if fault == "slow" else plan.seconds.reply
    is_taken = fault not in {"lost", "error", "refuse"}
    happenings = _happenings(plan, attempt, outcome, channel_type) if is_taken else ()
    end = next(reversed(happenings), None)
    is_there = end is not None and end.outcome == "delivered"
    if end is not None and is_there and _complains(plan, behavior, attempt, channel_type):
        after = end.after + _between(plan.seconds.complain, draw(plan.seed, attempt, "complain"))
        happenings = (*happenings, Happening(after=after, status="complained"))
    thinks = _between(plan.seconds.think, draw(plan.seed, attempt, "think"))
    return Fate(
        fault=fault,
        reply_seconds=_between(reply, draw(plan.seed, attempt, "reply")),
        happenings=happenings,
        says=_says(plan, behavior, attempt, channel_type) if is_there else "",
        says_after=end.after + thinks if end is not None else 0.0,
        does=_does(plan, behavior, attempt, outcome) if is_conducted and is_taken else None,
        callback_after=_callback(plan, attempt, end),
        calls=_calls(plan, behavior, attempt, channel_type) if is_taken else None,
    )


def _callback(plan: Plan, attempt: str, end: Happening | None) -> float | None:
    if end is None or end.outcome != "callback_request":
        return None
    return end.after + _between(plan.seconds.callback, draw(plan.seed, attempt, "callback"))


def _calls(
    plan: Plan, behavior: Behavior, attempt: str, channel_type: ChannelType
) -> tuple[str, ...] | None:
    if behavior.calls is not None:
        return behavior.calls
    share = plan.calls.get(channel_type, 0.0)
    if not share or draw(plan.seed, attempt, "calls") >= share:
        return None
    draws = (draw(plan.seed, attempt, f"told {n}") for n in range(_MOST_ANSWERS))
    return tuple(_weighed(plan.answers, drawn) for drawn in draws) if plan.answers else ()


def _does(plan: Plan, behavior: Behavior, attempt: str, outcome: Outcome) -> tuple[str, ...]:
    if behavior.does is not None:
        return behavior.does
    if outcome == "hung_up" or not plan.answers:
        return ()
    draws = (draw(plan.seed, attempt, f"answer {n}") for n in range(_MOST_ANSWERS))
    return tuple(_weighed(plan.answers, drawn) for drawn in draws)


def _says(plan: Plan, behavior: Behavior, attempt: str, channel_type: ChannelType) -> str:
    if behavior.says is not None:
        return behavior.says
    said = plan.replies.get(channel_type)
    return _weighed(said, draw(plan.seed, attempt, "says")) if said else ""


def _complains(plan: Plan, behavior: Behavior, attempt: str, channel_type: ChannelType) -> bool:
    if behavior.complains is not None:
        return behavior.complains
    share = plan.complaints.get(channel_type, 0.0)
    return share > 0 and draw(plan.seed, attempt, "complains") < share


def post(plan: Plan, *, attempt: str, number: int) -> Post:
    """How the report of happening `number` travels."""
    chances = plan.callbacks

    def has(mischief: Mischief, what: str = "") -> bool:
        chance = chances.get(mischief, 0.0)
        return chance > 0 and draw(plan.seed, attempt, f"{mischief}{what}") < chance

    one, late = f" {number}", 0.0
    if has("late", one):
        late = _between(plan.seconds.late, draw(plan.seed, attempt, "late seconds" + one))
    return Post(
        late_seconds=late,
        copies=0 if has("drop", one) else plan.copies if has("double", one) else 1,
        is_shuffled=has("shuffle"),
        is_forged_first=has("forge", one),
    )


def draw(seed: int, attempt: str, what: str) -> float:
    """A number from 0 up to 1 that depends on nothing but its arguments."""
    digest = hashlib.sha256(f"{seed} {attempt} {what}".encode()).digest()
    return int.from_bytes(digest[:7], "big") / (1 << 56)


def _fault(plan: Plan, attempt: str) -> Fault | None:
    if not plan.faults:
        return None
    drawn = draw(plan.seed, attempt, "fault")
    for fault, share in plan.faults.items():
        if drawn < share:
            return fault
        drawn -= share
    return None


def _happenings(
    plan: Plan, attempt: str, outcome: Outcome, channel_type: ChannelType
) -> tuple[Happening, ...]:
    def seconds(what: Literal["ring", "answer", "talk", "deliver"]) -> float:
        return _between(getattr(plan.seconds, what), draw(plan.seed, attempt, what))

    told = [Happening(after=0.0, status="queued")]
    if channel_type is not ChannelType.VOICE:
        told.append(Happening(after=seconds("deliver"), status="finished", outcome=outcome))
        return tuple(told)
    at = seconds("ring")
    if outcome in _RUNG:
        told.append(Happening(after=at, status="ringing"))
    at += seconds("answer")
    if outcome in _ANSWERED:
        told.append(Happening(after=at, status="answered"))
        at += seconds("talk")
    told.append(Happening(after=at, status="finished", outcome=outcome))
    return tuple(told)


def _weighed(weights: Mapping[_T, float], drawn: float) -> _T:
    """One of the keys, as often as its weight says."""
    rest = drawn * sum(weights.values())
    for key, weight in weights.items():
        if rest < weight:
            return key
        rest -= weight
    return list(weights)[-1]


def _between(span: Span, drawn: float) -> float:
    least, most = span
    return least + (most - least) * drawn
