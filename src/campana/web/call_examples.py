"""The examples of the API reference, of calls (see `examples.py`)."""

from __future__ import annotations

from campana.web.examples import ATTEMPT_ID, CAMPAIGN, CHANNEL, Json

VOICE_CALL: Json = {
    "id": ATTEMPT_ID,
    "campaignId": CAMPAIGN["id"],
    "targetId": "tgt_97",
    "contactId": "ctc_41",
    "channelId": CHANNEL["id"],
    "attemptNumber": 1,
    "direction": "outbound",
    "from": "+12025550100",
    "to": "+12025550142",
    "state": "ended",
    "disposition": "completed",
    "reason": "completed",
    "sipStatus": 200,
    "createdAt": "2024-01-15T15:04:00Z",
    "answeredAt": "2024-01-15T15:04:06Z",
    "endedAt": "2024-01-15T15:04:31Z",
    "talkSeconds": 25.1,
    "result": "confirmed",
    "hasRecording": True,
    "recordingRemovedAt": None,
    "transcriptRemovedAt": None,
}

VOICE_CALL_PAGE: Json = {
    "data": [VOICE_CALL],
    "page": 1,
    "pageSize": 25,
    "totalCount": 1,
    "nextCursor": None,
}

ANSWER: Json = {
    "step": "coming",
    "question": "Can you come on Tuesday at three?",
    "type": "yes_no",
    "value": "yes",
    "by": "speech",
    "said": "Yes, that works for me.",
    "score": None,
    "atMs": 7400,
}

VOICE_CALL_DETAIL: Json = {
    **VOICE_CALL,
    "keys": "",
    "saved": {"answer": "yes"},
    "answers": [ANSWER],
    "answeredBy": "human",
    "hasLeftMessage": False,
    "callbackAt": None,
    "model": None,
    "quality": {
        "mos": 4.39,
        "received": 640,
        "lost": 0,
        "late": 2,
        "jitterMs": 0.4,
        "roundTripMs": 21.5,
    },
    "endpoints": {
        "speech": {"model": "kokoro", "voice": "af_bella", "failure": None},
        "hearing": None,
    },
    "transfers": [
        {"step": "desk", "to": "+12025550160", "outcome": "refused", "status": 486, "atMs": 7100}
    ],
    "transcript": [
        {"role": "bot", "text": "Hello Ana, this is the practice of Dr. Ortega.", "atMs": 300},
        {"role": "bot", "text": "Can you come on Tuesday at three?", "atMs": 3400},
        {"role": "callee", "text": "Yes, that works for me.", "atMs": 5900},
        {
            "role": "bot",
            "text": "Thank you. Goodbye.",
            "atMs": 7700,
            "latency": {"totalMs": 420, "vadMs": 260, "asrMs": 120, "dialogMs": 10, "ttsMs": 30},
        },
    ],
}

SURVEY_RESULTS: Json = {
    "state": "completed",
    "completionReason": "script",
    "totalQuestions": 1,
    "questionsAnswered": 1,
    "calculatedScore": None,
    "responses": [ANSWER],
}

PROVIDER_EVENT_PAGE: Json = {
    "data": [
        {
            "id": "pev_48112",
            "type": "ended",
            "at": "2024-01-15T15:04:31Z",
            "receivedAt": "2024-01-15T15:04:31Z",
            "body": (
                "MessageSid=SM0b1c2d3e4f&MessageStatus=delivered&To=%2B12025550142"
                "&From=%2B12025550100"
            ),
        }
    ],
    "nextCursor": None,
}

RECORDING_URL: Json = {
    "url": "https://campana.example.com/v1/recordings/AAAAAGWlTJ4…",
    "expiresAt": "2024-01-15T15:30:00Z",
}
