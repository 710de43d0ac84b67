"""One try at one address: its states, its events, and the only function that moves it.

Events may come twice, late or out of order. An attempt never goes back: a pair that is not in
TRANSITIONS leaves the state as it is, and the caller counts it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class AttemptState(StrEnum):
    """`intent` is committed before the network is touched; `ended` and `unknown` are closed."""

    INTENT = "intent"
    SENDING = "sending"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    ENDED = "ended"
    UNKNOWN = "unknown"

    @property
    def is_open(self) -> bool:
        return self not in {AttemptState.ENDED, AttemptState.UNKNOWN}


class EventType(StrEnum):
    """What can happen to an attempt."""

    INTENT = "intent"
    SENDING = "sending"
    RINGING = "ringing"
    EARLY_MEDIA = "early_media"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    SAID = "said"
    HEARD = "heard"
    KEY = "key"
    TRANSFERRING = "transferring"
    """The callee's side is asked to call somebody else."""
    TRANSFER_ENDED = "transfer_ended"
    ENDED = "ended"
    COMPLAINED = "complained"
    """The person told their provider that they did not want it; the attempt is over as it was."""
    LOST = "lost"
    """Its worker died after the network may have been touched."""


Detail = Mapping[str, str | int | float | bool | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEvent:
    """One thing that happened, when (aware UTC), and a flat description."""

    type: EventType
    at: datetime
    detail: Detail = field(default_factory=dict[str, str | int | float | bool | None])
    body: str | None = None
    """What the carrier said, in its own words (`carriers.own_words`); None for what we know by
    ourselves."""


def bare(event: AttemptEvent) -> AttemptEvent:
    """The event without a word about the person: what is kept of one who was erased."""
    kept = {name: event.detail[name] for name in _BARE if name in event.detail}
    return replace(event, detail=kept, body=None)


_BARE = ("disposition", "answered_at")
_S, _E = AttemptState, EventType

TRANSITIONS: dict[tuple[AttemptState, EventType], AttemptState] = {
    (_S.INTENT, _E.SENDING): _S.SENDING,
    (_S.INTENT, _E.ENDED): _S.ENDED,
    (_S.SENDING, _E.ACCEPTED): _S.ACCEPTED,
    (_S.SENDING, _E.RINGING): _S.ACCEPTED,
    (_S.SENDING, _E.EARLY_MEDIA): _S.ACCEPTED,
    (_S.SENDING, _E.ANSWERED): _S.IN_PROGRESS,
    (_S.SENDING, _E.ENDED): _S.ENDED,
    (_S.SENDING, _E.LOST): _S.UNKNOWN,
    (_S.ACCEPTED, _E.ANSWERED): _S.IN_PROGRESS,
    (_S.ACCEPTED, _E.ENDED): _S.ENDED,
    (_S.ACCEPTED, _E.LOST): _S.UNKNOWN,
    (_S.IN_PROGRESS, _E.ENDED): _S.ENDED,
    (_S.IN_PROGRESS, _E.LOST): _S.UNKNOWN,
    # The carrier's late report of what really happened corrects an unknown.
    (_S.UNKNOWN, _E.ENDED): _S.ENDED,
}


def apply(state: AttemptState, event: EventType) -> AttemptState:
    """The state after `event`; the same state when the event is a repeat, late, or means
    nothing."""
    return TRANSITIONS.get((state, event), state)
