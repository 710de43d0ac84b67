"""The database's clock: sampled, carried on, and not believed when it jumps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from campana.domain.errors import Unavailable
from campana.services.context import Context
from campana.store.db import DatabaseClock

START = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Machine:
    """A monotonic clock, and a database that answers by it, `off` and after `delay` seconds."""

    at: float = 1000.0
    off: timedelta = timedelta(0)
    delay: float = 0.0

    def monotonic(self) -> float:
        return self.at

    @property
    def truth(self) -> datetime:
        return START + timedelta(seconds=self.at - 1000.0)

    async def execute(self, _: str) -> Any:
        said = (self.truth + self.off).timestamp()
        self.at += self.delay

        async def fetchone() -> tuple[float]:
            return (said,)

        return SimpleNamespace(fetchone=fetchone)


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def clock(machine: Machine) -> DatabaseClock:
    made = DatabaseClock(monotonic=machine.monotonic)
    asyncio.run(made.sample(machine))  # pyright: ignore[reportArgumentType]
    return made


def sampled(clock: DatabaseClock, machine: Machine, *, after: float) -> datetime:
    """The time it tells after another sample."""
    machine.at += after
    assert clock.is_due
    asyncio.run(clock.sample(machine))  # pyright: ignore[reportArgumentType]
    return clock.now()


def test_it_is_carried_on_between_samples(clock: DatabaseClock, machine: Machine) -> None:
    machine.at += 4.9
    assert clock.now() == machine.truth
    assert not clock.is_due


@pytest.mark.parametrize("jump", [HOUR, -HOUR, timedelta(days=1), timedelta(seconds=-6)])
def test_a_jump_is_believed_when_two_samples_agree(
    jump: timedelta, clock: DatabaseClock, machine: Machine
) -> None:
    machine.off = jump
    assert sampled(clock, machine, after=5) == machine.truth
    assert not clock.is_steady
    assert sampled(clock, machine, after=1) == machine.truth + jump
    assert clock.is_steady


def test_a_jump_that_was_none_leaves_the_time_as_it_was(
    clock: DatabaseClock, machine: Machine
) -> None:
    machine.off = HOUR
    sampled(clock, machine, after=5)
    machine.off = timedelta(0)
    assert sampled(clock, machine, after=1) == machine.truth
    assert clock.is_steady


def test_samples_that_never_agree_are_never_believed(
    clock: DatabaseClock, machine: Machine
) -> None:
    for hours in range(1, 9):
        machine.off = hours * HOUR
        assert sampled(clock, machine, after=5) == machine.truth
        assert not clock.is_steady


def test_drift_is_followed(clock: DatabaseClock, machine: Machine) -> None:
    machine.off = timedelta(seconds=4)
    assert sampled(clock, machine, after=5) == machine.truth + machine.off
    assert clock.is_steady


def test_an_answer_that_took_long_changes_nothing(clock: DatabaseClock, machine: Machine) -> None:
    # As to a process that was stopped in the middle of asking.
    machine.delay = 6.0
    assert sampled(clock, machine, after=5) == machine.truth
    assert clock.is_steady


async def test_a_clock_nobody_has_read_tells_nothing(engine_context: Context) -> None:
    clock = DatabaseClock()
    with pytest.raises(Unavailable):
        clock.now()
    async with engine_context.db.read() as tx:
        await clock.sample(tx)
    assert abs(clock.now() - datetime.fromtimestamp(0, tz=UTC)) > HOUR
