"""A test that waits for what never comes is ended, whatever task the alarm is raised in."""

from __future__ import annotations

import asyncio
from inspect import iscoroutine

import pytest

from tests.conftest import limited, seconds_of


async def test_who_waits_for_ever_is_ended() -> None:
    async def test() -> None:
        await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await limited(test, seconds=0.01)()


@pytest.mark.timeout(15)
async def test_every_coroutine_test_is_ended_after_its_own_seconds(
    request: pytest.FixtureRequest,
) -> None:
    assert seconds_of(request.node) == 15
    task = asyncio.current_task()
    assert task is not None
    coroutine = task.get_coro()
    assert iscoroutine(coroutine)
    assert coroutine.cr_code in limited.__code__.co_consts
