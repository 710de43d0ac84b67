"""Examples of imports and of people brought in, published with the API and held to its shapes."""

from __future__ import annotations

from typing import Any

from campana.web.examples import CONTACT_LIST

Json = dict[str, Any]

IMPORT: Json = {
    "id": "imp_7c1d3e5f7g9h1j3k",
    "listId": CONTACT_LIST["id"],
    "state": "done",
    "fileName": "patients.xlsx",
    "duplicates": "skip",
    "defaultCountry": None,
    "mapping": {"phone": "Mobile"},
    "types": {"balance": "number"},
    "dryRun": False,
    "rows": {"done": 52, "accepted": 50, "updated": 0, "duplicate": 1, "rejected": 1},
    "bytesDone": 4103,
    "bytesTotal": 4103,
    "rate": None,
    "undone": None,
    "problem": None,
    "createdAt": "2024-01-10T14:00:58Z",
    "finishedAt": "2024-01-10T14:01:00Z",
    "rowsRemovedAt": None,
}

IMPORT_ERRORS = (
    "Mobile,Name,Campana row,Campana column,Campana value,Campana reason,Campana suggestion\r\n"
    "'+12025550,Ana,17,Mobile,'+12025550,too few digits for a phone number,"
    '"write all digits of a number in US, or the country code first"\r\n'
)

PREVIEW: Json = {
    "columns": [
        {"column": "Mobile", "meaning": "phone"},
        {"column": "Name", "meaning": "name"},
        {"column": "Balance", "meaning": "balance"},
    ],
    "mapping": {"phone": "Mobile"},
    "types": {"balance": "number"},
    "rows": [
        {
            "row": 1,
            "result": "accepted",
            "contact": {
                "externalId": None,
                "firstName": "Ana",
                "lastName": "Reyes",
                "language": None,
                "timeZone": None,
                "addresses": [
                    {
                        "kind": "phone",
                        "value": "+12025550142",
                        "country": "US",
                        "numberType": "fixed_line_or_mobile",
                        "timeZones": ["America/New_York"],
                    }
                ],
                "attributes": {"name": "Ana Reyes", "balance": 12.5},
            },
            "refusal": None,
        },
        {
            "row": 2,
            "result": "rejected",
            "contact": None,
            "refusal": {
                "column": "Mobile",
                "value": "+12025550",
                "reason": "too few digits for a phone number",
                "suggestion": "write all digits of a number in US, or the country code first",
            },
        },
    ],
}

KEPT_PAGE: Json = {
    "data": [
        {
            "contactId": "ctc_41",
            "externalId": "P-1041",
            "address": "+12025550142",
            "reason": "contacted",
        }
    ],
    "nextCursor": None,
}

PEOPLE_DOCUMENT: Json = {
    "contacts": [
        {
            "externalId": "P-1041",
            "firstName": "Ana",
            "phones": ["+12025550142", "+12025550143"],
            "emails": ["ana@example.org"],
            "attributes": {"balance": 12.5, "due": "2024-02-01"},
        },
        {"firstName": "Bruno", "phones": ["12"]},
    ],
    "defaultCountry": "US",
}

PEOPLE_ANSWER: Json = {
    "results": [
        {"result": "accepted", "contactId": "ctc_41", "problem": None},
        {
            "result": "rejected",
            "contactId": None,
            "problem": {
                "pointer": "/contacts/1/phones/0",
                "message": "no such number exists in US",
                "suggestion": "write all digits of a number in US, or the country code first",
            },
        },
    ],
    "rows": {"done": 2, "accepted": 1, "updated": 0, "duplicate": 0, "rejected": 1},
}
