"""A scripted bot on a scripted line, in virtual time: what is heard, when, and what comes of it."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from uuid import UUID

import pytest

from campana.domain.script import Ask, Branch, End, Say, Script
from campana.voice.call import run_call
from campana.voice.call_result import CallResult
from campana.voice.driver import NoAnswer, Placement, Refused, Trunk, Unreachable
from campana.voice.media import PHONE_RATE, level, samples, seconds, tone, tone_share
from campana.voice.speech import Speech
from tests.voice.scripted import Deed, Events, LoopClock, ScriptedDriver
from tests.voice.virtual_time import run

SCRIPT = Script(
    greeting="Hello {{ name }}.",
    steps=(
        Ask(
            id="q",
            text="Press 1 or 2.",
            keys={"1": "route", "2": "route"},
            timeout_seconds=3,
            reprompts=1,
            otherwise="silent",
            save_as="answer",
        ),
        Branch(id="route", on="answer", cases={"1": "yes"}, otherwise="no"),
        End(id="yes", text="Thank you.", result="yes"),
        End(id="no", text="Goodbye.", result="no"),
        End(id="silent", result="silent"),
    ),
    max_seconds=60,
)
HELLO, QUESTION, THANKS = 500, 700, 900
"""The tone each text is said with, one second of it."""


class Tones:
    """Says each text as a second of a tone of its own."""

    rate = PHONE_RATE
    pitch: ClassVar = {"Hello Ana.": HELLO, "Press 1 or 2.": QUESTION, "Thank you.": THANKS}

    def sentences(self, text: str) -> list[str]:
        return [text]

    def speak(self, sentence: str) -> bytes:
        return tone(self.pitch.get(sentence, 1100), duration=1.0, rate=self.rate)


def talk(
    *deeds: Deed,
    driver: ScriptedDriver | None = None,
    script: Script = SCRIPT,
    recording: Path | None = None,
    stop_at: float | None = None,
) -> tuple[CallResult, Events, bytes]:
    """A whole call: its result, its events and what the callee heard."""
    events = Events()

    async def work() -> tuple[CallResult, bytes]:
        line = driver or ScriptedDriver(*deeds)
        speech = Speech(engine=Tones())
        # Made beforehand: a thread at work does not move the virtual clock.
        await speech.prepare(list(Tones.pitch), rate=PHONE_RATE)
        stop = asyncio.Event()
        if stop_at is not None:
            asyncio.get_running_loop().call_later(stop_at, stop.set)
        result = await run_call(
            line,
            PLACEMENT,
            script,
            {"name": "Ana"},
            speech=speech,
            recording=recording,
            clock=LoopClock(),
            emit=events.append,
            stop=stop,
        )
        speech.close()
        return result, bytes(line.call.heard) if line.call else b""

    result, heard = run(work())
    return result, events, heard


PLACEMENT = Placement(
    attempt_id=UUID(int=7),
    to="+12025550101",
    trunk=Trunk(host="127.0.0.1"),
    caller_id="+12025550100",
)


def pitch_at(pcm: bytes, moment: float) -> int | None:
    """Which tone sounds in the tenth of a second from `moment` on; None in silence."""
    start = 2 * int(moment * PHONE_RATE)
    piece = pcm[start : start + 2 * PHONE_RATE // 10]
    if level(piece) < 100:
        return None
    pitches = (HELLO, QUESTION, THANKS, 1100)
    return max(pitches, key=lambda hertz: tone_share(piece, hertz=hertz, rate=PHONE_RATE))


def test_speaks_asks_and_ends_as_the_key_says() -> None:
    result, events, heard = talk((4.0, "press", "1"))
    assert [pitch_at(heard, moment) for moment in (0.1, 0.8, 1.8, 3.0, 4.5)] == [
        None,
        HELLO,
        QUESTION,
        None,
        THANKS,
    ]
    assert (result.end, result.finished, result.reason) == ("answered", True, "script")
    assert (result.result, result.saved, result.keys) == ("yes", {"answer": "1"}, "1")
    assert events.types() == ["ringing", "answered", "said", "said", "key", "said", "ended"]
    assert [(line.role, line.text) for line in result.transcript] == [
        ("bot", "Hello Ana."),
        ("bot", "Press 1 or 2."),
        ("callee", "1"),
        ("bot", "Thank you."),
    ]
    assert result.transcript[2].at_ms == pytest.approx(4000, abs=50)
    assert result.answered_at is not None
    span = (result.ended_at - result.answered_at).total_seconds()
    assert result.talk_seconds == pytest.approx(span, abs=0.01)


def test_an_expected_key_cuts_the_bot_short() -> None:
    result, _, heard = talk((0.9, "press", "1"))
    assert pitch_at(heard, 0.8) == HELLO
    assert pitch_at(heard, 1.0) == THANKS
    assert result.result == "yes"


def test_an_unexpected_key_does_not_interrupt_and_is_kept_in_the_transcript() -> None:
    result, _, heard = talk((0.9, "press", "5"), (4.0, "press", "1"))
    assert pitch_at(heard, 1.0) == HELLO
    assert result.keys == "51"
    assert result.result == "yes"


def test_a_wrong_key_after_the_question_has_it_said_again() -> None:
    result, _, heard = talk((3.0, "press", "7"), (5.0, "press", "2"))
    assert pitch_at(heard, 3.5) == QUESTION
    assert result.result == "no"


def test_silence_has_the_question_said_again_and_then_gives_up() -> None:
    result, events, heard = talk()
    assert pitch_at(heard, 5.6) == QUESTION
    assert (result.finished, result.result, result.keys) == (True, "silent", "")
    assert events.types().count("said") == 3


def test_a_key_from_before_the_question_of_a_later_turn_does_not_answer_it() -> None:
    script = Script(
        greeting="Hello Ana.",
        steps=(
            Ask(id="a", text="Press 1 or 2.", keys={"1": "b"}, timeout_seconds=2, reprompts=0),
            Ask(id="b", text="Thank you.", keys={"1": "end"}, timeout_seconds=2, reprompts=0),
            End(id="end", result="both"),
        ),
    )
    result, _, _ = talk((3.0, "press", "1"), (3.0, "press", "1"), script=script)
    assert result.result is None
    assert result.keys == "11"


def test_the_callee_hangs_up_in_the_middle() -> None:
    result, events, heard = talk((1.0, "hang_up", ""))
    assert (result.end, result.finished, result.reason) == ("answered", False, "callee")
    assert seconds(heard, PHONE_RATE) == pytest.approx(1.0, abs=0.01)
    assert result.talk_seconds == pytest.approx(1.0, abs=0.05)
    assert events.types()[-1] == "ended"
    assert events[-1].detail["reason"] == "callee"


def test_an_answer_counts_although_the_goodbye_is_not_waited_for() -> None:
    result, _, _ = talk((3.0, "press", "1"), (3.2, "hang_up", ""))
    assert (result.finished, result.result, result.saved) == (False, "yes", {"answer": "1"})


def test_the_network_fails_in_the_middle() -> None:
    result, _, _ = talk((1.0, "vanish", ""))
    assert (result.end, result.finished, result.reason) == ("answered", False, "network")


def test_a_call_ends_at_its_time_limit() -> None:
    script = Script(
        greeting="Hello Ana.",
        steps=(Say(id="a", text="Press 1 or 2."), *[Say(id=str(n), text="x") for n in range(9)]),
        max_seconds=5,
    )
    result, _, heard = talk(script=script)
    assert (result.reason, result.finished) == ("time_limit", False)
    assert seconds(heard, PHONE_RATE) == pytest.approx(5.0, abs=0.05)


@pytest.mark.parametrize(
    ("failure", "end", "status"),
    [
        (Refused(status=486, reason="Busy Here"), "refused", 486),
        (NoAnswer(reason="nobody answered"), "no_answer", None),
        (Unreachable(reason="Connection refused [111]"), "failed", None),
    ],
)
def test_tells_why_there_was_no_call(
    failure: Refused | NoAnswer | Unreachable, end: str, status: int | None
) -> None:
    result, events, _ = talk(driver=ScriptedDriver(fails=failure))
    assert (result.end, result.status, result.reason) == (end, status, failure.reason)
    assert result.answered_at is None
    assert result.talk_seconds == 0
    assert events.types() == ["ringing", "ended"]


def test_a_stop_while_it_rings_takes_the_call_back() -> None:
    driver = ScriptedDriver(ring=20)
    result, _, _ = talk(driver=driver, stop_at=2)
    assert (result.end, driver.taken_back) == ("cancelled", True)


def test_a_stop_ends_a_conversation_at_once(tmp_path: Path) -> None:
    result, _, heard = talk(stop_at=2.5, recording=tmp_path / "a.wav")
    assert (result.end, result.reason, result.finished) == ("answered", "cancelled", False)
    assert seconds(heard, PHONE_RATE) == pytest.approx(1.5, abs=0.05)
    assert result.recording == tmp_path / "a.wav"


@pytest.mark.parametrize("after", [0.5, 2.0])
def test_cancelling_the_task_hangs_up_and_finishes_the_recording(
    tmp_path: Path, after: float
) -> None:
    events = Events()
    driver = ScriptedDriver(ring=1.0)

    async def work() -> None:
        speech = Speech(engine=Tones())
        await speech.prepare(list(Tones.pitch), rate=PHONE_RATE)
        calling = asyncio.ensure_future(
            run_call(
                driver,
                PLACEMENT,
                SCRIPT,
                {"name": "Ana"},
                speech=speech,
                recording=tmp_path / "a.wav",
                clock=LoopClock(),
                emit=events.append,
            )
        )
        await asyncio.sleep(after)
        calling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await calling

    run(work())
    assert events.types()[-1] == "ended"
    assert events[-1].detail["reason"] == "cancelled"
    if driver.call is None:
        assert driver.taken_back
        assert not list(tmp_path.iterdir())
    else:
        assert driver.call.ended is not None
        assert [file.name for file in tmp_path.iterdir()] == ["a.wav"]


def test_sound_is_never_more_than_60_ms_ahead() -> None:
    driver = ScriptedDriver((4.0, "press", "1"))
    _, _, heard = talk(driver=driver)
    assert driver.call is not None
    assert seconds(bytes(driver.call.most_queued), PHONE_RATE) <= 0.06
    spoken = [pitch_at(heard, 0.35 + n / 10) for n in range(19)]
    assert None not in spoken[:9] + spoken[10:], "the sound has gaps"


def channels(path: Path) -> tuple[bytes, bytes]:
    with wave.open(str(path), "rb") as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, PHONE_RATE)
        both: Sequence[int] = samples(file.readframes(file.getnframes()))
    left, right = samples(b""), samples(b"")
    left.extend(both[0::2])
    right.extend(both[1::2])
    return left.tobytes(), right.tobytes()


def test_records_what_was_heard_on_both_sides_in_step(tmp_path: Path) -> None:
    driver = ScriptedDriver((0.9, "press", "1"), hum=True)
    result, _, heard = talk(driver=driver, recording=tmp_path / "deep" / "call.wav")
    assert result.recording == tmp_path / "deep" / "call.wav"
    callee, bot = channels(tmp_path / "deep" / "call.wav")
    assert tone_share(callee[2000:], hertz=300, rate=PHONE_RATE) > 0.95
    length = min(len(bot), len(heard))
    assert seconds(heard[length:] + bot[length:], PHONE_RATE) < 0.05
    moments = [n / 50 for n in range(int(50 * seconds(heard, PHONE_RATE)) - 5)]
    apart = [t for t in moments if pitch_at(bot, t) != pitch_at(heard, t)]
    assert len(apart) <= 3, f"the recording is out of step at {apart}"


def test_a_recording_that_cannot_be_written_does_not_end_the_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    result, _, _ = talk((4.0, "press", "1"), recording=tmp_path / "file" / "call.wav")
    assert (result.finished, result.recording) == (True, None)
    assert result.recording_problem is not None
    assert "could not be written" in result.recording_problem
