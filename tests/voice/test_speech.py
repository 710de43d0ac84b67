"""Text to sound: made once, kept by text, and what happens without the package."""

from __future__ import annotations

import asyncio
import json
import os
import wave
from pathlib import Path

import pytest

from campana.domain.errors import SetupError
from campana.voice import kept_sounds
from campana.voice import speech as module
from campana.voice.media import PHONE_RATE, decibels, samples, seconds, silence, tone, tone_share
from campana.voice.speech import Hibari, Speech


class Counting:
    """Says every sentence as a tone between silences, and counts."""

    rate = 24000

    def __init__(self) -> None:
        self.spoken: list[str] = []

    def sentences(self, text: str) -> list[str]:
        return [part.strip() + "." for part in text.split(".") if part.strip()]

    def speak(self, sentence: str) -> bytes:
        self.spoken.append(sentence)
        sound = tone(600, duration=0.5, rate=self.rate, amplitude=0.1)
        return silence(0.3, self.rate) + sound + silence(0.4, self.rate)


async def test_trims_and_levels_each_sentence_and_pauses_between_them() -> None:
    speech = Speech(engine=Counting())
    pcm = await speech.pcm("One. Two.", rate=PHONE_RATE)
    assert seconds(pcm, PHONE_RATE) == pytest.approx(2 * 0.525 + module.PAUSE_SECONDS, abs=0.01)
    assert max(samples(pcm)) == pytest.approx(0.5 * 32767, rel=0.01)
    assert tone_share(pcm[1000:8000], hertz=600, rate=PHONE_RATE) > 0.95
    speech.close()


async def test_makes_a_sentence_once_however_many_calls_want_it(tmp_path: Path) -> None:
    engine = Counting()
    speech = Speech(engine=engine, cache=tmp_path)
    first, *others = await asyncio.gather(
        *(speech.pcm("Hello. Goodbye.", rate=PHONE_RATE) for _ in range(20))
    )
    assert all(other == first for other in others)
    assert sorted(engine.spoken) == ["Goodbye.", "Hello."]
    speech.close()


async def test_a_call_that_ends_does_not_take_the_sentence_from_another() -> None:
    engine = Counting()
    speech = Speech(engine=engine)
    leaving = asyncio.ensure_future(speech.pcm("Hello.", rate=PHONE_RATE))
    staying = asyncio.ensure_future(speech.pcm("Hello.", rate=PHONE_RATE))
    await asyncio.sleep(0)
    leaving.cancel()
    assert seconds(await staying, PHONE_RATE) > 0.4
    assert engine.spoken == ["Hello."]
    speech.close()


async def test_remembers_across_processes_but_nothing_personal(tmp_path: Path) -> None:
    speech = Speech(engine=Counting(), cache=tmp_path / "speech")
    said = await speech.pcm("Goodbye.", rate=PHONE_RATE)
    await speech.pcm("Hello Ana.", rate=PHONE_RATE, is_personal=True)
    speech.close()
    assert len(list((tmp_path / "speech").iterdir())) == 1
    engine = Counting()
    later = Speech(engine=engine, cache=tmp_path / "speech")
    assert await later.pcm("Goodbye.", rate=PHONE_RATE) == said
    assert engine.spoken == []
    await later.pcm("Hello Ana.", rate=PHONE_RATE)
    assert engine.spoken == ["Hello Ana."]
    later.close()


async def test_forgets_what_was_said_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_sounds, "MEMORY_BYTES", 20_000)
    engine = Counting()
    speech = Speech(engine=engine)
    for text in ("One.", "Two.", "One.", "Three.", "One.", "Two."):
        await speech.pcm(text, rate=PHONE_RATE)
    assert engine.spoken == ["One.", "Two.", "Three.", "Two."]
    speech.close()


async def test_speaks_although_the_directory_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    speech = Speech(engine=Counting(), cache=tmp_path / "file" / "speech")
    assert await speech.pcm("Hello.", rate=PHONE_RATE)
    speech.close()


async def test_without_the_package_it_says_so_and_makes_a_tone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "hibari", None)
    speech = await Speech.open()
    assert not speech.available
    assert speech.reason is not None
    assert "pip install 'campana[voice]'" in speech.reason
    pcm = await speech.pcm("Anything at all.", rate=PHONE_RATE)
    assert tone_share(pcm, hertz=440, rate=PHONE_RATE) > 0.95
    speech.close()


def recorded(directory: Path, *, channels: int = 1) -> Path:
    with wave.open(str(directory / "hello.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(tone(900, duration=0.5, rate=16000))
    (directory / "prompts.json").write_text(json.dumps({"Hello.": "hello.wav"}))
    return directory


async def test_without_the_package_recorded_prompts_are_said(tmp_path: Path) -> None:
    speech = Speech(engine=None, reason="absent", prompts=recorded(tmp_path))
    hello = await speech.pcm("Hello.", rate=PHONE_RATE)
    assert seconds(hello, PHONE_RATE) == pytest.approx(0.5, abs=0.01)
    assert tone_share(hello, hertz=900, rate=PHONE_RATE) > 0.95
    other = await speech.pcm("Goodbye.", rate=PHONE_RATE)
    assert tone_share(other, hertz=440, rate=PHONE_RATE) > 0.95
    speech.close()


def test_a_bad_recorded_prompt_is_named(tmp_path: Path) -> None:
    recorded(tmp_path, channels=2)
    with pytest.raises(SetupError, match=r"hello\.wav is not 16-bit mono"):
        Speech(engine=None, reason="absent", prompts=tmp_path)
    (tmp_path / "hello.wav").write_text("nonsense")
    with pytest.raises(SetupError, match=r"hello\.wav cannot be read"):
        Speech(engine=None, reason="absent", prompts=tmp_path)
    (tmp_path / "prompts.json").write_text("[")
    with pytest.raises(SetupError, match=r"prompts\.json cannot be read"):
        Speech(engine=None, reason="absent", prompts=tmp_path)
    os.unlink(tmp_path / "prompts.json")
    assert not Speech(engine=None, reason="absent", prompts=tmp_path).available


@pytest.mark.voice
@pytest.mark.timeout(120)
async def test_the_real_voice_speaks_the_same_each_time() -> None:
    engine = await asyncio.to_thread(Hibari)
    speech = Speech(engine=engine)
    assert speech.available
    pcm = await speech.pcm("Hello Ana. Please press one to confirm.", rate=PHONE_RATE)
    assert 2 < seconds(pcm, PHONE_RATE) < 5
    assert -26 < decibels(pcm) < -14
    assert decibels(pcm[: 2 * PHONE_RATE // 20]) > -60, "silence in front was not trimmed"
    again = Speech(engine=engine)
    assert await again.pcm("Hello Ana. Please press one to confirm.", rate=PHONE_RATE) == pcm
    speech.close()
    again.close()
