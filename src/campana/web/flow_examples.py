"""Flows as the API shows them, for its description."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DEFINITION: Json = {
    "name": "Feedback",
    "nodes": {
        "begin": {"type": "start", "next": "ask"},
        "ask": {
            "type": "send_message",
            "text": "How was it, {{ contact.first_name }}?",
            "next": "answer",
        },
        "answer": {
            "type": "wait_for_response",
            "timeoutSeconds": 86400,
            "next": "done",
            "onTimeout": "gone",
        },
        "done": {"type": "end", "status": "answered"},
        "gone": {"type": "end", "status": "no_answer"},
    },
}

HASH = "sha256:0f2a4d8c1b6e9357a0c4e8f2d6b1a3957c0e4f8a2d6b9c1e3f5a7084b2d6c9e1"

FLOW: Json = {
    "id": "flow_7k3fh2m9",
    "name": "Feedback",
    "revision": 3,
    "publishedVersion": 2,
    "definition": DEFINITION,
    "createdAt": "2024-01-15T09:00:00Z",
    "updatedAt": "2024-01-16T11:30:00Z",
}

FLOW_PAGE: Json = {
    "data": [{key: value for key, value in FLOW.items() if key != "definition"}],
    "page": 1,
    "pageSize": 25,
    "totalCount": 1,
}

VERSION: Json = {"number": 2, "hash": HASH, "createdAt": "2024-01-16T11:30:00Z"}
VERSIONS: Json = {"data": [VERSION]}
VERSION_DETAIL: Json = {**VERSION, "definition": DEFINITION}

CHECKED: Json = {
    "isValid": False,
    "version": None,
    "problems": [
        {"line": 5, "pointer": "/nodes/ask/next", "message": "there is no node 'anser'"},
    ],
    "warnings": [],
}

SIMULATION_DOCUMENT: Json = {
    "contact": {"fields": {"first_name": "Ana"}, "zones": ["America/New_York"]},
    "at": "2024-01-15T15:00:00Z",
    "inputs": [{"afterSeconds": 60, "type": "reply", "text": "Very good"}],
}

SIMULATION: Json = {
    "steps": [
        {
            "at": "2024-01-15T15:00:00Z",
            "input": None,
            "path": ["begin", "ask", "answer"],
            "events": [
                {"number": 0, "type": "sendMessage", "text": "How was it, Ana?"},
                {
                    "number": 1,
                    "type": "waitStarted",
                    "wait": 1,
                    "kind": "reply",
                    "until": "2024-01-16T15:00:00Z",
                },
            ],
        },
        {
            "at": "2024-01-15T15:01:00Z",
            "input": {"type": "reply", "text": "Very good"},
            "path": ["done"],
            "events": [
                {"number": 2, "type": "waitOver", "wait": 1},
                {"number": 3, "type": "sessionEnded", "status": "answered"},
            ],
        },
    ],
    "status": "ended",
    "outcome": "answered",
    "variables": {},
}

CREDENTIAL: Json = {
    "id": "cred_5t8q1z0c",
    "name": "crm",
    "kind": "bearer",
    "createdAt": "2024-01-15T09:00:00Z",
}
CREDENTIALS: Json = {"data": [CREDENTIAL]}
CREDENTIAL_DOCUMENT: Json = {"name": "crm", "kind": "bearer", "token": "a-token-of-the-crm"}

REFERENCE_TABLE: Json = {
    "name": "branches",
    "key": "city",
    "rows": 2,
    "updatedAt": "2024-01-15T09:00:00Z",
}
REFERENCE_TABLES: Json = {"data": [REFERENCE_TABLE]}
REFERENCE_TABLE_DOCUMENT: Json = {
    "key": "city",
    "rows": [
        {"city": "Bogotá", "phone": "+12025550123", "opens": 8},
        {"city": "Lima", "phone": "+12025550124", "opens": 9},
    ],
}
REFERENCE_ROW: Json = {"row": {"city": "Lima", "phone": "+12025550124", "opens": 9}}
