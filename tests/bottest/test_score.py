"""What is right with each kind of callee, and what is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from campana.bottest.answering import right_answers
from campana.bottest.callees import Kind
from campana.bottest.report import as_json
from campana.bottest.score import Score, score, unproven
from campana.domain.answers import Choice, Day, FreeText, Number, Option, YesNo, from_words
from campana.domain.prompted import Prompt
from campana.domain.script import Ask, End, Given, OnMachine, Script
from campana.voice.call_result import CallResult
from campana.voice.notes import Answered, Latency, Line

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
SCRIPT = Script(
    greeting="Hello {{ contact.first_name }}.",
    steps=(
        Ask(id="coming", text="Can you come, {{ contact.first_name }}?", answer=YesNo()),
        Ask(id="day", text="Which day?", answer=Day()),
        Ask(id="stars", text="How many stars?", answer=Number()),
        Ask(id="code", text="Your code?", answer=Number(digits=4)),
        Ask(
            id="part",
            text="Morning or afternoon?",
            answer=Choice(options=(Option(value="am", phrases=("the morning",), key="1"),)),
        ),
        Ask(id="more", text="Anything else?", answer=FreeText()),
        Ask(id="key", text="Press 2.", keys={"2": "end"}),
        End(id="end", result="booked"),
    ),
)
RIGHTS = right_answers(SCRIPT, {"contact.first_name": "Maria"})


def given(step: str, value: str, *, kind: str = "yes_no") -> Answered:
    return Answered(given=Given(step=step, kind=kind, value=value, by="speech", said="."), at_ms=1)


RIGHT = CallResult(
    end="answered",
    reason="script",
    ended_at=NOW,
    finished=True,
    saved={"coming": "yes"},
    result="booked",
    answered=(given("coming", "yes"), given("day", "2026-12-03", kind="date")),
)


def judged(kind: Kind, script: Script = SCRIPT, **changed: Any) -> Score:
    return score(kind, replace(RIGHT, **changed), script=script, rights=RIGHTS)


def test_the_right_answers_are_understood_as_what_they_mean() -> None:
    by_step = {each.step: each for each in RIGHTS}
    assert by_step["coming"].asked == "Can you come, Maria?"
    assert (by_step["code"].keys, by_step["key"].keys) == ("4729", "2")
    for step in SCRIPT.steps:
        if isinstance(step, Ask) and step.answer is not None and by_step[step.id].words:
            said = by_step[step.id].words
            meant = from_words(step.answer, text=said, scores={}, today=NOW.date())
            assert meant is not None, said
            assert by_step[step.id].is_met_by(meant.value), said
    assert not by_step["coming"].is_met_by("no")
    assert not by_step["day"].is_met_by("2026-12-01")
    assert by_step["stars"].is_met_by("5.0")


@pytest.mark.parametrize("kind", [Kind.PATIENT, Kind.HURRIED, Kind.HARD_OF_HEARING, Kind.NOISY])
def test_a_willing_callee_is_to_be_understood_to_the_end(kind: Kind) -> None:
    assert judged(kind).is_right
    wrong = judged(kind, answered=(given("coming", "no"),))
    assert (wrong.is_right, "taken for no" in wrong.why) == (False, True)
    assert not judged(kind, answered=()).is_right
    assert not judged(kind, finished=False, reason="time_limit").is_right
    assert not judged(kind, result="opt_out").is_right
    assert not judged(kind, end="refused", reason="Busy Here").is_right


def test_an_opt_out_is_to_be_obeyed() -> None:
    obeyed = judged(Kind.OPTING_OUT, result="opt_out", answered=())
    ignored = judged(Kind.OPTING_OUT, result="booked")
    assert (obeyed.is_right, obeyed.is_opt_out_ignored) == (True, False)
    assert (ignored.is_right, ignored.is_opt_out_ignored) == (False, True)
    assert as_json([obeyed, ignored])["optOutIgnored"] is True
    assert as_json([obeyed])["optOutIgnored"] is False


def test_a_wrong_person_agrees_to_nothing() -> None:
    assert judged(Kind.WRONG_PERSON, answered=(), result=None, finished=False).is_right
    assert judged(Kind.WRONG_PERSON, answered=(given("coming", "no"),)).is_right
    assert not judged(Kind.WRONG_PERSON).is_right
    assert judged(Kind.WRONG_PERSON, answered=(given("more", "Who?", kind="text"),)).is_right


def test_a_machine_is_dealt_with_as_the_bot_says() -> None:
    leaving = replace(SCRIPT, on_machine=OnMachine(do="leave_message", message="Call us."))
    leaves_alone = replace(SCRIPT, on_machine=OnMachine(do="hang_up"))
    assert not judged(Kind.VOICEMAIL, leaving).is_right
    assert judged(Kind.VOICEMAIL, leaving, has_left_message=True).is_right
    assert not judged(Kind.VOICEMAIL, leaves_alone).is_right
    assert judged(Kind.VOICEMAIL, leaves_alone, reason="machine").is_right
    assert judged(Kind.VOICEMAIL).is_right


def test_latencies_are_told_for_all_calls_together() -> None:
    def line(ended: float) -> Line:
        latency = Latency.between(ended, 1.0, 1.0, 1.0, 1.0)
        return Line(role="bot", text="Well.", at_ms=1000, latency=latency)

    calls = [
        judged(Kind.PATIENT, transcript=(line(0.9), line(0.5))),
        judged(Kind.NOISY, transcript=(line(0.7), Line(role="callee", text="Yes.", at_ms=1))),
    ]
    assert as_json(calls)["latencyMs"] == {"p50": 300, "p95": 500}
    assert as_json([judged(Kind.PATIENT)])["latencyMs"] == {"p50": None, "p95": None}


def test_steps_that_took_over_from_a_model_show_nothing_of_it() -> None:
    thinking = replace(SCRIPT, prompt=Prompt(goal="Talk."))
    failed: dict[str, Any] = {"model_failure": "it broke off"}
    opted_out = {"result": "opt_out", "answered": ()}
    whole = judged(Kind.OPTING_OUT, thinking, **opted_out)
    assert (whole.is_right, unproven([whole])) == (True, None)
    for kind, came_to in ((Kind.PATIENT, {}), (Kind.OPTING_OUT, opted_out)):
        found = judged(kind, thinking, **failed, **came_to)
        assert (found.is_right, found.why) == (False, "the language model failed: it broke off")
        assert not found.is_opt_out_ignored
        assert as_json([found])["callees"][0]["modelFailure"] == "it broke off"
        assert unproven([found]) == ("it broke off" if kind is Kind.OPTING_OUT else None)
