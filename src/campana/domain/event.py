"""What happened, as others are told: by `GET /v1/events`, by streams, by webhooks.

An event is one line of the story of its subject. It is not what a carrier reports of an attempt
(`domain/attempt.py`), though that may be its cause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from campana.domain.clock import wire
from campana.domain.ids import number_of, numbered

_PREFIX = "evt"


class EventName(StrEnum):
    """Every type of event. A new one is added here and written where it happens."""

    CAMPAIGN_CREATED = "campaign.created"
    CAMPAIGN_CHANGED = "campaign.changed"
    CAMPAIGN_LAUNCHED = "campaign.launched"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_TRIPPED = "campaign.tripped"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    CAMPAIGN_COMPLETED = "campaign.completed"
    CAMPAIGN_EXPIRED = "campaign.expired"
    CAMPAIGN_DELETED = "campaign.deleted"
    ATTEMPT_STARTED = "attempt.started"
    ATTEMPT_ANSWERED = "attempt.answered"
    ATTEMPT_ENDED = "attempt.ended"
    ATTEMPT_UNKNOWN = "attempt.unknown"
    TARGET_FINISHED = "target.finished"
    TARGET_CORRECTED = "target.corrected"
    """A late report said what an unknown attempt really became."""
    CHANNEL_PAUSED = "channel.paused"
    CHANNEL_RESUMED = "channel.resumed"
    IMPORT_DONE = "import.done"
    IMPORT_FAILED = "import.failed"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_LIFTED = "suppression.lifted"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_WRITTEN = "message.written"
    """A person answers a contact; what becomes of it is its attempt's story."""
    CONVERSATION_STARTED = "conversation.started"
    CONVERSATION_HANDED_OFF = "conversation.handed_off"
    CONVERSATION_ASSIGNED = "conversation.assigned"
    CONVERSATION_HANDED_BACK = "conversation.handed_back"
    CONVERSATION_CLOSED = "conversation.closed"
    CONVERSATION_REOPENED = "conversation.reopened"
    CONTACT_ERASED = "contact.erased"
    """Nothing is left of a person but numbers; other systems may have to forget them too."""
    WEBHOOK_TEST = "webhook.test"
    """Somebody asked for it; only the webhook that is tested gets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """An event about to be stored. `data` is flat, in the words of the API, without secrets."""

    type: EventName
    workspace_id: int
    subject: str
    campaign_id: str | None
    at: datetime
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A stored event. Of two events with one subject the higher id is the later one."""

    id: int
    type: str
    subject: str
    campaign_id: str | None
    at: datetime
    data: Mapping[str, Any]


def shown_id(event_id: int) -> str:
    """`evt_41`: how an event is named to the outside."""
    return numbered(_PREFIX, event_id)


def id_of(shown: str) -> int | None:
    """The number in `evt_41`, or None when `shown` is not one of ours."""
    return number_of(_PREFIX, shown)


def envelope(event: Event) -> dict[str, Any]:
    """The event as JSON, the same wherever it is read. `type`, `timestamp` and `data` are the
    names of the Standard Webhooks specification."""
    return {
        "id": shown_id(event.id),
        "type": event.type,
        "timestamp": wire(event.at),
        "subject": event.subject,
        "campaignId": event.campaign_id,
        "data": dict(event.data),
    }
