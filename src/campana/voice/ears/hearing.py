"""The models of a process, loaded once, and the threads they work in.

The event loop only moves sound: the detector works in a thread of its own, so that a long sentence
does not keep it waiting, and `THREADS` others read what was said.

Without the voice packages `Ears.open` fails and says why: bots then ask for keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from campana.domain.errors import SetupError
from campana.voice.media import PHONE_RATE

THREADS = 2
HOW_TO_INSTALL = "install the voice packages with: pip install 'campana[voice]'"
IsTold = Callable[[str], bool]
"""Do these words say all that is asked for? Asked in the thread that reads."""


def never_told(_: str) -> bool:
    """Whatever the words are, how well each phrase fits is wanted too."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """32 ms of a call, and what is in it."""

    pcm: bytes
    probability: float
    """That somebody speaks."""
    is_beep: bool
    hertz: float | None = None
    """Of the one tone that it is; None for anything else."""

    @property
    def is_tone(self) -> bool:
        """Is it one pure tone?"""
        return self.hertz is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was said, and how well each phrase asked for fits it."""

    text: str
    scores: dict[str, float]
    """The mean log probability of a phrase's tokens, 0 at best. Empty where the words told all."""


class CallSense(Protocol):
    """What is kept of one call between two chunks; used by one thread at a time."""

    def sense(self, pcm: bytes) -> list[Chunk]:
        """The whole chunks that `pcm` completes; blocks."""
        ...


class Models(Protocol):
    """What can hear."""

    @property
    def wordless(self) -> str | None:
        """Why it hears that somebody speaks and no words; None where it does."""
        ...

    def call(self) -> CallSense: ...

    def sense(self, heard: Sequence[tuple[CallSense, bytes]]) -> list[list[Chunk]]:
        """As `CallSense.sense` for each of several calls, in less time than one by one; blocks."""
        ...

    def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        """Blocks."""
        ...


class Hearing(Protocol):
    """What the ears of one call need: an `Ears`, or words from elsewhere (`call_ears`)."""

    def call(self) -> CallSense: ...

    async def sense(self, call: CallSense, pcm: bytes) -> list[Chunk]: ...

    @property
    def may_read_ahead(self) -> bool:
        """Does it cost nobody anything to read what may turn out not to be all of it?"""
        ...

    async def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read: ...


@dataclass(frozen=True, slots=True)
class _Sound:
    """What came of one call, and who waits for what is in it."""

    call: CallSense
    pcm: bytes
    chunks: asyncio.Future[list[Chunk]]


class Ears:
    """Hears for all calls of a process. Made by `Ears.open`."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._sensing = ThreadPoolExecutor(1, thread_name_prefix="sensing")
        self._reading = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")
        self._sounds: list[_Sound] = []
        """What is to be looked at, together, when the thread is free."""
        self._working_for: asyncio.AbstractEventLoop | None = None
        """Whose sounds the thread is busy with, or about to be."""
        self._in_hand: set[Future[Read]] = set()
        """What is being read, or waits for a thread; also what nobody wants any more."""

    @classmethod
    async def open(cls, *, model_dir: Path | None = None, needs_words: bool = True) -> Ears:
        """Load the models, a second.

        Args:
            model_dir: a Whisper model for CTranslate2 instead of the packaged one.
            needs_words: whether ears that hear no words are of no use.

        Raises:
            SetupError: a package or a file is missing or is not the one; says which.
        """
        return cls(await asyncio.to_thread(load, model_dir, needs_words=needs_words))

    @property
    def wordless(self) -> str | None:
        """Why no words are heard without an endpoint that reads them; None where they are."""
        return self._models.wordless

    def call(self) -> CallSense:
        """For a new call."""
        return self._models.call()

    async def sense(self, call: CallSense, pcm: bytes) -> list[Chunk]:
        """The whole chunks that `pcm` completes; calls that ask at the same time are served as
        one."""
        loop = asyncio.get_running_loop()
        sound = _Sound(call, pcm, loop.create_future())
        if self._working_for is not loop:
            self._working_for, self._sounds = loop, []
            loop.call_soon(self._sense_all, loop)
        self._sounds.append(sound)
        return await sound.chunks

    def _sense_all(self, loop: asyncio.AbstractEventLoop) -> None:
        sounds, self._sounds = self._sounds, []
        heard = [(sound.call, sound.pcm) for sound in sounds]
        try:
            working = loop.run_in_executor(self._sensing, self._models.sense, heard)
        except RuntimeError as closed:
            working = loop.create_future()
            working.set_exception(closed)
        working.add_done_callback(lambda done: self._sensed(loop, sounds, done))

    def _sensed(
        self,
        loop: asyncio.AbstractEventLoop,
        sounds: Sequence[_Sound],
        done: asyncio.Future[list[list[Chunk]]],
    ) -> None:
        failure = None if done.cancelled() else done.exception()
        for place, sound in enumerate(sounds):
            if sound.chunks.done():
                continue  # Its call is over.
            if done.cancelled():
                sound.chunks.cancel()
            elif failure is not None:
                sound.chunks.set_exception(failure)
            else:
                sound.chunks.set_result(done.result()[place])
        if self._working_for is not loop:
            return
        if self._sounds:
            self._sense_all(loop)
        else:
            self._working_for = None

    @property
    def may_read_ahead(self) -> bool:
        """Is a thread free, so that nobody waits because of it?"""
        return len(self._in_hand) < THREADS

    async def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        """What was said in `pcm`. Cancelled before a thread has begun with it, it is never read."""

        def work() -> Read:
            return self._models.read(
                pcm, spoken_seconds=spoken_seconds, phrases=phrases, is_told=is_told
            )

        reading = self._reading.submit(work)
        self._in_hand.add(reading)
        reading.add_done_callback(self._in_hand.discard)
        return await asyncio.wrap_future(reading)

    def close(self) -> None:
        """Let go of the threads; what they have in hand is dropped."""
        self._sensing.shutdown(wait=False, cancel_futures=True)
        self._reading.shutdown(wait=False, cancel_futures=True)


def load(model_dir: Path | None = None, *, needs_words: bool = True) -> Models:
    """The models themselves, which block.

    Raises:
        SetupError: a package or a file is missing or is not the one; says which.
    """
    try:
        from campana.voice.ears.models import OwnModels
    except ImportError as error:
        raise SetupError(f"speech cannot be understood ({error}): {HOW_TO_INSTALL}") from error
    models = OwnModels(model_dir, rate=PHONE_RATE, threads=THREADS)
    if needs_words and models.wordless is not None:
        raise SetupError(models.wordless)
    return models
