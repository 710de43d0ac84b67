"""Spoken conversations over SIP and RTP: another program calls, listens and understands; a
softphone answers, speaks, and is heard.

What is asserted is meaning: what the bot took the callee to say, what came of it, and what a
listener at the callee's end makes of the bot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ctranslate2")
pytest.importorskip("hibari")

from campana.demo import voices
from campana.domain.understanding.words import words
from campana.voice.ears.recognizer import Recognizer
from campana.voice.media import PHONE_RATE, level, seconds
from tests.voice.ears.speaking import distance, say
from tests.voice.peers import Exchange, LineProcess

pytestmark = [
    pytest.mark.voice,
    pytest.mark.long,
    pytest.mark.timeout(1200),
]

TALKS, STOPS, LATER, HASTY, MACHINE, OTHER_MACHINE, PERSON, KEYS = (
    f"+120255501{n:02}" for n in range(10, 18)
)
SAYS = {
    TALKS: ("No, Tuesday does not work for me.", "Thursday would be fine.", "The afternoon."),
    STOPS: ("Stop calling me.",),
    LATER: ("Please call me tomorrow at five.",),
    HASTY: ("Yes, that works for me.",),
    MACHINE: ("Hi, you have reached Maria. Please leave a message after the tone.",),
    OTHER_MACHINE: ("The person you are calling is not available. Please leave a message.",),
    PERSON: ("Hello?", "Yes, I can hear you."),
}
BEHAVES: dict[str, dict[str, Any]] = {
    HASTY: {"interrupts": True},
    MACHINE: {"speaksFirst": True},
    OTHER_MACHINE: {"speaksFirst": True},
    PERSON: {"speaksFirst": True},
}
SCRIPTS = {MACHINE: "message", OTHER_MACHINE: "no machines", PERSON: "message", HASTY: "hasty"}


class Calls:
    """All the calls of this file, two at a time: each of them costs."""

    def __init__(self, directory: Path) -> None:
        numbers: dict[str, Any] = {KEYS: [{"do": "answer", "press": ["1"]}]}
        for number, sentences in SAYS.items():
            sounds = [say(text, quiet=0.2) for text in sentences]
            if number in {MACHINE, OTHER_MACHINE}:
                sounds[0] += voices.beep()
            files = [directory / f"{number}-{n}.wav" for n in range(len(sounds))]
            for file, pcm in zip(files, sounds, strict=True):
                voices.write(file, pcm)
            play = [str(file) for file in files]
            numbers[number] = [{"do": "answer", "play": play, **BEHAVES.get(number, {})}]
        self.exchange = Exchange({"numbers": numbers}, directory)
        self.line = LineProcess("--speech", "--ears")
        numbers_left = [*SAYS, KEYS]
        for first, second in zip(numbers_left[::2], numbers_left[1::2], strict=True):
            for number in (first, second):
                script = SCRIPTS.get(number, "visit")
                self.line.place(number, to=number, port=self.exchange.port, script=script)
            for number in (first, second):
                self.line.until(number, "result", patience=240)
        self.line.close()
        self.exchange.close()
        self.ears = Recognizer(None, threads=1)

    def result(self, number: str) -> dict[str, Any]:
        return self.line.result(number)

    def callee_understood(self, number: str, *, is_cut: bool = False) -> str:
        """What a listener at the other end makes of the bot; with `is_cut` of what was said before
        its longest pause and after it, each by itself: half a sentence misleads about the next."""
        pcm = self.exchange.heard(self.line.attempts[number])
        size = 2 * 25 * PHONE_RATE
        pieces = [pcm[start : start + size] for start in range(0, len(pcm), size)]
        if is_cut:
            pieces = at_longest_pause(pcm)
        found = (self.ears.recognize(p, rate=PHONE_RATE, spoken_seconds=20.0) for p in pieces)
        return " ".join(words(" ".join(each.text for each in found)))

    def close(self) -> None:
        self.line.kill()


def at_longest_pause(pcm: bytes) -> list[bytes]:
    """The sound before the middle of its longest pause, and the sound after it."""
    step = 2 * (PHONE_RATE // 10)
    steps = [pcm[start : start + step] for start in range(0, len(pcm) - step + 1, step)]
    loud = [n for n, each in enumerate(steps) if max(map(abs, memoryview(each).cast("h"))) > 300]
    before, after = max(pairwise(loud), key=lambda pair: pair[1] - pair[0])
    middle = step * ((before + after) // 2)
    return [pcm[:middle], pcm[middle:]]


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    made = Calls(tmp_path_factory.mktemp("spoken"))
    yield made
    made.close()


def test_three_turns_are_understood_on_both_sides(calls: Calls) -> None:
    result = calls.result(TALKS)
    assert (result["end"], result["reason"], result["result"]) == ("answered", "script", "booked")
    assert result["saved"]["coming"] == "no"
    assert datetime.fromisoformat(result["saved"]["day"]).strftime("%A") == "Thursday"
    assert result["saved"]["part"] == "afternoon"
    assert result["by"] == ["speech", "speech", "speech"]
    wanted, heard = words(" ".join(SAYS[TALKS])), words(" ".join(result["heard"]))
    assert distance(wanted, heard) / len(wanted) <= 0.2, result["heard"]
    understood = calls.callee_understood(TALKS)
    for said in ("riverside clinic", "tuesday", "which day", "morning or the afternoon", "goodbye"):
        assert said in understood, understood


def test_stop_calling_me_ends_the_call_politely(calls: Calls) -> None:
    result = calls.result(STOPS)
    assert (result["result"], result["finished"]) == ("opt_out", True)
    assert result["said"][-1] == "You will not be called again. Goodbye."
    assert "not be called again" in calls.callee_understood(STOPS)


def test_call_me_tomorrow_at_five_is_repeated_and_kept(calls: Calls) -> None:
    result = calls.result(LATER)
    assert result["result"] == "callback_request"
    assert datetime.fromisoformat(result["callback_at"]).hour == 17
    assert re.search(r"tomorrow at (5|five)", calls.callee_understood(LATER))


def test_whoever_interrupts_the_question_is_heard_and_the_bot_is_silent(calls: Calls) -> None:
    result = calls.result(HASTY)
    assert (result["saved"]["coming"], result["result"]) == ("yes", "booked")
    understood = calls.callee_understood(HASTY, is_cut=True)
    assert "clinic" in understood
    assert "thank you" in understood
    assert "that week" not in understood, "the bot was not cut short"


def test_a_machine_is_left_a_message_after_its_beep(calls: Calls) -> None:
    result = calls.result(MACHINE)
    assert (result["answered_by"], result["reason"]) == ("machine", "machine")
    assert result["has_left_message"]
    assert result["said"] == ["Please call the Riverside clinic about your visit."]
    pcm = calls.exchange.heard(calls.line.attempts[MACHINE])
    assert "call the riverside clinic" in calls.callee_understood(MACHINE)
    # Nothing before the beep was over.
    greeting = seconds(say(SAYS[MACHINE][0], quiet=0.2), PHONE_RATE) + 1.0
    assert level(pcm[: 2 * int(greeting * PHONE_RATE)]) < 30


def test_a_machine_is_hung_up_on_where_the_bot_says_so(calls: Calls) -> None:
    result = calls.result(OTHER_MACHINE)
    assert (result["answered_by"], result["reason"]) == ("machine", "machine")
    assert (result["said"], result["has_left_message"]) == ([], False)


def test_a_person_is_talked_to_where_machines_are_listened_for(calls: Calls) -> None:
    result = calls.result(PERSON)
    assert result["answered_by"] in {"human", "unsure"}
    assert (result["result"], result["saved"]) == ("heard", {"hears": "yes"})


def test_keys_answer_a_spoken_question(calls: Calls) -> None:
    result = calls.result(KEYS)
    assert (result["by"], result["saved"]["coming"], result["keys"]) == (["key"], "yes", "1")
