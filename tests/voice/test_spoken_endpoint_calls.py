"""Conversations over SIP and RTP that other endpoints speak, hear and think for: all of them on
loopback, the callee a softphone that speaks. Who hears there is a real model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("hibari")

from campana.demo import voices
from campana.voice.media import PHONE_RATE, tone_share
from tests.support.beside import beside
from tests.support.chat_endpoint import asked, base, says, tool
from tests.support.receiver import Behavior, Message, Receiver, hangs, receiver
from tests.support.sound_endpoint import (
    HERTZ,
    audio,
    by_target,
    reads,
    sounds,
    speaks,
    streamed_wav,
)
from tests.voice.ears.speaking import say
from tests.voice.peers import Exchange, LineProcess

pytestmark = [
    pytest.mark.voice,
    pytest.mark.long,
    pytest.mark.timeout(600),
]

THERE, STRANDED = "+12025550123", "+12025550124"
WORDS = "Thursday would be fine."
ASKS = says("Which day can you come?")
BYE = says("Thank you, see you then. Goodbye.", tool("end", '{"result": "booked"}'))


@pytest.fixture(scope="module")
def line() -> Iterator[LineProcess]:
    made = LineProcess("--speech", "--ears")
    yield made
    made.kill()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    directory: Path = tmp_path_factory.mktemp("spoken")
    voices.write(directory / "said.wav", say(WORDS, quiet=0.2))
    answer = {"do": "answer", "play": [str(directory / "said.wav")]}
    made = Exchange({"numbers": {THERE: [answer], STRANDED: [answer]}}, directory)
    yield made
    made.close()


def model(*replies: Behavior) -> Behavior:
    left = list(replies)

    async def answer(message: Message, writer: Any) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(message, writer)

    return answer


def place(line: LineProcess, exchange: Exchange, endpoint: Receiver, to: str, **more: Any) -> None:
    url = base(endpoint)
    order = {"model": url, "speech": url, "hearing": url, **more}
    line.place(to, to=to, port=exchange.port, script="model", **order)


def test_endpoints_speak_hear_and_think_for_a_bot_and_when_they_fail_we_do(
    line: LineProcess, exchange: Exchange
) -> None:
    good = by_target(speech=speaks, transcriptions=reads(), completions=model(ASKS, BYE))
    half = streamed_wav(sounds("Hello."))[:4000]
    bad = by_target(
        speech=audio(half, 3600.0),
        transcriptions=hangs,
        completions=model(ASKS, BYE),
    )
    with beside(receiver(good)) as endpoint, beside(receiver(bad)) as failing:
        place(line, exchange, endpoint, THERE)
        place(line, exchange, failing, STRANDED, speech_seconds=1.0, hearing_seconds=1.0)
        result = line.until(THERE, "result", patience=240)
        stranded = line.until(STRANDED, "result", patience=240)
    assert result["endpoint_failures"] == [None, None]
    assert (result["result"], result["finished"], result["model_failure"]) == ("booked", True, None)
    assert any("Thursday" in heard for heard in result["heard"])
    told = [asked(each) for each in endpoint.came if "completions" in each.target]
    assert any("Thursday" in each["content"] for each in told[-1])
    heard = exchange.heard(line.attempts[THERE])
    seconds = [heard[at : at + 2 * PHONE_RATE] for at in range(0, len(heard), 2 * PHONE_RATE)]
    assert max(tone_share(each, hertz=HERTZ, rate=PHONE_RATE) for each in seconds) > 0.8

    assert stranded["endpoint_failures"] == [
        "the speech endpoint was not done in time",
        "the hearing endpoint was not done in time",
    ]
    assert (stranded["result"], stranded["finished"]) == ("booked", True)
    assert any("Thursday" in heard for heard in stranded["heard"])
    assert stranded["said"][:2] == result["said"][:2]
