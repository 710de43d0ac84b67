"""Who the ears of a call say answered, from sound made beforehand: their code, a clock that jumps.

The sound comes in pieces of 20 ms as from a line, and reading takes its time too (`READ_SECONDS`),
so that a verdict falls where it falls in a call, not when the whole greeting is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from campana.domain.answered_by import AnsweredBy
from campana.voice.ears.hearing import (
    CallSense,
    Chunk,
    Ears,
    IsTold,
    Models,
    Read,
    never_told,
)
from campana.voice.ears.listener import Listener
from campana.voice.media import FRAME_SECONDS, PHONE_RATE, frame_bytes, frames
from tests.voice import virtual_time

READ_SECONDS = 0.15
"""What a reading takes on a machine with other calls; on a quiet one half of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A verdict, when it came in seconds after the answer, and what was read on the way."""

    who: AnsweredBy
    at: float
    texts: tuple[str, ...]


class InlineEars(Ears):
    """Without threads: what the clock of a call says is then always the same."""

    def __init__(self, models: Models) -> None:
        super().__init__(models)
        self._all = models
        self.texts: list[str] = []

    async def sense(self, call: CallSense, pcm: bytes) -> list[Chunk]:
        return call.sense(pcm)

    async def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        found = self._all.read(pcm, spoken_seconds=spoken_seconds, phrases=phrases, is_told=is_told)
        self.texts.append(found.text)
        await asyncio.sleep(READ_SECONDS)
        return found


def judged(models: Models, pcm: bytes) -> Judged:
    """What comes of a call in which `pcm` is heard from the answer on, then nothing."""
    return virtual_time.run(_judged(models, pcm))


async def _judged(models: Models, pcm: bytes) -> Judged:
    loop = asyncio.get_running_loop()
    ears = InlineEars(models)
    listener = Listener(ears)
    began = loop.time()
    working = asyncio.ensure_future(listener.run())
    judging = asyncio.ensure_future(listener.who_answered())
    try:
        for frame in frames(pcm, frame_bytes(PHONE_RATE)):
            await asyncio.sleep(FRAME_SECONDS)
            listener.hear(frame, now=loop.time() - began)
            if judging.done():
                break
        who = await judging
        return Judged(who=who, at=loop.time() - began, texts=tuple(ears.texts))
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        ears.close()
