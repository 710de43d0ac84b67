"""A spoken conversation as a table of inputs: what was meant, what is said, how it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from campana.domain import answers
from campana.domain.answers import Choice, Day, FreeText, Number, Option, YesNo
from campana.domain.dialog import is_clear, resume, start, wish
from campana.domain.script import (
    Ask,
    End,
    Ended,
    Heard,
    Key,
    Listen,
    OnMachine,
    Say,
    Script,
    Spoken,
    Timeout,
    Turn,
    texts,
)
from campana.domain.script_problems import problems
from campana.domain.understanding.dates import Direction

NOW = datetime(2026, 11, 26, 14, 10, tzinfo=ZoneInfo("America/New_York"))

VISIT = Script(
    greeting="Hello {{ contact.first_name }}.",
    steps=(
        Ask(
            id="coming",
            text="Can you come on Tuesday?",
            answer=YesNo(yes="service", no="when", yes_score=1),
            save_as="coming",
            otherwise="lost",
        ),
        Ask(id="when", text="Which day is better?", answer=Day(), save_as="day"),
        Ask(
            id="service",
            text="Cleaning, a check, or something else?",
            answer=Choice(
                options=(
                    Option(value="cleaning", phrases=("cleaning", "a cleaning"), key="1"),
                    Option(value="check", phrases=("a check", "check up"), key="2", score=5),
                    Option(value="other", phrases=("something else",), key="3", to="tell"),
                )
            ),
            next="people",
            save_as="service",
        ),
        Ask(id="tell", text="What is it?", answer=FreeText(), save_as="what"),
        Ask(
            id="people",
            text="How many are you?",
            answer=Number(least=Decimal(1), most=Decimal(20)),
            save_as="people",
        ),
        Ask(id="code", text="Your code?", answer=Number(digits=4), save_as="code"),
        End(id="done", text="Thank you.", result="booked"),
        End(id="lost", text="Goodbye.", result="not_understood"),
    ),
)


def said(turn: Turn) -> list[str]:
    return [each.text for each in turn.say]


def spoken(text: str, **scores: float) -> Spoken:
    return Spoken(text=text, scores={k.replace("_", " "): v for k, v in scores.items()}, now=NOW)


def through(*heard: Heard, script: Script = VISIT) -> Turn:
    turn = start(script, fields={"contact.first_name": "Ana"})
    for each in heard:
        turn = resume(script, turn.state, each)
    return turn


def test_a_whole_conversation_in_words() -> None:
    turn = through(
        spoken("No, Tuesday is not good."),
        spoken("The third of December."),
        spoken("Something else."),
        spoken("A crown came loose."),
        spoken("Just two of us."),
        spoken("4, 7, 2, 9."),
    )
    assert turn.then == Ended(result="booked")
    assert turn.state.saved == {
        "coming": "no",
        "day": "2026-12-03",
        "service": "other",
        "what": "A crown came loose.",
        "people": "2",
        "code": "4729",
    }
    assert [(given.step, given.kind, given.value, given.by) for given in turn.state.given] == [
        ("coming", "yes_no", "no", "speech"),
        ("when", "date", "2026-12-03", "speech"),
        ("service", "choice", "other", "speech"),
        ("tell", "text", "A crown came loose.", "speech"),
        ("people", "number", "2", "speech"),
        ("code", "number", "4729", "speech"),
    ]


def test_a_whole_conversation_in_keys() -> None:
    turn = through(
        *(Key(key=key, now=NOW) for key in "21203212#0729"),
    )
    assert turn.then == Ended(result="booked")
    assert turn.state.saved == {
        "coming": "no",
        "day": "2026-12-03",
        "service": "check",
        "people": "12",
        "code": "0729",
    }
    assert {given.by for given in turn.state.given} == {"key"}
    assert [given.score for given in turn.state.given] == [None, None, 5, None, None]


def test_a_number_by_keys_ends_with_the_pause_after_it() -> None:
    turn = through(spoken("Yes."), spoken("A check."), Key(key="1"), Key(key="2"))
    assert isinstance(turn.then, Listen)
    assert (turn.say, turn.then.step, turn.then.seconds) == ((), "people", 3.0)
    assert resume(VISIT, turn.state, Timeout()).state.saved["people"] == "12"


def test_what_is_not_understood_is_asked_again_then_by_keys_then_given_up() -> None:
    turn = through(spoken("The weather is nice."))
    assert said(turn) == ["Sorry, I did not understand. Can you come on Tuesday?"]
    turn = resume(VISIT, turn.state, Timeout())
    assert said(turn) == ["Please press 1 for yes, or 2 for no."]
    again = resume(VISIT, turn.state, Key(key="1", now=NOW))
    assert again.state.saved == {"coming": "yes"}
    turn = resume(VISIT, turn.state, spoken("What?"))
    assert said(turn) == ["Goodbye."]
    assert turn.then == Ended(result="not_understood")


def test_words_still_count_when_keys_are_asked_for() -> None:
    turn = through(Timeout(), Timeout(), spoken("Yes."))
    assert turn.state.saved == {"coming": "yes"}
    assert not turn.state.asks_for_keys


def test_free_text_has_no_keys_to_ask_for() -> None:
    script = replace(VISIT, steps=(VISIT.steps[3], End(id="done", result="told")))
    turn = through(Timeout(), script=script)
    assert said(turn) == ["Sorry, I did not understand. What is it?"]
    assert resume(script, turn.state, Timeout()).then == Ended(result=None)


@pytest.mark.parametrize(
    "turns",
    [
        (),
        (spoken("Yes."),),
        (spoken("Yes."), spoken("Something else.")),
        (spoken("Yes."), spoken("A check."), Key(key="1")),
        (Timeout(), Timeout()),
    ],
)
def test_stop_calling_me_ends_it_at_any_question(turns: tuple[Heard, ...]) -> None:
    turn = through(*turns, spoken("No. Stop calling me!"))
    assert turn.then == Ended(result="opt_out")
    assert said(turn) == ["You will not be called again. Goodbye."]


def test_an_opt_out_is_heard_in_the_sound_when_the_words_are_garbled() -> None:
    turn = through(spoken("Talk all in me", Stop_calling_me=-0.4, Yes=-5.0, No=-4.0))
    assert turn.then == Ended(result="opt_out")


@pytest.mark.parametrize(
    "scores", [{"Stop_calling_me": -2.0, "Yes": -5.0}, {"Stop_calling_me": -0.9, "Yes": -0.3}, {}]
)
def test_what_only_resembles_an_opt_out_is_none(scores: dict[str, float]) -> None:
    assert through(spoken("hm", **scores)).then != Ended(result="opt_out")


def test_call_me_tomorrow_at_five_is_said_back_and_kept() -> None:
    turn = through(spoken("Call me tomorrow at five."))
    assert said(turn) == ["All right. You will be called tomorrow at 5 PM. Goodbye."]
    five = datetime(2026, 11, 27, 17, 0, tzinfo=NOW.tzinfo)
    assert turn.then == Ended(result="callback_request", callback_at=five)


def test_call_me_later_names_no_time() -> None:
    turn = through(spoken("This is not a good time."))
    assert said(turn) == ["All right. You will be called later. Goodbye."]
    assert turn.then == Ended(result="callback_request")


@pytest.mark.parametrize(
    ("text", "scores", "value"),
    [
        ("Yes.", {}, "yes"),
        ("Yass.", {"Yes": -0.8, "No": -4.0}, "yes"),
        ("Know.", {"Yes": -4.0, "No": -1.5}, "no"),
        # The words say one thing and the sound another: nobody guesses.
        ("No.", {"Yes": -1.0, "No": -4.0}, None),
        ("Hmm.", {"Yes": -1.0, "No": -1.1}, None),
        ("Mumble.", {"Yes": -3.0, "No": -4.0}, None),
        ("Mumble.", {"Elephant": -0.1}, None),
    ],
)
def test_scores_and_words_are_weighed(
    text: str, scores: dict[str, float], value: str | None
) -> None:
    meant = answers.from_words(YesNo(), text=text, scores=scores, today=None)
    assert (meant.value if meant else None) == value


@pytest.mark.parametrize(
    ("answer", "text", "value"),
    [
        (Number(), "two and a half", None),
        (Number(is_whole=False), "two and a half", "2.5"),
        (Number(least=Decimal(0), most=Decimal(10)), "eleven", None),
        (Number(digits=5), "four seven two", None),
        (Number(), "a hundred", "100"),
        (Day(), "Tuesday", "2026-12-01"),
        (Day(direction="past"), "third of June 1985", "1985-06-03"),
        (FreeText(most=5), "  a  b c d ", "a b c"),
        (FreeText(), " ", None),
    ],
)
def test_answers_are_typed(answer: Number | Day | FreeText, text: str, value: str | None) -> None:
    meant = answers.from_words(answer, text=text, scores={}, today=NOW.date())
    assert (meant.value if meant else None) == value


def test_a_number_may_be_its_own_score() -> None:
    meant = answers.from_words(Number(counts=True), text="nine", scores={}, today=None)
    assert meant is not None
    assert meant.score == 9


@pytest.mark.parametrize("keys", ["1345", "0230", "120", "0012", "0600", "0632"])
def test_a_day_that_does_not_exist_is_not_taken_from_keys(keys: str) -> None:
    assert answers.from_keys(Day(), keys, today=NOW.date()) is None


@pytest.mark.parametrize(
    ("direction", "keys", "day"),
    [
        ("future", "1126", "2026-11-26"),
        ("future", "1125", "2027-11-25"),
        ("past", "1126", "2026-11-26"),
        ("past", "1127", "2025-11-27"),
        ("future", "0229", "2028-02-29"),
    ],
)
def test_a_day_by_keys_is_the_nearest_of_its_name(
    direction: Direction, keys: str, day: str
) -> None:
    meant = answers.from_keys(Day(direction=direction), keys, today=NOW.date())
    assert meant is not None
    assert meant.value == day


def test_only_what_cannot_go_on_is_acted_on_at_once() -> None:
    state = through().state
    assert is_clear(VISIT, state, spoken("Yes."))
    assert is_clear(VISIT, state, spoken("Stop calling me."))
    assert not is_clear(VISIT, state, spoken("Call me"))
    assert not is_clear(VISIT, state, spoken("Well, Tuesday"))
    people = through(spoken("Yes."), spoken("A check.")).state
    assert not is_clear(VISIT, people, spoken("twenty"))


def test_a_wish_is_one_whatever_is_being_said() -> None:
    turn = wish(VISIT, through().state, spoken("Take me off your list."))
    assert turn is not None
    assert turn.then == Ended(result="opt_out")
    assert wish(VISIT, through().state, spoken("Hello?")) is None


def test_a_question_listens_for_its_phrases_and_for_opt_outs() -> None:
    listen = through(spoken("Yes.")).then
    assert isinstance(listen, Listen)
    assert listen.takes_words
    assert listen.keys == frozenset("123")
    assert listen.phrases[:3] == ("cleaning", "a check", "something else")
    assert "Stop calling me" in listen.phrases


def test_a_question_for_keys_alone_takes_no_words() -> None:
    script = Script(greeting="Hi.", steps=(Ask(id="a", text="1?", keys={"1": "e"}), End(id="e")))
    listen = start(script, fields={}).then
    assert isinstance(listen, Listen)
    assert not listen.takes_words
    assert not script.listens


def test_a_sound_script_has_no_problems_and_knows_its_texts() -> None:
    assert problems(VISIT) == []
    assert "You will not be called again. Goodbye." in texts(VISIT)


OPTION = Option(value="a", phrases=("a",), key="1")
CHOICE = Ask(id="a", text="?", answer=Choice(options=(OPTION, replace(OPTION, value="b", key="2"))))
END = End(id="end")


@pytest.mark.parametrize(
    ("script", "pointer", "message"),
    [
        (Script(greeting="G", steps=(CHOICE,)), "/steps/0/next", "nothing follows"),
        (
            Script(
                greeting="G",
                steps=(replace(CHOICE, answer=Choice(options=(OPTION,))), END),
            ),
            "/steps/0/answer/options",
            "at least two",
        ),
        (
            Script(
                greeting="G",
                steps=(replace(CHOICE, answer=Choice(options=(OPTION, OPTION))), END),
            ),
            "/steps/0/answer/options/1/key",
            "means another answer",
        ),
        (
            Script(
                greeting="G",
                steps=(replace(CHOICE, answer=YesNo(yes="nowhere", no="end")), END),
            ),
            "/steps/0/answer/yes",
            "no step 'nowhere'",
        ),
        (
            Script(greeting="G", steps=(replace(CHOICE, keys={"1": "end"}), END)),
            "/steps/0/keys/1",
            "means an answer already",
        ),
        (
            Script(
                greeting="G",
                steps=(
                    replace(CHOICE, answer=Number(least=Decimal(3), most=Decimal(2))),
                    END,
                ),
            ),
            "/steps/0/answer/min",
            "not be more than max",
        ),
        (
            Script(
                greeting="G",
                steps=(Say(id="s", text="S"), END),
                on_machine=OnMachine(do="leave_message"),
            ),
            "/onMachine/message",
            "what is left",
        ),
    ],
)
def test_tells_what_is_wrong_and_where(script: Script, pointer: str, message: str) -> None:
    found = problems(script)
    assert any(p.pointer == pointer and message in p.message for p in found), found
