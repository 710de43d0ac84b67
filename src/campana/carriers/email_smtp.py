"""E-mail over SMTP: letters handed to a server, and what comes back about them.

A server's yes is no delivery: a report of its failure may come back later. So an accepted letter is
`delivered` when `deliveredAfterSeconds` have passed without one. Reports and complaints come in by
callback (`message/rfc822`, signed), and each names its attempt by a token that only we can make.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from campana.carriers.account import SecretField
from campana.carriers.base import (
    Accepted,
    Callback,
    Carrier,
    CarrierError,
    CarrierKind,
    ForgedCallback,
    Heard,
    Keep,
    NotSent,
    Outbound,
    Patience,
    Report,
    Unknowable,
    UnreadableCallback,
)
from campana.carriers.own_words import own_words
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.campaign import ChannelType
from campana.domain.content import Email, Text
from campana.domain.disposition import Disposition
from campana.mail.codes import Trouble, code_in, trouble_of
from campana.mail.letter import Letter
from campana.mail.pace import Pace
from campana.mail.post import NoAnswer, NotHanded, Post, Rejected, Security, Server
from campana.mail.returns import Kind, NoLetter, Return, read_returns
from campana.mail.token import token_of
from campana.smpp.session import trusting

SIGNATURE = "x-campana-signature"
SIGNATURE_AGE = timedelta(minutes=5)

_GREY_SECONDS = 4 * 3600.0
"""Whoever is still greylisted after so long is not greylisted."""
_MOST_GREY = 100_000

Host = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.:_-]{1,253}$", description="Name or address")]
Domain = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+$")]
PerMinute = Annotated[float, Meta(gt=0, le=100_000)]


class Config(Struct, kw_only=True, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A channel of kind `email_smtp`."""

    host: Host
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Security = "starttls"
    """`starttls` (nothing is sent without it), `tls` from the first octet, or `none`."""
    tls_authority: Annotated[str, Meta(max_length=20_000)] | None = None
    """Certificates in PEM to trust in place of the system's."""
    username: Annotated[str, Meta(min_length=1, max_length=320)] | None = None
    password: Annotated[str, Meta(max_length=512)] | None = None
    senders: Annotated[
        tuple[Annotated[str, Meta(min_length=3, max_length=320)], ...],
        Meta(min_length=1, max_length=1000),
    ]
    """`address`, or `Name <address>`."""
    return_address: Annotated[str, Meta(pattern=r"^[a-z0-9._-]{1,20}@[A-Za-z0-9.-]{1,200}$")]
    """Where reports of non-delivery go: `bounce@example.com` is used as
    `bounce+<token>@example.com`, so the server there must know such addresses."""
    secret: Annotated[str, Meta(pattern=r"^[!-~]{16,128}$")]
    """Signs the names of letters, and the callbacks that bring what comes back."""
    connections: Annotated[int, Meta(ge=1, le=200)] = 10
    hello: Domain | None = None
    """What we call ourselves to the server; without it, this machine's name."""
    max_bytes: Annotated[int, Meta(ge=10_000, le=50_000_000)] = 1_000_000
    answer_seconds: Annotated[float, Meta(gt=0, le=600)] = 60.0
    domain_rates: Annotated[Mapping[Domain, PerMinute], Meta(max_length=1000)] = {}
    """Letters a minute to a domain, from each work process."""
    other_domains_rate: PerMinute | None = None
    """The same, for each domain that is not named."""
    greylist_seconds: Annotated[float, Meta(gt=0, le=3600)] = 300.0
    delivered_after_seconds: Annotated[float, Meta(gt=0, le=7 * 86_400)] = 900.0
    give_up_after_seconds: Annotated[float, Meta(gt=0, le=30 * 86_400)] = 5 * 86_400.0

    def __post_init__(self) -> None:
        if self.tls_authority is not None:
            if self.security == "none":
                raise ValueError("tlsAuthority needs tls or starttls")
            trusting(self.tls_authority)
        if self.password is not None and self.username is None:
            raise ValueError("a password needs a username")
        for sender in self.senders:
            _, address = parseaddr(sender)
            if "@" not in address or any(ord(each) < 32 for each in sender):
                raise ValueError("a sender is an address, or a name and <address>")

    def __repr__(self) -> str:
        """Without its secrets: configs end up in logs."""
        return f"Config({self.host}:{self.port}, {self.username})"


TROUBLES: Mapping[Trouble, Disposition] = {
    Trouble.ADDRESS: Disposition.INVALID_NUMBER,
    Trouble.BLOCKED: Disposition.BLOCKED,
    Trouble.MESSAGE: Disposition.CARRIER_ERROR,
    Trouble.PASSING: Disposition.CONGESTION,
    Trouble.GREYLISTED: Disposition.CONGESTION,
    Trouble.LASTING: Disposition.UNDELIVERED,
}
"""What a refusal means for the person, at once or by a later report."""


class Smtp:
    """One channel's account."""

    most_connections = None

    def __init__(self, config: Config) -> None:
        self._config = config
        self._key = config.secret.encode()
        self._pace = Pace(
            config.domain_rates, others=config.other_domains_rate, monotonic=time.monotonic
        )
        self._grey: dict[str, float] = {}
        self._now: Callable[[], datetime] | None = None
        self._is_over = asyncio.Event()
        self.most_at_once = 2 * config.connections
        self.patience = Patience(
            ask_after=timedelta(seconds=config.delivered_after_seconds),
            give_up_after=timedelta(seconds=config.give_up_after_seconds),
        )
        is_secure = config.security != "none"
        self._post = Post(
            Server(
                host=config.host,
                port=config.port,
                security=config.security,
                tls=trusting(config.tls_authority) if is_secure else None,
                username=config.username,
                password=config.password,
                seconds=config.answer_seconds,
                name=config.hello,
                connections=config.connections,
            )
        )

    def __repr__(self) -> str:
        return f"Smtp({self._config!r})"

    async def send(self, outbound: Outbound) -> Accepted:
        """Hand the letter to the server.

        Raises:
            CarrierError: it was not taken, or nobody knows.
        """
        token = token_of(outbound.attempt_id, key=self._key)
        octets = self._octets(outbound, token)
        name, _, domain = self._config.return_address.partition("@")
        if wait := self._pace.wait(outbound.to.rpartition("@")[2].lower()):
            raise CarrierError(
                Disposition.NOT_SENT,
                retryable=False,
                retry_after=timedelta(seconds=wait),
                detail="the domain has had its letters of this minute",
            )
        try:
            await self._post.hand_in(
                octets,
                sender=f"{name}+{token}@{domain}",
                to=outbound.to,
                may_send=outbound.may_send,
            )
        except NotHanded as error:
            raise CarrierError(
                Disposition.NOT_SENT, retryable=not error.is_late, detail=str(error)
            ) from error
        except NoAnswer as error:
            raise CarrierError(Disposition.UNKNOWN, retryable=True, detail=str(error)) from error
        except Rejected as error:
            raise self._rejected(error, outbound.to) from error
        self._grey.pop(outbound.to, None)
        return Accepted(ref=token, refs=(token,))

    async def check(self) -> str:
        """That the server lets us in; no letter is handed over.

        Raises:
            CarrierError: it does not.
        """
        try:
            await self._post.try_once()
        except NotHanded as error:
            raise CarrierError(Disposition.NOT_SENT, retryable=True, detail=str(error)) from error
        except Rejected as error:
            raise self._rejected(error, "") from error
        return f"{self._config.host} lets us in"

    def parse_callback(self, callback: Callback) -> list[Heard]:
        """A letter that came back, as the server that took it passed it on.

        Raises:
            ForgedCallback: the signature is missing, wrong or old.
            UnreadableCallback: it is no letter.
        """
        self._check_signature(callback)
        try:
            returns = read_returns(callback.body, key=self._key)
        except NoLetter as error:
            raise UnreadableCallback(str(error)) from error
        return [_report(each, at=callback.received_at) for each in returns]

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        """SMTP has no look-up."""
        del attempt_id
        return Unknowable(why="the server never said that it took the letter")

    async def lookup_named(
        self, attempt_id: UUID, refs: Sequence[str], *, now: datetime
    ) -> list[Report] | Unknowable:
        """Of a letter that the server took: no report has come back in all this time."""
        del refs
        detail = {"disposition": Disposition.DELIVERED, "reason": "taken, and nothing came back"}
        event = AttemptEvent(type=EventType.ENDED, at=now, detail=detail)
        return [Report(attempt_id=attempt_id, key="taken", event=event)]

    async def listen(self, keep: Keep, *, now: Callable[[], datetime]) -> None:
        """What comes back comes by callback: there is nothing to hold."""
        del keep, now
        await self._is_over.wait()

    async def aclose(self) -> None:
        """Give up its connections."""
        self._is_over.set()
        await self._post.aclose()

    def _octets(self, outbound: Outbound, token: str) -> bytes:
        content = outbound.content
        if isinstance(content, Text) and content.media is None:
            # A plain text is a letter whose first line says what it is about.
            first = content.body.strip().partition("\n")[0][:100]
            content = Email(subject=first, text=content.body)
        if not isinstance(content, Email):
            raise _refusal("a letter has a subject and a text")
        sender = outbound.sender or self._config.senders[0]
        letter = Letter(
            sender=sender,
            to=outbound.to,
            subject=content.subject,
            text=content.text,
            html=content.html,
            message_id=f"{token}@{parseaddr(sender)[1].rpartition('@')[2]}",
            unsubscribe_url=outbound.unsubscribe_url,
            headers=content.headers,
        )
        try:
            octets = letter.octets()
        except ValueError as error:
            raise _refusal(f"the letter cannot be written: {error}"[:200]) from error
        if len(octets) > self._config.max_bytes:
            raise _refusal(f"the letter has {len(octets)} octets")
        return octets

    def _rejected(self, error: Rejected, to: str) -> CarrierError:
        """What a server's refusal means: of the account, of the moment, or of this letter."""
        trouble = trouble_of(code_in(error.text), reply=error.reply, text=error.text)
        is_of_server = error.step in {"login", "sender"} or error.reply == 421
        passes = error.reply // 100 == 4
        if is_of_server:
            return CarrierError(
                Disposition.NOT_SENT if passes else Disposition.CARRIER_ERROR,
                retryable=passes,
                detail=str(error),
            )
        if trouble is Trouble.GREYLISTED and self._is_grey(to):
            return CarrierError(
                Disposition.NOT_SENT,
                retryable=False,
                retry_after=timedelta(seconds=self._config.greylist_seconds),
                detail=str(error),
            )
        return CarrierError(TROUBLES[trouble], retryable=False, detail=str(error))

    def _is_grey(self, to: str) -> bool:
        """Has the person's server asked to come back only since a while?"""
        now = time.monotonic()
        if len(self._grey) >= _MOST_GREY:
            self._grey.clear()
        return now - self._grey.setdefault(to, now) < _GREY_SECONDS

    def _check_signature(self, callback: Callback) -> None:
        stamp, _, mac = callback.headers.get(SIGNATURE, "").partition(",v1=")
        seconds = stamp.removeprefix("t=")
        if not (mac.isascii() and seconds.isascii() and seconds.isdecimal() and len(seconds) < 12):
            raise ForgedCallback("there is no signature")
        signed = seconds.encode() + b"." + callback.body
        if not hmac.compare_digest(mac, hmac.digest(self._key, signed, "sha256").hex()):
            raise ForgedCallback("the signature is wrong")
        age = callback.received_at.timestamp() - int(seconds)
        if abs(age) > SIGNATURE_AGE.total_seconds():
            raise ForgedCallback("the signature is old")


def _report(found: Return, *, at: datetime) -> Report:
    detail: dict[str, str | int | float | bool | None] = {"reason": found.reason}
    match found.kind:
        case Kind.FAILED:
            kind, end = EventType.ENDED, TROUBLES[trouble_of(found.code)]
            # That the server has given up is final, however passing the trouble was.
            detail["disposition"] = (
                Disposition.UNDELIVERED if end is Disposition.CONGESTION else end
            )
        case Kind.DELIVERED:
            kind = EventType.ENDED
            detail["disposition"] = Disposition.DELIVERED
        case Kind.DELAYED:
            kind = EventType.ACCEPTED
        case Kind.COMPLAINED:
            kind = EventType.COMPLAINED
    event = AttemptEvent(type=kind, at=at, detail=detail, body=own_words(found.words))
    return Report(attempt_id=found.attempt_id, key=found.key, event=event)


def _refusal(why: str) -> CarrierError:
    return CarrierError(Disposition.CARRIER_ERROR, retryable=False, detail=why)


def is_loopback_only(config: Config) -> bool:
    """Never: a server on this machine may pass letters on to anybody."""
    del config
    return False


def masked(config: Config) -> Mapping[str, Any]:
    """The config without its secrets."""
    shown: dict[str, Any] = msgspec.to_builtins(config)
    del shown["secret"], shown["password"]
    return shown


def senders(config: Config) -> tuple[str, ...]:
    """What may be shown as the sender."""
    return config.senders


async def check(config: Config) -> str:
    """That the server lets us in; raises CarrierError when it does not."""
    async with aclosing(Smtp(config)) as account:
        return await account.check()


def open_account(config: Config) -> Carrier:
    """The account of a channel."""
    return Smtp(config)


KIND = CarrierKind(
    kind="email_smtp",
    channel_types=(ChannelType.EMAIL,),
    config=Config,
    is_loopback_only=is_loopback_only,
    senders=senders,
    masked=masked,
    secrets=(SecretField("password", goes_to=("host", "port", "security")), SecretField("secret")),
    check=check,
    open=open_account,
)
