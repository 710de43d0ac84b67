"""From which number a voice worker calls."""

from __future__ import annotations

from datetime import timedelta

import pytest

from campana.engine import voice_worker
from campana.services.context import Context
from tests.engine.test_voice_worker import working
from tests.support.campaign import add_channel, launched
from tests.support.waiting import eventually
from tests.voice.scripted import ScriptedDriver


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


async def test_calls_go_from_each_number_of_the_channel_and_no_more_often_than_it_says(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    numbers = ["+12025550100", "+12025550101"]
    config = {
        "trunks": [{"host": "127.0.0.1", "port": 5060}],
        "callerIds": numbers,
        "callsPerCallerId": 1,
    }
    channel = await add_channel(context, workspace_id=workspace_id, config=config)
    scene = await launched(engine_context, context, workspace_id=workspace_id, channel=channel)
    async with working(engine_context, ScriptedDriver((1.2, "press", "1"), ring=0.01)) as worker:
        assert await worker.step()
        assert await worker.step()
        assert not await worker.step()

        async def are_over() -> bool:
            return await scene.rows("select count(*) from attempts where state = 'ended'") == [(2,)]

        await eventually(are_over)
    assert await scene.rows("select from_number from voice_calls order by 1") == [
        (number,) for number in numbers
    ]
    assert await scene.rows(
        "select t.last_reason from due d join targets t on t.id = d.target_id"
    ) == [("caller_ids_used_up",)]
