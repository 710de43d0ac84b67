"""Everything wrong with a prompt is told at once, by place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.json_shapes import misfits, wrong_with
from campana.domain.placeholders import placeholders
from campana.domain.prompt_problems import problems
from campana.domain.prompted import (
    CallbackTool,
    EndTool,
    HttpTool,
    Model,
    OptOutTool,
    Prompt,
    ResultTool,
    Tool,
    TransferTool,
    description_of,
    name_of,
    parameters_of,
    texts_of,
)
from campana.domain.script import End, Script, texts
from campana.domain.script_problems import problems as script_problems

GOOD = Prompt(goal="Find a day for {{ contact.first_name }}.")
HTTP = HttpTool(name="book", description="Books.", url="https://example.com/book")


def told(prompt: Prompt) -> list[str]:
    return [str(each.pointer) for each in problems(prompt)]


def test_a_good_prompt_has_no_problems() -> None:
    assert told(GOOD) == []
    both = replace(GOOD, tools=(EndTool(), ResultTool()), result={"type": "object"})
    assert told(both) == []
    assert told(replace(GOOD, tools=(EndTool(results=("a", "b")), OptOutTool(), HTTP))) == []


@pytest.mark.parametrize(
    ("prompt", "pointers"),
    [
        (replace(GOOD, goal=" "), ["/prompt/goal"]),
        (replace(GOOD, listen_seconds=0.1), ["/prompt/listenSeconds"]),
        (replace(GOOD, filler_seconds=20), ["/prompt/fillerSeconds"]),
        (replace(GOOD, tools=(OptOutTool(),)), ["/prompt/tools"]),
        (replace(GOOD, tools=(EndTool(), EndTool())), ["/prompt/tools/1/name"]),
        (replace(GOOD, tools=(EndTool(), ResultTool())), ["/prompt/result"]),
        (replace(GOOD, result={"type": "object"}), ["/prompt/tools"]),
        (
            replace(GOOD, model=Model(credential="c", temperature=3, max_tokens=1)),
            ["/prompt/model/credential", "/prompt/model/temperature", "/prompt/model/maxTokens"],
        ),
        (
            replace(GOOD, model=Model(url="http://example.com/v1", turn_seconds=0)),
            [
                *("/prompt/model/name", "/prompt/model/url", "/prompt/model/turnSeconds"),
                "/prompt/fillerSeconds",
            ],
        ),
        (
            replace(GOOD, tools=(EndTool(results=("opt_out", "a", "a")),)),
            ["/prompt/tools/0/results/0", "/prompt/tools/0/results/2"],
        ),
        (
            replace(
                GOOD,
                tools=(
                    EndTool(),
                    HttpTool(
                        name="Book it",
                        description=" ",
                        url="https://10.0.0.1/",
                        seconds=0,
                        parameters={"type": "object", "$ref": "https://example.com"},
                    ),
                    replace(HTTP, name="transfer", parameters={"type": "array"}),
                ),
            ),
            [
                *("/prompt/tools/1/name", "/prompt/tools/1/url", "/prompt/tools/1/description"),
                *("/prompt/tools/1/timeoutSeconds", "/prompt/tools/1/parameters/$ref"),
                *("/prompt/tools/2/name", "/prompt/tools/2/parameters/type"),
            ],
        ),
    ],
)
def test_each_problem_names_its_place(prompt: Prompt, pointers: list[str]) -> None:
    assert told(prompt) == pointers


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "object", "properties": {"a": {"pattern": "(a+)+$"}}}, "/properties/a/pattern"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "/properties/a/type"),
        ({"type": "object", "anyOf": [{"$ref": "#"}]}, "/anyOf/0/$ref"),
        ({"type": "string"}, "/type"),
        ({}, "/type"),
    ],
)
def test_a_schema_that_could_lead_away_or_take_for_ever_is_refused(
    schema: dict[str, object], pointer: str
) -> None:
    assert [place for place, _ in wrong_with(schema)] == [pointer]


def test_a_schema_that_is_too_deep_or_too_long_is_refused() -> None:
    deep: dict[str, object] = {"type": "object"}
    for _ in range(20):
        deep = {"type": "object", "properties": {"a": deep}}
    assert "nested" in wrong_with(deep)[0][1]
    long = {"type": "object", "description": "x" * 9_000}
    prompt = replace(GOOD, tools=(EndTool(), replace(HTTP, parameters=long)))
    assert told(prompt) == ["/prompt/tools/1/parameters"]


def test_a_property_may_have_any_name() -> None:
    assert wrong_with({"type": "object", "properties": {"pattern": {"type": "string"}}}) == []


def test_at_most_five_misfits_are_told() -> None:
    schema = {"type": "object", "required": list("abcdefg"), "maxProperties": 0}
    assert len(misfits(schema, {})) == 5
    assert misfits({"maxProperties": 0}, {"a": 1}) == [
        "the arguments: does not satisfy maxProperties: 0"
    ]


@pytest.mark.parametrize("tool", [EndTool(), OptOutTool(), CallbackTool(), HTTP, ResultTool()])
def test_every_tool_has_a_name_a_description_and_the_shape_of_its_arguments(tool: Tool) -> None:
    assert name_of(tool)
    assert description_of(tool)
    assert wrong_with(parameters_of(tool, GOOD)) == []


def test_a_script_with_a_prompt_listens_and_tells_its_problems_too() -> None:
    script = Script(
        greeting="Hello.",
        steps=(End(id="end"),),
        prompt=replace(GOOD, goal="", persona="A {{ b }}"),
    )
    assert script.needs_ears
    assert [each.pointer for each in script_problems(script)] == ["/prompt/goal"]
    assert {name for text in texts(script) for name in placeholders(text)} == {"b", "when"}
    assert texts_of(GOOD) == (GOOD.goal, GOOD.filler)


DESK = TransferTool(to="+12025550160", description="They ask for a person.")


def test_a_transfer_needs_somebody_who_may_be_called() -> None:
    def whole(tool: TransferTool, to: str | None = None) -> list[str]:
        bot = Script(
            greeting="Hello.",
            steps=(End(id="end"),),
            prompt=replace(GOOD, tools=(EndTool(), tool)),
            transfer_to=to,
        )
        return [str(each.pointer) for each in script_problems(bot)]

    assert whole(DESK) == whole(TransferTool(), "+12025550160") == []
    at = "/prompt/tools/1"
    assert whole(TransferTool()) == [f"{at}/to"]
    assert whole(replace(DESK, to="+19005550160")) == [f"{at}/to"]
    assert whole(replace(DESK, to="{{ contact.phone }}")) == [f"{at}/to"]
    assert whole(replace(DESK, seconds=999.0)) == [f"{at}/timeoutSeconds"]
    assert told(replace(GOOD, tools=(EndTool(), DESK, DESK))) == ["/prompt/tools/2/name"]
    assert name_of(DESK) == "transfer"
    assert parameters_of(DESK, GOOD)["properties"] == {}, "the model does not choose whom"
    assert description_of(DESK).endswith("They ask for a person.")
