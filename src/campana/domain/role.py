"""What a person may do in the console, in the words of the API's scopes.

A role is a set of scopes, no more: whoever reads the table of scopes knows what each role may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Role(StrEnum):
    """What a person is in a workspace."""

    OWNER = "owner"
    OPERATOR = "operator"
    ANALYST = "analyst"
    DEVELOPER = "developer"


ADMIN_SCOPES: Mapping[str, str] = {
    "people:manage": "Invite people, say what they may do, and end that.",
    "keys:manage": "Make and revoke API keys.",
    "settings:write": "Say what holds for the whole workspace.",
    "audit:read": "See who did what.",
}
"""What no API key may do: these need a person, signed in."""

_READING = frozenset(
    {
        "campaigns:read", "lists:read", "contacts:read", "suppressions:read", "consents:read",
        "channels:read", "conversations:read", "templates:read", "flows:read", "bots:read",
        "voice:read", "events:read", "analytics:read",
    }
)  # fmt: skip
_OPERATING = frozenset(
    {
        "campaigns:write", "campaigns:control", "lists:write", "contacts:write",
        "suppressions:write", "consents:write", "conversations:write", "templates:write",
        "flows:write", "bots:write", "audio:download",
    }
)  # fmt: skip
_DEVELOPING = frozenset(
    {
        "flows:write", "bots:write", "templates:write", "channels:write", "webhooks:manage",
        "keys:manage",
    }
)  # fmt: skip

SCOPES_OF: Mapping[Role, frozenset[str]] = {
    Role.OWNER: _READING
    | _OPERATING
    | _DEVELOPING
    | {"privacy:write", "people:manage", "settings:write", "audit:read"},
    Role.OPERATOR: _READING | _OPERATING,
    Role.ANALYST: _READING,
    Role.DEVELOPER: _READING | _DEVELOPING,
}

MEANING: Mapping[Role, str] = {
    Role.OWNER: "Everything, people and settings too.",
    Role.OPERATOR: "Runs campaigns: lists, people, messages, launch and pause.",
    Role.ANALYST: "Sees everything but recordings, changes nothing.",
    Role.DEVELOPER: "Builds: flows, bots, templates, channels, API keys and webhooks.",
}
