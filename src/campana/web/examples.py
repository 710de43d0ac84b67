"""The examples of the API reference: one small campaign, told consistently."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CAMPAIGN: Json = {
    "id": "camp_789",
    "name": "January appointment reminders",
    "description": "Reminds patients of their appointment and offers another date.",
    "type": "VoiceBot",
    "status": "Running",
    "channelType": "Voice",
    "startDate": "2024-01-15T00:00:00Z",
    "endDate": "2024-03-31T23:59:59Z",
    "createdAt": "2024-01-10T14:30:00Z",
}

CAMPAIGN_PAGE: Json = {"data": [CAMPAIGN], "page": 1, "pageSize": 25, "totalCount": 1}

CAMPAIGN_DOCUMENT: Json = {
    "name": "January appointment reminders",
    "description": "Reminds patients of their appointment and offers another date.",
    "type": "VoiceBot",
    "channelType": "Voice",
    "startDate": "2024-01-15",
    "endDate": "2024-03-31",
    "contactList": "Patients",
    "channel": "Main line",
    "callerId": "+12025550100",
    "voiceBot": {
        "greeting": "Hello {{ contact.first_name }}, this is the practice of Dr. Ortega.",
        "steps": [
            {
                "type": "ask",
                "id": "confirm",
                "text": "Press 1 to confirm your appointment, or 2 for another date.",
                "keys": {"1": "confirmed", "2": "other_date"},
                "saveAs": "answer",
            },
            {"type": "end", "id": "confirmed", "text": "Thank you.", "result": "confirmed"},
            {"type": "end", "id": "other_date", "text": "We will call.", "result": "other_date"},
        ],
    },
    "cadence": {"maxAttempts": 3, "busy": {"attempts": 2, "delaySeconds": 900}},
}

CAMPAIGN_PATCH: Json = {"endDate": "2024-04-30", "description": None}

STATS: Json = {
    "targets": {"total": 50, "waiting": 3, "attempting": 2, "talking": 0, "finished": 45},
    "dispositions": {"completed": 41, "invalid_number": 4},
    "attempts": {"completed": 41, "busy": 9, "invalid_number": 4},
    "openAttempts": 2,
    "retries": 8,
    "talkSeconds": 1204.5,
}

WHY: Json = {
    "state": "Waiting",
    "waitReason": "window",
    "code": "window_closed",
    "sentence": "It is outside the hours of whoever is next; they open at 2024-01-16 13:00 UTC.",
    "until": "2024-01-16T13:00:00Z",
}

PREFLIGHT: Json = {
    "isReady": True,
    "problems": [],
    "warnings": [],
    "people": 50,
    "eligible": 47,
    "skipped": {"suppressed_workspace": 2, "zone_unknown": 1},
    "planned": [
        {"hour": "2024-01-15T13:00:00Z", "timeZones": ["America/New_York"], "attempts": 30},
        {"hour": "2024-01-15T16:00:00Z", "timeZones": ["America/Los_Angeles"], "attempts": 17},
    ],
    "firstAt": "2024-01-15T13:00:00Z",
    "lastAt": "2024-01-15T16:00:09Z",
    "latestAt": "2024-01-16T01:45:00Z",
    "notReached": 0,
    "first": [
        {
            "at": "2024-01-15T13:00:00Z",
            "contactId": "ctc_41",
            "address": "+12025550142",
            "timeZones": ["America/New_York"],
        }
    ],
    "cost": None,
}

REOPENED: Json = {
    "reopened": 3,
    "outcomes": {"no_answer": 2, "unknown": 1},
    "finished": None,
    "campaign": CAMPAIGN,
}

_TARGET: Json = {
    "id": "tgt_97",
    "contactId": "ctc_41",
    "address": "+12025550142",
    "state": "finished",
    "disposition": "completed",
    "attemptCount": 1,
    "lastReason": "completed",
    "dueAt": None,
    "finishedAt": "2024-01-15T15:04:31Z",
}

TARGET_PAGE: Json = {"data": [_TARGET], "nextCursor": "tgt_97"}

ATTEMPT_ID = "att_018d0d6a5b7c7e8f9a0b1c2d3e4f5061"

TARGET_DETAIL: Json = {
    **_TARGET,
    "attempts": [
        {
            "id": ATTEMPT_ID,
            "number": 1,
            "direction": "outbound",
            "channelId": "chan_4m2k9x0a1b2c3d4e",
            "address": "+12025550142",
            "state": "ended",
            "disposition": "completed",
            "reason": "completed",
            "createdAt": "2024-01-15T15:04:00Z",
            "sendingAt": "2024-01-15T15:04:00Z",
            "answeredAt": "2024-01-15T15:04:06Z",
            "endedAt": "2024-01-15T15:04:31Z",
            "events": [
                {"type": "answered", "at": "2024-01-15T15:04:06Z", "detail": {"status": 200}},
                {"type": "key", "at": "2024-01-15T15:04:19Z", "detail": {"key": "1"}},
            ],
        }
    ],
    "decisions": [
        {
            "kind": "deferred",
            "reason": "window",
            "firstAt": "2024-01-15T12:00:00Z",
            "lastAt": "2024-01-15T12:00:00Z",
            "times": 1,
            "until": "2024-01-15T14:00:00Z",
        }
    ],
}

CONTACT_LIST: Json = {
    "id": "list_0r8k2m4n6p8q0s2t",
    "name": "Patients",
    "defaultCountry": "US",
    "contactCount": 50,
    "segment": None,
    "mapping": {"phone": "Mobile"},
    "types": {"balance": "number"},
    "createdAt": "2024-01-10T14:00:00Z",
}

CONTACT_LIST_PAGE: Json = {"data": [CONTACT_LIST], "page": 1, "pageSize": 25, "totalCount": 1}

CONTACT_LIST_DOCUMENT: Json = {"name": "Patients", "defaultCountry": "US"}

CONTACT_PAGE: Json = {
    "data": [
        {
            "id": "ctc_41",
            "externalId": "P-1041",
            "firstName": "Ana",
            "lastName": "Reyes",
            "phone": "+12025550142",
            "country": "US",
            "addresses": [
                {
                    "kind": "phone",
                    "value": "+12025550142",
                    "country": "US",
                    "numberType": "fixed_line_or_mobile",
                    "timeZones": ["America/New_York"],
                },
                {
                    "kind": "email",
                    "value": "ana@example.org",
                    "country": None,
                    "numberType": None,
                    "timeZones": [],
                },
            ],
            "language": "en",
            "timeZone": "America/New_York",
            "attributes": {"doctor": "Ortega"},
            "tags": ["vip"],
            "createdAt": "2024-01-10T14:01:00Z",
            "updatedAt": "2024-01-10T14:01:00Z",
        }
    ],
    "nextCursor": None,
}

CHANNEL_DOCUMENT: Json = {
    "name": "Main line",
    "kind": "voice_sip",
    "config": {
        "trunks": [{"host": "sip.example.net", "username": "campana", "password": "…"}],
        "callerIds": ["+12025550100"],
    },
    "rate": 2,
    "lines": 20,
}

CHANNEL: Json = {
    "id": "chan_4m2k9x0a1b2c3d4e",
    "name": "Main line",
    "kind": "voice_sip",
    "channelType": "Voice",
    "config": {
        "trunks": [{"host": "sip.example.net", "username": "campana"}],
        "callerIds": ["+12025550100"],
    },
    "isLoopback": False,
    "rate": 2,
    "burst": 1,
    "lines": 20,
    "dailyAttempts": 5000,
    "createdAt": "2024-01-10T13:30:00Z",
    "window": None,
    "pausedAt": None,
    "pausedBy": None,
    "pauseReason": None,
}

CHANNEL_PAUSED: Json = CHANNEL | {
    "pausedAt": "2024-02-01T09:00:00Z",
    "pausedBy": "the key night shift",
    "pauseReason": "the carrier asked us to stop",
}

CHANNEL_TEST: Json = {
    "channelId": CHANNEL["id"],
    "isWell": True,
    "detail": "sip.example.net: 401 Unauthorized",
    "registrations": [],
}

CHANNEL_PAGE: Json = {"data": [CHANNEL], "page": 1, "pageSize": 25, "totalCount": 1}

SUPPRESSION_DOCUMENT: Json = {"address": "+12025550177", "reason": "asked by letter"}

SUPPRESSION: Json = {
    "id": "sup_2b4d6f8h0k2n4q6s",
    "address": "+12025550177",
    "scope": "workspace",
    "campaignId": None,
    "channelType": None,
    "reason": "asked by letter",
    "source": "api",
    "createdAt": "2024-01-12T09:00:00Z",
    "expiresAt": None,
}

SUPPRESSION_PAGE: Json = {"data": [SUPPRESSION], "nextCursor": None}

CHECK_DOCUMENT: Json = {"addresses": ["(202) 555-0177"]}

CHECK: Json = {
    "data": [
        {
            "given": "(202) 555-0177",
            "address": "+12025550177",
            "isSuppressed": True,
            "suppressions": [SUPPRESSION],
        }
    ]
}

SUPPRESSION_IMPORT_ERRORS = (
    "row,column,value,reason\r\n17,phone,'+12025550,too few digits for a phone number\r\n"
)

SUPPRESSION_IMPORT: Json = {
    "id": "simp_3d5f7h9k1m3p5r7t",
    "state": "done",
    "fileName": "registry.csv",
    "scope": "workspace",
    "campaignId": None,
    "channelType": None,
    "reason": "on the national registry",
    "source": "registry 2024-01",
    "expiresAt": "2024-02-12T23:59:59Z",
    "defaultCountry": "US",
    "rows": {"done": 2000003, "accepted": 1999870, "updated": 0, "duplicate": 130, "rejected": 3},
    "bytesDone": 26000042,
    "bytesTotal": 26000042,
    "problem": None,
    "createdAt": "2024-01-12T09:00:00Z",
    "finishedAt": "2024-01-12T09:01:07Z",
}

CONSENT_DOCUMENT: Json = {
    "address": "+12025550177",
    "isGranted": True,
    "source": "web form, order 1021",
    "wording": "I agree to be called by Example Clinic about my appointments.",
    "saidAt": "2024-01-11T18:20:00Z",
}

CONSENT: Json = {
    "id": "cons_4d6f8h0k2n4q6s2b",
    "address": "+12025550177",
    "channelType": None,
    "isGranted": True,
    "source": "web form, order 1021",
    "wording": "I agree to be called by Example Clinic about my appointments.",
    "saidAt": "2024-01-11T18:20:00Z",
    "createdAt": "2024-01-12T09:00:00Z",
    "expiresAt": None,
}

CONSENT_PAGE: Json = {"data": [CONSENT], "nextCursor": None}
