"""A voice from elsewhere: what it says is kept, and when it fails our own goes on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from campana.voice.call_voice import MOST_AT_ONCE, CallVoice
from campana.voice.media import PHONE_RATE, samples, seconds, silence, tone
from campana.voice.mind import Lost, Stalled
from campana.voice.speech import PAUSE_SECONDS, Speech
from campana.voice.stalls import LATELY, REST_SECONDS, Stalls
from campana.voice.wav import Sound
from tests.voice.test_speech import Counting


class Elsewhere:
    """Says every sentence as half a second of a tone; what it fails at is told."""

    def __init__(self, *failing: str, key: str = "there") -> None:
        self.key = key
        self.failing = set(failing)
        self.stalls = False
        self.spoken: list[str] = []
        self.at_once = self.most_at_once = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.given_up: list[str] = []

    async def speak(self, sentence: str) -> Sound:
        self.spoken.append(sentence)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            await self.gate.wait()
        except asyncio.CancelledError:
            self.given_up.append(sentence)
            raise
        finally:
            self.at_once -= 1
        if sentence in self.failing and self.stalls:
            raise Stalled("the speech endpoint was not done in time")
        if sentence in self.failing:
            raise Lost("the speech endpoint answered 500")
        pcm = tone(600, duration=0.5, rate=24_000, amplitude=0.1)
        return Sound(pcm=silence(0.2, 24_000) + pcm, rate=24_000)


async def test_sentences_are_made_at_the_rate_of_the_call_as_loud_as_ours() -> None:
    own, there = Speech(engine=None, reason="not here"), Elsewhere()
    voice = CallVoice(there, own=own)
    pcm = await voice.pcm("One. Two. Dr. Costa is here. Four. Five.", rate=PHONE_RATE)
    assert there.spoken == ["One.", "Two.", "Dr. Costa is here.", "Four.", "Five."]
    assert 1 < there.most_at_once <= MOST_AT_ONCE
    expected = 5 * 0.52 + 4 * PAUSE_SECONDS
    assert seconds(pcm, PHONE_RATE) == pytest.approx(expected, abs=0.1)
    assert max(samples(pcm)) == pytest.approx(0.5 * 32767, rel=0.01)
    own.close()


async def test_a_text_is_said_as_it_is_written() -> None:
    own, there = Speech(engine=None, reason="not here"), Elsewhere()
    voice = CallVoice(there, own=own)
    await voice.pcm("Type it, then #. Or press  *.", rate=PHONE_RATE)
    assert there.spoken == ["Type it, then #.", "Or press *."]
    own.close()


async def test_what_is_fixed_is_made_once_for_all_calls_and_a_name_in_each(
    tmp_path: Path,
) -> None:
    own, there = Speech(engine=None, reason="not here", cache=tmp_path), Elsewhere()
    for _ in range(2):
        voice = CallVoice(there, own=own)
        for _ in range(2):
            await voice.pcm("Hello Ana.", rate=PHONE_RATE, is_personal=True)
            await voice.pcm("Goodbye.", rate=PHONE_RATE)
    assert there.spoken == ["Hello Ana.", "Goodbye.", "Hello Ana."]
    own.close()
    assert len(os.listdir(tmp_path)) == 1, "a name leaves nothing on the disk"
    later, again = Speech(engine=None, reason="not here", cache=tmp_path), Elsewhere()
    await CallVoice(again, own=later).pcm("Goodbye.", rate=PHONE_RATE)
    assert again.spoken == []
    other = Elsewhere(key="elsewhere")
    await CallVoice(other, own=later).pcm("Goodbye.", rate=PHONE_RATE)
    assert other.spoken == ["Goodbye."], "another voice is another sound"
    later.close()


async def test_when_it_fails_our_own_says_that_and_all_after_it_and_nothing_bad_is_kept() -> None:
    engine, there = Counting(), Elsewhere("Two.")
    own = Speech(engine=engine)
    voice = CallVoice(there, own=own)
    await voice.pcm("One.", rate=PHONE_RATE)
    assert voice.failure is None
    assert await voice.pcm("Two.", rate=PHONE_RATE)
    assert voice.failure == "the speech endpoint answered 500"
    await voice.pcm("One.", rate=PHONE_RATE)
    assert (there.spoken, engine.spoken) == (["One.", "Two."], ["Two.", "One."])
    there.failing.clear()
    mended = CallVoice(there, own=own)
    await mended.pcm("Two.", rate=PHONE_RATE)
    assert (mended.failure, there.spoken) == (None, ["One.", "Two.", "Two."])
    own.close()


async def test_who_interrupts_the_bot_stops_the_endpoint_but_takes_it_from_no_other_call() -> None:
    own, there = Speech(engine=None, reason="not here"), Elsewhere()
    there.gate.clear()
    voice = CallVoice(there, own=own)
    personal = asyncio.ensure_future(voice.pcm("Ana?", rate=PHONE_RATE, is_personal=True))
    fixed = asyncio.ensure_future(voice.pcm("Goodbye.", rate=PHONE_RATE))
    other = asyncio.ensure_future(CallVoice(there, own=own).pcm("Goodbye.", rate=PHONE_RATE))
    while len(there.spoken) < 2:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0)
    personal.cancel()
    fixed.cancel()
    await asyncio.gather(personal, fixed, return_exceptions=True)
    assert there.given_up == ["Ana?"]
    there.gate.set()
    assert await other
    assert await voice.pcm("Ana?", rate=PHONE_RATE, is_personal=True)
    own.close()


async def test_who_stalled_is_not_waited_for_by_the_next_calls_for_a_while() -> None:
    time, own, there = [0.0], Speech(engine=Counting()), Elsewhere("One.", "Two.")
    stalls = Stalls(lambda: time[0])

    async def failure(text: str, speaker: Elsewhere = there) -> str | None:
        voice = CallVoice(speaker, own=own, stalls=stalls)
        assert await voice.pcm(text, rate=PHONE_RATE)
        return voice.failure

    assert await failure("One.") == "the speech endpoint answered 500"
    assert await failure("Three.") is None, "a wrong answer costs nobody else anything"
    there.stalls = True
    assert await failure("Two.") == "the speech endpoint was not done in time"
    assert await failure("Four.") == LATELY
    assert await failure("Four.", Elsewhere(key="elsewhere")) is None
    assert "Four." not in there.spoken
    time[0] += REST_SECONDS
    assert await failure("Four.") is None
    own.close()
