"""An hour in no time; what comes from outside is waited for."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time

import pytest

from campana.simulation import virtual_time


def test_timers_fire_in_the_order_of_their_times() -> None:
    async def work() -> tuple[list[str], float]:
        fired: list[str] = []
        loop = asyncio.get_running_loop()
        began = loop.time()

        async def after(seconds: float, name: str) -> None:
            await asyncio.sleep(seconds)
            fired.append(name)

        await asyncio.gather(after(3600, "hour"), after(1, "second"), after(60, "minute"))
        return fired, loop.time() - began

    fired, seconds = virtual_time.run(work())
    assert fired == ["second", "minute", "hour"]
    assert seconds == pytest.approx(3600)


def test_the_clock_stands_while_a_thread_works() -> None:
    async def work() -> tuple[str, bool]:
        timer = asyncio.create_task(asyncio.sleep(5))
        answer = await asyncio.to_thread(lambda: time.sleep(0.05) or "done")
        return answer, timer.done()

    assert virtual_time.run(work()) == ("done", False)


def test_waiting_for_what_can_never_happen_is_an_error() -> None:
    async def work() -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="nothing is left that could happen"):
        virtual_time.run(work())


def test_what_goes_on_and_on_at_one_moment_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_time, "_LONGEST_MOMENT", 1000)

    async def work() -> None:
        await asyncio.sleep(5)
        for _ in itertools.count():
            await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match=r"on and on, and it stays 5\.000 s"):
        virtual_time.run(work())


@pytest.mark.parametrize("waits", [0, 1, 5, 90])
def test_timers_of_one_moment_run_in_the_order_they_were_set_in(waits: int) -> None:
    """However many others were set and called off meanwhile, as waits for answers do."""

    async def work() -> list[int]:
        loop = asyncio.get_running_loop()
        ran: list[int] = []
        moment = loop.time() + 10.0
        for number in range(20):
            loop.call_at(moment, ran.append, number)
            others = [loop.call_at(moment + n % 7, ran.append, -1) for n in range(waits)]
            for other in others[::2]:
                other.cancel()
            await asyncio.sleep(0.1)
            for other in others[1::2]:
                other.cancel()
        await asyncio.sleep(20)
        return ran

    assert virtual_time.run(work()) == list(range(20))


def test_answers_come_when_nothing_else_is_left_to_do() -> None:
    """Three of them on one socket, while a thread works and others are ready to run."""

    async def work() -> tuple[list[str], float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, virtual_time.VirtualTimeLoop)
        began, happened = loop.time(), list[str]()
        ours, theirs = socket.socketpair()
        timer = asyncio.create_task(asyncio.sleep(5))
        thread = asyncio.create_task(asyncio.to_thread(time.sleep, 0.01))

        async def busy() -> None:
            for _ in range(3):
                happened.append("ready")
                await asyncio.sleep(0)

        with ours, theirs:
            assert await loop.ready(ours.fileno(), 2) == 2
            for _ in range(3):
                theirs.send(b"!")
                other = asyncio.create_task(busy())
                assert await loop.ready(ours.fileno(), 1) == 1
                happened.append(ours.recv(1).decode())
                await other
            await thread
        assert not timer.done()
        timer.cancel()
        return happened, loop.time() - began

    assert virtual_time.run(work()) == (["ready", "ready", "ready", "!"] * 3, 0.0)
