"""A conversation that a model speaks for, on a scripted line, ear and model, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from campana.domain.attempt import EventType
from campana.domain.dialog import start
from campana.domain.model_talk import Errand, Message, Talked
from campana.domain.prompted import EndTool, HttpTool, OptOutTool, Prompt, ResultTool
from campana.domain.script import Ask, End, Script
from campana.domain.sentences import Sentences
from campana.domain.speaking import CallPart, Part, Words
from campana.voice.media import PHONE_RATE, level, tone
from campana.voice.mind import Lost
from campana.voice.model_talk import ModelTalk
from campana.voice.speech import Speech
from campana.voice.stream import SoundStream
from tests.voice.hears import Saying, ScriptedEar
from tests.voice.scripted import Deed, Desks, ScriptedCall
from tests.voice.virtual_time import run

NOW = datetime(2026, 11, 26, 14, 10, tzinfo=UTC)
BOOK = HttpTool(name="book", description="Books.", url="https://example.com/book")
SCRIPT = Script(
    greeting="Hello.",
    steps=(
        Ask(id="key", text="Press 1.", keys={"1": "end"}, timeout_seconds=2, reprompts=0),
        End(id="end", text="We will call again.", result="by script"),
    ),
    prompt=Prompt(
        goal="Find a day.",
        tools=(EndTool(results=("booked",)), OptOutTool(), ResultTool(), BOOK),
        result={"type": "object", "properties": {"day": {"type": "string"}}},
        filler="One moment.",
        filler_seconds=1.0,
        listen_seconds=4.0,
    ),
)
Script_ = Sequence[Part | float | Lost]
"""What the model does: says a part, takes its time, or is lost."""


def tool(name: str, arguments: str = "{}", *, index: int = 0) -> CallPart:
    return CallPart(index=index, id=f"{name}{index}", name=name, arguments=arguments)


BYE = (
    Words(text="Goodbye."),
    tool("set_result", '{"day": "x"}'),
    tool("end", '{"result": "booked"}', index=1),
)


@dataclass
class ScriptedMind:
    earlier = None
    replies: list[Script_]
    errand_seconds: float = 0.0
    asked: list[tuple[Message, ...]] = field(default_factory=list[tuple[Message, ...]])
    ran: list[str] = field(default_factory=list[str])

    async def reply(self, talked: Talked) -> AsyncGenerator[Part]:
        self.asked.append(talked.messages)
        for each in self.replies.pop(0) if self.replies else [Lost("nothing is left")]:
            match each:
                case int() | float():
                    await asyncio.sleep(each)
                case Lost():
                    raise each
                case part:
                    yield part

    async def run(self, errand: Errand) -> tuple[bool, str]:
        self.ran.append(errand.tool.name)
        await asyncio.sleep(self.errand_seconds)
        return True, "booked"

    def told(self, nth: int = -1) -> list[tuple[str, str]]:
        """What the model was told the nth time, besides its instructions."""
        return [(each.role, each.text) for each in self.asked[nth][1:]]


class Tones:
    rate = PHONE_RATE

    def sentences(self, text: str) -> list[str]:
        return [text]

    def speak(self, sentence: str) -> bytes:
        del sentence
        return tone(500, duration=2.0, rate=self.rate)


@dataclass
class Had:
    talk: ModelTalk
    mind: ScriptedMind
    heard: bytes
    told: list[tuple[EventType, Any]]

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [(line.role, line.text) for line in self.talk.notes.transcript]

    @property
    def said(self) -> list[str]:
        return [text for role, text in self.lines if role == "bot"]

    def at(self, text: str) -> float:
        [line] = [line for line in self.talk.notes.transcript if line.text == text]
        return line.at_ms / 1000

    def is_speaking(self, moment: float) -> bool:
        begin = 2 * int(moment * PHONE_RATE)
        return level(self.heard[begin : begin + 2 * PHONE_RATE // 10]) > 100


def conversation(
    *replies: Script_,
    says: Sequence[Saying] = (),
    deeds: tuple[Deed, ...] = (),
    script: Script = SCRIPT,
    errand_seconds: float = 0.0,
    hangs_up_after: float = 300.0,
    desks: Desks | None = None,
    may_transfer: bool = True,
) -> Had:
    told: list[tuple[EventType, Any]] = []
    splitter = Sentences()
    mind = ScriptedMind(list(replies), errand_seconds=errand_seconds)
    texts = [part.text for reply in replies for part in reply if isinstance(part, Words)]

    async def work() -> Had:
        speech = Speech(engine=Tones())
        known = [script.greeting, "One moment.", "Press 1.", "We will call again."]
        known += [
            SCRIPT.opt_out_text,
            SCRIPT.transfer_text,
            "All right. You will be called tomorrow at 5 PM. Goodbye.",
        ]
        # Made once the threads are done: meanwhile the clock jumps.
        sentences = [*splitter.add(" ".join(texts)), splitter.last()]
        await speech.prepare([*known, *sentences], rate=PHONE_RATE)
        call = ScriptedCall(deeds, desks=desks)
        ear = ScriptedEar(*says)
        stream = SoundStream(call, recording=None, ear=ear)
        talk = ModelTalk(
            call,
            stream,
            script,
            mind=mind,
            speech=speech,
            tell=lambda kind, detail: told.append((kind, detail)),
            ear=ear,
            now=lambda: NOW,
            may_transfer=lambda to: may_transfer and to in (desks or {}),
        )
        streaming = asyncio.ensure_future(stream.run())
        talking = asyncio.ensure_future(talk.run(start(script, fields={})))
        await asyncio.wait({talking}, timeout=hangs_up_after)
        await call.hang_up()
        talking.cancel()
        streaming.cancel()
        done, _ = await asyncio.gather(talking, streaming, return_exceptions=True)
        if isinstance(done, Exception):
            raise done
        speech.close()
        return Had(talk, mind, bytes(call.heard), told)

    return run(work())


def test_the_model_speaks_after_the_greeting_and_ends_the_call() -> None:
    had = conversation([Words(text="Can you come?")], BYE, says=[(5.0, 1.0, "Yes, on Tuesday.")])
    assert had.lines == [
        ("bot", "Hello."),
        ("bot", "Can you come?"),
        ("callee", "Yes, on Tuesday."),
        ("bot", "Goodbye."),
    ]
    assert (had.talk.notes.result, had.talk.finished) == ("booked", True)
    assert had.talk.notes.saved == {"day": "x"}
    assert had.mind.told(0)[-2:] == [("assistant", "Hello."), ("user", "(listens)")]
    assert had.mind.told()[-2:] == [("assistant", "Can you come?"), ("user", "Yes, on Tuesday.")]
    latency = had.talk.notes.transcript[-1].latency
    assert latency is not None


def test_a_greeting_that_asks_is_waited_for() -> None:
    script = replace(SCRIPT, greeting="Is this Ana?")
    had = conversation(BYE, says=[(3.0, 1.0, "It is.")], script=script)
    assert had.mind.told()[-1] == ("user", "It is.")


def test_the_first_sentence_is_spoken_while_the_model_still_writes() -> None:
    had = conversation(
        [Words(text="First one. "), 1.5, Words(text="Second one.")], BYE, says=[(9.0, 0.5, "Yes.")]
    )
    # The greeting is over at 2.3; nothing waits for the rest, and no filler is needed.
    assert had.at("First one.") == pytest.approx(2.3, abs=0.2)
    assert had.at("Second one.") == pytest.approx(4.3, abs=0.2)
    assert "One moment." not in had.said


def test_a_slow_answer_is_bridged_by_the_filler_once() -> None:
    had = conversation([6.0, Words(text="Here it is.")], BYE, says=[(13.0, 0.5, "Yes.")])
    assert had.said == ["Hello.", "One moment.", "Here it is.", "Goodbye."]
    assert had.at("One moment.") == pytest.approx(3.3, abs=0.2)


@pytest.mark.parametrize(
    ("replies", "why"),
    [
        ([[Lost("the model said nothing for 6 seconds")]], "said nothing"),
        ([[Words(text="I will. "), Lost("the model broke off")]], "broke off"),
        ([[]], "said nothing"),
        ([[tool("opt_out_everyone")]] * 9, "may not"),
        ([[Words(text="on and on " * 1000)]], "did not come to an end"),
    ],
)
def test_the_script_takes_over_where_the_model_fails(replies: list[Script_], why: str) -> None:
    had = conversation(*replies, deeds=((5.6, "press", "1"),))
    assert why in (had.talk.notes.failure or "")
    assert had.said[-2:] == ["Press 1.", "We will call again."]
    assert (had.talk.notes.result, had.talk.finished) == ("by script", True)


def test_a_model_that_never_ends_is_cut_off() -> None:
    """One that does not keep to its `max_tokens`: a minute of it is written in no time."""
    had = conversation([0.1, *[Words(text="It goes on. ")] * 400], deeds=((6.0, "press", "1"),))
    assert had.talk.notes.failure == "the model did not come to an end"
    assert had.said.count("It goes on.") <= 1
    assert had.talk.notes.result == "by script"


def test_who_interrupts_is_heard_and_the_model_knows_what_they_heard() -> None:
    text = "This is a long story about nothing."
    had = conversation([Words(text=text), tool("book")], BYE, says=[(3.3, 1.0, "Never mind.")])
    assert not had.is_speaking(3.9)
    cut, heard = had.mind.told()[-2:]
    assert heard == ("user", "Never mind.")
    assert cut[0] == "assistant"
    assert cut[1].endswith("(interrupted)")
    assert 2 <= len(cut[1].split()) - 1 < len(text.split())
    assert had.mind.ran == [], "nothing was done of what was cut off"


def test_who_speaks_while_the_model_thinks_is_told_to_it_with_the_rest() -> None:
    had = conversation(
        [5.0, Words(text="Too late.")], BYE, says=[(2.5, 0.5, "Wait."), (4.5, 0.5, "Now.")]
    )
    assert "Too late." not in had.said
    assert [text for role, text in had.mind.told() if role == "user"][-2:] == ["Wait.", "Now."]
    assert had.talk.finished


@pytest.mark.parametrize("at", [0.5, 3.0, 5.5, 8.5])
def test_stop_calling_me_counts_whatever_the_model_does(at: float) -> None:
    """In the greeting, while the model speaks, thinks, and while it is waited for."""
    had = conversation(
        [Words(text="Can you come. ")],
        [4.0, Words(text="I hear you say yes."), tool("end", '{"result": "booked"}')],
        says=[(4.5, 0.3, "Hm.") if at > 5 else (50, 1, "-"), (at, 0.8, "Stop calling me.")],
    )
    assert (had.talk.notes.result, had.talk.finished) == ("opt_out", True)
    assert had.said[-1] == SCRIPT.opt_out_text
    wishes = [detail["wish"] for kind, detail in had.told if kind is EventType.HEARD]
    assert wishes[-1] == "opt_out"
    assert not any("Stop" in each.text for messages in had.mind.asked for each in messages)


def test_call_me_tomorrow_at_five_is_understood_without_the_model() -> None:
    had = conversation(
        [Words(text="Can you come?")], says=[(5.0, 1.0, "Call me tomorrow at five.")]
    )
    assert had.talk.notes.result == "callback_request"
    assert had.talk.notes.callback_at == datetime(2026, 11, 27, 17, tzinfo=UTC)


def test_an_opt_out_that_the_model_understood_is_told_with_the_goodbye() -> None:
    had = conversation([Words(text="Can you come?")], [tool("opt_out")], says=[(5.0, 1.0, "Nope.")])
    assert had.talk.notes.result == "opt_out"
    [said] = [d for kind, d in had.told if kind is EventType.SAID and "wish" in d]
    assert (said["text"], said["wish"]) == (SCRIPT.opt_out_text, "opt_out")


def test_a_program_is_asked_once_what_goes_before_was_said() -> None:
    had = conversation([Words(text="I book it."), tool("book")], BYE, errand_seconds=3.0)
    assert had.mind.ran == ["book"]
    assert had.said == ["Hello.", "I book it.", "One moment.", "Goodbye."]
    assert had.mind.told()[-1] == ("tool", '{"answer": "booked"}')
    assert had.talk.notes.talked is not None
    assert [each.outcome for each in had.talk.notes.talked.used] == ["done"] * 3


def test_a_wish_is_heard_while_a_program_is_asked() -> None:
    had = conversation(
        [Words(text="I book it."), tool("book")],
        errand_seconds=30.0,
        says=[(7.5, 1.0, "Stop calling me.")],
    )
    assert had.talk.notes.result == "opt_out"
    assert had.talk.notes.talked is not None
    assert [each.outcome for each in had.talk.notes.talked.used] == ["failed"]


def test_a_key_is_told_to_the_model() -> None:
    had = conversation([Words(text="Press a key.")], BYE, deeds=((5.0, "press", "4"),))
    assert had.mind.told()[-1] == ("user", "(pressed the key 4)")
    assert had.talk.notes.keys == "4"


def test_who_says_nothing_is_asked_after_and_let_go() -> None:
    had = conversation(*[[Words(text="Are you there?")]] * 9)
    assert had.said == ["Hello.", *["Are you there?"] * 3]
    assert had.talk.finished
    assert had.mind.told()[-1] == ("user", "(silence)")


def test_who_hangs_up_during_the_goodbye_came_to_its_end() -> None:
    had = conversation(
        [Words(text="Can you come?")], BYE, says=[(5.0, 1.0, "Yes.")], hangs_up_after=6.8
    )
    assert had.said[-1] == "Goodbye."
    assert not had.talk.finished
    assert (had.talk.notes.result, had.talk.notes.saved) == ("booked", {"day": "x"})


def test_who_interrupts_the_goodbye_has_not_ended_the_call() -> None:
    had = conversation(
        [Words(text="Can you come?")],
        BYE,
        [Words(text="Which one?")],
        says=[(5.0, 1.0, "Yes."), (6.8, 0.5, "Wait.")],
        hangs_up_after=9.5,
    )
    assert had.talk.notes.result is None
    assert had.talk.notes.saved == {}
