"""Models that hear what a test says they hear: sound of a level is speech, and its words are given.

A callee of a `ScriptedCall` speaks by what it sends: `SPEECH` is somebody speaking, silence nobody.
Reading takes no time, so that it works on a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.ear import Began, Said, Timing
from campana.voice.ears.hearing import CallSense, Chunk, Read

Saying = tuple[float, float, str]
"""When somebody begins to speak, for how long, and the words: seconds since the answer."""


class ScriptedEar:
    """An ear that hears what a list says, whatever the sound is."""

    def __init__(self, *sayings: Saying, answered_by: AnsweredBy | None = None) -> None:
        self.events: asyncio.Queue[Began | Said] = asyncio.Queue()
        self.beeped = asyncio.Event()
        self._is_speaking = False
        self.expected: list[Sequence[str]] = []
        self._answered_by = answered_by
        loop = asyncio.get_running_loop()
        for at, seconds, text in sayings:
            loop.call_later(at, self._begin, at)
            loop.call_later(at + seconds, self._end, at, at + seconds, text)

    @property
    def is_busy(self) -> bool:
        return self._is_speaking or not self.events.empty()

    def expect(self, phrases: Sequence[str], is_enough: object) -> None:
        del is_enough
        self.expected.append(phrases)

    def hear(self, pcm: bytes, *, now: float) -> None:
        """The sound itself says nothing here."""

    async def run(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def who_answered(self) -> AnsweredBy:
        await asyncio.sleep(1.0)
        assert self._answered_by is not None
        return self._answered_by

    def _begin(self, at: float) -> None:
        self._is_speaking = True
        self.events.put_nowait(Began(at=at))

    def _end(self, at: float, until: float, text: str) -> None:
        self._is_speaking = False
        timing = Timing(ended=until - 0.5, sure=until - 0.2, read=until)
        self.events.put_nowait(Said(text=text, scores={}, at=at, timing=timing))


class LevelModels:
    """Loud is speech, and each sentence that is read is the next of `texts`."""

    wordless: str | None = None

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.phrases: list[Sequence[str]] = []
        self.sounds: list[float] = []
        """How many seconds of sound each reading was given."""

    def call(self) -> CallSense:
        return _LevelSense()

    def read(self, pcm: bytes, *, spoken_seconds: float, phrases: Sequence[str]) -> Read:
        del spoken_seconds
        self.sounds.append(len(pcm) / 16000)
        self.phrases.append(phrases)
        is_heard = self._texts and self.wordless is None
        return Read(text=self._texts.pop(0) if is_heard else "", scores={})


class _LevelSense:
    def __init__(self) -> None:
        self._waiting = b""

    def sense(self, pcm: bytes) -> list[Chunk]:
        pcm = self._waiting + pcm
        whole = len(pcm) // 512 * 512
        self._waiting = pcm[whole:]
        return [
            Chunk(pcm=each, probability=float(any(each)), is_tone=False, is_beep=False)
            for each in (pcm[start : start + 512] for start in range(0, whole, 512))
        ]
