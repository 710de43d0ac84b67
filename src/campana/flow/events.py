"""What a flow asks of the world, in the order it asks. Facts and wishes; nothing here happens yet.

Each event of a session has a number, the sprint's `first` and up: whoever carries the events out
can tell by it whether one was carried out already. A message and a wait are named by the number
of the event that asked for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campana.flow import shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReply:
    """A button under a message; `id` comes back with the reply."""

    id: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """Send this text; without a channel, on the one the conversation is on."""

    text: str
    channel: str | None = None
    quick_replies: tuple[QuickReply, ...] = ()
    media_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTemplate:
    """Send the template of this name, approved by the provider, with these values."""

    template: str
    language: str | None
    values: Mapping[str, str]
    channel: str | None = None


ANSWERS = frozenset({"reply", "survey"})
"""Kinds of waits for what the contact writes. Nobody answers what has not been said: their time
begins when the messages before them have left. `until` reckons as if that were at once."""


WAITED_FOR: Mapping[str, str] = {
    "reply": "an answer",
    "survey": "an answer",
    "delay": "time to pass",
    "message": "word of the message",
    "call": "the call to end",
    "inbound_call": "the contact to call",
    "speech": "the text to be said",
    "digits": "keys",
    "answer": "words or keys",
    "transfer": "the transfer",
    "webhook": "the webhook",
    "lookup": "the table",
    "intent": "what was meant",
    "handoff": "the conversation to be handed back",
}
"""Each kind of wait, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted:
    """The session waits; without `until`, for as long as it takes."""

    wait: int
    kind: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOver:
    """That wait is over, whatever ended it: its timer can go."""

    wait: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCall:
    """Call the contact with this VoiceBot; `CallEnded` with the wait's number answers."""

    wait: int
    bot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectCall:
    """If the contact calls, the call belongs to this session."""

    wait: int


IN_CALL = frozenset({"speech", "digits", "answer", "transfer"})
"""Kinds of waits for what happens in a call. Whoever holds the call keeps their time, which begins
when the text has been said; where no call is on, one is to be placed. `until` reckons as if that
were at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Say this in a call; `Said` with the wait's number answers."""

    wait: int
    text: str
    voice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Say this and take keys, or words too where there is a kind of `answer`.

    `Digits` or `Heard` with the wait's number answers.
    """

    wait: int
    text: str
    max_digits: int | None
    finish_on: str | None
    answer: str | None = None
    voice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCall:
    """Put the call through; `TransferEnded` with the wait's number answers."""

    wait: int
    to: str
    mode: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWebhook:
    """Ask a program; `WebhookAnswered` with the wait's number answers.

    `credential` names stored credentials; the flow never sees them.
    """

    wait: int
    method: str
    url: str
    headers: Mapping[str, str]
    body: Mapping[str, str] | None
    credential: str | None
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Find the row of a reference table; `LookedUp` with the wait's number answers."""

    wait: int
    table: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindIntent:
    """Which of these does `text` mean? `IntentFound` with the wait's number answers."""

    wait: int
    text: str
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOff:
    """Give the conversation to a person; `HandedBack` with the wait's number returns it."""

    wait: int
    queue: str | None
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """Never contact this person again, as far as `scope` goes."""

    scope: str
    channel: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagContact:
    """Mark the contact."""

    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered:
    """Every question of the survey at this node has its answer."""

    node: str
    answers: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something its author should see: a condition that could not be told, a reply dropped."""

    node: str | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded:
    """Nothing more will come. `status` is what the end node says, or `failed` with a reason."""

    status: str
    reason: str | None = None


Event = (
    SendMessage
    | SendTemplate
    | WaitStarted
    | WaitOver
    | StartCall
    | ExpectCall
    | Say
    | Gather
    | TransferCall
    | CallWebhook
    | LookUp
    | FindIntent
    | HandOff
    | OptOut
    | TagContact
    | SurveyAnswered
    | Noted
    | SessionEnded
)


def as_json(event: Event, *, number: int) -> dict[str, Any]:
    """An event for programs: its number, its type in camelCase, its fields."""
    name = type(event).__name__
    return {"number": number, "type": name[0].lower() + name[1:], **shapes.plain(event)}
