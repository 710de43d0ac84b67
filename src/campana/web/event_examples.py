"""The examples of events, streams and webhooks, told of the same small campaign."""

from __future__ import annotations

from campana.web.examples import ATTEMPT_ID, CAMPAIGN, CHANNEL, Json

EVENT: Json = {
    "id": "evt_4711",
    "type": "attempt.ended",
    "timestamp": "2024-01-15T15:04:31Z",
    "subject": "tgt_97",
    "campaignId": CAMPAIGN["id"],
    "data": {
        "id": ATTEMPT_ID,
        "campaignId": CAMPAIGN["id"],
        "targetId": "tgt_97",
        "channelId": CHANNEL["id"],
        "number": 1,
        "address": "+12025550142",
        "state": "ended",
        "disposition": "completed",
        "reason": "completed",
        "sendingAt": "2024-01-15T15:04:00Z",
        "answeredAt": "2024-01-15T15:04:06Z",
        "endedAt": "2024-01-15T15:04:31Z",
    },
}

EVENT_PAGE: Json = {"data": [EVENT], "nextAfter": EVENT["id"], "hasMore": False}

STREAM = """\
retry: 2000

id: evt_4711
event: attempt.ended
data: {"id":"evt_4711","type":"attempt.ended","timestamp":"2024-01-15T15:04:31Z","data":{}}

"""

WEBHOOK_DOCUMENT: Json = {
    "url": "https://hooks.example.com/campana",
    "description": "The practice's calendar",
    "eventTypes": ["target.finished", "campaign.completed"],
}

WEBHOOK: Json = {
    "id": "whk_3q5s7v9x1z3b5d7f",
    **WEBHOOK_DOCUMENT,
    "enabled": True,
    "disabledReason": None,
    "failingSince": None,
    "missed": 0,
    "createdAt": "2024-01-10T15:00:00Z",
    "updatedAt": "2024-01-10T15:00:00Z",
}

WEBHOOK_WITH_SECRET: Json = {
    **WEBHOOK,
    "secret": "whsec_TGEgY2FtcGFuYSBzdWVuYSBhIGxhcyBvY2hvLiAgICA=",
}

WEBHOOK_PAGE: Json = {"data": [WEBHOOK], "page": 1, "pageSize": 25, "totalCount": 1}

DELIVERY_PAGE: Json = {
    "data": [
        {
            "eventId": EVENT["id"],
            "eventType": "target.finished",
            "subject": "tgt_97",
            "state": "delivered",
            "dueAt": None,
            "tryCount": 2,
            "tries": [
                {
                    "at": "2024-01-15T15:04:31Z",
                    "ms": 214,
                    "status": 502,
                    "answer": "Bad gateway",
                    "problem": None,
                },
                {
                    "at": "2024-01-15T15:04:36Z",
                    "ms": 88,
                    "status": 204,
                    "answer": "",
                    "problem": None,
                },
            ],
            "createdAt": "2024-01-15T15:04:31Z",
            "finishedAt": "2024-01-15T15:04:36Z",
        }
    ],
    "nextCursor": None,
}
