"""A parent that keeps children, with small real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from campana.domain.errors import SetupError
from campana.engine.processes import PARENT_VARIABLE, Child, keep, until_orphaned

SLEEPS = "import time; time.sleep(60)"
FAILS = "import sys; sys.exit(3)"


def child(program: str, name: str = "child") -> Child:
    return Child(name=name, command=[sys.executable, "-c", program])


async def kept(stop: asyncio.Event, *children: Child) -> None:
    await keep(children, environment=os.environ, stop=stop, drain_seconds=5)


pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def left() -> Callable[[], set[psutil.Process]]:
    """The children that this test has now; others of this process may have some for longer."""
    before = set(psutil.Process().children())
    return lambda: set(psutil.Process().children()) - before


async def sleeping() -> psutil.Process:
    """The child that sleeps, once it is there."""
    while True:
        for process in psutil.Process().children():
            # One that has just been killed is still listed, with nothing to say for itself.
            with suppress(psutil.NoSuchProcess):
                if SLEEPS in process.cmdline():
                    return process
        await asyncio.sleep(0.01)


async def test_a_killed_child_is_started_again_as_often_as_it_is_killed(
    left: Callable[[], set[psutil.Process]],
) -> None:
    stop = asyncio.Event()
    keeping = asyncio.create_task(kept(stop, child(SLEEPS)))
    seen: set[int] = set()
    while len(seen) < 6:
        process = await sleeping()
        if process.pid not in seen:
            seen.add(process.pid)
            process.send_signal(signal.SIGKILL)
        await asyncio.sleep(0.01)
    stop.set()
    await keeping
    assert not left()


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_a_child_that_keeps_failing_ends_the_others_and_is_named(
    left: Callable[[], set[psutil.Process]],
) -> None:
    with pytest.raises(SetupError, match="broken failed 5 times within a minute"):
        await kept(asyncio.Event(), child(SLEEPS), child(FAILS, "broken"))
    assert not left()


async def test_stopping_ends_the_children(
    left: Callable[[], set[psutil.Process]],
) -> None:
    stop = asyncio.Event()
    keeping = asyncio.create_task(kept(stop, child(SLEEPS), child(SLEEPS)))
    await sleeping()
    stop.set()
    await keeping
    assert not left()


async def test_a_process_stops_when_its_parent_is_gone() -> None:
    stop = asyncio.Event()
    await until_orphaned(stop, environment={PARENT_VARIABLE: "1" if os.getppid() != 1 else "2"})
    assert stop.is_set()


async def test_a_process_started_by_hand_has_no_parent_to_lose() -> None:
    stop = asyncio.Event()
    await until_orphaned(stop, environment={})
    assert not stop.is_set()
