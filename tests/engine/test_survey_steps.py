"""A call whose script has a survey: a scripted line, a real database, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.engine import voice_worker
from campana.services.context import Context
from campana.web.voice_call_shapes import survey
from tests.engine.test_model_bots import call_of
from tests.engine.test_voice_worker import ended, one, working
from tests.voice.scripted import Deed, ScriptedDriver

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


BOT: Any = {
    "greeting": "Hello.",
    "steps": [
        {"id": "ana", "type": "ask", "text": "Is this Ana?", "keys": {"1": "visit"}},
        {
            "id": "visit",
            "type": "survey",
            "text": "Two questions.",
            "questions": [
                {"id": "clean", "text": "Clean?", "keys": {"1": None}, "saveAs": "clean"},
                {"id": "again", "text": "Again?", "keys": {"9": None}, "timeoutSeconds": 1},
            ],
        },
        {"id": "thanks", "type": "end", "text": "Thank you.", "result": "done"},
    ],
}


async def test_a_survey_is_asked_in_a_call_and_its_questions_alone_are_its_results(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await one(engine_context, context, workspace_id, voiceBot=BOT)
    # The first is for who it is; of the others one comes when a survey's question stands.
    presses: list[Deed] = [(1.2 + n * 0.8, "press", "1") for n in range(4)]
    async with working(engine_context, ScriptedDriver(*presses, ring=0.01)) as worker:
        assert await worker.step()
        _, _, disposition, _, _ = await ended(scene)
    call = await call_of(scene)
    assert (disposition, call.result, call.saved) == ("completed", "done", {"clean": "1"})
    assert [each["step"] for each in call.answers] == ["ana", "clean"]
    came = survey(call, is_masked=False)
    assert (came.state, came.total_questions, came.questions_answered) == ("partial", 2, 1)
    assert [(each.step, each.question) for each in came.responses] == [("clean", "Clean?")]
    assert call.transcript[-1]["text"] == "Thank you."
