"""Words in a call that somebody else conducts: what answers, what does not, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campana.domain.answers import Day, FreeText, Number, YesNo
from campana.domain.attempt import EventType
from campana.domain.dictation import (
    Came,
    Collect,
    Hold,
    Order,
    Pressed,
    PutThrough,
    Question,
    Silence,
    Speak,
    Spoken,
    Words,
)
from campana.domain.transfer import refusal
from campana.voice.dictated import NOTHING_YET, DictatedTalk, Dictation
from campana.voice.media import PHONE_RATE
from campana.voice.speech import Speech
from campana.voice.stream import SoundStream
from tests.voice.hears import Saying, ScriptedEar
from tests.voice.scripted import Deed, ScriptedCall
from tests.voice.test_talk import Tones
from tests.voice.virtual_time import run

DESK = "+12025550161"
HELLO = Speak(step="hello", text="Hello.")
# Each text is two seconds long: hello 0.3 to 2.3, the question to 4.3.
COMING = Question(
    step="coming",
    text="Can you come?",
    answer=YesNo(),
    keypad="Press 1 or 2.",
    keys=frozenset("0"),
    seconds=3.0,
)
MENU = Collect(step="menu", text="Press a key.", most=2, finish_on=None, seconds=3.0)
GOODBYE = "You will not be called again. Goodbye."


def call(
    orders: Sequence[Order], *sayings: Saying, deeds: Sequence[Deed] = (), hears: bool = True
) -> tuple[DictatedTalk, list[Came | None], list[Any]]:
    """These orders one after another to who says this, and what came of each."""
    came: list[Came | None] = []
    told: list[Any] = []

    async def following(each: Came | None) -> Order | None:
        came.append(each)
        return orders[len(came) - 1] if len(came) <= len(orders) else None

    async def work() -> DictatedTalk:
        speech = Speech(engine=Tones())
        texts = [order.text for order in orders if not isinstance(order, Hold | PutThrough)]
        await speech.prepare([*texts, GOODBYE, "Can you come? Press 1 or 2."], rate=PHONE_RATE)
        line = ScriptedCall(tuple(deeds), desks={DESK: (5.0, refusal(486))})
        ear = ScriptedEar(*sayings)
        stream = SoundStream(line, recording=None, ear=ear)
        talk = DictatedTalk(
            line,
            stream,
            Dictation(next=following, opening=None, longest=timedelta(hours=1), listens=True),
            speech=speech,
            tell=lambda kind, detail: told.append((kind, detail)),
            ear=ear if hears else None,
            may_transfer=lambda to: to == DESK,
        )
        streaming = asyncio.ensure_future(stream.run())
        await talk.run(NOTHING_YET)
        await line.hang_up()
        streaming.cancel()
        await asyncio.gather(streaming, return_exceptions=True)
        speech.close()
        return talk

    return run(work()), came, told


@pytest.mark.parametrize(
    ("sayings", "deeds", "answered"),
    [
        ([(5.0, 1.0, "Yes, I can.")], [], Words(text="Yes, I can.")),
        # While it is asked, once it can be understood.
        ([(3.5, 1.0, "Yes!")], [], Words(text="Yes!")),
        ([(5.0, 1.0, "")], [], Silence()),
        ([], [], Silence()),
        ([], [(5.0, "press", "2")], Pressed(keys="2")),
        ([], [(3.0, "press", "0")], Pressed(keys="0")),
    ],
)
def test_words_answer_a_question_and_keys_do(
    sayings: list[Saying], deeds: list[Deed], answered: Came
) -> None:
    talk, came, _ = call([HELLO, COMING], *sayings, deeds=deeds)
    assert came == [None, Spoken(), answered]
    assert talk.finished


def test_a_question_is_cut_short_by_who_answers_it() -> None:
    talk, _, _ = call([HELLO, COMING, HELLO], (3.5, 1.0, "Yes!"))
    said = {line.text: line.at_ms for line in talk.notes.transcript if line.role == "bot"}
    # 4.5 s: when they were heard out, not a moment after the question would have been over.
    assert said["Hello."] == pytest.approx(4500, abs=100)


def test_what_is_said_at_other_moments_answers_nothing() -> None:
    _, came, _ = call([HELLO, MENU, HELLO, COMING], (1.0, 0.5, "Yes."), (3.0, 0.5, "Yes."))
    assert came == [None, Spoken(), Silence(), Spoken(), Silence()]


@pytest.mark.parametrize(
    ("answer", "presses", "keys"),
    [
        (Number(digits=3), "12345", "123"),
        (Number(least=Decimal(1)), "12#", "12"),
        (Number(), "12", "12"),
        (Number(), "#", ""),
        (Day(), "12051", "1205"),
        (FreeText(), "12", "1"),
    ],
)
def test_an_answer_of_several_keys_is_heard_out(answer: Any, presses: str, keys: str) -> None:
    order = Question(step="q", text="How many?", answer=answer, keypad=None, seconds=3.0)
    deeds: list[Deed] = [(3.0 + n, "press", key) for n, key in enumerate(presses)]
    _, came, _ = call([order], deeds=deeds)
    assert came == [None, Pressed(keys=keys)]


@pytest.mark.parametrize(
    ("orders", "moment"),
    [
        ([HELLO, COMING], 1.0),
        ([HELLO, COMING], 5.0),
        ([HELLO, MENU], 5.0),
        ([Hold(seconds=5.0), HELLO], 2.0),
        ([PutThrough(step="desk", to=DESK, seconds=10.0), HELLO], 2.0),
        # As the last word is said, of a call that would be over then.
        ([HELLO], 2.0),
    ],
)
def test_who_asks_for_no_more_is_told_so_and_hears_nothing_else(
    orders: list[Order], moment: float
) -> None:
    talk, _, told = call(orders, (moment, 1.0, "Please stop calling me."))
    assert talk.notes.result == "opt_out"
    assert talk.finished
    assert talk.notes.transcript[-1].text == GOODBYE
    heard = [detail for kind, detail in told if kind is EventType.HEARD]
    assert [each["wish"] for each in heard] == ["opt_out"]


def test_when_to_call_again_is_for_whoever_conducts_the_call() -> None:
    later = "Please call me tomorrow at five."
    talk, came, told = call([HELLO, COMING], (5.0, 1.0, later))
    assert came == [None, Spoken(), Words(text=later)]
    assert talk.notes.result is None
    assert [detail["wish"] for kind, detail in told if kind is EventType.HEARD] == [None]


def test_where_nobody_hears_words_keys_are_asked_for() -> None:
    talk, came, _ = call([COMING], (3.0, 1.0, "Yes."), deeds=[(4.0, "press", "1")], hears=False)
    assert came == [None, Pressed(keys="1")]
    assert talk.notes.transcript[0].text == "Can you come? Press 1 or 2."
