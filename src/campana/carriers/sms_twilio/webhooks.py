"""What Twilio reports: forms, signed with the address they are sent to.

Source: Twilio, "Secure webhooks", "Track the status of outbound messages", "Request to your
incoming message webhook URL" (2026).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from campana.carriers.base import Callback, ForgedCallback, Inbound, Report, UnreadableCallback
from campana.carriers.codes import reason
from campana.carriers.own_words import own_words
from campana.carriers.sms_twilio.codes import CODES
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.content import Media, MediaKind
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_of

SIGNATURE = "x-twilio-signature"
ATTEMPT = "attempt"
"""In the query of a status callback's address: our attempt's id."""
_FORM = "application/x-www-form-urlencoded"
_FIELDS = 500
_MEDIA = 10
_PORTS = {"https": 443, "http": 80}

STATUSES: Mapping[str, tuple[EventType, Disposition | None]] = {
    "accepted": (EventType.ACCEPTED, None),
    "scheduled": (EventType.ACCEPTED, None),
    "queued": (EventType.ACCEPTED, None),
    "sending": (EventType.ACCEPTED, None),
    "sent": (EventType.ACCEPTED, None),
    "delivered": (EventType.ENDED, Disposition.DELIVERED),
    "read": (EventType.ENDED, Disposition.DELIVERED),
    "undelivered": (EventType.ENDED, Disposition.UNDELIVERED),
    "failed": (EventType.ENDED, Disposition.CARRIER_ERROR),
    "canceled": (EventType.ENDED, Disposition.CANCELLED),
}
"""What a status means; `undelivered` and `failed` mean what their error code does, if we know
it."""

_ASKS: Mapping[str, Literal["stop", "start", "help"]] = {
    "STOP": "stop",
    "START": "start",
    "HELP": "help",
}


def form_of(callback: Callback) -> dict[str, list[str]]:
    """The fields of a form, in the order they come; empty when it is none."""
    if not callback.headers.get("content-type", "").lower().startswith(_FORM):
        return {}
    try:
        pairs = parse_qsl(callback.body.decode(), keep_blank_values=True, max_num_fields=_FIELDS)
    except (UnicodeDecodeError, ValueError):
        return {}
    found: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        found[name].append(value)
    return dict(found)


def check_signature(callback: Callback, token: str) -> None:
    """Twilio signs the address it was given, the query too, and every field of the form.

    Whether it writes a port that goes without saying has changed: both ways are right.

    Raises:
        ForgedCallback: it is missing or wrong.
    """
    given = callback.headers.get(SIGNATURE, "")
    if not given or not given.isascii():
        raise ForgedCallback("there is no signature")
    fields = form_of(callback)
    signed = "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
    rights = [_mac(token, address + signed) for address in _addresses(callback.url)]
    # Every one of them is compared: how long it takes says nothing.
    if not any([hmac.compare_digest(given, right) for right in rights]):  # noqa: C419
        raise ForgedCallback("the signature is wrong")
    if not fields and callback.body:
        # A body that is no form is signed by its hash, which is part of the address.
        right = hashlib.sha256(callback.body).hexdigest()
        if not hmac.compare_digest(callback.query.get("bodySHA256", "").encode(), right.encode()):
            raise ForgedCallback("the body is not the one that was signed")


def read(callback: Callback, *, account_sid: str) -> list[Report | Inbound]:
    """A status of one of our messages, or what a person sent.

    Raises:
        UnreadableCallback: it is neither, or of another account.
    """
    fields = {name: values[-1] for name, values in form_of(callback).items()}
    sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
    if not sid:
        raise UnreadableCallback("it is about no message")
    if fields.get("AccountSid") != account_sid:
        raise UnreadableCallback("it is of another account")
    status = fields.get("MessageStatus")
    if status is not None:
        return _report(status, sid, fields, callback)
    if fields.get("From") and fields.get("To"):
        return list(_inbound(sid, fields, at=callback.received_at))
    raise UnreadableCallback("it says neither a status nor who wrote")


def _report(
    status: str, sid: str, fields: Mapping[str, str], callback: Callback
) -> list[Report | Inbound]:
    attempt_id = attempt_of(callback.query.get(ATTEMPT, ""))
    if attempt_id is None:
        raise UnreadableCallback("it names no attempt of ours")
    if status not in STATUSES:
        raise UnreadableCallback(f"the status {status[:40]!r} means nothing")
    type_, disposition = STATUSES[status]
    detail: dict[str, str | int | float | bool | None] = {"status": status, "ref": sid[:100]}
    if disposition is not None:
        code = fields.get("ErrorCode", "")
        number = int(code) if code.isascii() and code.isdecimal() and len(code) < 9 else 0
        known = CODES.get(number) if number else None
        if known is not None and status in {"undelivered", "failed"}:
            disposition = known.disposition
        says = known.says if known is not None else fields.get("ErrorMessage", "")
        detail |= {
            "disposition": disposition,
            "reason": reason(number, says) if number else status,
        }
        if number:
            detail["code"] = number
    event = AttemptEvent(
        type=type_, at=callback.received_at, detail=detail, body=own_words(callback.body)
    )
    return [Report(attempt_id=attempt_id, key=f"{sid}:{status}"[:200], event=event)]


def _inbound(sid: str, fields: Mapping[str, str], *, at: datetime) -> Iterator[Inbound]:
    media = _media(fields)
    text = fields.get("Body", "")
    for n, each in enumerate(media or [None]):
        yield Inbound(
            key=sid if n == 0 else f"{sid}:{n}",
            sender=fields["From"],
            to=fields["To"],
            text=text if n == 0 else "",
            at=at,
            kind="text" if each is None else "media",
            media=each,
            asks_to=_ASKS.get(fields.get("OptOutType", "").upper()) if n == 0 else None,
        )


def _media(fields: Mapping[str, str]) -> Sequence[Media]:
    found: list[Media] = []
    for n in range(_MEDIA):
        link = fields.get(f"MediaUrl{n}")
        if not link:
            break
        mime_type = fields.get(f"MediaContentType{n}", "")
        found.append(Media(kind=_kind(mime_type), link=link, mime_type=mime_type or None))
    return found


def _kind(mime_type: str) -> MediaKind:
    match mime_type.partition("/")[0]:
        case "image":
            return "image"
        case "video":
            return "video"
        case "audio":
            return "audio"
        case _:
            return "document"


def _addresses(url: str) -> set[str]:
    """The address with and without the port that goes without saying."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    host = parts.netloc
    bare = host.removesuffix(f":{port}")
    has_port = host.rpartition(":")[2].isdecimal() and not host.endswith("]")
    with_port = host if has_port else f"{host}:{port}"
    return {url, *(url.replace(host, each, 1) for each in (bare, with_port) if host)}


def _mac(token: str, signed: str) -> str:
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
