"""Whomever a spend limit put off goes on when it is raised, not on the next day."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campana.domain.disposition import Disposition
from campana.jobs import app as jobs
from campana.services import campaigns, control, policy, raised_limits
from campana.services.context import Context
from tests.services.test_spending import end, priced, put_off
from tests.support.campaign import ANA, CARLA, Scene, person
from tests.support.database import FixedClock

PEOPLE = [person(ANA), person(CARLA), person("+12125550111")]


async def at_once(seconds: float) -> None:
    """Nobody here claims beside the task."""


async def work(context: Context) -> None:
    """Do what is deferred."""
    async with jobs.build(replace(context, doze=at_once)).open_async() as app:
        await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)


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
    assert await raised_limits.ask_again(beside, workspace_id=workspace_id, campaign_id=None) == 2
    assert {due_at for _, due_at in await put_off(scene)} == {clock.now()}
