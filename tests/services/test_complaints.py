"""Who complained is contacted no more; too many stop a campaign, whenever they come."""

from __future__ import annotations

import pytest

from campana.domain.attempt import AttemptEvent, AttemptState, EventType
from campana.domain.disposition import Disposition
from campana.services import breaking, dispatch, reports
from campana.services.context import Context
from campana.store import attempts
from campana.store.reports import Told
from tests.services.test_breaking import PEOPLE, QUICK, attempt, state
from tests.support.campaign import launched
from tests.support.database import FixedClock


@pytest.mark.parametrize("rate", [0.001, 0.003, None])
async def test_complaints_suppress_whoever_made_them_and_trip_above_their_limit(
    rate: float | None, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        breakers={**QUICK, "maxComplaintRate": rate},
    )
    addresses = (await attempt(scene, Disposition.DELIVERED, count=8))[:2]
    rows = await scene.rows(
        "select id, address from attempts where address = any(%s)", list(addresses)
    )
    async with engine_context.db.transaction() as tx:
        told = [
            Told(
                channel_id=scene.channel.id,
                attempt_id=row[0],
                key="feedback:abuse",
                event=AttemptEvent(
                    type=EventType.COMPLAINED, at=engine_context.clock.now(), detail={}
                ),
            )
            for row in rows
        ]
        # A provider that tells it twice tells it once.
        await reports.apply_told(tx, engine_context, [*told, *told])
    suppressed = await scene.rows("select address, source from suppressions")
    assert {row[0] for row in suppressed} == set(addresses)
    assert {row[1] for row in suppressed} == {"complaint"}
    states = await scene.rows(
        "select distinct state, disposition from attempts where address = any(%s)", list(addresses)
    )
    assert states == [("ended", "delivered")]
    # Two of eight are judged as two of a thousand.
    assert (await breaking.trip(engine_context) == [scene.campaign_id]) is (rate == 0.001)


async def test_a_complaint_that_comes_when_nothing_else_happens_trips_it_too(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        breakers={**QUICK, "maxComplaintRate": 0},
    )
    await attempt(scene, Disposition.DELIVERED, count=3)
    [open_still] = await scene.claim(limit=1)
    await dispatch.begin_sending(
        engine_context, claimed=open_still, owner_id=1, from_number="+12025550100"
    )
    async with engine_context.db.transaction() as tx:
        await attempts.move(
            tx, attempt_id=open_still.attempt_id, state=AttemptState.ACCEPTED, answered_at=None
        )
    clock.forward(hours=3)
    assert await breaking.trip(engine_context) == []
    [row] = await scene.rows("select id from attempts limit 1")
    complaint = AttemptEvent(type=EventType.COMPLAINED, at=clock.now(), detail={})
    async with engine_context.db.transaction() as tx:
        told = Told(channel_id=scene.channel.id, attempt_id=row[0], key="abuse", event=complaint)
        await reports.apply_told(tx, engine_context, [told])
    clock.forward(minutes=5)
    assert await breaking.trip(engine_context) == [scene.campaign_id]
    assert (await state(scene))[1] == "1 complaint of 4 attempts in a day: above 0%"
