"""The sound of one call in real time: what comes is recorded, what is to be said is sent.

One tick a frame serves both directions. Sound is handed over 60 ms ahead of the wire: no more, so
that stopping is heard at once; no less, so that a busy moment of this process is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol
from weakref import WeakKeyDictionary

from campana.voice.driver import VoiceCall
from campana.voice.media import FRAME_SECONDS, frame_bytes, frames, seconds
from campana.voice.recording import Recording

AHEAD_SECONDS = 0.06


class Hearer(Protocol):
    """Somebody who listens to what comes."""

    def hear(self, pcm: bytes, *, now: float) -> None: ...


class _Ticks:
    """The moments at which all calls of an event loop move their sound.

    It wakes up once for them, and what it has to do for each of them is less. A late tick is not
    made up for: the sound of the missed ones is taken together.
    """

    def __init__(self) -> None:
        self._moved: list[Callable[[], None]] = []
        self._tick = 0
        """Counted by the clock of the loop: the last one that was waited for."""
        self._next: asyncio.TimerHandle | None = None

    def add(self, move: Callable[[], None]) -> None:
        """From the next tick on."""
        self._moved.append(move)
        if self._next is None:
            self._wait()

    def remove(self, move: Callable[[], None]) -> None:
        """Not any more."""
        self._moved.remove(move)
        if not self._moved and self._next is not None:
            self._next.cancel()
            self._next = None

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._tick = max(self._tick, int(loop.time() / FRAME_SECONDS)) + 1
        self._next = loop.call_at(self._tick * FRAME_SECONDS, self._move)

    def _move(self) -> None:
        for move in tuple(self._moved):
            move()
        self._wait()


_ALL_TICKS: WeakKeyDictionary[asyncio.AbstractEventLoop, _Ticks] = WeakKeyDictionary()


def _ticks(loop: asyncio.AbstractEventLoop) -> _Ticks:
    if loop not in _ALL_TICKS:
        _ALL_TICKS[loop] = _Ticks()
    return _ALL_TICKS[loop]


class SoundStream:
    """Moves sound between a call, a bot and a recording. Times are seconds since the answer."""

    def __init__(
        self, call: VoiceCall, *, recording: Recording | None, ear: Hearer | None = None
    ) -> None:
        """Made when the call is answered: that is where the recording begins."""
        self._call = call
        self._ear = ear
        self._recording = recording
        self._loop = asyncio.get_running_loop()
        self._answered = self._loop.time()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._waiting: list[bytes] = []
        """Frames to be sent, the next one last."""
        self._sent: asyncio.Future[None] | None = None
        self.sounded_at: float | None = None
        """When the first frame of what was played last left for the line; None until it has."""
        self.share = 0.0
        """How much of what was played last has left for the line, from 0 to 1."""
        self._ahead = int(AHEAD_SECONDS / FRAME_SECONDS) * frame_bytes(call.sample_rate)

    def elapsed(self) -> float:
        """Seconds since the answer."""
        return self._loop.time() - self._answered

    async def run(self) -> None:
        """Move sound until the call is over."""
        self._over = self._loop.create_future()
        self._tick()
        ticks = _ticks(self._loop)
        ticks.add(self._tick)
        try:
            await self._over
        finally:
            ticks.remove(self._tick)

    def _tick(self) -> None:
        if self._over.done():
            return
        try:
            if self._call.ended is not None:
                self._over.set_result(None)
                return
            now = self.elapsed()
            self._hear(now)
            self._speak(now)
            if self._recording is not None:
                self._recording.advance(now)
        except Exception as error:  # noqa: BLE001  raised in `run`: no other call ends by it
            self._over.set_exception(error)

    async def play(self, pcm: bytes) -> None:
        """Say `pcm`; returns when the last of it has been sent. Cancelled, it is silent at once."""
        size = frame_bytes(self._call.sample_rate)
        self._waiting = list(frames(pcm, size))[::-1]
        self._sent = self._loop.create_future()
        self.sounded_at, self.share = None, 0.0
        # Somebody waits for it: not only with the next tick.
        self._speak(self.elapsed())
        try:
            await self._sent
            self.share = 1.0
        except asyncio.CancelledError:
            waiting, self._waiting = size * len(self._waiting), []
            forgotten = self._call.flush()
            self.share = max(0.0, 1 - (waiting + forgotten) / max(1, len(pcm)))
            if self._recording is not None:
                self._recording.unsaid(forgotten)
            raise
        finally:
            self._sent = None

    def _hear(self, now: float) -> None:
        pcm = self._call.read()
        if self._ear is not None:
            self._ear.hear(pcm, now=now)
        if pcm and self._recording is not None:
            began = now - seconds(pcm, self._call.sample_rate)
            self._recording.heard(pcm, at=max(0.0, began))

    def _speak(self, now: float) -> None:
        if self._sent is None:
            return
        queued = self._call.queued()
        while self._waiting and queued + len(self._waiting[-1]) <= self._ahead:
            frame = self._waiting[-1]
            if not self._call.write(frame):
                return
            self._waiting.pop()
            if self.sounded_at is None:
                self.sounded_at = now + queued / (2 * self._call.sample_rate)
            if self._recording is not None:
                at = now + queued / (2 * self._call.sample_rate)
                self._recording.said(frame, at=at)
            queued += len(frame)
        if not self._waiting and not queued and not self._sent.done():
            self._sent.set_result(None)
