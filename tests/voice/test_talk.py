"""A spoken conversation on a scripted line and a scripted ear, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from campana.domain.answered_by import AnsweredBy
from campana.domain.answers import Day, YesNo
from campana.domain.attempt import EventType
from campana.domain.dialog import start
from campana.domain.script import Ask, End, OnMachine, Say, Script
from campana.voice.media import PHONE_RATE, level, seconds, tone
from campana.voice.speech import Speech
from campana.voice.stream import SoundStream
from campana.voice.talk import Talk
from tests.voice.hears import Saying, ScriptedEar
from tests.voice.scripted import Deed, ScriptedCall
from tests.voice.virtual_time import run

NOW = datetime(2026, 11, 26, 14, 10, tzinfo=UTC)

SCRIPT = Script(
    greeting="Hello.",
    steps=(
        Say(id="why", text="It is about your visit."),
        Ask(id="coming", text="Can you come?", answer=YesNo(), save_as="coming", timeout_seconds=3),
        Ask(id="day", text="Which day?", answer=Day(), save_as="day", timeout_seconds=3),
        End(id="end", text="Goodbye.", result="booked"),
    ),
)
# Each text is two seconds long: greeting 0.3 to 2.3, reason to 4.3, question to 6.3.


class Tones:
    rate = PHONE_RATE

    def sentences(self, text: str) -> list[str]:
        return [text]

    def speak(self, sentence: str) -> bytes:
        del sentence
        return tone(500, duration=2.0, rate=self.rate)


class Spoken:
    """A conversation that was had."""

    def __init__(self, talk: Talk, heard: bytes, told: list[tuple[EventType, Any]]) -> None:
        self.talk, self.heard, self.told = talk, heard, told

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line.role, line.text) for line in self.talk.notes.transcript]

    def is_speaking(self, moment: float) -> bool:
        start = 2 * int(moment * PHONE_RATE)
        return level(self.heard[start : start + 2 * PHONE_RATE // 10]) > 100


def conversation(
    *sayings: Saying,
    script: Script = SCRIPT,
    deeds: tuple[Deed, ...] = (),
    answered_by: AnsweredBy | tuple[AnsweredBy, ...] = (),
    then: Callable[[ScriptedEar], None] | None = None,
) -> Spoken:
    told: list[tuple[EventType, Any]] = []

    async def work() -> Spoken:
        speech = Speech(engine=Tones())
        texts = ["Hello.", "It is about your visit.", "Can you come?", "Which day?", "Goodbye."]
        texts += ["Sorry, I did not understand. Can you come?", "Please call us back."]
        texts += ["Please press 1 for yes, or 2 for no.", "You will not be called again. Goodbye."]
        texts += ["All right. You will be called tomorrow at 5 PM. Goodbye."]
        texts += ["All right. You will be called later. Goodbye."]
        await speech.prepare(texts, rate=PHONE_RATE)
        # Made once the threads are done: meanwhile the clock jumps.
        call = ScriptedCall(deeds)
        who = (answered_by,) if isinstance(answered_by, AnsweredBy) else answered_by
        ear = ScriptedEar(*sayings, answered_by=who)
        if then is not None:
            then(ear)
        stream = SoundStream(call, recording=None, ear=ear)
        talk = Talk(
            call,
            stream,
            script,
            speech=speech,
            tell=lambda kind, detail: told.append((kind, detail)),
            ear=ear,
            now=lambda: NOW,
        )
        streaming = asyncio.ensure_future(stream.run())
        await talk.run(start(script, fields={}))
        await call.hang_up()
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        speech.close()
        return Spoken(talk, bytes(call.heard), told)

    return run(work())


def test_answers_in_words_lead_to_the_end() -> None:
    spoken = conversation((7.0, 1.0, "Yes, I can."), (11.0, 1.0, "Next Tuesday."))
    talk = spoken.talk
    assert (talk.notes.result, talk.finished) == ("booked", True)
    assert talk.notes.saved == {"coming": "yes", "day": "2026-12-01"}
    assert [(each.given.said, each.at_ms) for each in talk.notes.answered] == [
        ("Yes, I can.", pytest.approx(8000, abs=50)),
        ("Next Tuesday.", pytest.approx(12000, abs=50)),
    ]
    assert spoken.lines[3:5] == [("callee", "Yes, I can."), ("bot", "Which day?")]
    assert [kind for kind, _ in spoken.told].count(EventType.HEARD) == 2


def test_it_is_kept_how_long_they_waited_for_each_reply_and_where_that_went() -> None:
    spoken = conversation((7.0, 1.0, "Yes, I can."), (11.0, 1.0, "Next Tuesday."))
    waited = {line.text: line.latency for line in spoken.talk.notes.transcript}
    assert [text for text, latency in waited.items() if latency] == ["Which day?", "Goodbye."]
    latency = waited["Which day?"]
    assert latency is not None
    assert (latency.vad_ms, latency.asr_ms) == (
        pytest.approx(300, abs=2),
        pytest.approx(200, abs=2),
    )
    assert latency.dialog_ms + latency.tts_ms <= 40
    assert latency.total_ms >= 500


def test_a_reply_to_a_key_or_to_silence_has_no_latency() -> None:
    spoken = conversation(deeds=((7.0, "press", "1"),))
    lines = spoken.talk.notes.transcript
    assert "Which day?" in [line.text for line in lines]
    assert [line.latency for line in lines if line.latency] == []


def test_words_cut_the_question_short_and_nothing_else() -> None:
    spoken = conversation(
        (1.0, 0.5, "Hello?"), (5.5, 1.0, "Yes."), (9.5, 1.0, "Friday."), (12.0, 0.4, "Bye.")
    )
    assert spoken.is_speaking(1.6), "a greeting is not cut short"
    assert spoken.is_speaking(5.4)
    assert not spoken.is_speaking(5.8), "the question is"
    assert spoken.talk.notes.saved == {"coming": "yes", "day": "2026-11-27"}
    assert ("callee", "Hello?") in spoken.lines


@pytest.mark.parametrize(
    ("disclosure", "then", "at"),
    [
        # It answers the question before that is said.
        (None, "Which day?", 1.0),
        ("Please call us back.", "Can you come?", 4.3),
    ],
)
def test_no_key_cuts_short_what_must_be_disclosed(
    disclosure: str | None, then: str, at: float
) -> None:
    script = replace(SCRIPT, steps=SCRIPT.steps[1:], disclosure=disclosure)
    spoken = conversation((12.0, 1.0, "Next Tuesday."), script=script, deeds=((1.0, "press", "1"),))
    said = [line for line in spoken.talk.notes.transcript if line.role == "bot"]
    following = next(line for line in said if line.text not in {"Hello.", disclosure})
    assert (following.text, following.at_ms / 1000) == (then, pytest.approx(at, abs=0.2))


def test_who_goes_on_speaking_does_not_answer_the_next_question() -> None:
    # "Yes. ... on Monday I was away": the rest comes as the next question has just begun.
    spoken = conversation(
        (7.0, 0.5, "Yes."), (7.9, 1.0, "On Monday I was away."), (11.0, 1.0, "Friday.")
    )
    assert spoken.talk.notes.saved == {"coming": "yes", "day": "2026-11-27"}


def test_somebody_who_speaks_is_not_asked_again_before_they_are_done() -> None:
    spoken = conversation((9.0, 4.0, "Well, let me see, yes."), (17.0, 1.0, "Friday."))
    assert spoken.talk.notes.saved["coming"] == "yes", spoken.lines
    assert not any("Sorry" in text for _, text in spoken.lines)


def test_a_noise_is_no_answer_and_no_refusal() -> None:
    spoken = conversation((6.5, 0.4, ""), (7.5, 0.5, "Yes."), (11.0, 0.5, "Friday."))
    assert spoken.talk.notes.result == "booked"
    assert not any("Sorry" in text for _, text in spoken.lines)


def test_twice_not_understood_asks_for_keys() -> None:
    spoken = conversation(
        (7.0, 0.5, "Bananas."),
        (11.0, 0.5, "More bananas."),
        deeds=((14.5, "press", "1"), (17.0, "press", "1"), (17.2, "press", "2"),
               (17.4, "press", "0"), (17.6, "press", "3")),
    )  # fmt: skip
    texts = [text for role, text in spoken.lines if role == "bot"]
    assert texts[3:5] == [
        "Sorry, I did not understand. Can you come?",
        "Please press 1 for yes, or 2 for no.",
    ]
    assert spoken.talk.notes.saved == {"coming": "yes", "day": "2026-12-03"}
    assert spoken.talk.notes.keys == "11203"


@pytest.mark.parametrize("at", [1.0, 3.0, 5.0, 7.0, 11.0])
def test_stop_calling_me_is_heard_whatever_is_being_said(at: float) -> None:
    spoken = conversation((7.0, 0.5, "Yes."), (at + 0.01, 1.0, "Stop calling me."))
    assert spoken.talk.notes.result == "opt_out"
    assert [text for role, text in spoken.lines if role == "bot"][-1].startswith("You will not be")
    wishes = [detail["wish"] for kind, detail in spoken.told if kind is EventType.HEARD]
    assert "opt_out" in wishes


def test_stop_calling_me_is_heard_in_the_goodbye() -> None:
    spoken = conversation((7.0, 0.5, "Yes."), (10.0, 0.5, "Friday."), (12.0, 2.0, "Don't call me."))
    assert spoken.talk.notes.result == "opt_out"
    assert spoken.talk.notes.saved["day"] == "2026-11-27"


def test_who_wants_a_callback_and_then_none_gets_none() -> None:
    spoken = conversation((7.0, 1.0, "Call me tomorrow at five."), (9.0, 1.0, "No, never call me."))
    assert spoken.talk.notes.result == "opt_out"
    assert spoken.talk.notes.callback_at is None


def test_a_callback_keeps_its_moment() -> None:
    spoken = conversation((7.0, 1.0, "Call me tomorrow at five."))
    assert spoken.talk.notes.result == "callback_request"
    assert spoken.talk.notes.callback_at == NOW.replace(hour=17, minute=0) + timedelta(days=1)


MACHINE = Script(
    greeting="Hello.",
    steps=(End(id="end", text="Goodbye.", result="told"),),
    on_machine=OnMachine(do="leave_message", message="Please call us back."),
)


@pytest.mark.parametrize("who", [AnsweredBy.HUMAN, AnsweredBy.UNSURE, AnsweredBy.SILENCE])
def test_whoever_may_be_a_person_is_talked_to(who: AnsweredBy) -> None:
    spoken = conversation(script=MACHINE, answered_by=who)
    assert (spoken.talk.answered_by, spoken.talk.notes.result) == (who, "told")
    assert spoken.lines[0] == ("bot", "Hello.")
    assert not spoken.is_speaking(0.8)


def test_a_message_is_left_when_the_beep_is_over() -> None:
    def beep(ear: ScriptedEar) -> None:
        asyncio.get_running_loop().call_later(6.0, ear.beeped.set)

    spoken = conversation(script=MACHINE, answered_by=AnsweredBy.MACHINE, then=beep)
    assert spoken.lines == [("bot", "Please call us back.")]
    assert spoken.talk.has_left_message
    assert not any(spoken.is_speaking(moment / 10) for moment in range(62))
    assert spoken.is_speaking(7.0)
    assert spoken.talk.notes.result is None


@pytest.mark.parametrize("do", ["leave_message", "hang_up"])
def test_a_recording_that_wants_no_calls_is_heard(do: Literal["leave_message", "hang_up"]) -> None:
    # With hang_up only what was said by then is.
    at = 1.5 if do == "leave_message" else 0.2
    spoken = conversation(
        (at, 0.5, "Remove this number from your list."),
        script=replace(MACHINE, on_machine=OnMachine(do=do, message="Please call us back.")),
        answered_by=AnsweredBy.MACHINE,
    )
    assert spoken.lines == [
        ("callee", "Remove this number from your list."),
        ("bot", "You will not be called again. Goodbye."),
    ]
    assert [detail["wish"] for kind, detail in spoken.told if kind is EventType.HEARD] == [
        "opt_out"
    ]
    assert (spoken.talk.notes.result, spoken.talk.has_left_message) == ("opt_out", False)


def test_who_wants_no_calls_need_not_wait_until_it_is_known_who_answered() -> None:
    spoken = conversation(
        (0.1, 0.4, "Stop calling me."), script=MACHINE, answered_by=AnsweredBy.HUMAN
    )
    [goodbye] = [line for line in spoken.talk.notes.transcript if line.role == "bot"]
    # It would have been known after a second.
    assert (goodbye.text, goodbye.at_ms) == (
        "You will not be called again. Goodbye.",
        pytest.approx(500, abs=50),
    )
    assert spoken.talk.notes.result == "opt_out"


def test_an_assistant_that_wants_no_calls_is_heard_and_its_call_later_is_no_wish() -> None:
    spoken = conversation(
        (0.2, 0.5, "Please call back later."),
        (4.0, 1.0, "Please remove this number from your mailing list."),
        script=MACHINE,
        answered_by=(AnsweredBy.SCREENER, AnsweredBy.SILENCE),
    )
    assert spoken.talk.notes.result == "opt_out"
    assert [text for role, text in spoken.lines if role == "callee"] == [
        "Please call back later.",
        "Please remove this number from your mailing list.",
    ]


def test_what_a_person_says_to_an_assistant_is_answered_when_they_come() -> None:
    came = (AnsweredBy.SCREENER, AnsweredBy.HUMAN)
    # While it is found out who came.
    spoken = conversation((4.6, 0.5, "Call me later."), script=MACHINE, answered_by=came)
    assert spoken.talk.notes.result == "callback_request"


def test_nothing_is_left_without_a_beep() -> None:
    spoken = conversation(script=MACHINE, answered_by=AnsweredBy.MACHINE)
    assert (spoken.lines, spoken.talk.has_left_message) == ([], False)
    assert 30 < seconds(spoken.heard, PHONE_RATE) < 33


def test_a_screener_is_told_who_calls_and_whoever_comes_is_talked_to() -> None:
    came = (AnsweredBy.SCREENER, AnsweredBy.HUMAN)
    spoken = conversation((1.2, 2.0, "and I will see"), script=MACHINE, answered_by=came)
    assert [line for line in spoken.lines if line[0] == "bot"] == [
        ("bot", "Please call us back."),
        ("bot", "Hello."),
        ("bot", "Goodbye."),
    ]
    assert not any(spoken.is_speaking(moment / 10) for moment in range(32)), "it talked into it"
    assert (spoken.talk.answered_by, spoken.talk.notes.result) == (AnsweredBy.HUMAN, "told")
    assert not spoken.talk.has_left_message


@pytest.mark.parametrize(
    ("came", "shown"),
    [
        (AnsweredBy.SILENCE, AnsweredBy.SCREENER),
        (AnsweredBy.SCREENER, AnsweredBy.SCREENER),
        (AnsweredBy.MACHINE, AnsweredBy.MACHINE),
    ],
)
def test_nobody_comes_after_a_screener(came: AnsweredBy, shown: AnsweredBy) -> None:
    spoken = conversation(script=MACHINE, answered_by=(AnsweredBy.SCREENER, came))
    assert spoken.lines == [("bot", "Please call us back.")]
    assert (spoken.talk.answered_by, spoken.talk.notes.result) == (shown, None)


@pytest.mark.parametrize("who", [AnsweredBy.SCREENER, AnsweredBy.MACHINE, AnsweredBy.FAX])
def test_whatever_is_no_person_is_hung_up_on_where_the_script_says_so(who: AnsweredBy) -> None:
    script = replace(MACHINE, on_machine=OnMachine(do="hang_up"))
    spoken = conversation(script=script, answered_by=who)
    assert (spoken.lines, spoken.talk.answered_by) == ([], who)
    assert seconds(spoken.heard, PHONE_RATE) < 2


def test_a_fax_is_left_no_message() -> None:
    spoken = conversation(script=MACHINE, answered_by=AnsweredBy.FAX)
    assert (spoken.lines, spoken.talk.has_left_message) == ([], False)
    assert seconds(spoken.heard, PHONE_RATE) < 2
