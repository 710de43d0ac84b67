"""Everything wrong with who speaks and hears for a bot is told at once, by place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.script import End, Script
from campana.domain.script_problems import problems
from campana.domain.sound_models import HearingModel, SpeechModel

SPEECH = SpeechModel(url="https://tts.example.com/v1", name="m", voice="v", credential="c")
HEARING = HearingModel(url="https://stt.example.com/v1", name="m", credential="c", language="en")
BOT = Script(greeting="Hello.", steps=(End(id="end"),), speech=SPEECH, hearing=HEARING)


def told(script: Script) -> list[str]:
    return [str(each.pointer) for each in problems(script)]


@pytest.mark.parametrize(
    "script",
    [BOT, replace(BOT, speech=SpeechModel(voice="other"), hearing=HearingModel(language="es"))],
)
def test_good_ones_have_no_problems(script: Script) -> None:
    assert told(script) == []


@pytest.mark.parametrize(
    ("speech", "pointers"),
    [
        (SpeechModel(credential="c"), ["/speech/credential"]),
        (SpeechModel(url=SPEECH.url), ["/speech/name", "/speech/voice"]),
        (replace(SPEECH, url="ftp://tts.example.com"), ["/speech/url"]),
        (replace(SPEECH, url="https://10.0.0.1/v1"), ["/speech/url"]),
        (
            replace(SPEECH, rate=4_000, speed=9.0, seconds=0.0),
            ["/speech/sampleRate", "/speech/speed", "/speech/timeoutSeconds"],
        ),
    ],
)
def test_what_is_wrong_with_a_voice_is_told(speech: SpeechModel, pointers: list[str]) -> None:
    assert told(replace(BOT, speech=speech)) == pointers


def test_what_is_wrong_with_who_hears_is_told() -> None:
    wrong = HearingModel(credential="c", seconds=99.0)
    assert told(replace(BOT, hearing=wrong)) == ["/hearing/credential", "/hearing/timeoutSeconds"]
    assert told(replace(BOT, hearing=HearingModel(url="http://")))[:1] == ["/hearing/name"]


def test_our_own_voice_and_another_are_not_both_meant() -> None:
    assert told(replace(BOT, voice="heart")) == ["/voice"]
