"""Models that hear what a test says they hear: sound of a level is speech, and its words are given.

A callee of a `ScriptedCall` speaks by what it sends: `SPEECH` is somebody speaking, silence nobody.
Reading takes no time, so that it works on a virtual clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.ear import Began, Said, Timing
from campana.voice.ears.hearing import CallSense, Chunk, IsTold, Read, never_told

Saying = tuple[float, float, str]
"""When somebody begins to speak, for how long, and the words: seconds since the answer."""


class ScriptedEar:
    """An ear that hears what a list says, whatever the sound is."""

    def __init__(self, *sayings: Saying, answered_by: Sequence[AnsweredBy] = ()) -> None:
        self.events: asyncio.Queue[Began | Said] = asyncio.Queue()
        self.beeped = asyncio.Event()
        self._is_speaking = False
        self.expected: list[Sequence[str]] = []
        self._answered_by = list(answered_by)
        """Each time that is asked, the next."""
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

    async def who_answered(self, *, patience: float = 1.0) -> AnsweredBy:
        await asyncio.sleep(min(patience, 1.0))
        return self._answered_by.pop(0)

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

    def sense(self, heard: Sequence[tuple[CallSense, bytes]]) -> list[list[Chunk]]:
        return [call.sense(pcm) for call, pcm in heard]

    def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        del spoken_seconds, is_told
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
            Chunk(pcm=each, probability=float(any(each)), is_beep=False)
            for each in (pcm[start : start + 512] for start in range(0, whole, 512))
        ]
