"""The websocket of somebody who talks to a bot: sound and messages, both ways, within limits.

    the page ── start ─▶ this ── order ─▶ who runs bots (`services/browser_talks`)
             ── sound, keys, words ─▶      ──────────▶
             ◀─ sound, what happens ──     ◀──────────

It ends with the page, with the session of whoever is signed in, and with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Generator, Mapping
from typing import Any, cast

import msgspec
from litestar import WebSocket, websocket
from litestar.datastructures import State
from litestar.exceptions import WebSocketDisconnect
from litestar.params import FromPath

from campana.domain.errors import CampanaError, InvalidParameter, RateLimited, Unavailable
from campana.services import auditing, browser_talks, people, voicebots
from campana.services.auditing import Asked
from campana.services.browser_talks import Message, Order, Talking, Talks
from campana.services.context import Context
from campana.services.people import Visitor
from campana.web.console.bot_talk import NEEDED, spoken_to
from campana.web.console.language import marked, say
from campana.web.console.requests import needs

log = logging.getLogger(__name__)

Line = WebSocket[Visitor, None, State]

NORMAL, GOING_AWAY, POLICY, AGAIN_LATER = 1000, 1001, 1008, 1013
"""Codes that a websocket is closed with (RFC 6455, 7.4.1)."""
START_SECONDS = 10.0
"""How long a page may take to say what it wants."""
MOST_SOUND_BYTES = 3_200
"""Of one message: a fifth of a second."""
SOUND_BYTES_PER_SECOND = 16_000
_SPARE = 10.0
"""How many seconds ahead of real time sound may be: what waited on a slow way comes at once."""
SOUNDS_PER_SECOND = 100
"""Messages of sound: twice as many as a page sends."""
MESSAGES_PER_SECOND = 10
_SESSION_SECONDS = 3.0


class OpenLines:
    """Those of one process."""

    def __init__(self, talks: Talks | None) -> None:
        self._talks = talks
        self._ends: set[asyncio.Event] = set()

    async def open(self, order: Order) -> Talking:
        """As `Talks.open`."""
        if self._talks is None:
            raise Unavailable(marked("nobody runs bots for the console here"))
        return await self._talks.open(order)

    @contextlib.contextmanager
    def closing(self) -> Generator[asyncio.Event]:
        """An event that is set when the process is about to end."""
        end = asyncio.Event()
        self._ends.add(end)
        try:
            yield end
        finally:
            self._ends.discard(end)

    def close_all(self) -> None:
        """The process is about to end."""
        for end in self._ends:
            end.set()


class Allowance:
    """How much may come, evenly: `rate` a second and `spare` seconds of it at once."""

    def __init__(self, rate: float, *, spare: float) -> None:
        self._rate = rate
        self._most = self._left = rate * spare
        self._at = time.monotonic()

    def take(self, count: float) -> bool:
        """Whether so much may come now."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._rate) - count
        self._at = now
        return self._left >= 0


@websocket("/bots/{bot_id:str}/talk/line", opt=needs(NEEDED, action="bot.talk"))
async def talk_to_bot(socket: Line, bot_id: FromPath[str]) -> None:
    """A talk, from its first message to its result."""
    await socket.accept()
    lines = cast("OpenLines", socket.app.state["lines"])
    talking: Talking | None = None
    with lines.closing() as end:
        try:
            order = await _order(socket, bot_id)
            await _note(socket, bot_id)
            talking = await lines.open(order)
            code = await _until_over(socket, talking, end)
        except (WebSocketDisconnect, OSError):
            # The page is gone: what sends to it finds out now and then before what receives.
            return
        except CampanaError as error:
            code = AGAIN_LATER if isinstance(error, RateLimited | Unavailable) else POLICY
            await _tell(socket, {"type": "refused", "message": _said(error)})
        finally:
            if talking is not None:
                talking.close()
        with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
            await socket.close(code=code)


async def _order(socket: Line, bot_id: str) -> Order:
    """What the page wants to talk to.

    Raises:
        CampanaError: it cannot, or did not say so in time.
    """
    try:
        async with asyncio.timeout(START_SECONDS):
            fields = browser_talks.fields_by_page(await socket.receive_text())
    except TimeoutError:
        raise InvalidParameter("the page did not say what it wants") from None
    _, definition = await spoken_to(
        _context(socket),
        workspace_id=socket.user.workspace_id,
        bot_id=bot_id,
        version=socket.query_params.get("version"),
    )
    voicebots.load(definition)
    return Order(workspace_id=socket.user.workspace_id, definition=definition, fields=fields)


async def _until_over(socket: Line, talking: Talking, end: asyncio.Event) -> int:
    """Pass on what comes from either side until one of them is gone; how to close."""
    down = asyncio.ensure_future(_down(socket, talking))
    up = asyncio.ensure_future(_up(socket, talking))
    session = asyncio.ensure_future(_until_signed_out(socket))
    ending = asyncio.ensure_future(end.wait())
    everything = (down, up, session, ending)
    try:
        await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)
    for task in (up, down):
        if not task.cancelled() and (failed := task.exception()) is not None:
            raise failed
    if not ending.cancelled() or not session.cancelled():
        why = (
            say("The server is about to restart.")
            if not ending.cancelled()
            else say("You signed out.")
        )
        await _tell(socket, {"type": "failed", "message": why})
        return GOING_AWAY
    return NORMAL


async def _down(socket: Line, talking: Talking) -> None:
    """To the page, until the talk is over."""
    is_told = False
    while (told := await talking.receive()) is not None:
        if isinstance(told, bytes):
            await socket.send_bytes(told)
        else:
            is_told = told["type"] in {"over", "failed"}
            await _tell(socket, told)
    if not is_told:
        log.warning("whoever ran a bot for the console ended in the middle of a talk")
        message = say("The bot's process ended in the middle. Talk to it again.")
        await _tell(socket, {"type": "failed", "message": message})


async def _up(socket: Line, talking: Talking) -> None:
    """From the page, until it is gone.

    Raises:
        CampanaError: more comes than may, or what nobody understands.
        WebSocketDisconnect: it is gone.
    """
    sound = Allowance(SOUND_BYTES_PER_SECOND, spare=_SPARE)
    sounds = Allowance(SOUNDS_PER_SECOND, spare=_SPARE)
    messages = Allowance(MESSAGES_PER_SECOND, spare=_SPARE)
    while True:
        event = cast("Mapping[str, Any]", await socket.receive())
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(detail="gone")
        pcm: bytes | None = event.get("bytes")
        if pcm is not None:
            if len(pcm) > MOST_SOUND_BYTES or len(pcm) % 2:
                raise InvalidParameter(
                    f"sound comes in whole samples, {MOST_SOUND_BYTES} bytes at most"
                )
            if not sound.take(len(pcm)) or not sounds.take(1):
                raise RateLimited("sound comes faster than anybody speaks")
            await talking.send(pcm)
            continue
        if not messages.take(1):
            raise RateLimited("too many messages in too little time")
        await talking.send(browser_talks.told_by_page(event.get("text") or ""))


async def _until_signed_out(socket: Line) -> None:
    """Returns when whoever talks may not any more."""
    while True:
        await asyncio.sleep(_SESSION_SECONDS)
        try:
            found = await people.visitor(_context(socket), socket.scope["state"]["cookie"])
        except Unavailable:
            continue
        if found is None or NEEDED not in found.scopes:
            return


async def _note(socket: Line, bot_id: str) -> None:
    visitor = socket.user
    asked = Asked(
        workspace_id=visitor.workspace_id,
        person_id=visitor.person_id,
        actor=f"{visitor.name} <{visitor.email}>",
        action="bot.talk",
        subject=bot_id,
        fields={"version": socket.query_params.get("version") or "draft"},
        client=socket.client.host if socket.client else None,
        request_id="",
    )
    await auditing.note_asked(_context(socket), asked)


async def _tell(socket: Line, told: Message) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, OSError):
        await socket.send_text(msgspec.json.encode(told).decode())


def _said(error: CampanaError) -> str:
    """In a sentence, with what is wrong with a bot."""
    if isinstance(error, InvalidParameter) and error.problems:
        return "; ".join(f"{each.pointer}: {each.message}" for each in error.problems[:5])
    return error.message


def _context(socket: Line) -> Context:
    return cast("Context", socket.app.state["context"])


SOCKETS = [talk_to_bot]
