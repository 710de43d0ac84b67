"""How the sandbox behaves: what becomes of each send, when, and what goes wrong on the way.

    {"seed": 7,
     "mix": {"Voice": {"completed": 6, "busy": 1, "no_answer": 1}},
     "seconds": {"talk": [1, 5]},
     "replies": {"SMS": {"yes": 3, "no": 1, "": 1}},
     "answers": {"1": 6, "Yes, please.": 3, "Stop calling me.": 1},
     "people": {"+12025550101": [{"outcome": "busy"}, {"fault": "silent"}]},
     "faults": {"error": 0.1},
     "callbacks": {"drop": 0.1, "double": 0.2}}

Everything is drawn from the seed and the attempt's id: the same attempt meets the same fate in
every run and after every restart. Pure; `provider.py` carries it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.errors import SetupError

Outcome = Literal[
    "completed", "transferred", "hung_up", "busy", "no_answer", "declined", "invalid_number",
    "blocked", "congestion", "delivered", "undelivered",
]  # fmt: skip

Fault = Literal["slow", "silent", "lost", "error", "garbage", "refuse"]
"""What can go wrong with a send:

    slow     taken, and answered after `slow` seconds
    silent   taken, and never answered
    lost     neither taken nor answered
    error    not taken: 500
    garbage  taken, and answered with what nobody can read
    refuse   not taken: refused with `refusal`
"""

Mischief = Literal["late", "double", "shuffle", "drop", "forge"]
"""What can happen to a callback:

    late     comes `late` seconds after its time
    double   comes `copies` times
    shuffle  all of the attempt come at its end, in any order
    drop     never comes
    forge    comes first from somebody else, claiming a lie, with a wrong signature
"""

Refusal = Literal["invalid_number", "blocked", "busy", "congestion"]
Share = Annotated[float, Meta(ge=0, le=1)]
Weight = Annotated[float, Meta(ge=0, le=1e9)]
Span = tuple[Annotated[float, Meta(ge=0, le=86400)], Annotated[float, Meta(ge=0, le=86400)]]
"""Seconds: at least, at most."""

_T = TypeVar("_T")


_Saying = Annotated[str, Meta(max_length=1000)]
_ANSWERS: Mapping[str, float] = {"1": 8, "2": 1, "": 1}
_MOST_ANSWERS = 12


class _Planned(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    pass


class Seconds(_Planned, frozen=True):
    """How long things take."""

    reply: Span = (0.005, 0.025)
    """From a send to its answer."""
    ring: Span = (0.1, 0.3)
    """From the answer to the ringing."""
    answer: Span = (0.2, 1.0)
    """From the ringing to the answer or the refusal."""
    talk: Span = (0.5, 2.0)
    deliver: Span = (0.2, 1.0)
    """From the answer to a message's end."""
    think: Span = (0.5, 2.0)
    """From then to what the person writes back, if anything."""
    slow: Span = (30.0, 30.0)
    late: Span = (5.0, 5.0)

    def __post_init__(self) -> None:
        """Raises ValueError for a span whose least is above its most."""
        for name in self.__struct_fields__:
            least, most = getattr(self, name)
            if least > most:
                raise ValueError(f"{name}: at least {least:g} seconds and at most {most:g}")


class Behavior(_Planned, frozen=True):
    """What one send to a person meets; what is left out is drawn."""

    outcome: Outcome | None = None
    fault: Fault | Literal["none"] | None = None
    says: Annotated[str, Meta(max_length=1000)] | None = None
    """What the person writes back to a message that arrived; nothing when it is empty."""
    does: Annotated[tuple[_Saying, ...], Meta(max_length=100)] | None = None
    """What the callee answers to the questions of a flow, one after another: keys, words, or
    nothing. At the next question they are silent, or hang up where that is the outcome."""
    calls: Annotated[tuple[_Saying, ...], Meta(max_length=100)] | None = None
    """When it is over the person calls the sender, and answers the flow with this, as in `does`."""


class Plan(_Planned, frozen=True):
    """All of it. A person's first send meets the first behavior, the second the second; the last
    one stays."""

    seed: int = 0
    mix: Mapping[ChannelType, Mapping[Outcome, Weight]] = {}
    replies: Mapping[ChannelType, Mapping[str, Weight]] = {}
    """What people write back to messages that arrived; an empty text is silence."""
    answers: Mapping[str, Weight] = msgspec.field(default_factory=lambda: dict(_ANSWERS))
    """What callees answer to a question of a flow, as in `does`; each is drawn for itself."""
    calls: Mapping[ChannelType, Share] = {}
    """How many of those who were sent something call the sender afterwards; they answer the flow
    with what `answers` says."""
    people: Mapping[str, Annotated[tuple[Behavior, ...], Meta(min_length=1)]] = {}
    seconds: Seconds = Seconds()
    faults: Mapping[Fault, Share] = {}
    """Of sends; together at most 1."""
    refusal: Refusal = "congestion"
    callbacks: Mapping[Mischief, Share] = {}
    """Each drawn for itself."""
    copies: Annotated[int, Meta(ge=2, le=100)] = 2

    def __post_init__(self) -> None:
        """Raises ValueError for shares and weights that nothing can be drawn by."""
        if sum(self.faults.values()) > 1 + 1e-9:
            raise ValueError("faults: together at most 1")
        drawn = {"answers": self.answers}
        for name, given in (("mix", self.mix), ("replies", self.replies)):
            drawn |= {f"{name}.{channel_type}": weights for channel_type, weights in given.items()}
        for name, weights in drawn.items():
            if weights and not sum(weights.values()):
                raise ValueError(f"{name}: one of the weights must be above 0")


_MESSAGES: Mapping[Outcome, float] = {"delivered": 19, "undelivered": 1}
_MIX: Mapping[ChannelType, Mapping[Outcome, float]] = {
    ChannelType.VOICE: {"completed": 7, "hung_up": 1, "busy": 1, "no_answer": 1},
    ChannelType.WHATSAPP: _MESSAGES,
    ChannelType.SMS: _MESSAGES,
    ChannelType.EMAIL: _MESSAGES,
}

_ANSWERED: frozenset[Outcome] = frozenset({"completed", "transferred", "hung_up"})
_RUNG: frozenset[Outcome] = frozenset({*_ANSWERED, "no_answer", "declined"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing the sandbox will report: `after` seconds from taking the send, its status, and
    with the last one the outcome."""

    after: float
    status: Literal["queued", "ringing", "answered", "finished"]
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
    calls: tuple[str, ...] | None = None
    """What the person answers when they call, at the time they would write; None: they do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """How the report of one happening travels."""

    late_seconds: float
    copies: int
    is_shuffled: bool
    is_forged_first: bool


def read_plan(path: Path) -> Plan:
    """The plan in a JSON file.

    Raises:
        SetupError: it cannot be read, or is not a plan; says where.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError) as error:
        raise SetupError(f"the plan {path} cannot be used: {error}") from error


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
    thinks = _between(plan.seconds.think, draw(plan.seed, attempt, "think"))
    return Fate(
        fault=fault,
        reply_seconds=_between(reply, draw(plan.seed, attempt, "reply")),
        happenings=happenings,
        says=_says(plan, behavior, attempt, channel_type) if is_there else "",
        says_after=end.after + thinks if end is not None else 0.0,
        does=_does(plan, behavior, attempt, outcome) if is_conducted and is_taken else None,
        calls=_calls(plan, behavior, attempt, channel_type) if is_taken else None,
    )


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
