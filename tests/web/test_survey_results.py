"""What the questions of a call were answered with, over the API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from campana.domain.disposition import Disposition
from campana.domain.ids import attempt_text
from campana.services.context import Context
from tests.support.campaign import Scene, launched, person
from tests.support.database import FixedClock
from tests.web.calls import answer_and_end, place

URL = "/v1/voice-calls"


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    people = [person(f"+1212555010{n}") for n in range(4)]
    return await launched(engine_context, context, workspace_id=workspace_id, people=people)


def answered(step: str, value: str, **changes: Any) -> dict[str, Any]:
    """An answer as the engine keeps it."""
    return {
        "step": step, "question": f"{step}?", "type": "number", "value": value, "by": "speech",
        "said": f"it is {value}", "score": float(value), "atMs": 4000,
    } | changes  # fmt: skip


async def test_the_answers_of_a_survey_are_told_and_scored(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    whole, part, none, running = await scene.claim(limit=4)
    plain = answered("b", "9", type="yes_no", score=None)
    given = [answered("a", "3"), plain, answered("a", "7", atMs=9000)]
    await answer_and_end(scene, whole, clock, answers=given, questions=2, answered_by="human")
    hung_up = Disposition.HUNG_UP
    await answer_and_end(
        scene, part, clock, disposition=hung_up, result=None, answers=given[1:2], questions=2
    )
    await answer_and_end(scene, none, clock, disposition=hung_up, result=None, questions=2)
    await place(scene, running)

    async def results(claimed: Any) -> dict[str, Any]:
        url = f"{URL}/{attempt_text(claimed.attempt_id)}/survey-results"
        return (await api.get(url)).json()

    assert await results(whole) == {
        "state": "completed", "completionReason": "the bot came to its end", "totalQuestions": 2,
        "questionsAnswered": 2, "calculatedScore": 7.0, "responses": [given[2], given[1]],
    }  # fmt: skip
    shown = (await api.get(f"{URL}/{attempt_text(whole.attempt_id)}")).json()
    assert (shown["answers"], shown["answeredBy"]) == (given, "human")
    found = await results(part)
    assert (found["state"], found["questionsAnswered"], found["calculatedScore"]) == (
        "partial", 1, None,
    )  # fmt: skip
    assert (await results(none))["state"] == "not_answered"
    assert (await results(running))["state"] == "in_progress"
    unknown = await api.get(f"{URL}/att_{'0' * 32}/survey-results")
    assert unknown.status_code == 404


async def test_an_answer_that_is_none_of_a_survey_is_told_with_the_call_alone(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = await scene.claim(limit=1)
    of_survey, other = answered("a", "3"), answered("ana", "9")
    marked = {**other, "isOfSurvey": False}
    await answer_and_end(scene, claimed, clock, answers=[marked, of_survey], questions=1)
    url = f"{URL}/{attempt_text(claimed.attempt_id)}"
    found = (await api.get(f"{url}/survey-results")).json()
    assert (found["state"], found["questionsAnswered"], found["calculatedScore"]) == (
        "completed", 1, 3.0,
    )  # fmt: skip
    assert found["responses"] == [of_survey]
    assert (await api.get(url)).json()["answers"] == [other, of_survey]


@pytest.mark.parametrize(
    ("changes", "state", "reason"),
    [
        ({"questions": 3}, "partial", "the bot came to its end"),
        ({"questions": 3, "answers": []}, "not_answered", "the bot came to its end"),
        ({"questions": 3, "result": "opt_out"}, "partial", "opt_out"),
        ({"questions": 3, "result": "callback_request"}, "partial", "callback_request"),
        ({"questions": 1, "disposition": Disposition.TRANSFERRED}, "completed", None),
        ({"questions": 0, "answers": []}, "completed", None),
    ],
)  # fmt: skip
async def test_a_survey_is_completed_only_by_all_its_answers(
    changes: dict[str, Any],
    state: str,
    reason: str | None,
    api: httpx.AsyncClient,
    scene: Scene,
    clock: FixedClock,
) -> None:
    [claimed] = await scene.claim(limit=1)
    await answer_and_end(scene, claimed, clock, **{"answers": [answered("a", "3")], **changes})
    url = f"{URL}/{attempt_text(claimed.attempt_id)}/survey-results"
    found = (await api.get(url)).json()
    assert found["state"] == state
    assert reason in (None, found["completionReason"])
