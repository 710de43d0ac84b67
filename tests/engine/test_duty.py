"""One process at a time is on duty, and another as soon as its session is gone."""

from __future__ import annotations

import asyncio

from campana.engine.duty import Duty
from campana.engine.ownership import Ownership
from campana.services.context import Context
from tests.support.waiting import eventually


async def test_one_of_many_is_on_duty_and_the_next_when_it_is_gone(engine_context: Context) -> None:
    duties = [Duty() for _ in range(3)]
    owners = [Ownership(engine_context, in_hand=list, duty=each) for each in duties]
    tasks = [asyncio.create_task(each.keep()) for each in owners]
    try:
        await eventually(lambda: all(each.is_held for each in owners))
        [first] = [n for n, each in enumerate(duties) if each.is_on]
        tasks[first].cancel()
        await asyncio.gather(tasks[first], return_exceptions=True)
        assert not duties[first].is_on
        await eventually(lambda: any(each.is_on for each in duties))
        assert sum(each.is_on for each in duties) == 1
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_whoever_is_on_duty_stays_so(engine_context: Context) -> None:
    duty, other = Duty(), Duty()
    async with engine_context.db.session() as session:
        for _ in range(3):
            await duty.ask(session)
            assert duty.is_on
        async with engine_context.db.session() as another:
            await other.ask(another)
            assert not other.is_on
    duty.lose()
    assert not duty.is_on
