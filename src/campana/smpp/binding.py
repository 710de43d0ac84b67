"""An account at a message center: bound again whenever its session ends, and what is asked there.

A message of several parts is submitted part after part. Once the first is taken the person may see
it, so whatever then goes wrong leaves the whole in doubt, and is never sent anew.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from campana.smpp import pdu
from campana.smpp.addressing import address_of
from campana.smpp.pdu import Bind, Command, Pdu, Status, Unreadable
from campana.smpp.receipt import STATES, State
from campana.smpp.session import (
    GO,
    BindRefused,
    Delivery,
    Go,
    Line,
    NotWritten,
    Session,
    Take,
    Unanswered,
)

log = logging.getLogger(__name__)

PUSH_BACK = frozenset({Status.QUEUE_FULL, Status.THROTTLED})
"""What says: not so fast."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds before the next try to bind: longer with each that fails."""
_REFUSED_PAUSE = 30.0
"""After an account was not let in: providers lock those who keep knocking."""


class Refused(Exception):
    """The provider answered that it does not take it; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with status 0x{status:08x}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where an account is, and how it is spoken to there."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    bind: Bind
    line: Line
    throttle_seconds: float
    """After a PUSH_BACK, before the next part of a message that is begun."""

    def __repr__(self) -> str:
        return f"{self.host}:{self.port}"


class Binding:
    """Bound while `keep` runs, as far as the provider lets it."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._session: Session | None = None
        self._is_over = False

    @property
    def is_bound(self) -> bool:
        """Can something be submitted now?"""
        return self._session is not None and self._session.is_open

    async def keep(self, take: Take) -> None:
        """Bind, and again whenever the session ends, until cancelled; then say goodbye."""
        pause = _SHORTEST_PAUSE
        try:
            while not self._is_over:
                try:
                    self._session = await self._bound(take)
                except BindRefused as error:
                    log.error("%r: the account is not let in: %s", self._provider, error)
                    pause = _REFUSED_PAUSE
                except (OSError, TimeoutError, NotWritten, Unanswered) as error:
                    why = str(error) or type(error).__name__
                    log.warning("%r: no connection: %s", self._provider, why)
                else:
                    log.info("%r: bound", self._provider)
                    pause = _SHORTEST_PAUSE
                    if self._is_over:
                        break
                    await self._session.closed.wait()
                    log.warning("%r: the session ended", self._provider)
                await asyncio.sleep(pause)
                pause = min(_LONGEST_PAUSE, pause * 2)
        finally:
            await self.aclose()

    async def try_once(self) -> None:
        """Bind and say goodbye; what is delivered meanwhile is left to come again.

        Raises:
            OSError, TimeoutError, NotWritten, Unanswered: there is no connection.
            BindRefused: there is, and the account is not let in.
        """
        session = await self._bound(_leave)
        await session.unbind()

    async def aclose(self) -> None:
        """Give up the session, after the answers that are due; it is not bound again."""
        self._is_over = True
        session, self._session = self._session, None
        if session is not None:
            await session.unbind()

    async def submit(self, parts: Sequence[bytes], *, go: Go = GO) -> list[str]:
        """The provider's names of the parts, once it has taken them all.

        Raises:
            NotWritten: nothing has left.
            Refused: the provider has taken nothing.
            Unanswered: it may have taken some of it.
        """
        names: list[str] = []
        for part in parts:
            try:
                if not names:
                    answer = await self._ask(part, go=go)
                else:
                    answer = await self._insist(part)
                names.append(_name(answer))
            except (NotWritten, Refused) as error:
                if names:
                    raise Unanswered(f"only a part was taken: {error}") from error
                raise
        return names

    async def query(self, name: str, source: str) -> State:
        """What became of a message.

        Raises:
            NotWritten, Refused, Unanswered: the provider did not say.
        """
        body = pdu.query_body(name, address_of(source))
        answer = await self._request(Command.QUERY_SM, body)
        try:
            state, _ = pdu.read_state(answer.body)
        except Unreadable as error:
            raise Unanswered(str(error)) from error
        return STATES.get(state, State.UNKNOWN)

    async def _insist(self, part: bytes) -> Pdu:
        """Submit a later part: a provider that is busy is asked some times more."""
        for pause in (1, 2, 4):
            try:
                return await self._ask(part)
            except Refused as error:
                if error.status not in PUSH_BACK:
                    raise
                await asyncio.sleep(pause * self._provider.throttle_seconds)
        return await self._ask(part)

    async def _ask(self, part: bytes, *, go: Go = GO) -> Pdu:
        return await self._request(Command.SUBMIT_SM, part, go=go)

    async def _request(self, command: Command, body: bytes, *, go: Go = GO) -> Pdu:
        session = self._session
        if session is None:
            raise NotWritten("there is no connection")
        answer = await session.request(command, body, go=go)
        if answer.status != Status.OK or answer.command == Command.GENERIC_NACK:
            raise Refused(answer.status)
        return answer

    async def _bound(self, take: Take) -> Session:
        provider = self._provider
        return await Session.open(
            provider.host,
            provider.port,
            tls=provider.tls,
            bind=provider.bind,
            line=provider.line,
            take=take,
        )


async def _leave(deliveries: Sequence[Delivery]) -> None:
    for delivery in deliveries:
        delivery.answer(is_taken=False)


def _name(answer: Pdu) -> str:
    try:
        name = pdu.read_message_id(answer.body)
    except Unreadable as error:
        raise Unanswered(f"taken, with an answer nobody understands: {error}") from error
    if not name:
        raise Unanswered("taken, under no name")
    return name
