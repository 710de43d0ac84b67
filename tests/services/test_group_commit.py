"""Many waiters share a write, and each is told the truth about it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from campana.domain.errors import Unavailable
from campana.services.group_commit import GroupCommit


class Disk:
    """Writes when it is let."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_write = asyncio.Event()
        self.fails = False

    async def write(self, values: Sequence[int]) -> None:
        await self.may_write.wait()
        if self.fails:
            raise Unavailable("the disk is full")
        self.batches.append(list(values))


async def waiting(commit: GroupCommit[int], *numbers: int) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(commit.add([number])) for number in numbers]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_whoever_comes_during_a_write_shares_the_next_one() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    tasks = await waiting(commit, 1)
    tasks += await waiting(commit, 2, 3, 4)
    assert not any(task.done() for task in tasks)
    disk.may_write.set()
    await asyncio.gather(*tasks)
    assert disk.batches == [[1], [2, 3, 4]]


async def test_nobody_is_told_of_a_write_that_failed_and_the_next_one_is_another_matter() -> None:
    disk = Disk()
    disk.fails = True
    disk.may_write.set()
    commit = GroupCommit(disk.write)
    for task in await waiting(commit, 1, 2):
        with pytest.raises(Unavailable, match="full"):
            await task
    disk.fails = False
    await commit.add([3])
    assert disk.batches == [[3]]


async def test_a_write_has_a_largest_size_and_keeps_additions_whole() -> None:
    disk = Disk()
    disk.may_write.set()
    commit = GroupCommit(disk.write, largest=3)
    await asyncio.gather(*(commit.add([n, n]) for n in range(3)), commit.add([7, 7, 7, 7]))
    assert disk.batches == [[0, 0], [1, 1], [2, 2], [7, 7, 7, 7]]


async def test_too_many_are_refused_at_once() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, most_waiting=2)
    [first] = await waiting(commit, 0)
    tasks = await waiting(commit, 1, 2)
    with pytest.raises(Unavailable):
        await commit.add([3])
    disk.may_write.set()
    await asyncio.gather(first, *tasks)
    await commit.add([4])


async def test_one_who_stops_waiting_takes_nothing_from_the_others() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write)
    gone, stays = await waiting(commit, 1, 2)
    gone.cancel()
    disk.may_write.set()
    await stays
    assert [value for batch in disk.batches for value in batch] == [1, 2]
    await commit.settled()


async def test_with_a_pause_the_first_is_written_at_once_and_the_next_ones_together() -> None:
    disk = Disk()
    disk.may_write.set()
    commit = GroupCommit(disk.write, writers=2, pause=0.3)
    await commit.add([1])
    tasks = await waiting(commit, 2)
    tasks += await waiting(commit, 3)
    assert disk.batches == [[1]]
    tasks += await waiting(commit, 4)
    await asyncio.gather(*tasks)
    assert disk.batches == [[1], [2, 3, 4]]


async def test_a_pause_ends_when_enough_wait() -> None:
    disk = Disk()
    disk.may_write.set()
    commit = GroupCommit(disk.write, writers=2, pause=3_600, enough=3)
    await commit.add([1])
    tasks = await waiting(commit, 2, 3)
    assert disk.batches == [[1]]
    await asyncio.gather(*tasks, *await waiting(commit, 4))
    assert disk.batches == [[1], [2, 3, 4]]


async def test_what_pauses_is_written_at_once_when_it_is_to_settle() -> None:
    disk = Disk()
    disk.may_write.set()
    commit = GroupCommit(disk.write, pause=3_600)
    await commit.add([1])
    gone, stays = await waiting(commit, 2, 3)
    gone.cancel()
    await commit.settled()
    assert disk.batches == [[1], [2, 3]]
    await stays


async def test_who_waits_too_long_is_told_and_nobody_else() -> None:
    disk = Disk()
    commit = GroupCommit(disk.write, within=0.1)
    [task] = await waiting(commit, 1)
    with pytest.raises(Unavailable, match="in time"):
        await task
    tasks = await waiting(commit, 2)
    disk.may_write.set()
    await asyncio.gather(*tasks)
    assert disk.batches == [[1], [2]]
