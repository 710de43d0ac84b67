"""A mail server to test against: aiosmtpd, which keeps letters and refuses what it is told to."""

from __future__ import annotations

import asyncio
import email
import ssl
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USERNAME, PASSWORD = "campana", "s3cr3t-of-mail"


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A letter it took."""

    sender: str
    to: str
    message: EmailMessage
    octets: bytes
    is_encrypted: bool


@dataclass
class MailServer:
    """Answers are by step; a function may drop the connection or take its time."""

    answers: dict[str, str | Callable[[str], str]] = field(default_factory=dict)
    """`sender`, `recipient` or `letter` to a reply such as `450 4.7.1 Greylisted`."""
    silent_after_letter: bool = False
    drops_after_letter: bool = False
    taken: list[Taken] = field(default_factory=list)
    connections: int = 0
    logins: list[bool] = field(default_factory=list)
    port: int = 0
    protocols: list[SMTP] = field(default_factory=list)

    def _answer(self, step: str, what: str) -> str | None:
        answer = self.answers.get(step)
        return answer(what) if callable(answer) else answer

    async def handle_MAIL(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._answer("sender", address):
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if refusal := self._answer("recipient", address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _: Session, envelope: Envelope) -> str:  # noqa: N802
        octets = envelope.original_content or b""
        if refusal := self._answer("letter", ""):
            return refusal
        assert server.transport is not None
        is_encrypted = server.transport.get_extra_info("ssl_object") is not None
        message = email.message_from_bytes(octets, policy=default)
        assert isinstance(message, EmailMessage)
        self.taken.append(
            Taken(
                sender=str(envelope.mail_from),
                to=envelope.rcpt_tos[0],
                message=message,
                octets=octets,
                is_encrypted=is_encrypted,
            )
        )
        if self.drops_after_letter:
            server.transport.close()
        if self.silent_after_letter:
            await asyncio.sleep(30)
        return "250 2.0.0 Taken"

    def login(self, _: Any, __: Any, ___: Any, mechanism: str, data: Any) -> AuthResult:
        del mechanism
        is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
            USERNAME.encode(),
            PASSWORD.encode(),
        )
        self.logins.append(is_right)
        return AuthResult(success=is_right, handled=False)


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, starts_tls: bool = False, **options: Any
) -> AsyncIterator[MailServer]:
    """One that listens on loopback while the block lasts."""
    server = MailServer()
    loop = asyncio.get_running_loop()
    if starts_tls:
        options |= {"tls_context": tls, "require_starttls": True}

    def connected() -> SMTP:
        server.connections += 1
        with warnings.catch_warnings():
            # That a password in the open can be read is the point of one test.
            warnings.simplefilter("ignore")
            made = SMTP(server, loop=loop, authenticator=server.login, **options)
        server.protocols.append(made)
        return made

    listener = await loop.create_server(connected, "127.0.0.1", 0, ssl=None if starts_tls else tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for protocol in server.protocols:
            if protocol.transport is not None:
                protocol.transport.close()
        await asyncio.sleep(0)
