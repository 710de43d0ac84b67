"""Real calls: our line against the exchange of softphones, each a process of its own.

All calls of this file are placed at once and looked at one by one. The line says each text as a
440 Hz tone, so that what was heard can be told from anything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from campana.voice.driver import Trunk
from campana.voice.media import (
    FRAME_SECONDS,
    PHONE_RATE,
    frame_bytes,
    level,
    seconds,
    tone_share,
    trim,
)
from campana.voice.options import ask_options
from campana.voice.recording import part_of
from tests.journeys.served import until
from tests.voice.peers import LOOPBACK, Exchange, LineProcess, sides

pytestmark = [pytest.mark.voice, pytest.mark.timeout(240), pytest.mark.xdist_group("exchange")]

BOT_HERTZ, CALLEE_HERTZ = 440, 700
TRIES = ("once more", "for the last time")
"""Calls for when a telephone stood still in an earlier one, and heard nothing meanwhile."""

ANSWERS, BUSY, DECLINES, RINGS, WRONG, CONGESTED, LEAVES, AT_ONCE, CONGESTED_ONCE = (
    f"+1202555010{n}" for n in range(9)
)
PLAN = {
    "numbers": {
        ANSWERS: [{"do": "answer", "press": ["1"], "toneHertz": CALLEE_HERTZ}],
        BUSY: [{"do": "busy"}],
        DECLINES: [{"do": "decline"}],
        RINGS: [{"do": "ring"}],
        WRONG: [{"do": "wrong_number"}],
        CONGESTED: [{"do": "congestion"}],
        LEAVES: [{"do": "hang_up", "hangUpAfter": 1.0}],
        AT_ONCE: [{"do": "answer", "ringSeconds": 0, "press": ["2"]}],
        CONGESTED_ONCE: [{"do": "congestion"}, {"do": "answer", "press": ["1"]}],
    },
    "default": [{"do": "answer"}],
}


class Calls:
    """Every call of this file, under way or over."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.exchange = Exchange(PLAN, directory)
        self.line = LineProcess()
        for name, to, order in (
            ("answers", ANSWERS, {"recording": str(self.recording("answers"))}),
            ("answers too", ANSWERS, {"recording": str(self.recording("answers too"))}),
            ("busy", BUSY, {}),
            ("declines", DECLINES, {}),
            ("rings", RINGS, {"ring_seconds": 4.0}),
            ("wrong", WRONG, {}),
            ("congested", CONGESTED, {}),
            ("leaves", LEAVES, {"script": "long", "recording": str(self.recording("leaves"))}),
            ("stopped ringing", RINGS, {"stop_on": "ringing"}),
            ("cancelled ringing", RINGS, {"cancel_on": "ringing"}),
            ("stopped talking", "+12025550151", {"stop_on": "said", "script": "long"}),
            (
                "cancelled talking",
                "+12025550152",
                {
                    "cancel_on": "said",
                    "script": "long",
                    "recording": str(self.recording("cancelled talking")),
                },
            ),
            ("limited", "+12025550153", {"script": "limited"}),
            ("named", "+12025550154", {"script": "brief", "display_name": 'Acme "Clinic" \u2713'}),
        ):
            self.line.place(name, to=to, port=self.exchange.port, **order)

    def recording(self, name: str) -> Path:
        return self.directory / "recordings" / f"{name}.wav"

    def heard_in(self, name: str) -> bytes:
        """What the called party heard of this conversation, which is placed if it was not yet."""
        if name not in self.line.attempts:
            self.line.place(name, to=ANSWERS, port=self.exchange.port)
        self.line.result(name)
        wait_for(self, name, "bye")
        return self.exchange.heard(self.line.attempts[name])

    def close(self) -> None:
        try:
            self.line.close()
        finally:
            self.line.kill()
            self.exchange.close()


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    made = Calls(tmp_path_factory.mktemp("calls"))
    yield made
    made.close()


def tone_seconds(pcm: bytes, hertz: int) -> float:
    """How long a tone sounds, in steps of 20 ms."""
    size = frame_bytes(PHONE_RATE)
    pieces = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    loud = [piece for piece in pieces if level(piece) > 300]
    share = [tone_share(piece, hertz=hertz, rate=PHONE_RATE) for piece in loud]
    return sum(part > 0.7 for part in share) * FRAME_SECONDS


def test_a_conversation_runs_to_the_end_its_key_leads_to(calls: Calls) -> None:
    result = calls.line.result("answers")
    assert (result["end"], result["finished"], result["reason"]) == ("answered", True, "script")
    assert (result["keys"], result["saved"], result["result"]) == ("1", {"answer": "1"}, "yes")
    assert result["said"] == ["Hello Ana.", "Press 1 for yes, 2 for no.", "Thank you, goodbye."]
    assert calls.line.events("answers") == [
        *("ringing", "answered", "said", "said", "key", "said", "ended"),
    ]


def test_what_was_heard_of_the_callee_is_counted(calls: Calls) -> None:
    heard = calls.line.result("answers")["quality"]
    assert heard["received"] > 50  # a packet each 20 ms
    assert 1 <= heard["mos"] <= 5
    assert calls.line.result("busy")["quality"] is None


def test_the_called_party_hears_the_bot_and_sees_the_bot_hang_up(calls: Calls) -> None:
    calls.line.result("answers")
    *_, bye = wait_for(calls, "answers", "bye")
    assert bye["by"] == "caller"
    heard, said = calls.heard_in("answers"), pytest.approx(3 * 0.4, abs=0.2)
    for name in TRIES:
        if tone_seconds(heard, BOT_HERTZ) != said:
            heard = calls.heard_in(name)
    assert tone_seconds(heard, BOT_HERTZ) == said
    assert tone_seconds(heard, CALLEE_HERTZ) < 0.1


def test_the_exchange_sees_who_calls_and_why(calls: Calls) -> None:
    calls.line.result("answers")
    invite = calls.exchange.witnessed(calls.line.attempts["answers"])[0]
    assert invite["event"] == "invite"
    assert (invite["number"], invite["caller_id"]) == (ANSWERS, "+12025550100")


def test_a_recording_has_both_sides_in_step(calls: Calls) -> None:
    result = calls.line.result("answers")
    assert result["recording"] == str(calls.recording("answers"))
    callee, bot = sides(calls.recording("answers"))
    assert seconds(bot, PHONE_RATE) == pytest.approx(result["talk_seconds"], abs=0.3)
    assert tone_seconds(bot, BOT_HERTZ) == pytest.approx(3 * 0.4, abs=0.15)
    # Most of it: there is no sound while the telephone, or we, wait for a processor.
    assert tone_seconds(callee, CALLEE_HERTZ) > 0.6 * (result["talk_seconds"] - 0.5)
    assert tone_seconds(callee, BOT_HERTZ) < 0.1
    assert tone_seconds(bot, CALLEE_HERTZ) < 0.1
    # The key came in the pause after the question, and the goodbye began right then.
    key = calls.line.until("answers", "event", event="key")["detail"]["at_ms"] / 1000
    before, after = (bot[: 2 * int(PHONE_RATE * key)], bot[2 * int(PHONE_RATE * key) :])
    assert tone_seconds(before, BOT_HERTZ) == pytest.approx(0.8, abs=0.15)
    assert level(after[: 2 * PHONE_RATE // 5]) > 300
    assert level(before[-2 * PHONE_RATE // 5 :]) < 100


def test_the_exchange_says_that_it_is_there(calls: Calls) -> None:
    trunk = Trunk(host=LOOPBACK, port=calls.exchange.port)
    assert asyncio.run(ask_options(trunk, token="d15c0", seconds=15)).startswith("200")


def test_two_calls_are_up_at_once(calls: Calls) -> None:
    spans: list[tuple[float, float]] = []
    for name in ("answers", "answers too"):
        assert calls.line.result(name)["result"] == "yes"
        wait_for(calls, name, "bye")
        seen = calls.exchange.witnessed(calls.line.attempts[name])
        at = {each["event"]: each["at"] for each in seen}
        spans.append((at["answered"], at["bye"]))
        assert tone_seconds(sides(calls.recording(name))[1], BOT_HERTZ) > 1.0
    assert spans[0][0] < spans[1][1]
    assert spans[1][0] < spans[0][1]


@pytest.mark.parametrize(
    ("name", "status"), [("busy", 486), ("declines", 603), ("wrong", 404), ("congested", 503)]
)
def test_a_refusal_is_told_with_its_code(calls: Calls, name: str, status: int) -> None:
    result = calls.line.result(name)
    assert (result["end"], result["status"]) == ("refused", status)
    assert not result["answered"]
    # Which is told once it is acknowledged.
    assert seen_until(calls, name, "refused") == ["invite", "refused"]


def test_a_call_that_nobody_answers_is_taken_back(calls: Calls) -> None:
    result = calls.line.result("rings")
    assert (result["end"], result["reason"]) == ("no_answer", "nobody answered")
    assert calls.line.events("rings") == ["ringing", "ended"]
    assert seen_until(calls, "rings", "cancelled") == ["invite", "cancelled"]


def test_the_callee_hangs_up_in_the_middle(calls: Calls) -> None:
    result = calls.line.result("leaves")
    assert (result["end"], result["finished"], result["reason"]) == ("answered", False, "callee")
    # The script says forty sentences.
    assert 0 < seconds(sides(calls.recording("leaves"))[1], PHONE_RATE) < 10
    assert wait_for(calls, "leaves", "bye")[-1]["by"] == "callee"


def test_a_stop_takes_a_ringing_call_back(calls: Calls) -> None:
    assert calls.line.result("stopped ringing")["end"] == "cancelled"
    assert seen_until(calls, "stopped ringing", "cancelled") == ["invite", "cancelled"]


def test_cancelling_the_task_takes_a_ringing_call_back(calls: Calls) -> None:
    calls.line.until("cancelled ringing", "cancelled")
    assert seen_until(calls, "cancelled ringing", "cancelled") == ["invite", "cancelled"]


def test_a_stop_hangs_up_a_conversation(calls: Calls) -> None:
    result = calls.line.result("stopped talking")
    assert (result["end"], result["reason"]) == ("answered", "cancelled")
    assert wait_for(calls, "stopped talking", "bye")[-1]["by"] == "caller"


def test_cancelling_the_task_hangs_up_and_finishes_the_recording(calls: Calls) -> None:
    calls.line.until("cancelled talking", "cancelled")
    assert wait_for(calls, "cancelled talking", "bye")[-1]["by"] == "caller"
    callee, bot = sides(calls.recording("cancelled talking"))
    assert level(callee) < 30
    assert level(bot) == 0, "it was cancelled before a frame was sent"


def test_a_call_ends_at_its_time_limit(calls: Calls) -> None:
    result = calls.line.result("limited")
    assert (result["reason"], result["finished"]) == ("time_limit", False)
    assert wait_for(calls, "limited", "bye")[-1]["by"] == "caller"


def test_a_display_name_with_quotes_does_not_break_the_call(calls: Calls) -> None:
    assert calls.line.result("named")["result"] == "told"
    invite = calls.exchange.witnessed(calls.line.attempts["named"])[0]
    assert invite["caller_id"] == "+12025550100"


def test_an_answer_that_overtakes_the_dial_is_not_lost(calls: Calls) -> None:
    line = LineProcess("--busy")
    try:
        for n in range(3):
            line.place(str(n), to=AT_ONCE, port=calls.exchange.port, script="brief")
            assert line.result(str(n))["result"] == "told"
        line.place("refused", to=BUSY, port=calls.exchange.port)
        assert line.result("refused")["status"] == 486
    finally:
        line.kill()


def test_a_line_that_is_killed_leaves_its_part_and_is_let_go(calls: Calls) -> None:
    line = LineProcess()
    path = calls.recording("killed")
    line.place("killed", to=ANSWERS, port=calls.exchange.port, recording=str(path))
    line.until("killed", "event", event="key")
    line.kill()
    calls.line.attempts["killed"] = line.attempts["killed"]
    assert wait_for(calls, "killed", "bye")[-1]["by"] == "network"
    assert not path.exists()
    assert seconds(sides(part_of(path))[1], PHONE_RATE) > 0.5


def test_a_number_behaves_differently_on_its_second_call(calls: Calls) -> None:
    calls.line.place("once", to=CONGESTED_ONCE, port=calls.exchange.port)
    assert calls.line.result("once")["status"] == 503
    calls.line.place("twice", to=CONGESTED_ONCE, port=calls.exchange.port)
    assert calls.line.result("twice")["result"] == "yes"


def test_every_line_is_free_again_after_its_call(calls: Calls) -> None:
    names = ("answers", "answers too", "busy", "declines", "rings", "leaves", "named", "limited")
    for name in names:
        calls.line.result(name)
    calls.line.place("last", to=BUSY, port=calls.exchange.port)
    assert calls.line.result("last")["free_lines"] == 50


def wait_for(calls: Calls, name: str, event: str) -> list[dict[str, object]]:
    """What the exchange saw up to `event`; it may write that a moment after our side is done."""
    attempt = calls.line.attempts[name]
    for _ in range(200):
        seen = calls.exchange.witnessed(attempt)
        if any(each["event"] == event for each in seen):
            return seen
        # Any call to the exchange gives it the time it needs.
        calls.line.place(f"time {name} {_}", to=BUSY, port=calls.exchange.port)
        calls.line.result(f"time {name} {_}")
    raise AssertionError(f"the exchange never saw {event} of {name}")


def seen_until(calls: Calls, name: str, event: str) -> list[object]:
    """The kinds of it."""
    return [each["event"] for each in wait_for(calls, name, event)]


@pytest.mark.slow
@pytest.mark.usefixtures("calls")
def test_a_spoken_prompt_is_heard_and_cut_short_by_a_key(tmp_path: Path) -> None:
    pytest.importorskip("hibari")
    plan = {
        "numbers": {
            ANSWERS: [{"do": "answer", "press": ["1"]}],
            AT_ONCE: [{"do": "answer", "press": ["1"], "silenceSeconds": 0}],
        }
    }
    exchange, line = Exchange(plan, tmp_path), LineProcess("--speech")

    def lengths(name: str) -> tuple[float, float]:
        """How long the bot spoke, and how long it was heard."""
        attempt = line.attempts[name]
        until(lambda: any(each["event"] == "bye" for each in exchange.witnessed(attempt)))
        _, bot = sides(tmp_path / f"r_{name}.wav")
        said, reached = (trim(pcm, rate=PHONE_RATE) for pcm in (bot, exchange.heard(attempt)))
        return seconds(said, PHONE_RATE), seconds(reached, PHONE_RATE)

    spoken: list[tuple[float, float]] = []
    try:
        for turn in ("first", *TRIES):
            names = {f"patient {turn}": ANSWERS, f"hasty {turn}": AT_ONCE}
            for name, to in names.items():
                recording = str(tmp_path / f"r_{name}.wav")
                line.place(name, to=to, port=exchange.port, recording=recording)
            patient, hasty = (line.result(name) for name in names)
            assert patient["said"][1] == "Press 1 for yes, 2 for no."
            assert hasty["said"] == ["Hello Ana.", "Thank you, goodbye."]
            spoken = [lengths(name) for name in names]
            if all(abs(reached - said) < 0.3 for said, reached in spoken):
                break
        else:
            raise AssertionError(f"not all that was said was heard: {spoken}")
        line.close()
        exchange.close()
    finally:
        line.kill()
