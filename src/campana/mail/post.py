"""Hands letters to a server over connections that are kept and used again.

A letter's way has one moment of no return: the end of its data. Before it, whatever breaks has sent
nothing; after it, no answer means that nobody knows.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

import aiosmtplib
from aiosmtplib import SMTP, SMTPException, SMTPResponseException

Security = Literal["none", "starttls", "tls"]

_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 30.0
"""A connection that was unused for longer is closed: servers do so after a minute or more."""


class NotHanded(Exception):
    """Nothing was sent: there is no connection, or it is too late (`is_late`)."""

    def __init__(self, why: str, *, is_late: bool = False) -> None:
        super().__init__(why)
        self.is_late = is_late


class NoAnswer(Exception):
    """The letter has left, and there is no answer."""


class Rejected(Exception):
    """The server's answer, at which step: `login`, `sender`, `recipient` or `letter`."""

    def __init__(self, step: str, reply: int, text: str) -> None:
        super().__init__(f"{step}: {reply} {text}"[:200])
        self.step = step
        self.reply = reply
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where letters are handed in. `seconds` is how long each answer may take."""

    host: str
    port: int
    security: Security
    tls: ssl.SSLContext | None
    username: str | None
    password: str | None = field(repr=False)
    seconds: float
    name: str | None
    """What we call ourselves."""
    connections: int


class Post:
    """One server. At most `connections` letters are on their way at once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._free = asyncio.Semaphore(server.connections)
        self._idle: list[tuple[SMTP, float]] = []

    async def hand_in(
        self, octets: bytes, *, sender: str, to: str, may_send: Callable[[], bool]
    ) -> str:
        """Send one letter; what the server said when it took it.

        Raises:
            NotHanded, NoAnswer, Rejected
        """
        async with self._free:
            while True:
                connection, is_used = await self._connection()
                try:
                    text = await self._hand(connection, octets, sender, to, may_send)
                except Rejected:
                    await self._keep(connection, is_clean=False)
                    raise
                except NotHanded as error:
                    if error.is_late:
                        await self._keep(connection, is_clean=False)
                        raise
                    connection.close()
                    if not is_used:
                        raise
                    # The server had closed it meanwhile, as servers do.
                except BaseException:
                    connection.close()
                    raise
                else:
                    await self._keep(connection, is_clean=True)
                    return text

    async def aclose(self) -> None:
        """Say goodbye on every connection that is not in use."""
        idle, self._idle = self._idle, []
        for connection, _ in idle:
            with suppress(SMTPException, OSError, TimeoutError):
                await connection.quit(timeout=1)
            connection.close()

    async def try_once(self) -> None:
        """Connect, log in where there is a username, and say goodbye.

        Raises:
            NotHanded, Rejected
        """
        connection = await self._connect()
        try:
            await connection.noop()
        except (SMTPException, OSError, TimeoutError) as error:
            raise NotHanded(f"the connection broke: {type(error).__name__}") from error
        finally:
            with suppress(SMTPException, OSError, TimeoutError):
                await connection.quit(timeout=1)
            connection.close()

    async def _hand(
        self,
        connection: SMTP,
        octets: bytes,
        sender: str,
        to: str,
        may_send: Callable[[], bool],
    ) -> str:
        if not may_send():
            raise NotHanded("too late: it waited for a connection", is_late=True)
        await _step(
            "sender",
            connection.mail(
                sender,
                options=[f"SIZE={len(octets)}"] if connection.supports_extension("size") else [],
            ),
        )
        await _step("recipient", connection.rcpt(to))
        if not may_send():
            raise NotHanded("too late: the server took its time", is_late=True)
        try:
            answer = await connection.data(octets)
        except SMTPResponseException as error:
            raise Rejected("letter", error.code, error.message) from error
        except (SMTPException, OSError, TimeoutError) as error:
            raise NoAnswer(f"no answer to a letter: {type(error).__name__}") from error
        return answer.message

    async def _connection(self) -> tuple[SMTP, bool]:
        """One to hand a letter in on, and whether it was used before."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection, since = self._idle.pop()
            if connection.is_connected and now - since < _IDLE_SECONDS:
                return connection, True
            connection.close()
        return await self._connect(), False

    async def _connect(self) -> SMTP:
        server = self._server
        connection = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=server.tls,
            local_hostname=server.name,
            timeout=server.seconds,
        )
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await connection.connect()
                if server.username is not None:
                    await connection.login(server.username, server.password or "")
        except SMTPResponseException as error:
            connection.close()
            raise Rejected("login", error.code, error.message) from error
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            connection.close()
            why = str(error) or type(error).__name__
            raise NotHanded(f"no connection: {why}"[:200]) from error
        return connection

    async def _keep(self, connection: SMTP, *, is_clean: bool) -> None:
        """For the next letter; after a refusal the server is told to forget this one."""
        if not is_clean:
            try:
                await connection.rset()
            except (SMTPException, OSError, TimeoutError):
                connection.close()
        if connection.is_connected:
            self._idle.append((connection, asyncio.get_running_loop().time()))


async def _step(step: str, asked: object) -> None:
    """A command before the data: nothing has been sent when it fails."""
    try:
        await asked  # pyright: ignore[reportGeneralTypeIssues, reportUnknownVariableType]
    except SMTPResponseException as error:
        raise Rejected(step, error.code, error.message) from error
    except (SMTPException, OSError, TimeoutError) as error:
        raise NotHanded(f"the connection broke: {type(error).__name__}") from error
