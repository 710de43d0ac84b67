"""What was done is written down, many at once, and tried again for as long as somebody may."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from campana.domain.errors import Unavailable
from campana.engine import backlog
from campana.engine.backlog import Backlog
from tests.support.waiting import eventually
from tests.voice import virtual_time


class Disk:
    """Writes when it is there; `done` is what it was told is over."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.done: list[int] = []
        self.tries = 0
        self.is_away = False

    async def write(self, values: Sequence[int]) -> None:
        self.tries += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise Unavailable("the disk is away")
        self.batches.append(list(values))

    def over(self, values: Sequence[int]) -> None:
        self.done += values


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(backlog, "RETRY_SECONDS", 0.001)
    return Disk()


async def test_what_comes_during_a_write_shares_the_next_ones_of_a_largest_size(
    disk: Disk,
) -> None:
    kept = Backlog(disk.write, done=disk.over, largest=3)
    kept.add(0)
    await asyncio.sleep(0)
    for n in range(1, 6):
        kept.add(n)
    assert disk.done == []
    await kept.settled()
    assert disk.batches == [[0], [1, 2, 3], [4, 5]]
    assert disk.done == [0, 1, 2, 3, 4, 5]


def test_after_a_write_of_many_the_next_waits_for_more(disk: Disk) -> None:
    async def work() -> None:
        kept = Backlog(disk.write, done=disk.over, pause=0.05)
        for n in range(9):
            kept.add(n)
        await asyncio.sleep(0.01)
        kept.add(9)
        await asyncio.sleep(0.005)
        kept.add(10)
        await kept.settled()
        kept.add(11)
        await kept.settled()

    virtual_time.run(work())
    assert disk.batches == [list(range(9)), [9, 10], [11]]


async def test_nothing_is_over_while_the_disk_is_away(disk: Disk) -> None:
    disk.is_away = True
    kept = Backlog(disk.write, done=disk.over)
    kept.add(1)
    await eventually(lambda: disk.tries >= 3)
    assert disk.done == []
    disk.is_away = False
    await kept.settled()
    assert (disk.batches, disk.done) == ([[1]], [1])


async def test_given_up_each_write_is_tried_once(disk: Disk) -> None:
    disk.is_away = True
    kept = Backlog(disk.write, done=disk.over, largest=1)
    kept.give_up()
    kept.add(1)
    kept.add(2)
    await kept.settled()
    assert (disk.tries, disk.batches, disk.done) == (2, [], [1, 2])


async def test_a_bug_costs_what_it_was_about_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[int] = []

    async def write(values: Sequence[int]) -> None:
        if 1 in values:
            raise ValueError("one is too few")

    kept = Backlog(write, done=done.extend, largest=1)
    kept.add(1)
    kept.add(2)
    await kept.settled()
    assert done == [1, 2]
    assert "1 of what was done cannot be written down" in caplog.text
