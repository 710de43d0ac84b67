"""Whoever is put off goes on as soon as what put them off is eased; what holds still holds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.domain.easing import Held
from campana.domain.window import WEEKDAYS
from campana.services import (
    campaigns,
    channels,
    control,
    dispatch,
    lifting,
    policy,
    windows,
)
from campana.services.context import Context
from tests.services.test_spending import TABLE, end, priced, put_off, set_prices
from tests.support.campaign import ANA, CARLA, Scene, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.lifting import change, held, work

PEOPLE = [person(ANA), person(CARLA), person("+12125550111")]


async def spent(scene: Scene) -> None:
    """One call of three minutes, 0.30; everybody else is put off for want of money."""
    [claimed] = await scene.claim(limit=1)
    await end(scene.engine, claimed, Disposition.COMPLETED, seconds=180)
    assert await scene.claim() == []
    assert len(await put_off(scene)) == 2


@pytest.mark.parametrize(("limit", "goes_on"), [(0.7, 1), (None, 2), (0.4, 0), (0.3, 0)], ids=str)
async def test_a_higher_limit_of_the_day_is_in_force_today(
    limit: float | None,
    goes_on: int,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"dailySpendLimit": 0.4})
    scene = await priced(engine_context, context, workspace_id, people=PEOPLE)
    await spent(scene)
    await policy.replace(context, workspace_id=workspace_id, raw={"dailySpendLimit": limit})
    await work(engine_context)
    clock.forward(seconds=1)
    assert len(await scene.claim()) == goes_on


async def test_a_campaign_goes_on_at_once_with_more_money(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await priced(engine_context, context, workspace_id, people=PEOPLE, spendLimit=0.5)
    await spent(scene)
    assert await scene.rows("select state from campaigns") == [("tripped",)]
    campaign_id = scene.campaign_id
    await campaigns.change(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        patch={"spendLimit": 5},
        version=None,
    )
    await work(engine_context)
    await control.resume(context, workspace_id=workspace_id, campaign_id=campaign_id)
    clock.forward(seconds=1)
    assert len(await scene.claim()) == 2


async def test_whom_a_claim_puts_off_by_the_old_limit_meanwhile_goes_on_too(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"dailySpendLimit": 0.4})
    scene = await priced(engine_context, context, workspace_id, people=PEOPLE)

    async def claims(seconds: float) -> None:
        # With the old limit, as a claim does that had read it before it was changed.
        assert seconds > 10
        await spent(scene)

    beside = replace(engine_context, doze=claims)
    assert await lifting.ask_again(beside, workspace_id=workspace_id, reasons=[Held.BUDGET]) == 2
    assert {due_at for _, due_at in await put_off(scene)} == {clock.now()}


CAP = {"per": "number", "attempts": 1, "days": 7}
BUSY_AGAIN = {"maxAttempts": 9, "busy": {"attempts": 9, "delaySeconds": 1}}


async def capped(engine: Context, web: Context, workspace_id: int, **document: Any) -> Scene:
    """Two people who were tried once and may not be again for seven days."""
    scene = await launched(
        engine,
        web,
        workspace_id=workspace_id,
        people=PEOPLE[:2],
        **{"window": {"always": True}, "cadence": BUSY_AGAIN, **document},
    )
    for each in await scene.claim():
        await end(engine, each, Disposition.BUSY)
    return scene


@pytest.mark.parametrize(
    ("caps", "goes_on", "is_of_workspace"),
    [
        ([{**CAP, "attempts": 2}], 2, False),
        ([{**CAP, "attempts": 2}], 2, True),
        ([], 2, True),
        ([{**CAP, "days": 1}], 0, False),
        ([{**CAP, "days": 8}], 0, True),
    ],
    ids=["raised", "raised for all", "removed", "of fewer days", "of more days"],
)
async def test_a_cap_that_is_raised_or_removed_lets_go_and_one_that_still_holds_holds(
    caps: list[dict[str, Any]],
    goes_on: int,
    is_of_workspace: bool,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    if is_of_workspace:
        await policy.replace(context, workspace_id=workspace_id, raw={"caps": [CAP]})
    own = {} if is_of_workspace else {"caps": [CAP]}
    scene = await capped(engine_context, context, workspace_id, **own)
    clock.forward(seconds=2)
    assert await scene.claim() == []
    assert await held(scene) == {("caps", NOW + timedelta(days=7))}
    if is_of_workspace:
        await policy.replace(context, workspace_id=workspace_id, raw={"caps": caps})
    else:
        await change(scene, caps=caps)
    await work(engine_context)
    clock.forward(seconds=1)
    assert len(await scene.claim()) == goes_on
    if not goes_on:
        assert await held(scene) == {("caps", NOW + timedelta(days=caps[0]["days"]))}


async def test_people_of_one_campaign_are_asked_again_and_nobody_of_another(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    one = await capped(engine_context, context, workspace_id, caps=[CAP])
    other = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=one.channel,
        people=PEOPLE[:2],
        window={"always": True},
        caps=[CAP],
    )
    clock.forward(seconds=2)
    assert await one.claim() == []
    await change(one, caps=[])
    await work(engine_context)
    clock.forward(seconds=1)
    claimed = await one.claim()
    assert {each.campaign_id for each in claimed} == {one.campaign_id}
    rows = await one.rows(
        "select distinct d.due_at from due d where d.campaign_id = %s", other.campaign_id
    )
    assert rows == [(NOW + timedelta(days=7),)]


async def test_a_retry_waits_for_its_own_time_whatever_is_eased(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    busy = {"maxAttempts": 9, "busy": {"attempts": 9, "delaySeconds": 3600}}
    scene = await capped(engine_context, context, workspace_id, caps=[CAP], cadence=busy)
    await change(scene, caps=[])
    await policy.replace(context, workspace_id=workspace_id, raw={"dailySpendLimit": 1})
    await policy.replace(context, workspace_id=workspace_id, raw={})
    await work(engine_context)
    assert await held(scene) == {("busy", NOW + timedelta(hours=1))}


async def test_the_task_comes_to_an_end_where_those_it_asks_for_are_put_off_again(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await policy.replace(context, workspace_id=workspace_id, raw={"caps": [CAP]})
    scene = await capped(engine_context, context, workspace_id)
    clock.forward(seconds=2)

    async def claims(seconds: float) -> None:
        clock.forward(seconds=seconds)
        assert await scene.claim() == []

    beside = replace(engine_context, doze=claims)
    await claims(0)
    asked = await lifting.ask_again(beside, workspace_id=workspace_id, reasons=[Held.CAPS])
    assert asked == 4  # each twice
    assert await lifting.ask_again(beside, workspace_id=workspace_id, reasons=[Held.BUDGET]) == 0


SHORT = {day: [{"from": "08:00", "to": "09:00"}] for day in WEEKDAYS}
LONG = {day: [{"from": "08:00", "to": "20:00"}] for day in WEEKDAYS}


@pytest.mark.parametrize("is_of_channel", [False, True], ids=["campaign", "channel"])
async def test_longer_hours_let_go_whom_the_shorter_ones_put_off(
    is_of_channel: bool,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    """Whom a claim put off at the end of the hours: the others wait for no time of their own."""
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, window=LONG
    )
    channel_id = scene.channel.id

    async def have(window: dict[str, Any]) -> None:
        if is_of_channel:
            await channels.change(
                context, workspace_id=workspace_id, wanted=channel_id, patch={"window": window}
            )
        else:
            await change(scene, window=window)

    groups = await dispatch.ready(engine_context, channel_ids=[channel_id])
    await have(SHORT)
    for group in groups:
        # As a claim does that was about to begin when the hours ended.
        late = await dispatch.claim(
            engine_context, group=group, channel_type="Voice", owner_id=1, limit=9
        )
        assert late == []
    await windows.refresh_all(engine_context)
    # Eight in the morning in New York and in Chicago.
    tomorrow = NOW.replace(hour=12) + timedelta(days=1)
    assert await held(scene) == {("window", tomorrow), ("window", tomorrow + timedelta(hours=1))}
    assert await scene.claim() == []

    await have(LONG)
    await work(engine_context)
    clock.forward(seconds=1)
    assert len(await scene.claim()) == 3


async def test_lower_prices_are_in_force_today(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"dailySpendLimit": 0.4})
    scene = await priced(engine_context, context, workspace_id, people=PEOPLE)
    await spent(scene)
    # 0.30 are spent; a call of three minutes may cost 0.03.
    await set_prices(engine_context, workspace_id, [TABLE[0], "Voice,US,minute,0.01"])
    await work(engine_context)
    clock.forward(seconds=1)
    assert len(await scene.claim()) == 2


async def test_a_day_that_ends_elsewhere_is_another_day(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    limit = {"dailySpendLimit": 0.4}
    await policy.replace(engine_context, workspace_id=workspace_id, raw=limit)
    scene = await priced(engine_context, context, workspace_id, people=PEOPLE)
    await spent(scene)
    # It is tomorrow there already.
    elsewhere = {**limit, "timeZone": "Pacific/Kiritimati"}
    await policy.replace(context, workspace_id=workspace_id, raw=elsewhere)
    await work(engine_context)
    clock.forward(seconds=1)
    assert len(await scene.claim()) == 1
