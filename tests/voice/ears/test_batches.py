"""Sound that is looked at in batches: seldom, and everything is known as soon as chunk by chunk."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest

from campana.voice.ears.hearing import CallSense, Chunk, IsTold, Read, never_told
from campana.voice.ears.listener import Began, Listener, Said
from campana.voice.ears.turns import CHUNK_BYTES, Moment, TurnDetector
from campana.voice.media import PHONE_RATE, frames, level, silence, tone
from tests.voice.virtual_time import run

TICK, FRAME = 0.02, 320
SPEECH = tone(300, duration=0.7, rate=PHONE_RATE)


class Loud:
    """Loud is speech."""

    def sense(self, pcm: bytes) -> list[Chunk]:
        return [
            Chunk(pcm=each, probability=float(level(each) > 100), is_beep=False)
            for each in frames(pcm, CHUNK_BYTES)
        ]


class Attentive:
    """Looks at once, and counts how often."""

    may_read_ahead = False

    def __init__(self) -> None:
        self.looks = 0

    def call(self) -> CallSense:
        return Loud()

    async def sense(self, call: CallSense, pcm: bytes) -> list[Chunk]:
        self.looks += 1
        return call.sense(pcm)

    async def read(
        self,
        pcm: bytes,
        *,
        spoken_seconds: float,
        phrases: Sequence[str],
        is_told: IsTold = never_told,
    ) -> Read:
        del pcm, spoken_seconds, phrases, is_told
        return Read(text="Yes.", scores={})


async def _told(pcm: bytes) -> tuple[list[float], int]:
    """When it was told that somebody began and what they said, and how often was looked."""
    ears = Attentive()
    listener = Listener(ears)
    listener.expect(("Yes",), lambda _: True)
    running = asyncio.ensure_future(listener.run())
    loop = asyncio.get_running_loop()
    began = loop.time()
    told: list[float] = []

    async def events() -> None:
        while True:
            event = await listener.events.get()
            assert isinstance(event, Began | Said)
            told.append(loop.time() - began)

    telling = asyncio.ensure_future(events())
    for n, frame in enumerate(frames(pcm, FRAME), 1):
        await asyncio.sleep(began + n * TICK - loop.time())
        listener.hear(frame, now=n * TICK)
    await asyncio.sleep(TICK)
    for task in (running, telling):
        task.cancel()
    await asyncio.gather(running, telling, return_exceptions=True)
    return told, ears.looks


def _expected(pcm: bytes) -> list[float]:
    """The ticks at which chunk by chunk the same would have been told."""
    turns, found = TurnDetector(), list[float]()
    for n, chunk in enumerate(Loud().sense(pcm), 1):
        moment = turns.hear(chunk.pcm, chunk.probability)
        if moment in {Moment.STARTED, Moment.PAUSED}:
            found.append(TICK * math.ceil(n * CHUNK_BYTES / FRAME))
        if moment is Moment.PAUSED:
            turns.forget()
    return found


@pytest.mark.parametrize("hiss", [b"\0\0", b"\1\0\xff\xff"], ids=["still", "hissing"])
@pytest.mark.parametrize("milliseconds", range(1500, 1600, 9))
def test_who_speaks_and_who_has_finished_is_known_as_soon_as_chunk_by_chunk(
    hiss: bytes, milliseconds: int
) -> None:
    def quiet(seconds: float) -> bytes:
        length = len(silence(seconds, PHONE_RATE))
        return (hiss * length)[:length]

    pcm = quiet(milliseconds / 1000) + SPEECH + quiet(1.2) + SPEECH + quiet(0.6)
    told, _ = run(_told(pcm))
    assert len(told) == 4
    assert told == pytest.approx(_expected(pcm))


def test_a_silent_line_is_seldom_looked_at() -> None:
    _, still = run(_told(silence(8.0, PHONE_RATE)))
    _, hissing = run(_told(b"\1\0\xff\xff" * 32_000))
    assert still <= 14
    assert hissing <= 102, "more than once in 80 ms"
