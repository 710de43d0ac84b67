"""The examples of people: one of the small campaign's, found, changed, followed and erased."""

from __future__ import annotations

from campana.web.examples import (
    ATTEMPT_ID,
    CAMPAIGN,
    CHANNEL,
    CONSENT,
    CONTACT_LIST,
    CONTACT_PAGE,
    SUPPRESSION,
    Json,
)

_LISTED: Json = CONTACT_PAGE["data"][0]

PERSON: Json = {
    "id": _LISTED["id"],
    "listId": CONTACT_LIST["id"],
    "externalId": _LISTED["externalId"],
    "firstName": _LISTED["firstName"],
    "lastName": _LISTED["lastName"],
    "addresses": _LISTED["addresses"],
    "language": _LISTED["language"],
    "timeZone": _LISTED["timeZone"],
    "timeZones": ["America/New_York"],
    "attributes": _LISTED["attributes"],
    "tags": _LISTED["tags"],
    "createdAt": _LISTED["createdAt"],
    "updatedAt": _LISTED["updatedAt"],
}

PERSON_PAGE: Json = {"data": [PERSON], "nextCursor": None}

PERSON_PATCH: Json = {
    "phones": ["(202) 555-0143"],
    "timeZone": "America/Chicago",
    "attributes": {"balance": 0, "doctor": None},
}

_ATTEMPT: Json = {
    "at": "2024-01-15T15:04:00Z",
    "kind": "attempt",
    "id": ATTEMPT_ID,
    "campaignId": CAMPAIGN["id"],
    "channelType": "Voice",
    "channelId": CHANNEL["id"],
    "address": "+12025550142",
    "outcome": "completed",
    "reason": "completed",
    "detail": {
        "targetId": "tgt_97",
        "attemptNumber": 1,
        "direction": "outbound",
        "state": "ended",
        "sendingAt": "2024-01-15T15:04:00Z",
        "answeredAt": "2024-01-15T15:04:06Z",
        "endedAt": "2024-01-15T15:04:31Z",
        "talkSeconds": 24.5,
        "result": "confirmed",
        "hasRecording": True,
    },
}

HISTORY: Json = {"data": [_ATTEMPT], "nextCursor": None}

PERSON_EXPORT: Json = {
    "exportedAt": "2024-01-20T10:00:00Z",
    "contacts": [PERSON],
    "campaigns": [
        {
            "targetId": "tgt_97",
            "campaignId": CAMPAIGN["id"],
            "campaignName": CAMPAIGN["name"],
            "contactId": PERSON["id"],
            "address": "+12025550142",
            "state": "finished",
            "disposition": "completed",
            "attemptCount": 1,
            "lastReason": "completed",
            "createdAt": "2024-01-15T14:30:00Z",
            "finishedAt": "2024-01-15T15:04:31Z",
        }
    ],
    "attempts": [],
    "decisions": [],
    "consents": [CONSENT],
    "suppressions": [SUPPRESSION],
    "messages": [],
    "imports": [],
}

ERASURE_DOCUMENT: Json = {"reason": "asked for it by letter of 18 January"}

ERASURE: Json = {
    "id": "era_6f8h0k2n4q6s2b4d",
    "contactIds": ["ctc_41"],
    "state": "erasing",
    "reason": "asked for it by letter of 18 January",
    "requestedBy": "key_8h0k2n4q6s2b4d6f",
    "requestedAt": "2024-01-20T10:00:00Z",
    "doneAt": None,
    "waitsFor": "an attempt that is under way",
}

RETENTION: Json = {
    "recordingDays": 14,
    "transcriptDays": 90,
    "attemptDays": None,
    "messageDays": 395,
    "sessionDays": 395,
    "importRowDays": 90,
    "eventDays": 30,
}

ERASURE_PAGE: Json = {"data": [ERASURE], "nextCursor": None}
