"""A survey among the steps of a bot: what it stands for, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.dialog import resume, start
from campana.domain.errors import InvalidParameter
from campana.domain.script import Ask, Ended, Key, Listen, Script, Spoken, Timeout
from campana.domain.script import texts as texts_of
from campana.services import voicebots

ANA = {"id": "ana", "type": "ask", "text": "Is this Ana?", "answer": {"type": "yes_no"}}
THANKS = {"id": "thanks", "type": "end", "text": "Thank you.", "result": "done"}
PITY = {"id": "pity", "type": "end", "text": "A pity.", "result": "gave_up"}
CLEAN = {
    "id": "clean",
    "text": "Was it clean?",
    "answer": {"type": "yes_no", "yesScore": 2, "noScore": 0},
}
STAFF = {
    "id": "staff",
    "text": "Who helped you?",
    "answer": {
        "type": "choice",
        "options": [{"value": "Kim"}, {"value": "nobody", "next": "pity"}],
    },
    "saveAs": "who",
}
AGAIN = {"id": "again", "text": "Press 1 or 2.", "keys": {"1": None, "2": "pity"}, "reprompts": 0}


def survey(*questions: Any, **changes: Any) -> dict[str, Any]:
    asked = questions or (CLEAN, STAFF, AGAIN)
    return {"id": "survey", "type": "survey", "questions": [*asked], **changes}


def script(*steps: Any, **changes: Any) -> Script:
    made = {"name": "A", "greeting": "Hello.", "steps": [*steps], **changes}
    return voicebots.load(made)


def told(*steps: Any, **changes: Any) -> dict[str, str]:
    with pytest.raises(InvalidParameter) as caught:
        voicebots.load({"name": "A", "greeting": "Hello.", "steps": [*steps], **changes})
    return {each.pointer or "": each.message for each in caught.value.problems}


def talk(bot: Script, *heard: Spoken | Key | Timeout) -> tuple[list[str], Any, Any]:
    """All that was said after the greeting, how it stands in the end, and what was given."""
    turn = start(bot, fields={})
    said = [each.text for each in turn.say[1:]]
    for each in heard:
        turn = resume(bot, turn.state, each)
        said += [each.text for each in turn.say]
    return said, turn.then, turn.state


def test_questions_are_asked_in_order_and_the_step_below_follows_the_last() -> None:
    bot = script(survey(text="Three questions."), THANKS, PITY)
    said, then, state = talk(bot, Spoken(text="Yes."), Spoken(text="Kim."), Key(key="1"))
    assert said == [
        "Three questions.", "Was it clean?", "Who helped you?", "Press 1 or 2.", "Thank you."
    ]  # fmt: skip
    assert then == Ended(result="done")
    assert [(each.step, each.value, each.score) for each in state.given] == [
        ("clean", "yes", 2), ("staff", "Kim", None), ("again", "1", None)
    ]  # fmt: skip
    assert state.saved == {"who": "Kim"}


def test_an_option_a_key_and_a_question_may_lead_anywhere() -> None:
    bot = script(survey(), THANKS, PITY)
    assert talk(bot, Spoken(text="Yes."), Spoken(text="Nobody."))[1] == Ended(result="gave_up")
    pressed = talk(bot, Spoken(text="Yes."), Spoken(text="Kim."), Key(key="2"))
    assert pressed[1] == Ended(result="gave_up")
    leads = script(survey({**CLEAN, "next": "again"}, STAFF, AGAIN), THANKS, PITY)
    assert talk(leads, Spoken(text="Yes."))[0][-1] == "Press 1 or 2."
    keyed = {**AGAIN, "id": "first", "keys": {"1": None}, "next": "pity"}
    assert talk(script(survey(keyed, AGAIN), THANKS, PITY), Key(key="1"))[1] == Ended(
        result="gave_up"
    )


def test_next_follows_the_last_question_in_place_of_the_step_below() -> None:
    ana = {**ANA, "answer": {"type": "yes_no", "no": "pity"}}
    yes, no = Spoken(text="Yes."), Spoken(text="No.")
    bot = script(ana, survey(CLEAN, next="thanks"), PITY, THANKS)
    assert talk(bot, yes, no)[1] == Ended(result="done")
    assert talk(bot, no)[1] == Ended(result="gave_up")


@pytest.mark.parametrize(
    ("changes", "ended"),
    [
        ({}, None),
        ({"skip": "next"}, None),
        ({"skip": "end", "otherwise": "pity"}, Ended(result="gave_up")),
        ({"skip": "end"}, Ended()),
    ],
)
def test_a_question_that_is_not_answered_is_skipped_or_ends_it(
    changes: dict[str, Any], ended: Ended | None
) -> None:
    bot = script(survey(**changes), THANKS, PITY)
    said, then, state = talk(bot, *[Timeout()] * 3)
    assert state.given_up == {"clean"}
    if ended is not None:
        assert then == ended
    else:
        assert isinstance(then, Listen)
        assert (then.step, said[-1]) == ("staff", "Who helped you?")


def test_the_last_question_that_is_skipped_leads_where_its_answer_would() -> None:
    for step in (survey(AGAIN), survey(AGAIN, next="thanks")):
        assert talk(script(step, THANKS, PITY), Timeout())[1] == Ended(result="done")
    own = script(survey({**AGAIN, "otherwise": "pity"}), THANKS, PITY)
    assert talk(own, Timeout())[1] == Ended(result="gave_up")


def test_a_survey_is_a_step_that_others_lead_to_and_may_have_no_introduction() -> None:
    yes = {**ANA, "answer": {"type": "yes_no", "yes": "survey", "no": "pity"}}
    bot = script(yes, PITY, survey(), THANKS)
    said, then, _ = talk(bot, Spoken(text="Yes."))
    assert said == ["Is this Ana?", "Was it clean?"]
    assert isinstance(then, Listen)
    assert "" not in texts_of(bot)


def test_its_questions_and_no_others_count() -> None:
    bot = script(ANA, survey(), THANKS, PITY)
    asks = [step.id for step in bot.steps if isinstance(step, Ask)]
    assert [each for each in asks if bot.counts(each)] == ["clean", "staff", "again"]
    assert script(ANA, THANKS).counts("ana")


def test_everything_is_told_at_its_own_place_and_at_once() -> None:
    found = told(
        {"type": "say", "id": "a", "text": "Hello.", "next": "nowhere"},
        survey(
            {**CLEAN, "answer": {"type": "wat"}},
            {**CLEAN, "timeoutSeconds": 90},
            {**STAFF, "id": "x", "next": "there"},
            {**STAFF, "id": "y", "answer": {"type": "choice", "options": [{"value": "Kim"}]}},
            {"id": "z", "text": "?"},
            {**AGAIN, "keys": {"k": None}},
            {**AGAIN, "id": "w", "text": "{{ saved.nothing }}"},
            {**AGAIN, "id": "v", "keys": {"1": "elsewhere"}},
            {"id": "nested", "type": "survey", "questions": [CLEAN]},
            next="after",
            skip="next",
            otherwise="pity",
        ),
        {"type": "survey", "id": "empty", "questions": []},
        {"type": "say", "id": "b", "text": "B", "questions": [CLEAN]},
        PITY,
        THANKS,
    )
    at = "/steps/1/questions"
    assert set(found) == {
        "/steps/0/next", f"{at}/0/answer/type", f"{at}/1/id", f"{at}/1/timeoutSeconds",
        f"{at}/2/next", f"{at}/3/answer/options", f"{at}/4/keys", f"{at}/5/keys/k",
        f"{at}/6/text", f"{at}/7/keys/1",
        f"{at}/8/type", f"{at}/8/questions", f"{at}/8/text", f"{at}/8/keys",
        "/steps/1/next", "/steps/1/otherwise", "/steps/2/questions", "/steps/3/questions",
    }  # fmt: skip
    assert found["/steps/1/next"] == "there is no step 'after'"


@pytest.mark.parametrize(
    ("steps", "pointers"),
    [
        ((THANKS, survey(CLEAN)), {"/steps/1/next"}),
        ((survey({**CLEAN, "otherwise": "pity",
                  "answer": {"type": "yes_no", "yes": "pity", "no": "pity"}}, AGAIN), PITY),
         {"/steps/0/questions/1"}),
        ((survey({**AGAIN, "keys": {"1": None}}),), {"/steps/0/questions/0/keys/1"}),
        ((survey(*[{**CLEAN, "id": f"q{n}"} for n in range(51)]), PITY),
         {"/steps/0/questions"}),
        (("no", survey("no"), {"id": "s", "type": "survey"}, PITY),
         {"/steps/0", "/steps/1/questions/0", "/steps/2/questions"}),
        ((survey(CLEAN, text=" "), PITY), {"/steps/0/text"}),
        ((survey(CLEAN, skip="end", otherwise="nowhere"), PITY), {"/steps/0/otherwise"}),
        ((survey({**CLEAN, "answer": {"type": "yes_no", "yes": "x"}}), PITY),
         {"/steps/0/questions/0/answer/yes"}),
        ((survey({**CLEAN, "id": "not one"}), PITY), {"/steps/0/questions/0/id"}),
    ],
)  # fmt: skip
def test_problems_name_where_they_are_written(steps: tuple[Any, ...], pointers: set[str]) -> None:
    assert set(told(*steps)) == pointers


def test_there_are_only_so_many_questions_in_all() -> None:
    many = [
        survey(*[{**CLEAN, "id": f"q{s}-{n}"} for n in range(50)], id=f"s{s}") for s in range(6)
    ]
    assert set(told(*many, THANKS)) == {"/steps"}
    assert len(script(*many[:5], THANKS).steps) == 5 * 51 + 1


def test_what_follows_a_survey_is_told_where_it_is_written() -> None:
    found = told(survey(), {"id": "t", "type": "transfer", "to": "desk"}, PITY)
    assert set(found) == {"/steps/1/to"}
    shape = {"type": "object", "properties": {"who": {"type": "string"}}}
    assert set(told(survey(CLEAN, STAFF), PITY, THANKS, result=shape)) == {
        "/steps/0/questions/0/id"
    }
