"""The sandbox's own language over HTTP: what is sent to it, what it answers, how it signs.

    POST /sends            a Send; 202 with a Taken, or 4xx/5xx with a Refused
    POST /says             a Saying: a person writes to the sender; 202 with its id
    GET  /sends/{attempt}  everything known of an attempt so far, a Known; 404 when it is unknown
    GET, PUT, PATCH /plan  how it behaves from now on

`Authorization: Bearer` carries the account's secret. With it every callback, a POST of Status
objects to the send's `callbackUrl`, is signed as `X-Sandbox-Signature: t=SECONDS,v1=HEX`: the
HMAC-SHA256 of `SECONDS.BODY`. Whoever does not answer with 2xx is told again for a while.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

from campana.domain.campaign import ChannelType

SIGNATURE = "x-sandbox-signature"


class Send(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A message or call to a person. `attempt` is the idempotency key."""

    attempt: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    channel_type: ChannelType
    to: Annotated[str, Meta(min_length=1, max_length=320)]
    sender: Annotated[str, Meta(max_length=320)] | None = None
    text: Annotated[str, Meta(max_length=10_000)]
    callback_url: Annotated[str, Meta(max_length=2000)]
    conducted: bool = False
    """A flow asks in this call, from `text` on: its end is to tell what the callee did."""


class Taken(Struct, kw_only=True, frozen=True, rename="camel"):
    """It will be carried out."""

    ref: str


class Refused(Struct, kw_only=True, frozen=True, rename="camel"):
    """It will not, and why in a word."""

    refused: str
    detail: str = ""


class Status(Struct, kw_only=True, frozen=True, rename="camel"):
    """What happened to an attempt; `id` is the same each time this is told."""

    attempt: str
    id: str
    status: str
    at: datetime
    outcome: str | None = None
    answered_at: datetime | None = None
    """Said again with the end, for those who missed it."""
    does: tuple[str, ...] | None = None
    """With the end of a conducted call: what the callee answered to one question after another."""
    callback_at: datetime | None = None
    """With the end: when they ask to be called again."""


class Saying(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A person writes to whoever listens at `callbackUrl`; `choice` is the button they pressed."""

    callback_url: Annotated[str, Meta(max_length=2000)]
    from_: Annotated[str, Meta(min_length=1, max_length=320)] = field(name="from")
    text: Annotated[str, Meta(max_length=10_000)]
    to: Annotated[str, Meta(max_length=320)] | None = None
    choice: Annotated[str, Meta(max_length=256)] | None = None
    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    """Given twice it is the same message."""
    calls: Annotated[tuple[str, ...], Meta(max_length=100)] | None = None
    """They do not write, they call, and answer a flow's questions with this."""


class Said(Struct, kw_only=True, frozen=True):
    """What a person wrote, told in a list of one; `inbound` is the same each time."""

    inbound: str
    from_: str = field(name="from")
    text: str
    to: str | None
    choice: str | None
    at: datetime
    calls: tuple[str, ...] | None = None
    """They called, and did this."""


class Known(Struct, kw_only=True, frozen=True, rename="camel"):
    """The answer to a look-up: what happened so far, in order."""

    attempt: str
    statuses: tuple[Status, ...]


def sign(secret: str, body: bytes, *, at: datetime) -> str:
    """The value of the signature header for this body."""
    seconds = str(int(at.timestamp()))
    return f"t={seconds},v1={_mac(secret, seconds, body)}"


def signed_at(signature: str, secret: str, body: bytes) -> int | None:
    """The second it was signed at, or None when the signature is not right."""
    seconds, comma, given = signature.partition(",v1=")
    if not comma or not seconds.startswith("t=") or not signature.isascii():
        return None
    seconds = seconds.removeprefix("t=")
    if not hmac.compare_digest(given, _mac(secret, seconds, body)):
        return None
    return int(seconds) if seconds.isdecimal() and len(seconds) <= 12 else None


def _mac(secret: str, seconds: str, body: bytes) -> str:
    return hmac.new(secret.encode(), seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
