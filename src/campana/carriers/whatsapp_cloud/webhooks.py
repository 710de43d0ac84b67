"""What Meta reports: signed, in lists of lists, repeated and in any order.

Source: Meta, "Messages webhook reference" and "Status messages webhook reference" (May 2026).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import msgspec
from msgspec import Struct

from campana.carriers.base import (
    Callback,
    Challenge,
    ForgedCallback,
    Inbound,
    InboundKind,
    Report,
    UnreadableCallback,
)
from campana.carriers.codes import reason
from campana.carriers.own_words import own_words
from campana.carriers.parts import NONSENSE, readable
from campana.carriers.whatsapp_cloud.codes import CODES
from campana.domain.attempt import AttemptEvent, Detail, EventType
from campana.domain.content import Media, MediaKind
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_of

SIGNATURE = "x-hub-signature-256"
_CHALLENGE_LIMIT = 1000

STATUSES: dict[str, tuple[EventType, Disposition | None]] = {
    "sent": (EventType.ACCEPTED, None),
    "delivered": (EventType.ENDED, Disposition.DELIVERED),
    # Who has the chat open gets both at once, and then nobody tells of the delivery.
    "read": (EventType.ENDED, Disposition.DELIVERED),
    "played": (EventType.ENDED, Disposition.DELIVERED),
    "failed": (EventType.ENDED, Disposition.UNDELIVERED),
}
"""What a status means; `failed` means what its error code does, if we know it. A status that is
not here tells nothing about the fate of a message."""

_MEDIA: frozenset[str] = frozenset({"image", "video", "audio", "document", "sticker"})
_PLAIN: dict[str, InboundKind] = {"location": "location", "contacts": "contacts"}


class _Data(Struct, frozen=True):
    details: str = ""


class _Error(Struct, frozen=True):
    code: int
    title: str = ""
    error_data: _Data | None = None


class _Pricing(Struct, frozen=True):
    billable: bool | None = None
    category: str | None = None
    pricing_model: str | None = None
    type: str | None = None


class _Status(Struct, frozen=True):
    id: str
    status: str
    timestamp: str
    recipient_id: str = ""
    biz_opaque_callback_data: str = ""
    pricing: _Pricing | None = None
    errors: tuple[_Error, ...] = ()


class _Context(Struct, frozen=True):
    id: str | None = None


class _Message(Struct, frozen=True, rename={"sender": "from", "sender_id": "from_user_id"}):
    id: str
    timestamp: str
    type: str
    sender: str | None = None
    sender_id: str | None = None
    context: _Context | None = None
    text: dict[str, Any] | None = None
    button: dict[str, Any] | None = None
    interactive: dict[str, Any] | None = None
    reaction: dict[str, Any] | None = None
    image: dict[str, Any] | None = None
    video: dict[str, Any] | None = None
    audio: dict[str, Any] | None = None
    document: dict[str, Any] | None = None
    sticker: dict[str, Any] | None = None
    system: dict[str, Any] | None = None


class _Profile(Struct, frozen=True):
    name: str | None = None


class _Contact(Struct, frozen=True):
    wa_id: str | None = None
    user_id: str | None = None
    profile: _Profile | None = None


class _Metadata(Struct, frozen=True):
    phone_number_id: str
    display_phone_number: str = ""


class _Value(Struct, frozen=True):
    metadata: _Metadata
    statuses: tuple[msgspec.Raw, ...] = ()
    messages: tuple[msgspec.Raw, ...] = ()
    contacts: tuple[_Contact, ...] = ()


class _Change(Struct, frozen=True):
    field: str
    value: msgspec.Raw


class _Entry(Struct, frozen=True):
    changes: tuple[_Change, ...]


class _Body(Struct, frozen=True):
    object: str
    entry: tuple[_Entry, ...]


def check_signature(callback: Callback, secret: str) -> None:
    """Meta signs the bytes as they are sent, and no time.

    Raises:
        ForgedCallback: it is missing or wrong.
    """
    given = callback.headers.get(SIGNATURE, "")
    if not given.isascii() or not given.startswith("sha256="):
        raise ForgedCallback("there is no signature")
    right = hmac.digest(secret.encode(), callback.body, "sha256").hex()
    if not hmac.compare_digest(given.removeprefix("sha256="), right):
        raise ForgedCallback("the signature is wrong")


def challenge(callback: Callback, token: str) -> Challenge:
    """Who subscribes this address must know the token that was made for it.

    Raises:
        ForgedCallback: it does not, or asks for something else.
    """
    query = callback.query
    given = query.get("hub.verify_token", "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        raise ForgedCallback("the verify token is wrong")
    if query.get("hub.mode") != "subscribe":
        raise ForgedCallback("asks for something else than to subscribe")
    return Challenge(body=query.get("hub.challenge", "")[:_CHALLENGE_LIMIT])


def read(body: bytes, *, phone_number_id: str) -> list[Report | Inbound]:
    """All it says of this number's messages; what is about other things is left out.

    Raises:
        UnreadableCallback: it is none of Meta's, or of another number.
    """
    try:
        told = msgspec.json.decode(body, type=_Body)
        if told.object != "whatsapp_business_account":
            raise ValueError(f"is about {told.object[:40]!r}")
        values = [
            msgspec.json.decode(change.value, type=_Value)
            for entry in told.entry
            for change in entry.changes
            if change.field == "messages"
        ]
        ours = [each for each in values if each.metadata.phone_number_id == phone_number_id]
        if values and not ours:
            raise ValueError(f"is of another number: {values[0].metadata.phone_number_id[:40]}")
    except NONSENSE as error:
        raise UnreadableCallback(str(error)) from error
    parts = [part for value in ours for part in _parts(value)]
    return [heard for heard in readable(parts, lambda read: read()) if heard is not None]


def _parts(value: _Value) -> Iterator[Callable[[], Report | Inbound | None]]:
    """How to read each thing that it tells."""
    for raw in value.statuses:
        yield partial(_status, raw)
    for raw in value.messages:
        yield partial(_message, raw, value)


def _status(raw: msgspec.Raw) -> Report | None:
    return _report(msgspec.json.decode(raw, type=_Status), own_words(bytes(raw)))


def _message(raw: msgspec.Raw, value: _Value) -> Inbound:
    return _inbound(msgspec.json.decode(raw, type=_Message), value)


def _report(status: _Status, body: str) -> Report | None:
    attempt_id = attempt_of(status.biz_opaque_callback_data)
    meaning = STATUSES.get(status.status)
    if attempt_id is None or meaning is None:
        # The number may be used by another program too; or it is a word of tomorrow.
        return None
    type_, disposition = meaning
    detail: dict[str, str | int | float | bool | None] = {
        "status": status.status,
        "ref": status.id[:200],
        **_price(status.pricing),
    }
    if disposition is not None:
        detail |= _end(status, disposition)
    return Report(
        attempt_id=attempt_id,
        key=f"{status.id}:{status.status}"[:200],
        event=AttemptEvent(type=type_, at=_moment(status.timestamp), detail=detail, body=body),
    )


def _end(status: _Status, disposition: Disposition) -> Detail:
    if status.status != "failed" or not status.errors:
        return {"disposition": disposition, "reason": status.status}
    error = status.errors[0]
    known = CODES.get(error.code)
    details = error.error_data.details if error.error_data is not None else ""
    return {
        "disposition": known.disposition if known is not None else disposition,
        "reason": reason(error.code, known.says if known is not None else error.title, details),
        "code": error.code,
    }


def _price(pricing: _Pricing | None) -> Detail:
    if pricing is None:
        return {}
    told = {
        "billable": pricing.billable,
        "pricing_category": pricing.category,
        "pricing_model": pricing.pricing_model,
        "pricing_type": pricing.type,
    }
    return {name: value for name, value in told.items() if value is not None}


def _inbound(message: _Message, value: _Value) -> Inbound:
    kind, text, payload, media = _said(message)
    reply_to = message.context.id if message.context is not None else None
    if message.reaction is not None:
        reply_to = _text(message.reaction, "message_id") or reply_to
    if message.sender is not None:
        sender = f"+{message.sender.removeprefix('+')}"
    elif message.sender_id is not None:
        # Somebody with a user name who keeps the number private.
        sender = message.sender_id
    else:
        raise ValueError("a message of nobody")
    return Inbound(
        key=message.id,
        sender=sender,
        to=_number(value.metadata.display_phone_number),
        text=text,
        at=_moment(message.timestamp),
        kind=kind,
        payload=payload,
        reply_to=reply_to,
        media=media,
        name=_name(message, value),
    )


def _said(message: _Message) -> tuple[InboundKind, str, str | None, Media | None]:
    """Kind, text, payload and file of what somebody wrote."""
    match message.type:
        case "text":
            return "text", _text(message.text, "body") or "", None, None
        case "button":
            # A quick reply of a template.
            return (
                "button",
                _text(message.button, "text") or "",
                _text(message.button, "payload"),
                None,
            )
        case "interactive":
            return _chosen(message.interactive or {})
        case "reaction":
            emoji = _text(message.reaction, "emoji")
            return "reaction", emoji or "", emoji, None
        case kind if kind in _MEDIA:
            return _sent(cast("MediaKind", kind), getattr(message, kind) or {})
        case "system":
            return "other", _text(message.system, "body") or "", None, None
        case kind:
            return _PLAIN.get(kind, "other"), "", None, None


def _chosen(interactive: dict[str, Any]) -> tuple[InboundKind, str, str | None, Media | None]:
    for name, kind in (("button_reply", "button"), ("list_reply", "list")):
        reply = interactive.get(name)
        if isinstance(reply, dict):
            chosen = cast("dict[str, Any]", reply)
            return (
                cast("InboundKind", kind),
                _text(chosen, "title") or "",
                _text(chosen, "id"),
                None,
            )
    return "other", "", None, None


def _sent(
    kind: MediaKind, file: dict[str, Any]
) -> tuple[InboundKind, str, str | None, Media | None]:
    ref = _text(file, "id")
    media = None
    if ref is not None:
        media = Media(
            kind=kind,
            ref=ref,
            filename=_text(file, "filename"),
            mime_type=_text(file, "mime_type"),
        )
    return "media", _text(file, "caption") or "", None, media


def _text(within: dict[str, Any] | None, name: str) -> str | None:
    """A text of that name; anything else that stands there is no text."""
    found = within.get(name) if within is not None else None
    return found if isinstance(found, str) else None


def _name(message: _Message, value: _Value) -> str | None:
    for contact in value.contacts:
        if (
            message.sender in {contact.wa_id, None}
            and message.sender_id in {contact.user_id, None}
            and contact.profile is not None
        ):
            return contact.profile.name
    return None


def _number(shown: str) -> str | None:
    digits = "".join(filter(str.isdigit, shown))
    return f"+{digits}" if digits else None


def _moment(timestamp: str) -> datetime:
    return datetime.fromtimestamp(int(timestamp), UTC)
