"""The events of conversations and messages in words."""

from __future__ import annotations

from datetime import datetime

from campana.domain.clock import wire
from campana.domain.event import EventName, NewEvent
from campana.domain.ids import numbered
from campana.store.conversations import Conversation


def of_conversation(name: EventName, found: Conversation, *, at: datetime) -> NewEvent:
    """An event of a conversation, as it is after the change."""
    return NewEvent(
        type=name,
        workspace_id=found.workspace_id,
        subject=found.id,
        campaign_id=found.campaign_id,
        at=at,
        data={
            "id": found.id,
            "channelId": found.channel_id,
            "channelType": found.channel_type,
            "campaignId": found.campaign_id,
            "contactId": numbered("ctc", found.contact_id) if found.contact_id else None,
            "address": found.address,
            "status": found.status,
            "assignee": found.assignee,
            "queue": found.queue,
            "note": found.note,
        },
    )


def of_message(
    name: EventName,
    found: Conversation,
    *,
    message_id: int,
    kind: str,
    text: str,
    said_at: datetime,
    at: datetime,
    keyword: str | None = None,
    payload: str | None = None,
) -> NewEvent:
    """An event of a message, a line of its conversation's story."""
    return NewEvent(
        type=name,
        workspace_id=found.workspace_id,
        subject=found.id,
        campaign_id=found.campaign_id,
        at=at,
        data={
            "id": numbered("msg", message_id),
            "conversationId": found.id,
            "channelId": found.channel_id,
            "channelType": found.channel_type,
            "campaignId": found.campaign_id,
            "contactId": numbered("ctc", found.contact_id) if found.contact_id else None,
            "address": found.address,
            "kind": kind,
            "text": text,
            "payload": payload,
            "keyword": keyword,
            "saidAt": wire(said_at),
        },
    )
