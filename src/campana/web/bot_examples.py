"""VoiceBots as the API shows them, for its description."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DEFINITION: Json = {
    "name": "Appointment reminder",
    "greeting": "Hello {{ contact.first_name }}, this is the practice of Dr. Ortega.",
    "steps": [
        {
            "type": "ask",
            "id": "confirm",
            "text": "Your visit is on Tuesday at three. Can you come?",
            "answer": {"type": "yes_no", "yes": "booked", "no": "other"},
            "saveAs": "answer",
        },
        {"type": "end", "id": "booked", "text": "Thank you. Goodbye.", "result": "booked"},
        {"type": "end", "id": "other", "text": "We will write to you.", "result": "other_day"},
    ],
}

TEXT = """\
name: Appointment reminder
# Said in the first two seconds: keep it short.
greeting: Hello {{ contact.first_name }}, this is the practice of Dr. Ortega.
steps:
  - {id: done, type: end, text: Your visit is on Tuesday at three. Goodbye.}
"""

HASH = "sha256:4f0d8b2e6a1c9375e0b8d4f2a6c1e3957b0d4f8e2a6c9b1d3e5f7a8094b2c6d1"

BOT: Json = {
    "id": "bot_4t9x1c6q",
    "name": "Appointment reminder",
    "revision": 3,
    "publishedVersion": 2,
    "definition": DEFINITION,
    "text": None,
    "createdAt": "2024-01-15T09:00:00Z",
    "updatedAt": "2024-01-16T11:30:00Z",
}

BOT_PAGE: Json = {
    "data": [{key: value for key, value in BOT.items() if key not in {"definition", "text"}}],
    "page": 1,
    "pageSize": 25,
    "totalCount": 1,
}

VERSION: Json = {"number": 2, "hash": HASH, "createdAt": "2024-01-16T11:30:00Z"}
VERSIONS: Json = {"data": [VERSION]}
VERSION_DETAIL: Json = {**VERSION, "definition": DEFINITION, "text": None}

CHECKED: Json = {
    "isValid": False,
    "hash": None,
    "problems": [
        {
            "line": 7,
            "pointer": "/steps/0/answer/yes",
            "message": "there is no step named 'boked'",
        },
    ],
}
