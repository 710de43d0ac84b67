"""What state a conversation is in, and what may be done with it then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

FREE_FORM = timedelta(hours=24)
"""How long after a person's last WhatsApp message anything may be written to them; later only a
template the provider has approved (Meta, customer service window)."""


class ConversationStatus(StrEnum):
    """Whose turn it is."""

    OPEN = "open"
    """With the flow, or with nobody."""
    WAITING = "waiting"
    """For a person."""
    ASSIGNED = "assigned"
    """To a person."""
    CLOSED = "closed"
    """Until the contact writes again."""


class Step(StrEnum):
    """What can be done with a conversation."""

    ASSIGN = "assign"
    CLOSE = "close"
    HAND_BACK = "hand-back"


_S = ConversationStatus

STEPS: Mapping[tuple[ConversationStatus, Step], ConversationStatus] = {
    (_S.OPEN, Step.ASSIGN): _S.ASSIGNED,
    (_S.WAITING, Step.ASSIGN): _S.ASSIGNED,
    (_S.ASSIGNED, Step.ASSIGN): _S.ASSIGNED,
    (_S.CLOSED, Step.ASSIGN): _S.ASSIGNED,
    (_S.OPEN, Step.CLOSE): _S.CLOSED,
    (_S.WAITING, Step.CLOSE): _S.CLOSED,
    (_S.ASSIGNED, Step.CLOSE): _S.CLOSED,
    (_S.CLOSED, Step.CLOSE): _S.CLOSED,
    (_S.WAITING, Step.HAND_BACK): _S.OPEN,
    (_S.ASSIGNED, Step.HAND_BACK): _S.OPEN,
}

WITH_A_PERSON = frozenset({_S.WAITING, _S.ASSIGNED})
"""The flow is silent, and is not told what the contact writes."""


def free_form_until(last_inbound_at: datetime | None) -> datetime | None:
    """Until when WhatsApp lets us write anything; None when the person never wrote."""
    return last_inbound_at + FREE_FORM if last_inbound_at is not None else None


def is_care_window_open(last_inbound_at: datetime | None, now: datetime) -> bool:
    """May anything be written to whoever wrote last then?"""
    until = free_form_until(last_inbound_at)
    return until is not None and until > now
