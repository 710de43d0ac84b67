"""The silence that ends an answer is the bot's, on a scripted line with a real listener."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.engine import voice_worker
from campana.services.context import Context
from campana.voice.ears.hearing import Ears
from tests.engine.test_model_bots import call_of
from tests.engine.test_voice_worker import ended, one, working
from tests.voice.hears import LevelModels
from tests.voice.scripted import ScriptedDriver

pytestmark = pytest.mark.timeout(180)

BOT: Any = {
    "greeting": "Hello.",
    "endpointing": 1500,
    "steps": [
        {"type": "ask", "id": "q", "text": "What is it?", "answer": {"type": "text"}},
        {"type": "end", "id": "end", "text": "Goodbye."},
    ],
}


async def test_an_answer_is_over_after_the_silence_that_the_bot_allows(
    engine_context: Context, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))
    scene = await one(engine_context, context, workspace_id, voiceBot=BOT)
    ears = Ears(LevelModels("A crown came loose."))
    driver = ScriptedDriver(ring=0.01, says=((2.5, 1.0),))
    async with working(engine_context, driver, ears=ears) as worker:
        assert await worker.step()
        await ended(scene)
    ears.close()
    call = await call_of(scene)
    assert [each["value"] for each in call.answers] == ["A crown came loose."]
    assert call.transcript[-1]["latency"]["vadMs"] >= 1400
