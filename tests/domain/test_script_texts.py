"""What would be read out or misunderstood is told before anybody hears it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from campana.domain.answers import YesNo
from campana.domain.dialog import start
from campana.domain.model_talk import begin
from campana.domain.prompted import EndTool, OptOutTool, Prompt
from campana.domain.script import Ask, End, OnMachine, Script, texts
from campana.domain.script_problems import problems
from campana.domain.sound_models import HearingModel

BOT = Script(
    greeting="Hello {{ contact.first_name }}.",
    steps=(
        Ask(id="q", text="Can you come?", answer=YesNo()),
        End(id="end", text="Goodbye {{contact.last_name}}."),
    ),
)
KEYS = replace(BOT, steps=(Ask(id="q", text="Press 1.", keys={"1": "end"}), End(id="end")))
SPANISH = HearingModel(language="es")


def told(script: Script) -> list[str]:
    return [str(each.pointer) for each in problems(script)]


@pytest.mark.parametrize(
    "text",
    ["Hi {{ contact.first_name", "Hi {{ first name }}.", "Hi {{}}.", "{% if x %}Hi{% endif %}"],
)
def test_braces_that_would_be_read_out_are_told(text: str) -> None:
    assert told(replace(BOT, greeting=text)) == ["/greeting"]
    asked = Ask(id="q", text=text, reprompt=text, keypad=text, answer=YesNo())
    assert told(replace(BOT, steps=(asked, End(id="end", text=text)))) == [
        "/steps/0/text",
        "/steps/0/reprompt",
        "/steps/0/keypad",
        "/steps/1/text",
    ]
    others = replace(
        BOT,
        disclosure=text,
        opt_out_text=text,
        on_machine=OnMachine(do="leave_message", message=text),
    )
    assert told(others) == ["/disclosure", "/onMachine/message", "/optOutText"]


def test_the_json_in_a_prompt_is_no_placeholder() -> None:
    assert told(replace(BOT, prompt=Prompt(goal='Say {"a": {"b": 1}}.'))) == []
    assert told(replace(BOT, prompt=Prompt(goal="For {{ contact.x."))) == ["/prompt/goal"]


def test_what_must_be_disclosed_is_said_with_the_greeting_whoever_speaks() -> None:
    told = "This is an automatic call."
    plain = replace(BOT, disclosure=told)
    spoken = replace(plain, prompt=Prompt(goal="Find a day."))
    fields = {"contact.first_name": "Ana"}
    for script in (plain, spoken):
        said = start(script, fields=fields).say[:2]
        assert [(each.text, each.is_kept) for each in said] == [("Hello Ana.", True), (told, True)]
    asks = replace(spoken, greeting="Is this {{ contact.first_name }}?")
    assert [each.text for each in start(asks, fields=fields).say] == [told, "Is this Ana?"]
    talked = begin(spoken, Prompt(goal="x"), fields=fields, now=datetime(2026, 3, 10, tzinfo=UTC))
    assert talked.messages[-1].text == f"Hello Ana. {told}"
    assert told in texts(plain)
    assert not start(BOT, fields=fields).say[0].is_kept


@pytest.mark.parametrize(("language", "hearing"), [("es", None), (None, SPANISH), ("es", SPANISH)])
def test_no_answer_in_words_is_taken_in_a_language_that_nobody_understands(
    language: str | None, hearing: HearingModel | None
) -> None:
    script = replace(BOT, language=language, hearing=hearing)
    assert told(script) == ["/steps/0/answer"]
    assert "English only, not in es" in problems(script)[0].message
    assert told(replace(KEYS, language=language, hearing=hearing)) == []
    assert told(replace(BOT, language="en")) == []


def test_a_model_of_another_language_must_be_able_to_opt_people_out() -> None:
    prompt = Prompt(goal="Habla.", tools=(EndTool(),))
    assert told(replace(KEYS, hearing=SPANISH, prompt=prompt)) == ["/prompt/tools"]
    able = replace(prompt, tools=(EndTool(), OptOutTool()))
    assert told(replace(KEYS, hearing=SPANISH, prompt=able)) == []
    assert told(replace(KEYS, prompt=prompt)) == []


def test_a_bot_speaks_one_language() -> None:
    assert told(replace(KEYS, language="fr", hearing=SPANISH)) == ["/hearing/language"]
