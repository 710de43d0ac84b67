"""The answers of a script as an object in a shape that its bot asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campana.domain.answers import Choice, Number, Option, YesNo
from campana.domain.prompted import HttpTool, Prompt
from campana.domain.script import Ask, End, Given, Script, UseTool
from campana.domain.script_problems import problems
from campana.domain.script_result import result_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "coming": {"type": "boolean"},
        "people": {"type": "integer", "minimum": 2},
        "service": {"type": "string", "enum": ["cleaning", "check"]},
        "slot": {"type": ["string", "null"]},
    },
    "required": ["coming"],
    "additionalProperties": False,
}
SERVICES = Choice(
    options=(
        Option(value="cleaning", phrases=("cleaning",), key="1"),
        Option(value="check", phrases=("check",), key="2"),
    )
)
SCRIPT = Script(
    greeting="Hello.",
    result=SCHEMA,
    steps=(
        Ask(id="go", text="Press 1.", keys={"1": "coming"}),
        Ask(id="coming", text="Can you come?", answer=YesNo()),
        Ask(id="how_many", text="How many?", answer=Number(), save_as="people"),
        Ask(id="service", text="What is it?", answer=SERVICES),
        UseTool(
            id="find",
            tool=HttpTool(name="find", description="", url="https://example.com/"),
            saves={"slot": "slot"},
            otherwise="end",
        ),
        End(id="end", text="Goodbye."),
    ),
)


def given(step: str, value: str) -> Given:
    return Given(step=step, kind="yes_no", value=value, by="speech", said=value)


def test_each_answer_is_read_as_what_the_schema_says() -> None:
    answers = (given("go", "1"), given("coming", "yes"), given("how_many", "3"))
    found = result_of(SCRIPT, (*answers, given("service", "check")), {"people": "3", "slot": "7"})
    assert found == ({"coming": True, "people": 3, "service": "check", "slot": "7"}, [])


@pytest.mark.parametrize(
    ("answers", "saved", "why"),
    [
        ((), {}, "'coming' is a required property"),
        ((given("coming", "no"),), {"people": "1"}, "/people: does not satisfy minimum: 2"),
        ((given("coming", "no"),), {"people": "2.5"}, "/people: 2.5 is not of type 'integer'"),
        ((given("coming", "no"),), {"people": "true"}, "/people: 'true' is not of type 'integer'"),
    ],
)
def test_what_does_not_fit_is_told(
    answers: tuple[Given, ...], saved: dict[str, str], why: str
) -> None:
    found = result_of(SCRIPT, answers, saved)
    assert found is not None
    assert any(why in each for each in found[1]), found


def test_without_a_schema_there_is_no_result() -> None:
    assert result_of(replace(SCRIPT, result=None), (given("coming", "yes"),), {}) is None


def changed(**properties: Any) -> dict[str, Any]:
    kept = {name: each for name, each in SCHEMA["properties"].items() if name not in properties}
    new = {name: each for name, each in properties.items() if each is not None}
    return {**SCHEMA, "properties": kept | new}


@pytest.mark.parametrize(
    ("schema", "pointer", "message"),
    [
        (changed(service=None), "/steps/3/id", "has no property 'service'"),
        (changed(people=None), "/steps/2/saveAs", "has no property 'people'"),
        (changed(slot=None), "/steps/4/save/slot", "has no property 'slot'"),
        ({**SCHEMA, "required": ["day"]}, "/result/properties/day", "nothing saves it"),
        (changed(slot={"type": "array"}), "/result/properties/slot", "only plain values"),
        (
            changed(service={"enum": ["check", "crown"]}),
            "/steps/3/answer/options/0/value",
            "'cleaning' is not what result takes there",
        ),
        (changed(coming={"type": "integer"}), "/steps/1/answer", "'yes' is not what"),
        (changed(slot={"pattern": "a"}), "/result/properties/slot/pattern", "not supported"),
        ({"type": "array"}, "/result/type", "object"),
        (changed(slot={"type": "string", "title": "a" * 9_000}), "/result", "characters of JSON"),
    ],
)
def test_a_script_and_its_schema_must_agree(
    schema: dict[str, Any], pointer: str, message: str
) -> None:
    found = problems(replace(SCRIPT, result=schema))
    assert any(p.pointer == pointer and message in p.message for p in found), found


def test_a_schema_that_fits_has_no_problems_but_beside_a_prompt() -> None:
    assert problems(SCRIPT) == []
    found = problems(replace(SCRIPT, prompt=Prompt(goal="Ask.")))
    assert [p.pointer for p in found if "prompt.result" in p.message] == ["/result"]
