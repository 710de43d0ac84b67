"""What is kept of a call's transcript and questions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from campana.domain.answers import YesNo
from campana.domain.dialog import resume, start
from campana.domain.script import Ask, End, Ended, Given, Script, Timeout
from campana.domain.surveys import Survey
from campana.engine.call_facts import facts_of
from campana.voice.call_result import CallResult
from campana.voice.notes import Answered, Latency, Line

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_reply_keeps_how_long_the_callee_waited_and_why() -> None:
    latency = Latency.between(8.0, 8.256, 8.4, 8.41, 8.43)
    result = CallResult(
        end="answered",
        ended_at=NOW,
        saved={},
        transcript=(
            Line(role="callee", text="Yes.", at_ms=7000),
            Line(role="bot", text="Thank you.", at_ms=8430, latency=latency),
        ),
    )
    kept = facts_of(result, None, recording_key=None).transcript
    assert kept == [
        {"role": "callee", "text": "Yes.", "atMs": 7000},
        {
            "role": "bot",
            "text": "Thank you.",
            "atMs": 8430,
            "latency": {"totalMs": 430, "vadMs": 256, "asrMs": 144, "dialogMs": 10, "ttsMs": 20},
        },
    ]


SURVEY = Script(
    greeting="Hello.",
    steps=(
        *(Ask(id=each, text="?", answer=YesNo(), otherwise="end") for each in "abc"),
        End(id="end", text="Goodbye."),
    ),
)


def given(step: str) -> Answered:
    return Answered(
        given=Given(step=step, kind="yes_no", value="yes", by="speech", said="Yes."), at_ms=1000
    )


@pytest.mark.parametrize(
    ("answered", "given_up", "finished", "ended_as", "questions"),
    [
        ("abc", "", True, None, 3),
        ("a", "", True, None, 1),
        ("a", "", False, "done", 1),
        ("a", "b", True, None, 3),
        ("ab", "b", True, None, 2),
        ("", "a", True, None, 3),
        ("", "", True, None, 3),
        ("a", "", False, None, 3),
        ("a", "", True, "opt_out", 3),
        ("a", "", True, "callback_request", 3),
    ],
)
def test_questions_that_an_answer_led_past_are_not_counted_at_the_end(
    answered: str, given_up: str, finished: bool, ended_as: str | None, questions: int
) -> None:
    result = CallResult(
        end="answered",
        ended_at=NOW,
        answered_at=NOW,
        saved={},
        finished=finished,
        result=ended_as,
        answered=tuple(given(step) for step in answered),
        given_up=frozenset(given_up),
    )
    assert facts_of(result, SURVEY, recording_key=None).questions == questions


GROUPED = replace(SURVEY, surveys=(Survey(at="/steps/1", questions=("b", "c")),))


@pytest.mark.parametrize(
    ("answered", "given_up", "finished", "questions"),
    [
        ("abc", "", True, 2),
        ("ab", "", True, 1),
        ("ab", "c", True, 2),
        ("bc", "a", True, 2),
        ("a", "", False, 2),
        ("a", "", True, 2),
    ],
)
def test_only_the_questions_of_its_surveys_count_where_a_script_has_any(
    answered: str, given_up: str, finished: bool, questions: int
) -> None:
    result = CallResult(
        end="answered",
        ended_at=NOW,
        answered_at=NOW,
        saved={},
        finished=finished,
        answered=tuple(given(step) for step in answered),
        given_up=frozenset(given_up),
    )
    kept = facts_of(result, GROUPED, recording_key=None)
    assert kept.questions == questions
    marked = {each["step"] for each in kept.answers if each.get("isOfSurvey") is False}
    assert marked == set(answered) & {"a"}
    plain = facts_of(result, SURVEY, recording_key=None)
    assert not any("isOfSurvey" in each for each in plain.answers)


def test_a_question_that_is_asked_in_vain_is_known() -> None:
    turn = start(SURVEY, fields={})
    for _ in range(3):
        assert turn.state.given_up == frozenset()
        turn = resume(SURVEY, turn.state, Timeout())
    assert (turn.then, turn.state.given_up) == (Ended(), {"a"})
