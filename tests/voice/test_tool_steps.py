"""A step that has a program asked while somebody is on the line, in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime

from campana.domain.answers import YesNo
from campana.domain.dialog import start
from campana.domain.model_talk import Errand
from campana.domain.prompted import HttpTool
from campana.domain.script import Ask, End, Script, UseTool
from campana.voice.media import PHONE_RATE, tone
from campana.voice.speech import Speech
from campana.voice.stream import SoundStream
from campana.voice.talk import Talk
from tests.voice.hears import Saying, ScriptedEar
from tests.voice.scripted import ScriptedCall
from tests.voice.virtual_time import run

NOW = datetime(2026, 11, 26, 14, 10, tzinfo=UTC)
SCRIPT = Script(
    greeting="Hello.",
    steps=(
        UseTool(
            id="slot",
            tool=HttpTool(name="slot", description="", url="https://example.com/slot"),
            arguments={"most": 3},
            saves={"day": "day"},
            filler="One moment.",
            filler_seconds=1.0,
            otherwise="sorry",
        ),
        Ask(id="coming", text="Can you?", answer=YesNo(), timeout_seconds=2, reprompts=0),
        End(id="end", text="Goodbye.", result="offered"),
        End(id="sorry", text="Sorry.", result="failed"),
    ),
)
# Each text is two seconds long: the greeting 0.3 to 2.3, the filler 3.3 to 5.3.
TEXTS = ("Hello.", "One moment.", "Can you?", "Goodbye.", "Sorry.")
OPT_OUT = "You will not be called again. Goodbye."


class Tones:
    rate = PHONE_RATE

    def sentences(self, text: str) -> list[str]:
        return [text]

    def speak(self, sentence: str) -> bytes:
        del sentence
        return tone(500, duration=2.0, rate=self.rate)


@dataclass
class Program:
    """Answers after so many seconds."""

    seconds: float = 0.0
    answer: tuple[bool, str] = (True, '{"day": "Friday"}')
    asked: list[Errand] = field(default_factory=list[Errand])
    is_let_go: bool = False

    async def run(self, errand: Errand) -> tuple[bool, str]:
        self.asked.append(errand)
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.is_let_go = True
            raise
        return self.answer


def conversation(
    program: Program | None, *says: Saying, hangs_up_after: float | None = None
) -> Talk:
    async def work() -> Talk:
        speech = Speech(engine=Tones())
        await speech.prepare([*TEXTS, OPT_OUT], rate=PHONE_RATE)
        call = ScriptedCall(())
        ear = ScriptedEar(*says)
        stream = SoundStream(call, recording=None, ear=ear)
        talk = Talk(
            call,
            stream,
            SCRIPT,
            speech=speech,
            tell=lambda *_: None,
            ear=ear,
            now=lambda: NOW,
            programs=program,
        )
        streaming = asyncio.ensure_future(stream.run())
        talking = asyncio.ensure_future(talk.run(start(SCRIPT, fields={})))
        await asyncio.wait({talking}, timeout=hangs_up_after)
        talking.cancel()
        await call.hang_up()
        streaming.cancel()
        await asyncio.gather(talking, streaming, return_exceptions=True)
        speech.close()
        return talk

    return run(work())


def bot_said(talk: Talk) -> list[str]:
    return [line.text for line in talk.notes.transcript if line.role == "bot"]


def test_a_quick_answer_is_saved_and_nothing_is_said_meanwhile() -> None:
    program = Program(seconds=0.5)
    talk = conversation(program, (5.5, 1.0, "Yes, I can."))
    assert bot_said(talk) == ["Hello.", "Can you?", "Goodbye."]
    assert (talk.notes.saved, talk.notes.result) == ({"day": "Friday"}, "offered")
    assert [(each.arguments, each.tool.url) for each in program.asked] == [
        ({"most": 3}, "https://example.com/slot")
    ]
    [used] = talk.notes.used
    assert (used.name, used.arguments, used.outcome) == ("slot", '{"most":3}', "done")


def test_a_slow_one_is_waited_for_with_a_sentence_said_once() -> None:
    talk = conversation(Program(seconds=9.0), (14.5, 1.0, "Yes, I can."))
    assert bot_said(talk) == ["Hello.", "One moment.", "Can you?", "Goodbye."]
    at = {line.text: line.at_ms / 1000 for line in talk.notes.transcript}
    assert 3.2 <= at["One moment."] <= 3.5
    assert 11.2 <= at["Can you?"] <= 11.5


def test_one_that_fails_goes_the_other_way() -> None:
    talk = conversation(Program(answer=(False, "it answered 500: oh")))
    assert bot_said(talk) == ["Hello.", "Sorry."]
    assert talk.notes.result == "failed"
    assert [(each.outcome, each.answer) for each in talk.notes.used] == [
        ("failed", "it answered 500: oh")
    ]


def test_where_there_are_no_programs_it_fails_too() -> None:
    assert conversation(None).notes.result == "failed"


def test_stop_calling_me_counts_while_it_waits_and_the_program_is_let_go() -> None:
    for at in (2.6, 3.6, 6.0):
        program = Program(seconds=60.0)
        talk = conversation(program, (at, 1.0, "Stop calling me."))
        assert talk.notes.result == "opt_out"
        assert bot_said(talk)[-1] == OPT_OUT
        assert program.is_let_go
        assert [each.answer for each in talk.notes.used] == ["not waited for"]


def test_other_words_while_it_waits_are_heard_and_answer_nothing() -> None:
    talk = conversation(Program(seconds=3.0), (2.5, 0.5, "Yes."), (8.0, 1.0, "Yes, I can."))
    said = [(line.role, line.text) for line in talk.notes.transcript]
    assert ("callee", "Yes.") in said
    assert [each.given.said for each in talk.notes.answered] == ["Yes, I can."]


def test_hanging_up_while_it_waits_lets_the_program_go() -> None:
    program = Program(seconds=60.0)
    talk = conversation(program, hangs_up_after=7.0)
    assert program.is_let_go
    assert not talk.finished
    assert [(each.outcome, each.answer) for each in talk.notes.used] == [
        ("failed", "not waited for")
    ]
