"""How many calls are answered, as a breaker asks it: of the calls alone, by whoever answered."""

from __future__ import annotations

from campana.domain.disposition import Disposition
from campana.services import breaking
from campana.services.context import Context
from tests.services.test_breaking import PEOPLE, QUICK, attempt, state
from tests.support.campaign import launched
from tests.support.database import FixedClock
from tests.support.talking import flow, talking


async def test_whoever_asks_for_something_in_a_call_has_answered_it(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    limits = {"minimum": 4, "sampleSize": 20, "minAnswerRate": 0.5}
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, breakers=limits
    )
    now = clock.now()
    await attempt(scene, Disposition.CALLBACK_REQUEST, count=2, answered_at=now)
    await attempt(scene, Disposition.OPT_OUT, count=2, answered_at=now)
    await attempt(scene, Disposition.VOICEMAIL, count=2, answered_at=now)
    await attempt(scene, Disposition.NO_ANSWER, count=2)
    await attempt(scene, Disposition.CANCELLED, count=2, answered_at=now)
    assert await breaking.trip(engine_context) == []
    # "Unwanted" before anybody answered.
    await attempt(scene, Disposition.OPT_OUT, count=1)
    assert await breaking.trip(engine_context) == [scene.campaign_id]
    assert (await state(scene))[1] == "answer rate of 44.4% (4 of 9 calls) is below 50%"


async def test_messages_are_no_calls_that_nobody_answered(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    says = {"type": "send_message", "text": "Hello.", "next": "end"}
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow({"a": says, "end": {"type": "end", "status": "done"}}),
        people=PEOPLE[:8],
        breakers={**QUICK, "minAnswerRate": 0.5},
    )
    for each in await talk.claim():
        await talk.accept([each])
        await talk.refuse(each, Disposition.DELIVERED)
    assert await talk.scene.rows("select count(*) from attempts") == [(8,)]
    assert await breaking.trip(engine_context) == []
