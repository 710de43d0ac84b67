"""The scripted bot as a table of inputs: what is said, what is waited for, how it ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.dialog import resume, start
from campana.domain.placeholders import placeholders, render
from campana.domain.script import (
    CALLBACK_TEXT,
    OPT_OUT_TEXT,
    Ask,
    Branch,
    End,
    Ended,
    Key,
    Listen,
    OnMachine,
    Say,
    Script,
    State,
    Timeout,
    Transfer,
    Turn,
    texts,
)
from campana.domain.script_problems import problems

ANA = {"contact.first_name": "Ana", "contact.day": "Tuesday"}

APPOINTMENT = Script(
    greeting="Hello {{ contact.first_name }}, this is the Riverside clinic.",
    steps=(
        Say(id="why", text="You have an appointment on {{ contact.day }}."),
        Ask(
            id="coming",
            text="Press 1 to confirm, 2 to cancel.",
            keys={"1": "route", "2": "route", "9": "why"},
            timeout_seconds=5,
            reprompts=2,
            otherwise="unclear",
            save_as="answer",
        ),
        Branch(id="route", on="answer", cases={"1": "confirmed"}, otherwise="cancelled"),
        End(id="confirmed", text="See you then. Goodbye.", result="confirmed"),
        End(id="cancelled", text="It is cancelled. Goodbye.", result="cancelled"),
        End(id="unclear", result="no_key"),
    ),
)


def spoken(turn: Turn) -> list[str]:
    return [utterance.text for utterance in turn.say]


def test_greets_by_name_and_waits_for_the_question() -> None:
    turn = start(APPOINTMENT, fields=ANA)
    assert spoken(turn) == [
        "Hello Ana, this is the Riverside clinic.",
        "You have an appointment on Tuesday.",
        "Press 1 to confirm, 2 to cancel.",
    ]
    assert [utterance.is_personal for utterance in turn.say] == [True, True, False]
    assert [utterance.step for utterance in turn.say] == [None, "why", "coming"]
    assert turn.then == Listen(step="coming", keys=frozenset("129"), seconds=5)


@pytest.mark.parametrize(
    ("key", "goodbye", "result"),
    [
        ("1", "See you then. Goodbye.", "confirmed"),
        ("2", "It is cancelled. Goodbye.", "cancelled"),
    ],
)
def test_branches_on_the_saved_key(key: str, goodbye: str, result: str) -> None:
    turn = resume(APPOINTMENT, start(APPOINTMENT, fields=ANA).state, Key(key=key))
    assert spoken(turn) == [goodbye]
    assert turn.then == Ended(result=result)
    assert turn.state.saved == {"answer": key}


def test_a_key_may_lead_back_and_the_question_is_asked_afresh() -> None:
    turn = resume(APPOINTMENT, start(APPOINTMENT, fields=ANA).state, Timeout())
    turn = resume(APPOINTMENT, turn.state, Key(key="9"))
    assert spoken(turn)[0] == "You have an appointment on Tuesday."
    assert turn.state.reprompted == 0


@pytest.mark.parametrize("heard", [Timeout(), Key(key="7")])
def test_says_the_question_again_then_gives_up(heard: Key | Timeout) -> None:
    turn = start(APPOINTMENT, fields=ANA)
    for _ in range(2):
        turn = resume(APPOINTMENT, turn.state, heard)
        assert spoken(turn) == ["Press 1 to confirm, 2 to cancel."]
    turn = resume(APPOINTMENT, turn.state, heard)
    assert spoken(turn) == []
    assert turn.then == Ended(result="no_key")
    assert turn.state.saved == {}


def test_a_question_without_otherwise_ends_the_conversation() -> None:
    ask = Ask(id="a", text="Press 1.", keys={"1": "end"}, reprompts=0)
    script = Script(greeting="Hello.", steps=(ask, End(id="end", result="one")))
    turn = resume(script, start(script, fields={}).state, Timeout())
    assert turn.then == Ended(result=None)


def test_a_branch_without_a_case_ends_the_conversation() -> None:
    ask = Ask(id="a", text="Press.", keys={"1": "b", "2": "b"}, save_as="x")
    branch = Branch(id="b", on="x", cases={"1": "end"})
    script = Script(greeting="Hello.", steps=(ask, branch, End(id="end", result="one")))
    state = start(script, fields={}).state
    assert resume(script, state, Key(key="1")).then == Ended(result="one")
    assert resume(script, state, Key(key="2")).then == Ended(result=None)


def test_a_script_of_nothing_but_a_greeting_ends_after_it() -> None:
    turn = start(Script(greeting="Hello.", steps=()), fields={})
    assert spoken(turn) == ["Hello."]
    assert turn.then == Ended()


def test_a_round_without_a_question_is_cut() -> None:
    script = Script(greeting="Hello.", steps=(Say(id="a", text="Round.", next="a"),))
    turn = start(script, fields={})
    assert len(turn.say) < 100
    assert turn.then == Ended()


def test_refuses_to_resume_where_nothing_is_asked() -> None:
    with pytest.raises(ValueError, match="does not wait for anything at 'why'"):
        resume(APPOINTMENT, State(step="why"), Key(key="1"))


@pytest.mark.parametrize(
    ("text", "fields", "expected"),
    [
        ("Hello {{contact.first_name}}!", {"contact.first_name": "Ana"}, "Hello Ana!"),
        ("Hello {{ contact.first_name }}, hi.", {}, "Hello, hi."),
        ("{{ a }} {{ b }}", {"a": "{{ b }}", "b": "B"}, "{{ b }} B"),
        ("Pay {{ a }}.", {"a": r"\1 $5"}, r"Pay \1 $5."),
        ("{{ not closed", {}, "{{ not closed"),
    ],
)
def test_renders_values_as_data(text: str, fields: dict[str, str], expected: str) -> None:
    assert render(text, fields) == expected


def test_knows_which_fields_and_texts_a_script_uses() -> None:
    assert placeholders(APPOINTMENT.greeting) == {"contact.first_name"}
    assert texts(APPOINTMENT)[0].startswith("Hello {{")
    assert "See you then. Goodbye." in texts(APPOINTMENT)
    assert len(texts(APPOINTMENT)) == 5
    minding = replace(APPOINTMENT, on_machine=OnMachine(do="hang_up"))
    assert texts(minding)[5:] == (OPT_OUT_TEXT, CALLBACK_TEXT)


def test_a_sound_script_has_no_problems() -> None:
    assert problems(APPOINTMENT) == []


END = End(id="end")


DESK = "+12025550160"


def asking(**changes: object) -> Ask:
    return replace(Ask(id="a", text="Press 1.", keys={"1": "end"}), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("steps", "pointer", "message"),
    [
        ((), "/steps", "at least one step"),
        ((Say(id="a", text="A", next="nowhere"), END), "/steps/0/next", "no step 'nowhere'"),
        ((asking(keys={"1": "nowhere"}), END), "/steps/0/keys/1", "no step 'nowhere'"),
        ((asking(otherwise="nowhere"), END), "/steps/0/otherwise", "no step 'nowhere'"),
        ((asking(keys={"12": "end"}), END), "/steps/0/keys/12", "'12' is not a key"),
        ((asking(keys={"/": "end"}), END), "/steps/0/keys/~1", "'/' is not a key"),
        ((asking(keys={}), END), "/steps/0/keys", "at least one key"),
        ((asking(text=" "), END), "/steps/0/text", "must say something"),
        ((asking(timeout_seconds=0.0), END), "/steps/0/timeoutSeconds", "between 1 and 60"),
        ((asking(reprompts=9), END), "/steps/0/reprompts", "between 0 and 5"),
        ((Say(id="a", text=""), END), "/steps/0/text", "must say something"),
        ((Say(id=" ", text="A"), END), "/steps/0/id", "must not be empty"),
        ((Say(id="end", text="A"), END), "/steps/1/id", "already the id"),
        ((Say(id="a", text="A"),), "/steps/0/next", "nothing follows"),
        ((Say(id="a", text="A", next="a"), END), "/steps/0", "comes round without asking"),
        (
            (Say(id="a", text="A", next="end"), Say(id="b", text="B"), END),
            "/steps/1",
            "nothing leads",
        ),
        ((asking(keys={"1": "a"}),), "/steps", "never comes to an end"),
        ((Transfer(id="t"),), "/steps/0/to", "must say to whom"),
        ((Transfer(id="t", to="0123"),), "/steps/0/to", "must be a number such as"),
        ((Transfer(id="t", to="+19005550123"),), "/steps/0/to", "premium"),
        ((Transfer(id="t", to=DESK, otherwise="x"),), "/steps/0/otherwise", "no step 'x'"),
        ((Transfer(id="t", to=DESK, timeout_seconds=4),), "/steps/0/timeoutSeconds", "5 and 120"),
        ((Transfer(id="t", to=DESK, otherwise="t"),), "/steps/0", "comes round without asking"),
        ((Transfer(id="t", to=DESK), END), "/steps/1", "nothing leads to step 'end'"),
        (
            (asking(keys={"1": "b"}), Branch(id="b", on="x", cases={"1": "end"}), END),
            "/steps/1/on",
            "nothing is saved as 'x'",
        ),
        (
            (
                asking(keys={"1": "b"}, save_as="x"),
                Branch(id="b", on="x", cases={}, otherwise="end"),
                END,
            ),
            "/steps/1/cases",
            "at least one case",
        ),
        (
            (
                asking(keys={"1": "b"}, save_as="x"),
                Branch(id="b", on="x", cases={"a/b": "b"}, otherwise="end"),
                END,
            ),
            "/steps/1",
            "comes round without asking",
        ),
        (
            (
                asking(keys={"1": "b"}, save_as="x"),
                Branch(id="b", on="x", cases={"a/b": "c"}, otherwise="end"),
                END,
            ),
            "/steps/1/cases/a~1b",
            "no step 'c'",
        ),
    ],
)
def test_tells_what_is_wrong_and_where(
    steps: tuple[Say | Ask | Branch | Transfer | End, ...], pointer: str, message: str
) -> None:
    found = problems(Script(greeting="Hello.", steps=steps))
    assert any(p.pointer == pointer and message in p.message for p in found), found


def test_a_transfer_is_an_end_and_a_bot_may_say_to_whom_once() -> None:
    steps = (Transfer(id="t"),)
    assert problems(Script(greeting="Hello.", steps=steps, transfer_to=DESK)) == []
    [wrong] = problems(Script(greeting="Hello.", steps=steps, transfer_to="desk"))
    assert wrong.pointer == "/transferTo"


@pytest.mark.parametrize(("endpointing", "is_wrong"), [(299, True), (300, False), (3001, True)])
def test_the_silence_that_ends_an_answer_is_bounded(endpointing: int, is_wrong: bool) -> None:
    found = problems(replace(APPOINTMENT, endpointing=endpointing))
    assert [each.pointer for each in found] == (["/endpointing"] if is_wrong else [])


def test_tells_everything_at_once() -> None:
    script = Script(greeting="", steps=(Say(id="a", text="", next="b"),), max_seconds=0)
    assert {problem.pointer for problem in problems(script)} == {
        "/greeting",
        "/maxSeconds",
        "/steps/0/text",
        "/steps/0/next",
    }


def test_a_loop_through_a_question_is_fine() -> None:
    steps = (Say(id="s", text="S"), asking(keys={"1": "end", "2": "s"}), END)
    assert problems(Script(greeting="Hello.", steps=steps)) == []
