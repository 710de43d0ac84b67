"""The first pages of a draft: what it is, who is in it, by which channel."""

from __future__ import annotations

from typing import Any

from campana.domain.campaign import ChannelType
from campana.web.console.drafts import Document, Part, Step, Texts, line
from campana.web.console.language import marked

OTHERS = {f"other_{each.value.lower()}": each.value for each in ChannelType}
"""Fields of the channels that a flow may use besides the campaign's own."""


def _show_basics(document: Document) -> dict[str, str]:
    return {
        "name": str(document.get("name") or ""),
        "description": str(document.get("description") or ""),
        "type": str(document.get("type") or "VoiceBot"),
        "channel_type": str(document.get("channelType") or "Voice"),
    }


def _read_basics(given: Texts, document: Document) -> Part:
    values: dict[str, Any] = {
        # An empty name is refused by its own rule, not by its absence.
        "name": given["name"].strip(),
        "description": line(given["description"]),
        "type": given["type"].strip(),
        "channelType": given["channel_type"].strip(),
    }
    if document and values["channelType"] != document.get("channelType"):
        # The channel was of the other type, and so was the number it shows.
        values |= {"channel": None, "callerId": None}
        if values["channelType"] in (others := dict(document.get("channels") or {})):
            others.pop(values["channelType"])
            values["channels"] = others or None
    return Part(values=values)


BASICS = Step(
    path="basics",
    name=marked("Name and kind"),
    fields=("name", "description", "type", "channel_type"),
    show=_show_basics,
    read=_read_basics,
    places={
        "/name": "name",
        "/description": "description",
        "/type": "type",
        "/channelType": "channel_type",
    },
)


def _show_people(document: Document) -> dict[str, str]:
    return {
        "contact_list": str(document.get("contactList") or ""),
        "enrollment": str(document.get("enrollment") or "snapshot"),
        "require_consent": "on" if document.get("requireConsent") else "",
        "keep_open": "on" if document.get("keepOpen") else "",
    }


def _read_people(given: Texts, document: Document) -> Part:
    enrollment = given["enrollment"].strip()
    return Part(
        values={
            "contactList": line(given["contact_list"]),
            "enrollment": None
            if enrollment == "snapshot" and "enrollment" not in document
            else enrollment,
            "requireConsent": True if given["require_consent"] else None,
            "keepOpen": True if given["keep_open"] else None,
        }
    )


PEOPLE = Step(
    path="people",
    name=marked("Who"),
    fields=("contact_list", "enrollment", "require_consent", "keep_open"),
    show=_show_people,
    read=_read_people,
    places={
        "/contactList": "contact_list",
        "/enrollment": "enrollment",
        "/requireConsent": "require_consent",
        "/keepOpen": "keep_open",
    },
)


def _show_channel(document: Document) -> dict[str, str]:
    others: Document = document.get("channels") or {}
    return {
        "channel": str(document.get("channel") or ""),
        "caller_id": str(document.get("callerId") or ""),
        **{field: str(others.get(name) or "") for field, name in OTHERS.items()},
    }


def _read_channel(given: Texts, document: Document) -> Part:
    values: dict[str, Any] = {
        "channel": line(given["channel"]),
        "callerId": line(given["caller_id"]),
    }
    if document.get("type") == "Flow":
        others = {name: line(given[field]) for field, name in OTHERS.items()}
        values["channels"] = {name: each for name, each in others.items() if each} or None
    return Part(values=values)


CHANNEL = Step(
    path="channel",
    name=marked("Channel"),
    fields=("channel", "caller_id", *OTHERS),
    show=_show_channel,
    read=_read_channel,
    places={
        "/channel": "channel",
        "/callerId": "caller_id",
        "/channels": "channel",
        **{f"/channels/{name}": field for field, name in OTHERS.items()},
    },
)
