"""The ears of one call: hears turns in the sound, has them read, and says what was heard.

    sound ─▶ sense (thread) ─▶ turns ─▶ Began
                                  ├─ a hush ────────▶ read (thread) ┐ nothing more was said
                                  ├─ a short pause ─────────────────┴▶ is that enough? Said
                                  └─ a long one ──────────────────────────────────────▶ Said

What is read in a hush are the same sounds of speech, with a little less of the silence behind them;
when somebody goes on it is dropped, and a pause that could not be read ahead is read when it comes.

Sound is looked at in batches: one chunk costs a thread's waking, three little more. It takes some
chunks in a row to tell anything (three that somebody speaks, four that they may have paused), and
no batch is longer than that, so that all is known as soon as if each chunk had been looked at when
it came. Digital silence while nobody speaks waits longer.

What nobody can read (a cough, a click) is a Said without words: somebody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from campana.domain.answered_by import SILENCE_SECONDS, AnsweredBy, Greeting
from campana.voice.ears.ear import Began, Said, Timing
from campana.voice.ears.hearing import Chunk, Hearing, IsTold, Read, never_told
from campana.voice.ears.turns import CHUNK_BYTES, CHUNK_SECONDS, END_SECONDS, Moment, TurnDetector
from campana.voice.media import PHONE_RATE, is_still, seconds, silence

log = logging.getLogger(__name__)

GAP_SECONDS = 0.2
"""Nothing came for so long: the other side sends no silence, so it is made."""
BATCH_SECONDS = 0.08
"""Where nothing is to be told sooner. All calls of a process hand their sound over at the same
moments, so that it is looked at in one go."""
STILL_BATCHES = 8
"""Nothing but digital silence waits for so many of those moments."""


def _never(_: Said) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class _Expected:
    """What to score, and whether a turn that only paused may be taken already."""

    phrases: Sequence[str] = ()
    is_enough: Callable[[Said], bool] = _never


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A reading that began in a hush: of how much speech, and for what."""

    spoken_seconds: float
    expected: _Expected
    reading: asyncio.Task[Read]


class Listener:
    """Hears one call. `run` works until it is cancelled."""

    def __init__(self, ears: Hearing, *, end_seconds: float = END_SECONDS) -> None:
        """`end_seconds` of silence end what somebody says."""
        self.events: asyncio.Queue[Began | Said] = asyncio.Queue()
        self.beeped = asyncio.Event()
        """A beep has sounded and is over."""
        self._ears = ears
        self._call = ears.call()
        self._waiting = bytearray()
        """Sound that was not looked at yet."""
        self._is_still = True
        """Is that nothing but digital silence?"""
        self._batch = -1
        """The moment of the batch that was looked at last."""
        self._due = asyncio.Event()
        self._taken = 0.0
        """Seconds of the call that were handed over."""
        self._heard = 0.0
        """Seconds of it that were looked at."""
        self._turns = TurnDetector(end_seconds=end_seconds)
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
        self._ahead: _Ahead | None = None
        self._expected = _Expected()
        self._greeting: Greeting | None = None
        self._greeting_from = 0.0
        """Seconds of the call that came before it."""
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
        self._expected = _Expected(phrases, is_enough)

    def hear(self, pcm: bytes, *, now: float) -> None:
        """Sound of the call up to `now`, seconds since the answer."""
        self._answered = self._loop.time() - now
        missing = now - self._taken - seconds(pcm, PHONE_RATE)
        if missing > GAP_SECONDS:
            pcm = silence(missing, PHONE_RATE) + pcm
        if pcm:
            self._taken += seconds(pcm, PHONE_RATE)
            self._is_still = self._is_still and is_still(pcm)
            self._waiting += pcm
        if self._is_due:
            self._due.set()

    async def who_answered(self, *, patience: float = SILENCE_SECONDS) -> AnsweredBy:
        """Listen to the greeting until it is known, or cannot be; to the next one when asked again.

        Args:
            patience: how long nobody need say anything.
        """
        self._greeting = Greeting(patience=patience)
        self._greeting_from = self._taken
        self._opening.clear()
        self._verdict = self._loop.create_future()
        try:
            return await self._verdict
        finally:
            self._greeting = None

    async def run(self) -> None:
        """Hear what is handed over, for ever."""
        try:
            while True:
                while not self._is_due:
                    self._due.clear()
                    await self._due.wait()
                for chunk in await self._ears.sense(self._call, self._take()):
                    self._look(chunk)
        finally:
            working = self._working()
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    @property
    def _is_due(self) -> bool:
        """Must what waits be looked at now?"""
        waiting = len(self._waiting)
        # Nothing can be told of less than a chunk: no thread is woken for it.
        if waiting < CHUNK_BYTES:
            return False
        turns = self._turns
        if self._is_beeping or self._greeting is not None or self._batch < 0:
            return True
        if self._is_still and not turns.is_speech and not turns.is_speaking:
            return self._moment // STILL_BATCHES != self._batch // STILL_BATCHES
        return self._moment != self._batch or waiting >= turns.chunks_to_wait * CHUNK_BYTES

    @property
    def _moment(self) -> int:
        return int(self._loop.time() / BATCH_SECONDS)

    def _take(self) -> bytes:
        """The whole chunks of what waits."""
        whole = len(self._waiting) // CHUNK_BYTES * CHUNK_BYTES
        taken = bytes(self._waiting[:whole])
        del self._waiting[:whole]
        self._is_still = self._is_still or not self._waiting
        self._batch = self._moment
        return taken

    def _working(self) -> list[asyncio.Task[Any]]:
        """All that is being read."""
        ahead = self._ahead.reading if self._ahead is not None else None
        return [task for task in (self._reading, ahead, self._judging) if task is not None]

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
                self._read_ahead()
        if self._greeting is not None and self._heard > self._greeting_from:
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
        self._drop_ahead_of_more()
        found = self._ahead.reading if self._ahead is not None else self._have_turn_read()
        self._ahead = None
        self._reading = asyncio.ensure_future(self._reads(found))

    def _read_ahead(self) -> None:
        """Begin with what will most likely be all they said."""
        self._drop_ahead_of_more()
        # While it is judged who answers nobody waits for words, and the threads have enough to do.
        is_wanted = self._ahead is None and self._reading is None and self._greeting is None
        if is_wanted and self._turns.is_hushed and self._ears.may_read_ahead:
            spoken, expected = self._turns.spoken_seconds, self._expected
            self._ahead = _Ahead(spoken, expected, self._have_turn_read())

    def _drop_ahead_of_more(self) -> None:
        """What was read ahead is of no use when more was said since, or another thing is asked."""
        ahead = self._ahead
        if ahead is None:
            return
        is_same = ahead.spoken_seconds == self._turns.spoken_seconds
        if not is_same or ahead.expected is not self._expected:
            ahead.reading.cancel()
            self._ahead = None

    def _have_turn_read(self) -> asyncio.Task[Read]:
        turns, expected, began = self._turns, self._expected, self._began_at

        def is_told(text: str) -> bool:
            return expected.is_enough(Said(text=text, scores={}, at=began))

        return asyncio.ensure_future(
            self._words_in(turns.sound, turns.spoken_seconds, expected.phrases, is_told)
        )

    async def _reads(self, found: asyncio.Task[Read]) -> None:
        try:
            read = await found
        finally:
            found.cancel()
        said = Said(text=read.text, scores=read.scores, at=self._began_at)
        if self._is_over or self._expected.is_enough(said):
            self._publish(said)
        else:
            self._read = said

    async def _words_in(
        self,
        sound: bytes,
        spoken: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        try:
            return await self._ears.read(
                sound, spoken_seconds=spoken, phrases=phrases, is_told=is_told
            )
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
            is_speech=self._turns.is_speech,
            is_beep=chunk.is_beep,
            seconds=CHUNK_SECONDS,
            hertz=chunk.hertz,
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
        is_asked = greeting is self._greeting and not self._verdict.done()
        if is_asked and greeting.verdict is not None:
            self._verdict.set_result(greeting.verdict)
