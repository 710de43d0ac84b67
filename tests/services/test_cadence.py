"""What follows an outcome, in the ledger: other addresses, other hours, callbacks, and no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.services import outcomes, suppressions
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.store.attempts import CallFacts
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person
from tests.support.database import NOW, FixedClock

D = Disposition
SECOND, THIRD = "+12125550111", "+13105550112"
"""Ana's other numbers: one in New York, one in Los Angeles."""


@pytest.fixture(autouse=True)
async def ledger_holds(engine_context: Context) -> AsyncIterator[None]:
    yield
    assert await ledger.broken(engine_context) == []


def result(text: str) -> CallFacts:
    return CallFacts(
        sip_status=200,
        talk_seconds=3.0,
        keys="9",
        saved={},
        result=text,
        transcript=[],
        recording_key=None,
    )


async def end(scene: Scene, claimed: Claimed, disposition: Disposition, **facts: Any) -> None:
    await outcomes.settle(
        scene.engine,
        attempt_id=claimed.attempt_id,
        disposition=disposition,
        reason="as told",
        **facts,
    )


async def due(scene: Scene) -> list[Any]:
    """Address, when, and priority of whoever waits."""
    return await scene.rows(
        "select t.address, d.due_at, d.priority, d.window_key"
        " from due d join targets t on t.id = d.target_id order by t.id"
    )


async def fate(scene: Scene) -> list[Any]:
    return await scene.rows("select address, state, disposition from targets order by id")


async def with_addresses(scene: Scene, *numbers: str) -> None:
    """Ana has these numbers besides her first."""
    async with scene.engine.db.transaction() as tx:
        for position, number in enumerate(numbers, start=1):
            await tx.execute(
                "insert into contact_addresses"
                " (contact_id, position, workspace_id, list_id, kind, value, country)"
                " select contact_id, %s, workspace_id, list_id, 'phone', %s, 'US'"
                " from contact_addresses where value = %s",
                (position, number, ANA),
            )


async def test_goes_from_address_to_address_and_then_ends(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        cadence={
            "invalidNumber": {"then": "next_address"},
            "noAnswer": {"attempts": 1, "delaySeconds": 60, "then": "next_address"},
        },
    )
    await with_addresses(scene, SECOND, THIRD)
    [claimed] = await scene.claim()
    await end(scene, claimed, D.INVALID_NUMBER)
    assert await due(scene) == [(SECOND, NOW, 1, "America/New_York")]
    [claimed] = await scene.claim()
    assert (claimed.address, claimed.attempt_no) == (SECOND, 2)
    await end(scene, claimed, D.NO_ANSWER)
    # The third lies elsewhere, so other hours are in force.
    assert await due(scene) == [(THIRD, NOW, 1, "America/Los_Angeles")]
    clock.moment = datetime(2026, 3, 10, 14, 59, tzinfo=UTC)
    assert await scene.claim() == []
    clock.moment = NOW
    [claimed] = await scene.claim()
    assert claimed.address == THIRD
    await end(scene, claimed, D.NO_ANSWER)
    assert await fate(scene) == [(THIRD, "finished", "no_answer")]


async def test_an_address_of_another_target_is_passed_over(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        cadence={"busy": {"attempts": 1, "delaySeconds": 60, "then": "next_address"}},
    )
    await with_addresses(scene, BRUNO, THIRD)
    async with engine_context.db.transaction() as tx:
        # Bruno is in the campaign himself.
        await tx.execute(
            "with c as (insert into contacts (workspace_id, list_id, zones, created_at, updated_at)"
            " select workspace_id, list_id, zones, created_at, updated_at from contacts"
            " returning id, workspace_id)"
            " insert into targets (workspace_id, campaign_id, contact_id, address, state,"
            " disposition, created_at, finished_at)"
            " select workspace_id, %s, id, %s, 'finished', 'completed', %s, %s from c",
            (scene.campaign_id, BRUNO, NOW, NOW),
        )
    [claimed] = await scene.claim()
    await end(scene, claimed, D.BUSY)
    assert [address for address, *_ in await due(scene)] == [THIRD]


async def test_a_campaign_that_is_over_goes_on_nowhere(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        cadence={"invalidNumber": {"then": "next_address"}},
    )
    await with_addresses(scene, SECOND)
    [claimed] = await scene.claim()
    await _cancel(scene)
    await end(scene, claimed, D.INVALID_NUMBER)
    assert await fate(scene) == [(ANA, "finished", "invalid_number")]


async def _cancel(scene: Scene) -> None:
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "update campaigns set state = 'cancelled' where id = %s", (scene.campaign_id,)
        )


async def test_a_callback_is_claimed_before_everybody_else_at_the_time_asked_for(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    people = [person(ANA), person(SECOND), person("+12125550113")]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    [claimed] = await scene.claim(limit=1)
    asked = NOW + timedelta(minutes=20)
    await end(scene, claimed, D.CALLBACK_REQUEST, callback_at=asked)
    assert (ANA, asked, 0, "America/New_York") in await due(scene)
    clock.moment = asked
    first, *_ = await scene.claim(limit=1)
    assert first.address == ANA
    await end(scene, first, D.NOT_SENT)
    first, *_ = await scene.claim(limit=1)
    assert first.address == ANA


async def test_a_callback_outside_the_hours_waits_for_them(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim()
    await end(scene, claimed, D.CALLBACK_REQUEST, callback_at=NOW + timedelta(hours=12))
    clock.forward(hours=12)
    async with engine_context.db.transaction() as tx:
        await tx.execute("update open_windows set open_until = 'infinity'")
    assert await scene.claim() == []
    morning = datetime(2026, 3, 11, 12, tzinfo=UTC)
    assert await due(scene) == [(ANA, morning, 0, "America/New_York")]


@pytest.mark.parametrize("ended", [D.COMPLETED, D.HUNG_UP])
async def test_who_opts_out_in_a_call_is_suppressed_in_the_same_commit(
    engine_context: Context, context: Context, workspace_id: int, ended: Disposition
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    other = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(CARLA)],
        channel=scene.channel,
    )
    claimed = next(each for each in await scene.claim() if each.address == ANA)
    await end(scene, claimed, ended, facts=result("opt_out"))
    rows = await scene.rows("select disposition from targets where id = %s", claimed.target_id)
    assert rows == [("opt_out",)]
    [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[ANA])
    [found] = checked.suppressions
    assert (found.scope, found.source, found.expires_at) == ("workspace", "call", None)
    engine_context.clock.forward(seconds=15)  # pyright: ignore[reportAttributeAccessIssue]
    await other.claim()
    finished = await scene.rows(
        "select disposition from targets where address = %s and id <> %s", ANA, claimed.target_id
    )
    assert finished == [("suppressed",)]


async def test_an_opt_out_that_comes_late_counts_all_the_same(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim()
    async with engine_context.db.transaction() as tx:
        await tx.execute("update attempts set state = 'sending', sending_at = %s", (NOW,))
    await end(scene, claimed, D.UNKNOWN)
    await end(scene, claimed, D.OPT_OUT)
    assert await fate(scene) == [(ANA, "finished", "opt_out")]
    [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[ANA])
    assert len(checked.suppressions) == 1


async def test_a_result_means_nothing_when_nobody_talked(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim()
    await end(scene, claimed, D.NO_ANSWER, facts=result("opt_out"))
    assert await fate(scene) == [(ANA, "waiting", None)]


async def test_no_answer_in_the_morning_is_tried_in_the_afternoon(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        cadence={"noAnswer": {"attempts": 3, "delaySeconds": 600, "dayPart": "other"}},
    )
    [claimed] = await scene.claim()
    await end(scene, claimed, D.NO_ANSWER)
    noon = datetime(2026, 3, 10, 16, tzinfo=UTC)
    assert await due(scene) == [(ANA, noon, 1, "America/New_York")]
