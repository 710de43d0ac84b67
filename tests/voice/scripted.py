"""A telephone line without a network: the callee does what a list says, the clock is the loop's.

Sound that the bot sends leaves the line in real time of that clock, as the SIP stack's does; what
has left it is what the callee heard.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

from campana.domain.attempt import AttemptEvent
from campana.domain.transfer import TransferOutcome, Transferred
from campana.voice.driver import Hangup, NotPlaced, Placement, Progress
from campana.voice.media import PHONE_RATE, silence, tone

Deed = tuple[float, Literal["press", "hang_up", "vanish"], str]
"""When, in seconds after the answer; what; which key."""
Desks = Mapping[str, tuple[float, Transferred]]
"""What somebody to whom a call is handed does with it, and after how many seconds."""


class LoopClock:
    """The loop's time as a date."""

    is_steady = True

    def now(self) -> datetime:
        return datetime.fromtimestamp(asyncio.get_running_loop().time(), UTC)


class ScriptedCall:
    sample_rate = PHONE_RATE
    quality = None

    def __init__(
        self,
        deeds: tuple[Deed, ...],
        *,
        hum: bool = False,
        says: Sequence[tuple[float, float]] = (),
        desks: Desks | None = None,
    ) -> None:
        """`says` is when the callee makes a sound and for how long; else there is silence."""
        self._desks = desks or {}
        self._says = says
        self.keys: asyncio.Queue[str] = asyncio.Queue()
        self.heard = bytearray()
        """What has reached the callee, silence included, from the answer on."""
        self.most_queued = 0
        self._loop = asyncio.get_running_loop()
        self._answered = self._read_until = self._loop.time()
        self._line = bytearray()
        self._over: asyncio.Future[Hangup] = self._loop.create_future()
        self._hum = tone(300, duration=20, rate=PHONE_RATE) if hum else b""
        for after, deed, key in deeds:
            self._loop.call_later(after, self._do, deed, key)

    def _do(self, deed: str, key: str) -> None:
        match deed:
            case "press":
                self.keys.put_nowait(key)
            case "hang_up":
                self._end(Hangup.CALLEE)
            case _:
                self._end(Hangup.NETWORK)

    def _end(self, by: Hangup) -> None:
        self._transmit()
        if not self._over.done():
            self._over.set_result(by)

    def _transmit(self) -> None:
        """Move what is due from the line to the callee's ear."""
        due = 2 * int((self._loop.time() - self._answered) * PHONE_RATE) - len(self.heard)
        sent = self._line[:due]
        del self._line[:due]
        self.heard += sent + bytes(due - len(sent))

    @property
    def ended(self) -> Hangup | None:
        return self._over.result() if self._over.done() else None

    def read(self) -> bytes:
        now = self._loop.time()
        first, last = (2 * int((t - self._answered) * PHONE_RATE) for t in (self._read_until, now))
        self._read_until = now
        if self._says:
            at = now - self._answered
            is_sound = any(start <= at < start + length for start, length in self._says)
            piece = tone(300, duration=(last - first) / 2 / PHONE_RATE, rate=PHONE_RATE)
            return piece if is_sound else bytes(len(piece))
        return self._hum[first:last] if self._hum else silence(0, PHONE_RATE)

    def speak(self, seconds: float) -> None:
        """The callee makes a sound from now on."""
        self._says = (*self._says, (self._loop.time() - self._answered, seconds))

    def write(self, pcm: bytes) -> int:
        self._transmit()
        self._line += pcm
        self.most_queued = max(self.most_queued, len(self._line))
        return len(pcm)

    def queued(self) -> int:
        self._transmit()
        return len(self._line)

    def flush(self) -> int:
        self._transmit()
        count = len(self._line)
        self._line.clear()
        return count

    async def transfer(self, to: str, *, seconds: float) -> Transferred:
        after, told = self._desks[to]
        if told.outcome is TransferOutcome.ANSWERED:
            self._loop.call_later(after, self._end, Hangup.TRANSFERRED)
        await asyncio.sleep(min(after, seconds))
        return told if after <= seconds else Transferred(outcome=TransferOutcome.NO_ANSWER)

    async def wait_ended(self) -> Hangup:
        return await asyncio.shield(self._over)

    async def hang_up(self) -> None:
        self._end(Hangup.BOT)


class ScriptedDriver:
    """Rings for `ring` seconds, then answers with a ScriptedCall, or fails as told."""

    def __init__(
        self,
        *deeds: Deed,
        ring: float = 1.0,
        fails: NotPlaced | None = None,
        hum: bool = False,
        says: Sequence[tuple[float, float]] = (),
        desks: Desks | None = None,
    ) -> None:
        self._says = says
        self._desks = desks
        self.free_lines = 1
        self.broken: str | None = None
        self.call: ScriptedCall | None = None
        self.taken_back = False
        self._deeds = deeds
        self._ring = ring
        self._fails = fails
        self._hum = hum

    async def place(
        self, placement: Placement, *, on_progress: Callable[[Progress], None]
    ) -> ScriptedCall:
        assert placement.to.startswith("+")
        on_progress(Progress.RINGING)
        try:
            await asyncio.sleep(self._ring)
        except asyncio.CancelledError:
            self.taken_back = True
            raise
        if self._fails is not None:
            raise self._fails
        self.call = ScriptedCall(self._deeds, hum=self._hum, says=self._says, desks=self._desks)
        return self.call

    async def aclose(self) -> None:
        return None


class Events(list[AttemptEvent]):
    """Collects what a call tells."""

    def types(self) -> list[str]:
        return [event.type.value for event in self]
