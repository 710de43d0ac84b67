"""What may come of what a language model says: a table of replies, and what each leads to."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from campana.domain import model_talk
from campana.domain.dialog import fall_back, start
from campana.domain.model_talk import Errand, Failed, Next, Talked
from campana.domain.prompted import (
    CallbackTool,
    EndTool,
    HttpTool,
    Model,
    OptOutTool,
    Prompt,
    ResultTool,
)
from campana.domain.script import End, Ended, Listen, Script, Turn
from campana.domain.speaking import Call, CallPart, Counted, Gathering, Reply, TooMuch, Words

NOW = datetime(2026, 11, 26, 14, 10, tzinfo=UTC)
BOOK = HttpTool(
    name="book",
    description="Books a visit.",
    url="https://example.com/book",
    parameters={
        "type": "object",
        "properties": {"day": {"type": "string"}},
        "required": ["day"],
        "additionalProperties": False,
    },
)
PROMPT = Prompt(
    goal="Find a day for the visit of {{ contact.first_name }}.",
    persona="You are friendly.",
    tools=(EndTool(results=("booked", "declined")), OptOutTool(), CallbackTool(), BOOK),
)
SCRIPT = Script(
    greeting="Hello {{ contact.first_name }}.",
    steps=(End(id="sorry", text="We will call again.", result="failed"),),
    prompt=PROMPT,
)
WITH_RESULT = replace(
    PROMPT,
    tools=(EndTool(), ResultTool()),
    result={
        "type": "object",
        "properties": {"day": {"enum": ["Tuesday", "Thursday"]}, "sure": {"type": "boolean"}},
        "required": ["day"],
        "additionalProperties": False,
    },
)
FIELDS = {"contact.first_name": "Ana {{ contact.last_name }}", "contact.last_name": "Lima"}


def begun(prompt: Prompt = PROMPT) -> Talked:
    talked = model_talk.begin(SCRIPT, prompt, fields=FIELDS, now=NOW)
    return model_talk.told(talked, "Hello?")


def call(name: str, arguments: object = None, *, raw: str | None = None) -> Call:
    text = raw if raw is not None else json.dumps(arguments or {})
    return Call(id=f"id_{name}", name=name, arguments=text)


def after(
    *calls: Call, text: str = "", prompt: Prompt = PROMPT, talked: Talked | None = None
) -> Next:
    reply = Reply(text=text, calls=calls, tokens=10)
    return model_talk.take(SCRIPT, prompt, talked or begun(prompt), reply, now=NOW)


def ended(found: Next) -> Ended:
    assert isinstance(found.then, Turn)
    assert isinstance(found.then.then, Ended)
    return found.then.then


def test_values_of_the_contact_are_data_and_no_templates() -> None:
    system = begun().messages[0]
    assert system.role == "system"
    assert "Find a day for the visit of Ana {{ contact.last_name }}." in system.text
    assert "Lima" not in system.text
    assert [each.role for each in begun().messages] == ["system", "user", "assistant", "user"]


def test_the_greeting_is_said_first_then_words_and_keys_are_waited_for() -> None:
    turn = start(SCRIPT, fields={"contact.first_name": "Ana"})
    assert [said.text for said in turn.say] == ["Hello Ana."]
    assert isinstance(turn.then, Listen)
    assert turn.then.takes_words


def test_a_reply_without_tools_is_listened_after() -> None:
    found = after(text="Which day?")
    assert (found.then, found.errands, found.talked.tokens) == ("listen", (), 10)


def test_a_reply_of_nothing_is_a_failure() -> None:
    assert isinstance(after(text="  ").then, Failed)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (call("opt_out_everyone"), "no such tool"),
        (call("set_result", {"day": "Tuesday"}), "no such tool"),
        (call("transfer", {"to": "+12025550199"}), "no such tool"),
        (call("", {}), "no such tool"),
        (call("book", raw="{day: Tuesday"), "not JSON"),
        (call("book", raw="[" * 100_000), "not JSON"),
        (call("book", raw='{"day": NaN}'), "not JSON"),
        (call("book", raw='["Tuesday"]'), "not an object"),
        (call("book", {}), "'day' is a required property"),
        (call("book", {"day": 2}), "/day"),
        (call("book", {"day": "Tuesday", "everyone": True}), "everyone"),
        (call("opt_out", {"contacts": "all"}), "contacts"),
        (call("end", {"result": "opt_out"}), "is not one of"),
        (call("end", {}), "'result' is a required property"),
        (call("schedule_callback", {"at": "soon"}), "not a date"),
        (call("schedule_callback", {"at": "2026-11-26T14:00"}), "must be after"),
        (call("schedule_callback", {"at": "2036-11-26T14:00"}), "within 90 days"),
        (call("schedule_callback", {"at": "0001-01-01T00:00+14:00"}), "not a date"),
    ],
)
def test_what_the_bot_may_not_do_is_told_to_the_model_and_not_done(asked: Call, why: str) -> None:
    found = after(asked, text="I will do that.")
    assert (found.then, found.errands) == ("ask", ())
    assert [(each.name, each.outcome) for each in found.talked.used] == [(asked.name, "refused")]
    answer = found.talked.messages[-1]
    assert (answer.role, answer.answers) == ("tool", asked.id)
    assert why in json.loads(answer.text)["error"]


def test_a_model_that_keeps_asking_for_what_it_may_not_is_given_up() -> None:
    talked, rounds = begun(), 0
    while True:
        found = after(call("opt_out_everyone"), talked=talked)
        rounds += 1
        if found.then != "ask":
            break
        talked = found.talked
    assert isinstance(found.then, Failed)
    assert rounds == model_talk.MOST_REFUSED + 1


def test_nothing_is_run_of_a_reply_that_goes_too_far() -> None:
    wrong = [call("nonsense")] * (model_talk.MOST_REFUSED + 1)
    found = after(*wrong, call("book", {"day": "Tuesday"}))
    assert (found.errands, type(found.then)) == ((), Failed)


def test_a_program_is_asked_with_arguments_that_it_takes_and_its_answer_told() -> None:
    asked = call("book", {"day": "Tuesday"})
    found = after(asked, text="One moment.")
    assert found.then == "ask"
    assert found.errands == (Errand(call=asked, tool=BOOK, arguments={"day": "Tuesday"}),)
    [errand] = found.errands
    talked = model_talk.answered(found.talked, errand, is_done=True, answer="booked")
    assert talked.used[-1].outcome == "done"
    assert json.loads(talked.messages[-1].text) == {"answer": "booked"}
    talked = model_talk.answered(found.talked, errand, is_done=False, answer="x" * 9_000)
    assert talked.used[-1].outcome == "failed"
    assert len(talked.messages[-1].text) < model_talk.MOST_OF_AN_ANSWER + 20


def test_the_end_has_the_name_the_model_chose_of_those_there_are() -> None:
    found = after(call("end", {"result": "booked"}), call("book", {"day": "x"}), text="Goodbye.")
    assert ended(found).result == "booked"
    assert found.errands == ()
    assert [each.outcome for each in found.talked.used] == ["done", "refused"]


def test_what_was_asked_before_the_end_is_done_before_it() -> None:
    found = after(call("book", {"day": "x"}), call("end", {"result": "booked"}))
    assert len(found.errands) == 1
    assert ended(found).result == "booked"


def test_an_opt_out_ends_with_the_bots_own_words() -> None:
    found = after(call("opt_out"), text="Are you quite sure?")
    assert ended(found).result == "opt_out"
    assert isinstance(found.then, Turn)
    assert [said.text for said in found.then.say] == ["You will not be called again. Goodbye."]


@pytest.mark.parametrize(
    ("arguments", "moment", "said"),
    [
        ({"at": "2026-11-27T17:00"}, datetime(2026, 11, 27, 17, tzinfo=UTC), "tomorrow at 5 PM"),
        ({"at": "2026-11-27T12:00-05:00"}, datetime(2026, 11, 27, 17, tzinfo=UTC), "5 PM"),
        ({}, None, "later"),
    ],
)
def test_a_callback_is_at_the_moment_that_was_said(
    arguments: dict[str, str], moment: datetime | None, said: str
) -> None:
    found = after(call("schedule_callback", arguments))
    assert (ended(found).result, ended(found).callback_at) == ("callback_request", moment)
    assert isinstance(found.then, Turn)
    assert said in found.then.say[0].text


def test_a_result_that_breaks_the_schema_is_refused_and_one_that_fits_is_kept() -> None:
    found = after(call("set_result", {"day": "Sunday"}), text="Noted.", prompt=WITH_RESULT)
    assert (found.then, found.talked.values) == ("ask", None)
    found = after(
        call("set_result", {"day": "Tuesday", "sure": True}), text="Noted.", prompt=WITH_RESULT
    )
    assert (found.then, found.talked.values) == ("listen", {"day": "Tuesday", "sure": True})
    assert found.talked.state.saved == {"day": "Tuesday", "sure": "true"}


def test_the_end_waits_once_for_a_result_that_is_missing() -> None:
    found = after(call("end"), prompt=WITH_RESULT)
    assert found.then == "ask"
    found = after(call("end"), prompt=WITH_RESULT, talked=found.talked)
    assert ended(found).result == model_talk.DONE


def test_tokens_of_a_call_are_limited_also_where_nobody_counts_them() -> None:
    prompt = replace(PROMPT, model=Model(call_tokens=500))
    talked, rounds = begun(prompt), 0
    while model_talk.may_ask(prompt, talked) is None:
        reply = Reply(text="Which day? " * 20)
        talked = model_talk.take(SCRIPT, prompt, talked, reply, now=NOW).talked
        talked = model_talk.told(talked, "Hm.")
        rounds += 1
    assert 1 < rounds < 10


def test_a_model_that_comes_to_no_answer_is_given_up() -> None:
    talked = begun()
    for _ in range(model_talk.MOST_ROUNDS):
        assert model_talk.may_ask(PROMPT, talked) is None
        talked = after(call("book", {"day": "x"}), talked=talked).talked
    assert model_talk.may_ask(PROMPT, talked) is not None
    assert model_talk.may_ask(PROMPT, model_talk.told(talked, "Well?")) is None


def test_somebody_who_says_nothing_is_asked_after_and_then_let_go() -> None:
    talked: Talked | None = begun()
    for _ in range(model_talk.MOST_SILENCES):
        assert talked is not None
        talked = model_talk.silent(talked)
    assert talked is not None
    assert model_talk.silent(talked) is None
    assert model_talk.silent(model_talk.pressed(talked, "1")) is not None


def test_whoever_only_listens_is_told_more() -> None:
    talked = model_talk.going_on(begun())
    assert (talked.messages[-1].role, talked.messages[-1].text) == ("user", "(listens)")


def test_what_was_cut_off_is_told_as_far_as_it_was_heard_and_its_tools_are_not() -> None:
    reply = Reply(text="Let me book that.", calls=(call("book", {"day": "x"}),))
    talked = model_talk.cut_off(begun(), "Let me", reply)
    assert (talked.messages[-1].text, talked.messages[-1].calls) == ("Let me (interrupted)", ())
    assert talked.used == ()
    assert talked.tokens > 0


def test_the_script_takes_over_from_its_first_step_without_the_greeting() -> None:
    turn = fall_back(SCRIPT, begun().state)
    assert [said.text for said in turn.say] == ["We will call again."]
    assert isinstance(turn.then, Ended)


def gathered(*parts: Any) -> tuple[list[str], Reply]:
    gathering = Gathering()
    sentences = [sentence for part in parts for sentence in gathering.take(part)]
    return [*sentences, gathering.last()], gathering.reply()


def test_calls_come_in_pieces_and_in_any_order() -> None:
    sentences, reply = gathered(
        Words(text="One mo"),
        CallPart(index=1, id="b", name="end", arguments=""),
        CallPart(index=0, id="a", name="book", arguments='{"da'),
        Words(text="ment. Let me"),
        CallPart(index=0, arguments='y": "x"}'),
        Counted(tokens=7),
    )
    assert sentences == ["One moment.", "Let me"]
    assert reply.tokens == 7
    assert [(each.id, each.name, each.arguments) for each in reply.calls] == [
        ("a", "book", '{"day": "x"}'),
        ("b", "end", ""),
    ]


@pytest.mark.parametrize(
    "parts",
    [
        [Words(text="and on ")] * 1_000,
        [CallPart(index=0, name="book", arguments="x" * 100)] * 100,
        [CallPart(index=index, name="book") for index in range(100)],
    ],
)
def test_a_reply_without_end_is_too_much(parts: list[Any]) -> None:
    with pytest.raises(TooMuch):
        gathered(*parts)
