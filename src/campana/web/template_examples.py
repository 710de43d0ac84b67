"""Examples of templates for the API reference."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

CONTENT: Json = {
    "text": "Hello {{ contact.first_name }}, see you on {{ values.day }}. Reply STOP to end.",
    "subject": None,
    "html": None,
    "provider": None,
}

TEMPLATE_DOCUMENT: Json = {
    "name": "reminder",
    "channelType": "SMS",
    "content": {"text": CONTENT["text"]},
}

TEMPLATE_PATCH: Json = {"content": {"text": "Hello {{ contact.first_name }}."}}

TEMPLATE: Json = {
    "id": "tpl_3f9k2m7q8r1s5t0v",
    "name": "reminder",
    "channelType": "SMS",
    "content": CONTENT,
    "publishedVersion": 1,
    "providerStatus": None,
    "providerReason": None,
    "providerCheckedAt": None,
    "createdAt": "2024-01-10T14:30:00Z",
    "updatedAt": "2024-01-10T14:31:00Z",
}

TEMPLATE_PAGE: Json = {"data": [TEMPLATE], "page": 1, "pageSize": 25, "totalCount": 1}

VERSIONS: Json = {
    "data": [{"number": 1, "content": CONTENT, "publishedAt": "2024-01-10T14:31:00Z"}]
}

PREVIEW_DOCUMENT: Json = {"contactId": "ctc_41", "values": {"day": "Tuesday"}}

PREVIEW: Json = {
    "text": "Hello Ana, see you on Tuesday. Reply STOP to end.",
    "subject": None,
    "html": None,
    "provider": None,
    "sms": {"alphabet": "gsm7", "units": 49, "segments": 1, "left": 111, "unusual": []},
    "lacking": [],
}

LACKING: Json = {
    "total": 10000,
    "contacts": 3,
    "byField": {"first_name": 3},
    "first": ["ctc_12", "ctc_40", "ctc_977"],
}
