"""What the world tells a session: one input resumes it once.

Inputs that answer something carry the number of the wait they answer. One that answers a wait
which is over changes nothing, so telling twice, late or out of order is safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter
from campana.flow import reader, shapes
from campana.flow.shapes import Range

MAX_REPLY = 4_096
"""Characters of a reply that a flow sees; the rest is the conversation's alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The contact wrote; `choice` is the id of the quick reply that was pressed."""

    text: Annotated[str, Range(0, 65_536)]
    choice: str | None = None
    channel: ChannelType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """The wait's time is up."""

    wait: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReported:
    """A carrier told what became of a message; `message` is its number."""

    message: int
    status: Literal["sent", "delivered", "read", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The call is over. `result` and `answers` are what its bot found out."""

    wait: int | None = None
    disposition: Disposition
    result: str | None = None
    answers: Mapping[str, Annotated[str, Range(0, 1000)]] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReceived:
    """The contact called, and is on the line."""

    wait: int
    number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All of the text was said."""

    wait: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Digits:
    """Keys were pressed."""

    wait: int
    digits: Annotated[str, Range(0, 64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The contact said something; `scores` is how well each phrase asked for fits, 0 at best."""

    wait: int
    text: Annotated[str, Range(0, MAX_REPLY)]
    scores: Mapping[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEnded:
    """The transfer worked, or did not."""

    wait: int
    is_connected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswered:
    """A program answered; no `status` when it could not be asked. `body` is its JSON, if it was."""

    wait: int
    status: int | None = None
    body: object = None
    is_json: bool = True
    """False where it said something that is none; nothing at all may be an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedUp:
    """The row of the table; none when there is none."""

    wait: int
    row: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentFound:
    """What the contact meant, of what was asked for; none when none of it, or nobody can tell."""

    wait: int
    intent: Annotated[str, Range(1, 200)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedBack:
    """The person who had the conversation gives it back."""

    wait: int


Input = (
    Reply
    | TimedOut
    | MessageReported
    | CallEnded
    | CallReceived
    | Said
    | Digits
    | Heard
    | TransferEnded
    | WebhookAnswered
    | LookedUp
    | IntentFound
    | HandedBack
)

INPUTS: Mapping[str, type[Input]] = {
    "reply": Reply,
    "timedOut": TimedOut,
    "messageReported": MessageReported,
    "callEnded": CallEnded,
    "callReceived": CallReceived,
    "said": Said,
    "digits": Digits,
    "heard": Heard,
    "transferEnded": TransferEnded,
    "webhookAnswered": WebhookAnswered,
    "lookedUp": LookedUp,
    "intentFound": IntentFound,
    "handedBack": HandedBack,
}


def as_json(told: Input) -> dict[str, Any]:
    """An input as it is kept, to be replayed."""
    name = type(told).__name__
    return {"type": name[0].lower() + name[1:], **shapes.plain(told)}


def read(document: Mapping[str, object]) -> Input:
    """An input that was kept.

    Raises:
        InvalidParameter: naming every field that is wrong.
    """
    reading = shapes.Reading()
    kind = INPUTS.get(str(document.get("type")))
    if kind is None:
        reading.problem("/type", "must be one of " + ", ".join(INPUTS))
        raise InvalidParameter(problems=reading.problems)
    rest = {key: value for key, value in document.items() if key != "type"}
    told = reader.read(kind, rest, at="", reading=reading)
    if reading.problems:
        raise InvalidParameter(problems=reading.problems)
    return cast("Input", told)
