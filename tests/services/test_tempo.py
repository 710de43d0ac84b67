"""How fast a campaign goes against how fast it may, and when it will be through."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from campana.domain.forecast import Ends, Pace
from campana.domain.waiting import Cause, Standing
from campana.services import board
from campana.services.context import Context
from campana.services.tempo import ends_of
from campana.store import campaigns
from campana.store.overview import Left
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person
from tests.support.database import NOW, FixedClock
from tests.web.calls import place

GOING = Standing(cause=Cause.CONTACTING, sentence="")
ROUND_THE_CLOCK = {
    day: [{"from": "00:00", "to": "24:00"}]
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
}
ONCE = {"maxAttempts": 1}


async def scene_of(engine: Context, web: Context, workspace_id: int, **changes: Any) -> Scene:
    people = [person(each) for each in (ANA, BRUNO, CARLA)]
    return await launched(engine, web, workspace_id=workspace_id, people=people, **changes)


async def line_of(scene: Scene) -> board.Line:
    [line] = await board.named(
        scene.web, workspace_id=scene.workspace_id, campaign_ids=[scene.campaign_id]
    )
    return line


async def ends(scene: Scene, *, now: datetime = NOW, people: int = 600, **asked: Any) -> Ends:
    """Of so many people in New York."""
    async with scene.web.db.read(workspace_id=scene.workspace_id) as tx:
        campaign = await campaigns.get(tx, campaign_id=scene.campaign_id, now=now)
    assert campaign is not None
    given: dict[str, Any] = {
        "left": [Left("America/New_York", people, now)],
        "begun": 0,
        "told": GOING,
        "places": Pace(rate=1),
        "calls": None,
        "now": now,
    }
    found = ends_of(campaign, scene.channel, **given | asked)
    assert found is not None
    return found


async def test_the_pace_is_that_of_the_last_minute_against_the_lowest_limit(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await scene_of(engine_context, context, workspace_id, pacing={"rate": 0.5})
    [claimed] = await scene.claim(limit=1)
    await place(scene, claimed)
    clock.forward(seconds=20)
    tempo = (await line_of(scene)).tempo
    assert tempo is not None
    assert (tempo.begun, tempo.most) == (1, 30)
    clock.forward(seconds=60)
    tempo = (await line_of(scene)).tempo
    assert tempo is not None
    assert tempo.begun == 0


async def test_who_waits_ends_at_the_pace_that_is_seen(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await scene_of(
        engine_context, context, workspace_id, window=ROUND_THE_CLOCK, cadence=ONCE
    )
    now = clock.forward(minutes=10)
    found = await ends(scene, begun=60, now=now)
    assert found.soonest == now + timedelta(minutes=10)
    assert found.is_going
    assert found.latest is not None
    assert found.latest >= found.soonest
    faster = await ends(scene, begun=120, now=now)
    assert faster.soonest == now + timedelta(minutes=5)
    off = Left("America/New_York", 1, now + timedelta(hours=3))
    put_off = await ends(scene, begun=60, now=now, left=[off])
    assert put_off.soonest == now + timedelta(hours=3), "nobody is done before they are due"


async def test_what_waits_for_its_hours_ends_no_sooner_than_they_open(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await scene_of(engine_context, context, workspace_id)
    opens = NOW + timedelta(days=1)
    closed = Standing(cause=Cause.WINDOW_CLOSED, sentence="", until=opens)
    found = await ends(scene, told=closed)
    assert not found.is_going
    assert found.soonest > opens


async def test_a_campaign_at_rest_has_no_tempo_and_one_that_runs_tells_its_end(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await scene_of(engine_context, context, workspace_id)
    line = await line_of(scene)
    assert line.tempo is not None
    assert line.tempo.ends is not None
    [lean] = await board.live(context, workspace_id=workspace_id)
    assert lean.tempo is not None
    assert lean.tempo.ends is None, "of two hundred lines nobody foretells an end"
    async with engine_context.db.transaction() as tx:
        await tx.execute("update campaigns set state = 'paused'")
    assert (await line_of(scene)).tempo is None
