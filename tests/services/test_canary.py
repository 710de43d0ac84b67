"""First people are judged by what became of them, and so only once they were in contact."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.services import breaking, outcomes, suppressions
from campana.services.context import Context
from tests.services.test_breaking import CANARY, PEOPLE, attempt, state
from tests.support import ledger
from tests.support.campaign import add_channel, launched
from tests.support.database import FixedClock


@pytest.mark.parametrize("nothing", [Disposition.NOT_SENT, Disposition.CANCELLED])
async def test_there_is_no_verdict_on_first_people_whom_nothing_reached(
    nothing: Disposition, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, canary=CANARY
    )
    await attempt(scene, nothing, count=4)
    await attempt(scene, Disposition.COMPLETED, count=1)
    assert await scene.claim(limit=50) == []
    assert await breaking.judge(engine_context) == []
    # As many others go, or the same once more; and no more than that.
    for each in await scene.claim(limit=50):
        await outcomes.settle(
            scene.engine,
            attempt_id=each.attempt_id,
            disposition=Disposition.CARRIER_ERROR,
            reason="test",
        )
    assert await scene.claim(limit=50) == []
    contacted = "select count(distinct target_id) from attempts where disposition <> %s"
    assert await scene.rows(contacted, nothing) == [(5,)]
    assert await breaking.judge(engine_context) == []
    assert (await state(scene))[0] == "tripped"
    assert await ledger.broken(engine_context) == []


@pytest.mark.parametrize(
    ("written", "seconds"), [({}, 600), ({"waitSeconds": 30}, 30), ({"maxOptOutRate": None}, 0)]
)
async def test_the_verdict_on_messages_waits_for_who_answers_stop(
    written: dict[str, Any],
    seconds: int,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type="SMS",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        channel=channel,
        channelType="SMS",
        canary={**CANARY, **written},
    )
    first = await attempt(scene, Disposition.DELIVERED, count=5)
    if seconds:
        assert await breaking.judge(engine_context) == []
        clock.forward(seconds=seconds - 1)
        assert await breaking.judge(engine_context) == []
        assert await scene.claim() == []
    await suppressions.add(
        context, workspace_id=workspace_id, address=first[0], reason="wrote STOP", source="reply"
    )
    clock.forward(seconds=1)
    passed = await breaking.judge(engine_context)
    if seconds:
        assert (await state(scene))[:2] == (
            "tripped",
            "of its first people, opt-out rate of 20% (1 of 5 attempts) is above 10%",
        )
    else:
        assert passed == [scene.campaign_id]
