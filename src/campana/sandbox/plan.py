"""How the sandbox behaves: what becomes of each send, when, and what goes wrong on the way.

    {"seed": 7,
     "mix": {"Voice": {"completed": 6, "busy": 1, "no_answer": 1}},
     "seconds": {"talk": [1, 5]},
     "replies": {"SMS": {"yes": 3, "no": 1, "": 1}},
     "complaints": {"Email": 0.01},
     "answers": {"1": 6, "Yes, please.": 3, "Stop calling me.": 1},
     "people": {"+12025550101": [{"outcome": "busy"}, {"fault": "silent"}]},
     "faults": {"error": 0.1},
     "callbacks": {"drop": 0.1, "double": 0.2}}

`fate.py` draws from it, `provider.py` carries that out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from campana.domain.campaign import ChannelType
from campana.domain.errors import SetupError

Outcome = Literal[
    "completed", "transferred", "abandoned", "callback_request", "hung_up", "busy", "no_answer",
    "declined", "invalid_number", "blocked", "congestion", "delivered", "undelivered",
]  # fmt: skip
"""What a call or a message comes to. `abandoned`: answered, and nobody takes it to whom it is to be
handed over; `callback_request`: they ask to be called again at a time they say."""

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

_Saying = Annotated[str, Meta(max_length=1000)]
_ANSWERS: Mapping[str, float] = {"1": 8, "2": 1, "": 1}


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
    complain: Span = (0.5, 2.0)
    """From a message's arrival to the complaint about it, if any."""
    callback: Span = (60.0, 3600.0)
    """From the end of a call to the time at which they ask to be called again."""
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
    complains: bool | None = None
    """Whether they complain to their provider about a message that arrived."""
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
    complaints: Mapping[ChannelType, Share] = {}
    """How many of the messages that arrived people complain about to their provider."""
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
        if ChannelType.VOICE in self.complaints:
            raise ValueError("complaints: of messages; a carrier of calls tells of none")
        drawn = {"answers": self.answers}
        for name, given in (("mix", self.mix), ("replies", self.replies)):
            drawn |= {f"{name}.{channel_type}": weights for channel_type, weights in given.items()}
        for name, weights in drawn.items():
            if weights and not sum(weights.values()):
                raise ValueError(f"{name}: one of the weights must be above 0")


def read_plan(path: Path) -> Plan:
    """The plan in a JSON file.

    Raises:
        SetupError: it cannot be read, or is not a plan; says where.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (OSError, msgspec.MsgspecError) as error:
        raise SetupError(f"the plan {path} cannot be used: {error}") from error
