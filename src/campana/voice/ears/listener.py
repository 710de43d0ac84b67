"""The ears of one call: hears turns in the sound, has them read, and says what was heard.

    sound ─▶ sense (thread) ─▶ turns ─▶ Began
                                  ├─ a short pause ─▶ read (thread) ─▶ is that enough? Said
                                  └─ a long one ──────────────────────────────────────▶ Said

What nobody can read (a cough, a click) is a Said without words: somebody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from campana.domain.answered_by import AnsweredBy, Greeting
from campana.voice.ears.ear import Began, Said, Timing
from campana.voice.ears.hearing import Chunk, Hearing, Read
from campana.voice.ears.turns import CHUNK_SECONDS, Moment, TurnDetector
from campana.voice.media import PHONE_RATE, seconds, silence

log = logging.getLogger(__name__)

GAP_SECONDS = 0.2
"""Nothing came for so long: the other side sends no silence, so it is made."""


def _never(_: Said) -> bool:
    return False


class Listener:
    """Hears one call. `run` works until it is cancelled."""

    def __init__(self, ears: Hearing) -> None:
        self.events: asyncio.Queue[Began | Said] = asyncio.Queue()
        self.beeped = asyncio.Event()
        """A beep has sounded and is over."""
        self._ears = ears
        self._call = ears.call()
        self._sound: asyncio.Queue[bytes] = asyncio.Queue()
        self._taken = 0.0
        """Seconds of the call that were handed over."""
        self._heard = 0.0
        """Seconds of it that were looked at."""
        self._turns = TurnDetector()
        self._began_at = self._ended_at = 0.0
        self._sure_at = 0.0
        """When there was nothing to wait for but the words."""
        self._loop = asyncio.get_running_loop()
        self._answered = self._loop.time()
        """The moment of the answer, by the loop's clock."""
        self._reading: asyncio.Task[None] | None = None
        self._read: Said | None = None
        """What the turn was when it paused, in case it is over."""
        self._is_over = False
        """The turn has ended and waits to be read."""
        self._phrases: Sequence[str] = ()
        self._is_enough: Callable[[Said], bool] = _never
        self._greeting: Greeting | None = None
        self._opening = bytearray()
        self._verdict: asyncio.Future[AnsweredBy] = self._loop.create_future()
        self._judging: asyncio.Task[None] | None = None
        self._is_beeping = False

    @property
    def is_busy(self) -> bool:
        """Is somebody speaking, or what they said being read?"""
        return self._turns.is_speaking or self._is_over or not self.events.empty()

    def expect(self, phrases: Sequence[str], is_enough: Callable[[Said], bool]) -> None:
        """What to score from now on, and whether a turn that only paused may be taken already."""
        self._phrases, self._is_enough = phrases, is_enough

    def hear(self, pcm: bytes, *, now: float) -> None:
        """Sound of the call up to `now`, seconds since the answer."""
        self._answered = self._loop.time() - now
        missing = now - self._taken - seconds(pcm, PHONE_RATE)
        if missing > GAP_SECONDS:
            pcm = silence(missing, PHONE_RATE) + pcm
        if pcm:
            self._taken += seconds(pcm, PHONE_RATE)
            self._sound.put_nowait(pcm)

    async def who_answered(self) -> AnsweredBy:
        """Listen to the greeting until it is known, or cannot be."""
        self._greeting = Greeting()
        try:
            return await self._verdict
        finally:
            self._greeting = None

    async def run(self) -> None:
        """Hear what is handed over, for ever."""
        try:
            while True:
                pcm = await self._sound.get()
                while not self._sound.empty():
                    pcm += self._sound.get_nowait()
                for chunk in await self._ears.sense(self._call, pcm):
                    self._look(chunk)
        finally:
            working = [task for task in (self._reading, self._judging) if task is not None]
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    def _look(self, chunk: Chunk) -> None:
        self._heard += CHUNK_SECONDS
        if self._is_beeping and not chunk.is_tone:
            self.beeped.set()
        self._is_beeping = chunk.is_beep or (self._is_beeping and chunk.is_tone)
        # A tone is nobody: a beep, a key, a ring.
        probability = 0.0 if chunk.is_tone else chunk.probability
        match self._turns.hear(chunk.pcm, probability):
            case Moment.STARTED:
                self._began_at = max(0.0, self._heard - self._turns.spoken_seconds)
                self.events.put_nowait(Began(at=self._began_at))
            case Moment.PAUSED if not self._is_over:
                self._have_read()
            case Moment.RESUMED:
                self._drop_reading()
            # Told with each chunk until the turn is forgotten, when it has been read.
            case Moment.ENDED if not self._is_over:
                self._end()
            case Moment.DROPPED:
                self._turns.forget()
                self._tell(Said(text="", scores={}, at=self._began_at))
            case Moment.PAUSED | Moment.ENDED | None:
                pass
        if self._greeting is not None:
            self._judge(self._greeting, chunk)

    def _end(self) -> None:
        """Nothing follows: what was read is what they said, or will be."""
        self._is_over = True
        if self._reading is None:
            self._have_read()
        else:
            self._sure_at = self._elapsed()
        if self._read is not None:
            self._publish(self._read)

    def _have_read(self) -> None:
        self._read = None
        self._sure_at = self._elapsed()
        self._ended_at = min(self._sure_at, self._heard - self._turns.quiet_seconds)
        sound, spoken = self._turns.sound, self._turns.spoken_seconds
        self._reading = asyncio.ensure_future(self._reads(sound, spoken, self._phrases))

    async def _reads(self, sound: bytes, spoken: float, phrases: Sequence[str]) -> None:
        found = await self._words_in(sound, spoken, phrases)
        said = Said(text=found.text, scores=found.scores, at=self._began_at)
        if self._is_over or self._is_enough(said):
            self._publish(said)
        else:
            self._read = said

    async def _words_in(self, sound: bytes, spoken: float, phrases: Sequence[str]) -> Read:
        try:
            return await self._ears.read(sound, spoken_seconds=spoken, phrases=phrases)
        except Exception:
            # A bug or a model that fails: the call goes on as if nothing had been understood.
            log.exception("what was said could not be read")
            return Read(text="", scores={})

    def _publish(self, said: Said) -> None:
        timing = Timing(ended=self._ended_at, sure=self._sure_at, read=self._elapsed())
        self._turns.forget()
        self._reading = self._read = None
        self._is_over = False
        self._tell(replace(said, timing=timing))

    def _elapsed(self) -> float:
        """Seconds since the answer."""
        return self._loop.time() - self._answered

    def _tell(self, said: Said) -> None:
        self.events.put_nowait(said)

    def _drop_reading(self) -> None:
        """They only paused."""
        if self._reading is not None:
            self._reading.cancel()
        self._reading = self._read = None
        self._is_over = False

    def _judge(self, greeting: Greeting, chunk: Chunk) -> None:
        self._opening += chunk.pcm
        is_wanted = greeting.hear(
            is_speech=self._turns.is_speech, is_beep=chunk.is_beep, seconds=CHUNK_SECONDS
        )
        if is_wanted and (self._judging is None or self._judging.done()):
            self._judging = asyncio.ensure_future(self._judges(greeting))
        self._decide(greeting)

    async def _judges(self, greeting: Greeting) -> None:
        spoken = greeting.spoken_seconds
        found = await self._words_in(bytes(self._opening), spoken, ())
        greeting.read(found.text, spoken_seconds=spoken)
        self._decide(greeting)

    def _decide(self, greeting: Greeting) -> None:
        if greeting.verdict is not None and not self._verdict.done():
            self._verdict.set_result(greeting.verdict)
