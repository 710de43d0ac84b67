"""A step that has a program asked: what it is told, what is kept, and where the call goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.answers import YesNo
from campana.domain.dialog import resume, start
from campana.domain.prompted import HttpTool
from campana.domain.sample_fields import sample_fields
from campana.domain.script import (
    Ask,
    Asking,
    Branch,
    End,
    Ended,
    Listen,
    Say,
    Script,
    Spoken,
    Step,
    ToolAnswered,
    Turn,
    UseTool,
)
from campana.domain.script_problems import problems

SLOT = UseTool(
    id="slot",
    tool=HttpTool(name="slot", description="", url="https://example.com/slot"),
    arguments={"who": "{{ contact.first_name }}", "coming": "{{ saved.coming }}", "most": 3},
    saves={"day": "slots.0.day", "left": "left"},
    otherwise="sorry",
)
SCRIPT = Script(
    greeting="Hello.",
    steps=(
        Ask(id="coming", text="Can you come?", answer=YesNo(), save_as="coming"),
        SLOT,
        Branch(id="any", on="left", cases={"0": "full"}, otherwise="offer"),
        End(
            id="offer", text="Come on {{ saved.day }}, {{ contact.first_name }}.", result="offered"
        ),
        End(id="full", text="Nothing is left.", result="full"),
        End(id="sorry", text="We will call again.", result="failed"),
    ),
)
ANA = {"contact.first_name": "Ana"}


def asked() -> Turn:
    return resume(SCRIPT, start(SCRIPT, fields=ANA).state, Spoken(text="Yes."))


def test_a_program_is_told_fields_and_answers() -> None:
    turn = asked()
    assert isinstance(turn.then, Asking)
    assert turn.then.arguments == {"who": "Ana", "coming": "yes", "most": 3}
    assert (turn.say, turn.then.tool.url) == ((), "https://example.com/slot")


@pytest.mark.parametrize(
    ("answer", "said", "result"),
    [
        ('{"slots": [{"day": "Friday"}], "left": 2}', "Come on Friday, Ana.", "offered"),
        ('{"slots": [{"day": "Friday"}], "left": 0}', "Nothing is left.", "full"),
        ('{"slots": [], "left": 2}', "We will call again.", "failed"),
        ("<html>", "We will call again.", "failed"),
    ],
)
def test_goes_on_with_what_it_answered(answer: str, said: str, result: str) -> None:
    turn = resume(SCRIPT, asked().state, ToolAnswered(is_done=True, answer=answer))
    assert [each.text for each in turn.say] == [said]
    assert turn.then == Ended(result=result)
    assert turn.say[0].is_personal == ("Friday" in said)


def test_a_program_that_fails_leads_to_otherwise_and_leaves_no_older_value() -> None:
    before = asked().state
    stale = replace(before, saved={**before.saved, "day": "Monday", "left": "9"})
    turn = resume(SCRIPT, stale, ToolAnswered(is_done=False, answer='{"left": 2}'))
    assert turn.then == Ended(result="failed")
    assert turn.state.saved == {"coming": "yes"}


def test_what_it_answers_is_data_and_no_template() -> None:
    answer = '{"slots": [{"day": "{{ contact.first_name }}"}], "left": 1}'
    turn = resume(SCRIPT, asked().state, ToolAnswered(is_done=True, answer=answer))
    assert turn.say[0].text == "Come on {{ contact.first_name }}, Ana."


def test_no_answer_is_taken_where_nobody_was_asked() -> None:
    turn = start(SCRIPT, fields=ANA)
    assert isinstance(turn.then, Listen)
    with pytest.raises(ValueError, match="asks no program"):
        resume(SCRIPT, turn.state, ToolAnswered(is_done=True))


def test_what_is_saved_is_no_field_to_be_given() -> None:
    assert set(sample_fields(SCRIPT)) == {"contact.first_name"}


def test_has_no_problems_of_its_own() -> None:
    assert problems(SCRIPT) == []


END = End(id="end", text="Goodbye.")
TOOL = replace(SLOT, otherwise="end", arguments={})


@pytest.mark.parametrize(
    ("steps", "pointer", "message"),
    [
        (
            (replace(TOOL, tool=replace(SLOT.tool, url="http://10.0.0.1/x")), END),
            "/steps/0/url",
            "",
        ),
        ((replace(TOOL, otherwise="x"), END), "/steps/0/otherwise", "there is no step 'x'"),
        ((replace(TOOL, next="x"), END), "/steps/0/next", "there is no step 'x'"),
        ((END, TOOL), "/steps/1/next", "nothing follows"),
        ((replace(TOOL, otherwise="slot"), END), "/steps/0", "comes round without asking"),
        ((replace(TOOL, filler_seconds=0.1), END), "/steps/0/fillerSeconds", "0.3 and 30"),
        (
            (replace(TOOL, tool=replace(SLOT.tool, seconds=31)), END),
            "/steps/0/timeoutSeconds",
            "between 1 and 30",
        ),
        ((replace(TOOL, saves={"day": "a..b"}), END), "/steps/0/save/day", "must be a path"),
        ((replace(TOOL, filler="{{ 1 }}"), END), "/steps/0/filler", "is no field"),
        (
            (replace(TOOL, arguments={"a": "{{ saved.x }}"}), END),
            "/steps/0/arguments/a",
            "nothing is saved as 'x'",
        ),
        ((Say(id="a", text="{{ saved.x }}"), END), "/steps/0/text", "nothing is saved as 'x'"),
    ],
)
def test_tells_what_is_wrong_and_where(steps: tuple[Step, ...], pointer: str, message: str) -> None:
    found = problems(Script(greeting="Hello.", steps=steps))
    assert any(p.pointer == pointer and message in p.message for p in found), found
