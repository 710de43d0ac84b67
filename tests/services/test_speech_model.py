"""An endpoint that speaks, over real sockets: one that streams, stalls, breaks and lies."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from campana.domain.sound_models import SpeechModel
from campana.services import speech_model
from campana.services.model_endpoints import below, directly
from campana.services.speech_model import SpeakingModel
from campana.voice.media import seconds, silence, tone
from campana.voice.mind import Lost
from campana.voice.wav import written
from tests.support.chat_endpoint import base
from tests.support.receiver import (
    Behavior,
    Receiver,
    answers,
    floods,
    hangs,
    hangs_up,
    receiver,
    talks_nonsense,
    trickles,
)
from tests.support.sound_endpoint import RATE, audio, sounds, speaks, streamed_wav

TEXT = "Goodbye."


def voice_at(listening: Receiver, **changes: object) -> SpeakingModel:
    return SpeakingModel(
        model=replace(SpeechModel(seconds=1.0), **changes),
        name="m",
        voice="v",
        key="k",
        open=directly(below(base(listening), "audio/speech"), "secret"),
    )


@pytest.mark.parametrize("form", ["wav", "pcm"])
async def test_a_sentence_is_asked_for_and_its_sound_read_as_it_is_streamed(form: str) -> None:
    async with receiver(speaks) as listening:
        sound = await voice_at(listening, format=form, speed=1.25).speak(TEXT)
    assert (sound.rate, sound.pcm) == (RATE, sounds(TEXT))
    [message] = listening.came
    assert message.target == "/v1/audio/speech"
    assert message.headers["authorization"] == "Bearer secret"
    assert json.loads(message.body) == {
        "model": "m",
        "voice": "v",
        "input": TEXT,
        "response_format": form,
        "speed": 1.25,
    }


async def test_a_wav_says_its_own_rate_and_both_channels_are_heard() -> None:
    one = tone(500, duration=0.5, rate=44_100)
    stereo = b"".join(one[at : at + 2] * 2 for at in range(0, len(one), 2))
    form = written(stereo, rate=44_100)
    form = form[:22] + b"\x02\x00" + form[24:]
    async with receiver(audio(form)) as listening:
        sound = await voice_at(listening).speak(TEXT)
    assert (sound.rate, sound.pcm) == (44_100, one)


SOUND = tone(500, duration=0.5, rate=RATE)
EIGHT_BITS = written(SOUND, rate=RATE)[:34] + b"\x08\x00" + SOUND
MP3 = b"\xff\xfb\x90\x64" + b"\0" * 4000


@pytest.mark.parametrize(
    ("behavior", "form", "why"),
    [
        (hangs, "wav", "not done in time"),
        (trickles, "wav", "not done in time"),
        (audio(streamed_wav(SOUND)[:9000], 30.0), "wav", "not done in time"),
        (hangs_up, "wav", "could not be asked"),
        (talks_nonsense, "wav", "could not be asked"),
        (answers(500), "wav", "answered 500"),
        (answers(429), "wav", "answered 429"),
        (answers(302, location="http://127.0.0.1:1/"), "wav", "answered 302"),
        (answers(200, b"<html>Sign in</html>", content_type="text/html"), "wav", "text/html"),
        (answers(200, b"{}", content_type="application/json"), "pcm", "application/json"),
        (audio(b"<!doctype html><p>Sign in"), "pcm", "no sound of the kind"),
        (audio(b'{"error": "no such voice"}'), "pcm", "no sound of the kind"),
        (audio(MP3), "pcm", "no sound of the kind"),
        (audio(MP3, kind="audio/mpeg"), "pcm", "audio/mpeg"),
        (audio(SOUND), "wav", "no sound of the kind"),
        (audio(b"OggS" + SOUND), "wav", "no sound of the kind"),
        (audio(b""), "wav", "no sound in it"),
        (audio(streamed_wav(silence(1.0, RATE))), "wav", "no sound in it"),
        (audio(silence(1.0, RATE)), "pcm", "no sound in it"),
        (audio(streamed_wav(SOUND)[:44]), "wav", "no sound in it"),
        (audio(streamed_wav(SOUND)[:30]), "wav", "no WAV"),
        (audio(b"RIFF\0\0\0\0AVI "), "wav", "no WAV"),
        (audio(EIGHT_BITS), "wav", "no 16-bit WAV"),
        (audio(written(SOUND, rate=4_000)), "wav", "4000 samples per second"),
        (audio(streamed_wav(tone(500, duration=30.0, rate=8_000), rate=8_000)), "wav", "too long"),
    ],
)
async def test_an_endpoint_that_fails_is_given_up_with_a_reason(
    behavior: Behavior, form: str, why: str
) -> None:
    async with receiver(behavior) as listening, asyncio.timeout(20):
        with pytest.raises(Lost, match=why):
            await voice_at(listening, format=form).speak(TEXT)
    assert len(listening.came) == 1, "nothing is asked twice"


async def test_one_that_goes_on_and_on_is_not_listened_to_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speech_model, "MOST_BYTES", 100_000)
    async with receiver(floods) as listening, asyncio.timeout(20):
        with pytest.raises(Lost, match="did not come to an end"):
            await voice_at(listening).speak(TEXT)


async def test_a_slow_stream_is_waited_for_as_long_as_it_goes_on() -> None:
    whole = streamed_wav(SOUND)
    pieces = [piece for at in range(0, len(whole), 2500) for piece in (whole[at : at + 2500], 0.25)]
    async with receiver(audio(*pieces)) as listening:
        sound = await voice_at(listening, seconds=2.0).speak(TEXT)
    assert seconds(sound.pcm, sound.rate) == pytest.approx(0.5)


async def test_where_nobody_listens_it_could_not_be_asked() -> None:
    async with receiver(hangs) as listening:
        gone = voice_at(listening)
    with pytest.raises(Lost, match="could not be asked"):
        await gone.speak(TEXT)
