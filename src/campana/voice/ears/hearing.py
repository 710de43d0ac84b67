"""The models of a process, loaded once, and the threads they work in.

The event loop only moves sound: the detector works in a thread of its own, so that a long sentence
does not keep it waiting, and `THREADS` others read what was said. Each call has at most one
sentence in their hands.

Without the voice packages `Ears.open` fails and says why: bots then ask for keys.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from campana.domain.errors import SetupError
from campana.voice.media import PHONE_RATE

THREADS = 2
HOW_TO_INSTALL = "install the voice packages with: pip install 'campana[voice]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """32 ms of a call, and what is in it."""

    pcm: bytes
    probability: float
    """That somebody speaks."""
    is_tone: bool
    is_beep: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was said, and how well each phrase asked for fits it."""

    text: str
    scores: dict[str, float]
    """The mean log probability of a phrase's tokens, 0 at best."""


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

    def read(self, pcm: bytes, *, spoken_seconds: float, phrases: Sequence[str]) -> Read:
        """Blocks."""
        ...


class Hearing(Protocol):
    """What the ears of one call need: an `Ears`, or words from elsewhere (`call_ears`)."""

    def call(self) -> CallSense: ...

    async def sense(self, call: CallSense, pcm: bytes) -> list[Chunk]: ...

    async def read(self, pcm: bytes, *, spoken_seconds: float, phrases: Sequence[str]) -> Read: ...


class Ears:
    """Hears for all calls of a process. Made by `Ears.open`."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._sensing = ThreadPoolExecutor(1, thread_name_prefix="sensing")
        self._reading = ThreadPoolExecutor(THREADS, thread_name_prefix="reading")

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
        """The whole chunks that `pcm` completes."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._sensing, call.sense, pcm)

    async def read(self, pcm: bytes, *, spoken_seconds: float, phrases: Sequence[str]) -> Read:
        """What was said in `pcm`."""

        def work() -> Read:
            return self._models.read(pcm, spoken_seconds=spoken_seconds, phrases=phrases)

        return await asyncio.get_running_loop().run_in_executor(self._reading, work)

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
