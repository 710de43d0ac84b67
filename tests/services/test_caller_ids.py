"""Caller ids in turn, and no number more often in a day than its channel allows."""

from __future__ import annotations

import asyncio
from collections import Counter

from campana.domain.caller_id import CallerIds
from campana.services import caller_ids, windows
from campana.services.context import Context
from campana.store import caller_ids as store
from tests.support.campaign import add_channel, launched, person
from tests.support.database import FixedClock

FIRST, SECOND, THIRD = "+12025550100", "+12025550101", "+12025550102"
POOL = CallerIds(numbers=(FIRST, SECOND, THIRD), calls_a_day=4)
PEOPLE = [person(f"+1212555{n:04}", zones=("America/New_York",)) for n in range(20)]


async def test_each_in_turn_until_each_has_had_its_calls_then_the_next_day(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=PEOPLE)
    first = await scene.claim(limit=1, callers=POOL)
    second = await scene.claim(limit=1, callers=POOL)
    assert [each.caller_id for each in first + second] == [FIRST, SECOND]
    rest = [await scene.claim(limit=1, callers=POOL) for _ in range(18)]
    used = Counter(each.caller_id for claimed in [first, second, *rest] for each in claimed)
    assert used == {FIRST: 4, SECOND: 4, THIRD: 4}
    waiting = await scene.rows(
        "select d.due_at, t.last_reason from due d join targets t on t.id = d.target_id"
    )
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    assert len(waiting) == 8
    assert {reason for _, reason in waiting} == {caller_ids.USED_UP}
    assert {(due_at - midnight).total_seconds() for due_at, _ in waiting} == {86_400}

    clock.forward(hours=23)
    await windows.refresh_all(engine_context)
    again = await scene.claim(limit=20, callers=POOL)
    assert Counter(each.caller_id for each in again) == {FIRST: 3, SECOND: 3, THIRD: 2}


async def test_the_number_a_campaign_chose_and_no_other(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, callerId=FIRST
    )
    claimed = await scene.claim(limit=20, callers=POOL)
    assert [each.caller_id for each in claimed] == [FIRST] * 4


async def test_campaigns_of_a_workspace_share_what_a_number_may_place(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    one = await launched(engine_context, context, workspace_id=workspace_id, people=PEOPLE[:10])
    other = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE[10:],
        channel=one.channel,
    )
    pool = CallerIds(numbers=(FIRST, SECOND), calls_a_day=7)

    async def dial(scene_of: int) -> list[str | None]:
        scene = [one, other][scene_of % 2]
        found: list[str | None] = []
        for _ in range(5):
            claimed = await scene.claim(owner_id=scene_of + 1, limit=1, callers=pool)
            found += [each.caller_id for each in claimed]
        return found

    placed = await asyncio.gather(*(dial(n) for n in range(6)))
    assert Counter(number for each in placed for number in each) == {FIRST: 7, SECOND: 7}


async def test_without_a_limit_they_take_turns_all_the_same(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=PEOPLE)
    claimed = await scene.claim(limit=20, callers=CallerIds(numbers=(FIRST, SECOND)))
    assert Counter(each.caller_id for each in claimed) == {FIRST: 10, SECOND: 10}


async def test_what_each_placed_today_is_told_where_it_is_counted(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    config = {"trunks": [{"host": "127.0.0.1", "port": 5060}], "callerIds": [FIRST, SECOND]}
    several = await add_channel(
        context, workspace_id=workspace_id, config={**config, "callsPerCallerId": 2}
    )
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, channel=several
    )
    pool = caller_ids.pool_of(context, several)
    await scene.claim(limit=3, callers=pool)
    alone = await add_channel(
        context, workspace_id=workspace_id, name="alone", config={**config, "callerIds": [FIRST]}
    )
    async with context.db.read(workspace_id=workspace_id) as tx:
        told = await caller_ids.today(tx, context, several)
        assert await caller_ids.today(tx, context, alone) == []
    assert [(each.number, each.calls, each.is_used_up) for each in told] == [
        (FIRST, 2, True),
        (SECOND, 1, False),
    ]


async def test_old_days_are_forgotten(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=PEOPLE)
    await scene.claim(limit=3, callers=POOL)
    day = clock.now().date()
    async with engine_context.db.transaction() as tx:
        await store.forget(tx, before=day)
        assert await store.used(tx, workspace_id=workspace_id, numbers=[FIRST], day=day)
    async with engine_context.db.transaction() as tx:
        await store.forget(tx, before=day.replace(year=day.year + 1))
        assert not await store.used(tx, workspace_id=workspace_id, numbers=[FIRST], day=day)
