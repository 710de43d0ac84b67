"""Windows are kept once a minute for what runs, and for nothing else."""

from __future__ import annotations

from datetime import datetime

from campana.services import control, windows
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import NOW, FixedClock


async def opened(scene: Scene) -> dict[str, datetime]:
    return dict(await scene.rows("select window_key, open_until from open_windows"))


async def test_keys_open_in_the_morning_and_close_at_night(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), person(BRUNO)]
    )
    new_york, los_angeles = "America/New_York", "America/Los_Angeles"
    nine_in_new_york = NOW.replace(day=11, hour=1)
    nine_in_los_angeles = NOW.replace(day=11, hour=4)
    both = {new_york: nine_in_new_york, los_angeles: nine_in_los_angeles}
    assert await opened(scene) == both
    clock.moment = nine_in_new_york
    await windows.refresh_all(engine_context)
    assert await opened(scene) == {los_angeles: nine_in_los_angeles}
    clock.moment = nine_in_los_angeles
    await windows.refresh_all(engine_context)
    assert await opened(scene) == {}
    clock.moment = NOW.replace(day=11)
    await windows.refresh_all(engine_context)
    assert set(await opened(scene)) == set(both)


async def test_a_paused_campaign_is_left_as_it_is(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    await control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    before = await opened(scene)
    clock.forward(days=1)
    await windows.refresh_all(engine_context)
    assert await opened(scene) == before
