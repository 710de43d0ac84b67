"""Windows are kept once a minute for what runs, and for nothing else."""

from __future__ import annotations

from datetime import datetime

from campana.domain.window import WEEKDAYS
from campana.services import channels, control, windows
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


async def test_a_channel_that_closes_for_good_gives_nobody_up(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """It is not about them: they wait until its hours, or the campaign's, are mended."""
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    night = {day: [{"from": "22:00", "to": "23:00"}] for day in WEEKDAYS}
    await channels.change(
        context, workspace_id=workspace_id, wanted=scene.channel.id, patch={"window": night}
    )
    assert await scene.claim() == []
    [(state, reason)] = await scene.rows("select state, last_reason from targets")
    assert (state, reason) == ("waiting", "never_open")
    await windows.refresh_all(engine_context)
    assert await opened(scene) == {}
    await channels.change(
        context, workspace_id=workspace_id, wanted=scene.channel.id, patch={"window": None}
    )
    clock.forward(hours=1)
    await windows.refresh_all(engine_context)
    assert [each.address for each in await scene.claim()] == [ANA]


async def test_one_whose_document_cannot_be_read_stops_alone(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    first = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    other = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=first.channel,
        people=[person(BRUNO)],
    )
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            'update campaigns set document = \'{"cadence": {"times": 3}}\' where id = %s',
            (first.campaign_id,),
        )
        await tx.execute("delete from open_windows")
    await windows.refresh_all(engine_context)
    [[state, reason]] = await first.rows(
        "select state, state_reason from campaigns where id = %s", first.campaign_id
    )
    assert state == "tripped"
    assert "cannot be read" in reason
    assert "/cadence/times" in reason
    [claimed] = await other.claim()
    assert claimed.campaign_id == other.campaign_id
