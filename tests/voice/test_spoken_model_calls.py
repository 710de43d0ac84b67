"""Spoken conversations over SIP and RTP with a bot that a language model speaks for: the model is
an endpoint on loopback, the callee a softphone that speaks and is heard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("hibari")

from campana.demo import voices
from tests.support.beside import beside
from tests.support.chat_endpoint import asked, base, chat_endpoint, chunk, says, streams, tool
from tests.support.receiver import Behavior, Receiver
from tests.voice.ears.speaking import say
from tests.voice.peers import Exchange, LineProcess

pytestmark = [
    pytest.mark.voice,
    pytest.mark.long,
    pytest.mark.timeout(600),
]

TALKS, STOPS, STRANDED = "+12025550120", "+12025550121", "+12025550122"
SAYS = {
    TALKS: ("Thursday would be fine.",),
    STOPS: ("Stop calling me.",),
    STRANDED: ("Thursday would be fine.",),
}
ASKS = says("Which day can you come?")
BYE = says("Thank you, see you then. Goodbye.", tool("end", '{"result": "booked"}'))
INSISTS = says("You will be called for ever. Which day can you come?")


@pytest.fixture(scope="module")
def line() -> Iterator[LineProcess]:
    made = LineProcess("--speech", "--ears")
    yield made
    made.kill()


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    directory: Path = tmp_path_factory.mktemp("spoken")
    numbers: dict[str, Any] = {}
    for number, sentences in SAYS.items():
        files = [directory / f"{number}-{n}.wav" for n in range(len(sentences))]
        for file, sentence in zip(files, sentences, strict=True):
            voices.write(file, say(sentence, quiet=0.2))
        numbers[number] = [{"do": "answer", "play": [str(file) for file in files]}]
    made = Exchange({"numbers": numbers}, directory)
    yield made
    made.close()


def called(
    line: LineProcess, exchange: Exchange, number: str, *replies: Behavior
) -> tuple[dict[str, Any], Receiver]:
    with beside(chat_endpoint(*replies)) as endpoint:
        line.place(number, to=number, port=exchange.port, script="model", model=base(endpoint))
        return line.until(number, "result", patience=240), endpoint


def test_a_model_asks_understands_the_answer_and_ends_the_call(
    line: LineProcess, exchange: Exchange
) -> None:
    result, endpoint = called(line, exchange, TALKS, ASKS, BYE)
    assert (result["result"], result["finished"], result["model_failure"]) == ("booked", True, None)
    assert result["said"][:2] == [
        "Hello, this is the Riverside clinic.",
        "Which day can you come?",
    ]
    assert result["said"][-1] == "Goodbye."
    assert any("Thursday" in each["content"] for each in asked(endpoint.came[-1]))


def test_stop_calling_me_is_obeyed_whatever_the_model_says(
    line: LineProcess, exchange: Exchange
) -> None:
    result, endpoint = called(line, exchange, STOPS, INSISTS)
    assert (result["result"], result["finished"]) == ("opt_out", True)
    assert result["said"][-1] == "You will not be called again. Goodbye."
    told = [each["content"] for came in endpoint.came for each in asked(came)]
    assert not any("stop calling" in each.lower() for each in told)


def test_the_steps_take_over_when_the_model_breaks_off(
    line: LineProcess, exchange: Exchange
) -> None:
    broken = streams(chunk(content="Let me see. I"))
    result, _ = called(line, exchange, STRANDED, broken)
    assert "broke off" in result["model_failure"]
    assert (result["result"], result["finished"]) == ("by script", True)
    assert result["said"][-1] == "We will call you again. Goodbye."
