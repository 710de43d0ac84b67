"""Examples of conversations and templates for the API reference."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CONVERSATION: Json = {
    "id": "conv_3f9k2m7q8r1s5t0v",
    "channelId": "chan_7k3f9q2m8r1s5t0v",
    "channelType": "WhatsApp",
    "address": "+12025550142",
    "name": "Ana",
    "contactId": "ctc_41",
    "campaignId": "camp_789",
    "status": "waiting",
    "assignee": None,
    "queue": "appointments",
    "note": "Wants another day.",
    "isStopped": False,
    "freeFormUntil": "2024-01-16T15:04:05Z",
    "lastInboundAt": "2024-01-15T15:04:05Z",
    "lastMessageAt": "2024-01-15T15:04:05Z",
    "createdAt": "2024-01-15T15:00:00Z",
    "closedAt": None,
}

CONVERSATION_PAGE: Json = {
    "data": [CONVERSATION],
    "page": 1,
    "pageSize": 25,
    "totalCount": 1,
    "nextCursor": None,
}

INBOUND: Json = {
    "id": "msg_7",
    "direction": "inbound",
    "origin": "contact",
    "kind": "text",
    "text": "Could we make it Tuesday?",
    "subject": None,
    "template": None,
    "payload": None,
    "replyTo": None,
    "media": None,
    "campaignId": "camp_789",
    "author": None,
    "state": "received",
    "reason": None,
    "attemptId": None,
    "at": "2024-01-15T15:04:05Z",
}

ANSWER: Json = {
    **INBOUND,
    "id": "msg_8",
    "direction": "outbound",
    "origin": "person",
    "text": "Tuesday at 10 is free. Shall I book it?",
    "author": "Bruno",
    "state": "queued",
    "at": "2024-01-15T15:05:00Z",
}

MESSAGE_PAGE: Json = {"data": [INBOUND, ANSWER], "nextCursor": None}

ANSWER_DOCUMENT: Json = {"text": "Tuesday at 10 is free. Shall I book it?", "author": "Bruno"}

TEST_DOCUMENT: Json = {"to": "+1 202 555 0142", "text": "Can you read this?"}

TEST_MESSAGE: Json = {
    "id": "test_3",
    "channelId": "chan_7k3f9q2m8r1s5t0v",
    "to": "+12025550142",
    "state": "ended",
    "outcome": "delivered",
    "reason": None,
    "conversationId": "conv_3f9k2m7q8r1s5t0v",
    "campaignId": None,
    "askedBy": "the key night shift",
    "createdAt": "2024-01-15T15:05:00Z",
}

TEST_MESSAGES: Json = {"data": [TEST_MESSAGE]}

KEYWORDS: Json = {
    "languages": ["en", "es"],
    "confirmedBy": "campana",
    "stopAnswer": None,
    "startAnswer": None,
    "helpAnswer": "Dr. Ortega's practice. Call +1 202 555 0100, or reply STOP to end.",
}
