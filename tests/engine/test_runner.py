"""Loops: they rest when idle, wait for an absent database, and let a bug end the process."""

from __future__ import annotations

import asyncio

import pytest

from campana.domain.errors import Unavailable
from campana.engine import runner
from campana.engine.duty import Duty
from campana.engine.runner import Loop, repeat


async def test_a_step_that_found_something_is_repeated_without_rest() -> None:
    stop, count = asyncio.Event(), 0

    async def step() -> bool:
        nonlocal count
        count += 1
        if count == 1000:
            stop.set()
        return True

    await repeat(Loop(name="busy", step=step, rest=60), stop)
    assert count == 1000


async def test_a_resting_loop_stops_at_once() -> None:
    stop, rested = asyncio.Event(), asyncio.Event()

    async def step() -> bool:
        rested.set()
        return False

    running = asyncio.create_task(repeat(Loop(name="idle", step=step, rest=3600), stop))
    await rested.wait()
    stop.set()
    await running


async def test_rests_grow_while_nothing_is_found_and_begin_anew_with_what_is() -> None:
    stop, rests = asyncio.Event(), list[float]()
    found = iter([False] * 6 + [True, False, False])

    async def step() -> bool:
        return next(found)

    async def wait(_: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        if len(rests) == 8:
            stop.set()

    await repeat(Loop(name="idle", step=step, rest=0.1, longest=0.4), stop, wait=wait)
    assert rests == pytest.approx([0.1, 0.15, 0.225, 0.3375, 0.4, 0.4, 0.1, 0.15])


async def test_rests_do_not_grow_while_the_loop_is_awake() -> None:
    stop, rests, awake = asyncio.Event(), list[float](), [True]

    async def step() -> bool:
        return False

    async def wait(_: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        awake[0] = len(rests) < 3
        if len(rests) == 5:
            stop.set()

    loop = Loop(name="held", step=step, rest=0.1, longest=0.4, is_awake=lambda: awake[0])
    await repeat(loop, stop, wait=wait)
    assert rests == pytest.approx([0.1, 0.1, 0.1, 0.15, 0.225])


async def test_rests_are_long_while_another_process_is_on_duty() -> None:
    stop, rests, duty, awake = asyncio.Event(), list[float](), Duty(), [False]
    found = iter([False, True, False, False, False, False])

    async def step() -> bool:
        return next(found)

    async def wait(_: asyncio.Event, seconds: float) -> None:
        rests.append(seconds)
        duty.is_on = len(rests) >= 4
        awake[0] = len(rests) == 2
        if len(rests) == 5:
            stop.set()

    loop = Loop(
        name="seldom",
        step=step,
        rest=0.1,
        longest=0.4,
        is_awake=lambda: awake[0],
        duty=duty,
        off_duty=3.0,
    )
    await repeat(loop, stop, wait=wait)
    # Also after something was found; not while the process has something in hand.
    assert rests == pytest.approx([3.0, 3.0, 0.1, 3.0, 0.4])


async def test_the_first_step_may_come_later() -> None:
    stop, heard = asyncio.Event(), list[str]()

    async def step() -> bool:
        heard.append("step")
        stop.set()
        return True

    async def wait(_: asyncio.Event, seconds: float) -> None:
        heard.append(f"{seconds:g}")

    await repeat(Loop(name="later", step=step, rest=1), stop, after=0.3, wait=wait)
    assert heard == ["0.3", "step"]


async def test_an_absent_database_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_PAUSE_WITHOUT_DATABASE", 0.0)
    stop, count = asyncio.Event(), 0

    async def step() -> bool:
        nonlocal count
        count += 1
        if count < 3:
            raise Unavailable
        stop.set()
        return True

    await repeat(Loop(name="patient", step=step, rest=0), stop)
    assert count == 3


async def test_a_bug_is_not_hidden() -> None:
    async def step() -> bool:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await repeat(Loop(name="broken", step=step, rest=0), asyncio.Event())
