"""The sandbox carrier: a provider on this machine (`campana sandbox`) that reaches nobody.

It speaks every channel type, so it stands in for any provider in trials, rehearsals and tests. The
language on the wire is described in `sandbox/wire.py`; the shapes here are our own reading of it.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from campana.carriers.account import SecretField
from campana.carriers.base import (
    Accepted,
    Callback,
    CarrierError,
    CarrierKind,
    ForgedCallback,
    Heard,
    Inbound,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
    UnreadableCallback,
)
from campana.carriers.http import Answer, NoAnswer, Provider, not_understood
from campana.carriers.own_words import own_words
from campana.carriers.parts import NONSENSE, readable
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import words
from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_of, attempt_text
from campana.domain.transfer import TransferOutcome

SIGNATURE = "x-sandbox-signature"
SIGNATURE_AGE = timedelta(minutes=5)
"""Beyond this, either way, a signature proves nothing but that it was once seen."""
_SIGNATURE_SECONDS = SIGNATURE_AGE.total_seconds()

_LATEST_CALLBACK = timedelta(days=366)
_LOOKUP_SECONDS = 5.0
_MOST_AT_ONCE = 500


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
    "complained": EventType.COMPLAINED,
}

OUTCOMES: Mapping[str, Disposition] = {
    "completed": Disposition.COMPLETED,
    "transferred": Disposition.TRANSFERRED,
    "abandoned": Disposition.COMPLETED,
    "callback_request": Disposition.CALLBACK_REQUEST,
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

TRANSFERS: Mapping[str, TransferOutcome] = {
    "transferred": TransferOutcome.ANSWERED,
    "abandoned": TransferOutcome.NO_ANSWER,
}
"""What came of handing the call over, where that decided how it ended."""

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
    conducted: bool


class _Taken(Struct, frozen=True):
    ref: str


class _Refused(Struct, frozen=True):
    refused: str
    detail: str = ""


class _Status(Struct, kw_only=True, frozen=True, rename="camel"):
    attempt: str
    id: Annotated[str, Meta(min_length=1, max_length=100)]
    status: Literal["queued", "ringing", "answered", "finished", "complained"]
    at: Annotated[datetime, Meta(tz=True)]
    outcome: str | None = None
    answered_at: Annotated[datetime, Meta(tz=True)] | None = None
    does: Annotated[tuple[str, ...], Meta(max_length=100)] | None = None
    callback_at: Annotated[datetime, Meta(tz=True)] | None = None


_SAID = {"key": "inbound", "sender": "from", "payload": "choice"}


class _Said(Struct, kw_only=True, frozen=True, rename=_SAID):
    key: Annotated[str, Meta(min_length=1, max_length=100)]
    sender: str
    text: str
    at: Annotated[datetime, Meta(tz=True)]
    to: str | None = None
    payload: str | None = None
    calls: Annotated[tuple[str, ...], Meta(max_length=100)] | None = None


class _Known(Struct, kw_only=True, frozen=True):
    attempt: str
    statuses: tuple[msgspec.Raw, ...]


class Sandbox:
    """One channel's account."""

    most_at_once = _MOST_AT_ONCE

    def __init__(self, config: Config) -> None:
        self._config = config
        self._key = config.secret.encode()
        self.patience = Patience(
            ask_after=timedelta(seconds=config.ask_after_seconds),
            give_up_after=timedelta(seconds=config.give_up_after_seconds),
        )
        self._provider = Provider(
            config.url,
            headers={"authorization": f"Bearer {config.secret}"},
            timeout_seconds=config.timeout_seconds,
        )

    def __repr__(self) -> str:
        return f"Sandbox({self._config.url})"

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
                conducted=outbound.is_conducted,
            )
        )
        return _read_answer(
            await self._provider.send(
                "/sends",
                content=body,
                headers={"content-type": "application/json", "idempotency-key": attempt},
                may_send=outbound.may_send,
            )
        )

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """One status, or a list of statuses and of what people wrote.

        Raises:
            ForgedCallback: the signature is missing, wrong or old.
            UnreadableCallback: it is none of the above, or of attempts that are not ours.
        """
        self._check_signature(callback)
        try:
            is_list = callback.body.lstrip()[:1] == b"["
            if not is_list and b'"inbound"' not in callback.body:
                return [_report(callback.body)]
            return [*readable(_MANY.decode(callback.body), _heard)]
        except NONSENSE as error:
            raise UnreadableCallback(str(error)) from error

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """What the sandbox knows of it. It knows a send from the moment it arrives."""
        try:
            answer = await self._provider.ask(
                f"/sends/{attempt_text(attempt_id)}", seconds=_LOOKUP_SECONDS
            )
        except NoAnswer as error:
            return Unknowable(why=str(error))
        try:
            if answer.status == 404:
                refused = msgspec.json.decode(answer.body, type=_Refused)
                if refused.refused == "unknown_attempt":
                    return NotSent()
            if answer.status == 200:
                known = msgspec.json.decode(answer.body, type=_Known)
                return [_report(bytes(each)) for each in known.statuses]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            return Unknowable(why=f"an answer nobody understands: {error}")
        return Unknowable(why=f"answered {answer.status}")

    async def aclose(self) -> None:
        """Give up the connections."""
        await self._provider.aclose()

    def _check_signature(self, callback: Callback) -> None:
        given = callback.headers.get(SIGNATURE, "")
        stamp, _, mac = given.partition(",v1=")
        seconds = stamp.removeprefix("t=")
        if not (given.isascii() and seconds.isdecimal() and len(seconds) <= 11):
            raise ForgedCallback("there is no signature")
        signed = seconds.encode() + b"." + callback.body
        right = hmac.digest(self._key, signed, "sha256").hex()
        if not hmac.compare_digest(mac, right):
            raise ForgedCallback("the signature is wrong")
        age = callback.received_at.timestamp() - int(seconds)
        if abs(age) > _SIGNATURE_SECONDS:
            raise ForgedCallback("the signature is old")


_ONE = msgspec.json.Decoder(_Status)
_MANY = msgspec.json.Decoder(list[msgspec.Raw])


def _read_answer(answer: Answer) -> Accepted:
    try:
        if answer.is_success:
            return Accepted(ref=msgspec.json.decode(answer.body, type=_Taken).ref)
        refused = msgspec.json.decode(answer.body, type=_Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise not_understood(answer) from error
    disposition, retryable = REFUSALS.get(refused.refused, (Disposition.CARRIER_ERROR, False))
    raise CarrierError(
        disposition,
        retryable=retryable,
        retry_after=answer.retry_after,
        detail=f"refused: {refused.refused} {refused.detail}".strip()[:200],
    )


def _heard(body: msgspec.Raw) -> Heard:
    told: dict[str, object] = msgspec.json.decode(body, type=dict[str, object])
    if "inbound" not in told:
        return _report(bytes(body))
    heard = msgspec.convert(told, _Said)
    given = msgspec.structs.asdict(heard)
    does: tuple[str, ...] | None = given.pop("calls")
    if does is not None:
        given |= {"kind": "call", "text": "\n".join(does)}
    return Inbound(**given)


def _report(body: bytes) -> Report:
    status = _ONE.decode(body)
    attempt_id = attempt_of(status.attempt)
    if attempt_id is None:
        raise ValueError(f"no attempt of ours: {status.attempt[:80]}")
    detail: dict[str, str | int | float | bool | None] = {}
    if status.status == "finished":
        outcome = status.outcome or ""
        detail["disposition"] = OUTCOMES.get(outcome, Disposition.CARRIER_ERROR)
        detail["reason"] = outcome[:100] or "no outcome"
        if (transfer := TRANSFERS.get(outcome)) is not None:
            detail["transfer"] = str(transfer)
        if status.answered_at is not None:
            detail["answered_at"] = status.answered_at.isoformat()
        if status.callback_at is not None:
            if abs(status.callback_at - status.at) > _LATEST_CALLBACK:
                raise ValueError(f"nobody is called again at {status.callback_at}")
            detail["callback_at"] = status.callback_at.isoformat()
        if status.does is not None:
            detail["does"] = "\n".join(" ".join(each.split()) for each in status.does)
    return Report(
        attempt_id=attempt_id,
        key=status.id,
        event=AttemptEvent(
            type=STATUSES[status.status], at=status.at, detail=detail, body=own_words(body)
        ),
    )


async def check(config: Config) -> str:
    """That the sandbox answers.

    Raises:
        CarrierError: it does not.
    """
    async with aclosing(Sandbox(config)) as account:
        found = await account.lookup(UUID(int=0))
    if isinstance(found, Unknowable):
        raise CarrierError(Disposition.NOT_SENT, retryable=True, detail=found.why)
    return "the sandbox answers"


def is_loopback_only(config: Config) -> bool:
    """Always."""
    return ipaddress.ip_address(urlsplit(config.url).hostname or "").is_loopback


def masked(config: Config) -> Mapping[str, Any]:
    """The config without its secret."""
    shown: dict[str, Any] = msgspec.to_builtins(config)
    del shown["secret"]
    return shown


def senders(config: Config) -> tuple[str, ...]:
    """What may be shown as the sender."""
    return config.senders


KIND = CarrierKind(
    plays_callers=True,
    kind="sandbox",
    channel_types=tuple(ChannelType),
    config=Config,
    is_loopback_only=is_loopback_only,
    senders=senders,
    masked=masked,
    secrets=(SecretField("secret", goes_to=("url",)),),
    check=check,
    open=Sandbox,
)
