"""The sandbox carrier: a provider on this machine (`campana sandbox`) that reaches nobody.

It speaks every channel type, so it stands in for any provider in trials, rehearsals and tests. The
language on the wire is described in `sandbox/wire.py`; the shapes here are our own reading of it.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
from msgspec import Meta, Struct

from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    ForgedCallback,
    Heard,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
    UnreadableCallback,
)
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import words
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_of, attempt_text

SIGNATURE = "x-sandbox-signature"
SIGNATURE_AGE = timedelta(minutes=5)
"""Beyond this, either way, a signature proves nothing but that it was once seen."""

_CONNECT_SECONDS = 2.0
_LOOKUP_SECONDS = 5.0
_MOST_AT_ONCE = 500
_CONNECTIONS = httpx.Limits(max_connections=200, max_keepalive_connections=200)

_ARRIVES_WITHIN = timedelta(seconds=4)
"""A request that its peer has not acknowledged by then is given up by the kernel, also when this
process is dead: what arrives at all has arrived before anybody asks about it (the sweeper and
`inquiries` wait for five seconds)."""
# Linux alone has it; elsewhere a network that swallows packets for longer may prove us wrong.
_SOCKET_OPTIONS: Sequence[tuple[int, int, int]] = (
    [(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(_ARRIVES_WITHIN.total_seconds() * 1000))]
    if hasattr(socket, "TCP_USER_TIMEOUT")
    else []
)
# The client lets its transport's own errors out when a connection is reset as it opens.
_NO_ANSWER = (httpx.HTTPError, TimeoutError, OSError, AttributeError)
_FIRST_BYTE = "http11.send_request_headers.started"


class Config(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A channel of kind `sandbox`."""

    url: Annotated[
        str,
        Meta(
            pattern=r"^http://(127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\]):[1-9][0-9]{0,4}$",
            description="A loopback address and a port, such as http://127.0.0.1:8090",
        ),
    ]
    secret: Annotated[str, Meta(pattern=r"^[!-~]{16,128}$")]
    """Opens the account and signs its callbacks."""
    senders: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=320)], ...], Meta(max_length=1000)
    ] = ()
    timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """How long a send may go unanswered before the sandbox is asked about it."""
    ask_after_seconds: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    """Without news of an attempt for this long, the sandbox is asked."""
    give_up_after_seconds: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 3_600.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        # Of the pattern's addresses and ports, those that exist: each of these raises ValueError.
        ipaddress.ip_address(parts.hostname or "")
        _ = parts.port

    def __repr__(self) -> str:
        """Without the secret: configs end up in logs."""
        return f"Config({self.url})"


STATUSES: Mapping[str, EventType] = {
    "queued": EventType.ACCEPTED,
    "ringing": EventType.RINGING,
    "answered": EventType.ANSWERED,
    "finished": EventType.ENDED,
}

OUTCOMES: Mapping[str, Disposition] = {
    "completed": Disposition.COMPLETED,
    "hung_up": Disposition.HUNG_UP,
    "busy": Disposition.BUSY,
    "no_answer": Disposition.NO_ANSWER,
    "declined": Disposition.DECLINED,
    "invalid_number": Disposition.INVALID_NUMBER,
    "blocked": Disposition.BLOCKED,
    "congestion": Disposition.CONGESTION,
    "delivered": Disposition.DELIVERED,
    "undelivered": Disposition.UNDELIVERED,
}
"""What a finished attempt came to. A word that is not here is an error of the carrier's."""

REFUSALS: Mapping[str, tuple[Disposition, bool]] = {
    "invalid_number": (Disposition.INVALID_NUMBER, False),
    "blocked": (Disposition.BLOCKED, False),
    "busy": (Disposition.BUSY, False),
    "congestion": (Disposition.CONGESTION, True),
    "internal": (Disposition.CARRIER_ERROR, True),
    "unauthorized": (Disposition.CARRIER_ERROR, False),
    "bad_request": (Disposition.CARRIER_ERROR, False),
}
"""A send that was not taken: what it means, and whether the condition may pass."""


class _Send(Struct, kw_only=True, frozen=True, rename="camel"):
    attempt: str
    channel_type: ChannelType
    to: str
    sender: str | None
    text: str
    callback_url: str


class _Taken(Struct, frozen=True):
    ref: str


class _Refused(Struct, frozen=True):
    refused: str
    detail: str = ""


class _Status(Struct, kw_only=True, frozen=True, rename="camel"):
    attempt: str
    id: Annotated[str, Meta(min_length=1, max_length=100)]
    status: Literal["queued", "ringing", "answered", "finished"]
    at: Annotated[datetime, Meta(tz=True)]
    outcome: str | None = None
    answered_at: Annotated[datetime, Meta(tz=True)] | None = None


class _Known(Struct, kw_only=True, frozen=True):
    attempt: str
    statuses: tuple[_Status, ...]


class _TooLate(Exception):
    """Nothing has left yet, and it may not any more."""


class Sandbox:
    """One channel's account."""

    most_at_once = _MOST_AT_ONCE

    def __init__(self, config: Config) -> None:
        self._config = config
        self.patience = Patience(
            ask_after=timedelta(seconds=config.ask_after_seconds),
            give_up_after=timedelta(seconds=config.give_up_after_seconds),
        )
        self._opened: httpx.AsyncClient | None = None

    def __repr__(self) -> str:
        return f"Sandbox({self._config.url})"

    @property
    def _client(self) -> httpx.AsyncClient:
        """Made when it is first needed: whoever only reads callbacks never needs it."""
        if self._opened is None:
            self._opened = httpx.AsyncClient(
                base_url=self._config.url,
                headers={"authorization": f"Bearer {self._config.secret}"},
                timeout=httpx.Timeout(self._config.timeout_seconds, connect=_CONNECT_SECONDS),
                transport=httpx.AsyncHTTPTransport(
                    limits=_CONNECTIONS, trust_env=False, socket_options=_SOCKET_OPTIONS
                ),
                trust_env=False,
            )
        return self._opened

    async def send(self, outbound: Outbound) -> Accepted:
        """Hand it over; within `timeoutSeconds`, whatever happens.

        Raises:
            CarrierError: it was not taken, or nobody knows.
        """
        attempt = attempt_text(outbound.attempt_id)
        body = msgspec.json.encode(
            _Send(
                attempt=attempt,
                channel_type=outbound.channel_type,
                to=outbound.to,
                sender=outbound.sender or next(iter(self._config.senders), None),
                text=words(outbound.content),
                callback_url=outbound.callback_url,
            )
        )
        try:
            # The client's own time-outs begin anew with every byte; this one does not.
            async with asyncio.timeout(self._config.timeout_seconds):
                answer = await self._client.post(
                    "/sends",
                    content=body,
                    headers={"content-type": "application/json", "idempotency-key": attempt},
                    extensions={"trace": _last_look(outbound.may_send)},
                )
        except _TooLate as error:
            raise CarrierError(
                Disposition.NOT_SENT, retryable=False, detail="too late: it waited for a connection"
            ) from error
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise CarrierError(
                Disposition.NOT_SENT, retryable=True, detail=f"no connection: {_named(error)}"
            ) from error
        except _NO_ANSWER as error:
            raise CarrierError(
                Disposition.UNKNOWN, retryable=True, detail=f"no answer: {_named(error)}"
            ) from error
        return _read_answer(answer)

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """One status, or a list of them.

        Raises:
            ForgedCallback: the signature is missing, wrong or old.
            UnreadableCallback: it is none of the above, or of attempts that are not ours.
        """
        self._check_signature(callback)
        try:
            if callback.body.lstrip()[:1] == b"[":
                return [_report(each) for each in _MANY.decode(callback.body)]
            return [_report(_ONE.decode(callback.body))]
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise UnreadableCallback(str(error)) from error

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """What the sandbox knows of it. It knows a send from the moment it arrives."""
        try:
            async with asyncio.timeout(_LOOKUP_SECONDS):
                answer = await self._client.get(f"/sends/{attempt_text(attempt_id)}")
        except _NO_ANSWER as error:
            return Unknowable(why=f"no answer: {_named(error)}")
        try:
            if answer.status_code == 404:
                refused = msgspec.json.decode(answer.content, type=_Refused)
                if refused.refused == "unknown_attempt":
                    return NotSent()
            if answer.status_code == 200:
                known = msgspec.json.decode(answer.content, type=_Known)
                return [_report(each) for each in known.statuses]
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            return Unknowable(why=f"an answer nobody understands: {error}")
        return Unknowable(why=f"answered {answer.status_code}")

    async def aclose(self) -> None:
        """Give up the connections."""
        if self._opened is not None:
            await self._opened.aclose()

    def _check_signature(self, callback: Callback) -> None:
        given = callback.headers.get(SIGNATURE, "")
        stamp, _, mac = given.partition(",v1=")
        seconds = stamp.removeprefix("t=")
        if not (given.isascii() and seconds.isdecimal() and len(seconds) <= 11):
            raise ForgedCallback("there is no signature")
        signed = seconds.encode() + b"." + callback.body
        right = hmac.digest(self._config.secret.encode(), signed, "sha256").hex()
        if not hmac.compare_digest(mac, right):
            raise ForgedCallback("the signature is wrong")
        age = callback.received_at.timestamp() - int(seconds)
        if abs(age) > SIGNATURE_AGE.total_seconds():
            raise ForgedCallback("the signature is old")


def _last_look(may_send: Callable[[], bool]) -> Callable[[str, Mapping[str, Any]], Awaitable[None]]:
    """A hook of the HTTP client's that lets nothing out once it is too late."""

    async def look(event: str, _: Mapping[str, Any]) -> None:
        if event == _FIRST_BYTE and not may_send():
            raise _TooLate

    return look


_ONE = msgspec.json.Decoder(_Status)
_MANY = msgspec.json.Decoder(list[_Status])


def _read_answer(answer: httpx.Response) -> Accepted:
    try:
        if answer.is_success:
            return Accepted(ref=msgspec.json.decode(answer.content, type=_Taken).ref)
        refused = msgspec.json.decode(answer.content, type=_Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        # Something between us and the sandbox may have said this: it proves nothing.
        raise CarrierError(
            Disposition.UNKNOWN,
            retryable=True,
            detail=f"answered {answer.status_code} with what nobody understands",
        ) from error
    disposition, retryable = REFUSALS.get(refused.refused, (Disposition.CARRIER_ERROR, False))
    raise CarrierError(
        disposition,
        retryable=retryable,
        retry_after=_seconds(answer.headers.get("retry-after", "")),
        detail=f"refused: {refused.refused} {refused.detail}".strip()[:200],
    )


def _report(status: _Status) -> Report:
    attempt_id = attempt_of(status.attempt)
    if attempt_id is None:
        raise ValueError(f"no attempt of ours: {status.attempt[:80]}")
    detail: dict[str, str | int | float | bool | None] = {}
    if status.status == "finished":
        outcome = status.outcome or ""
        detail["disposition"] = OUTCOMES.get(outcome, Disposition.CARRIER_ERROR)
        detail["reason"] = outcome[:100] or "no outcome"
        if status.answered_at is not None:
            detail["answered_at"] = status.answered_at.isoformat()
    return Report(
        attempt_id=attempt_id,
        key=status.id,
        event=AttemptEvent(type=STATUSES[status.status], at=status.at, detail=detail),
    )


def _seconds(text: str) -> timedelta | None:
    """A Retry-After in seconds, at most an hour; None when it is absent or a date."""
    return timedelta(seconds=min(int(text), 3600)) if text.isascii() and text.isdecimal() else None


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()


def is_loopback_only(config: Config) -> bool:
    """Always: its shape allows nothing else, and this says so again."""
    return ipaddress.ip_address(urlsplit(config.url).hostname or "").is_loopback


def masked(config: Config) -> Mapping[str, Any]:
    """The config without its secret."""
    shown: dict[str, Any] = msgspec.to_builtins(config)
    del shown["secret"]
    return shown


def senders(config: Config) -> tuple[str, ...]:
    """What may be shown as the sender."""
    return config.senders


def open_account(config: Config) -> Carrier:
    """The account of a channel."""
    return Sandbox(config)


KIND = CarrierKind(
    kind="sandbox",
    channel_types=tuple(ChannelType),
    config=Config,
    is_loopback_only=is_loopback_only,
    senders=senders,
    masked=masked,
    open=open_account,
)
