"""When a carrier that has never heard of an attempt is believed."""

from __future__ import annotations

import signal
import time
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest

from campana.carriers.base import Carrier, NotSent, Report, Unknowable
from campana.domain.attempt import AttemptEvent, EventType
from campana.engine import inquirer
from campana.services import inquiries
from tests.support.database import NOW
from tests.support.sandbox import outcomes
from tests.support.stage import Stage, over, twice, working
from tests.support.waiting import eventually

ATTEMPT = UUID(int=7)
KNOWN = [
    Report(attempt_id=ATTEMPT, key="0", event=AttemptEvent(type=EventType.ACCEPTED, at=NOW)),
]


class Scripted:
    """A carrier of which one only asks; its answers one after another."""

    def __init__(self, *answers: list[Report] | NotSent | Unknowable) -> None:
        self.left = list(answers)

    async def lookup(self, attempt_id: UUID) -> list[Report] | NotSent | Unknowable:
        assert attempt_id == ATTEMPT
        return self.left.pop(0)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquirer, "_CONFIRM_SECONDS", 0.0)


async def believed(*answers: list[Report] | NotSent | Unknowable) -> object:
    carrier = Scripted(*answers)
    answer = await inquirer._believable(cast("Carrier", carrier), ATTEMPT, monotonic=time.monotonic)
    assert carrier.left == []
    return answer


async def test_what_it_knows_is_believed_at_once() -> None:
    assert await believed(KNOWN) == KNOWN
    assert await believed(Unknowable(why="busy")) == Unknowable(why="busy")


async def test_that_it_never_heard_of_it_counts_when_it_says_so_twice() -> None:
    assert await believed(NotSent(), NotSent()) == NotSent()
    # The send lay in a queue it had not looked at.
    assert await believed(NotSent(), KNOWN) == KNOWN


async def test_a_slow_answer_that_it_never_heard_of_it_proves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inquirer, "_PROMPT_SECONDS", -1.0)
    assert isinstance(await believed(NotSent()), Unknowable)


@pytest.mark.timeout(120)
async def test_a_carrier_that_was_frozen_dials_nobody_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has taken sends off the network and not looked at them, when somebody asks."""
    monkeypatch.setattr(inquirer, "_CONFIRM_SECONDS", 0.5)
    monkeypatch.setattr(inquiries, "DOUBT_MARGIN", timedelta(seconds=0.5))
    scene = await stage.campaign(people=30, rate=100, config={"timeoutSeconds": 0.5})
    stage.sandboxed.process.send_signal(signal.SIGSTOP)
    async with working(stage.engine, stage.url):
        await eventually(
            lambda: scene.rows("select 1 from attempts where owner_id = 0 having count(*) > 5")
        )
        stage.sandboxed.process.send_signal(signal.SIGCONT)
        assert await over(scene) == {"completed": 30}
    assert twice(stage.sandboxed.lines("send"), "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    assert len(outcomes(stage.sandboxed.accepted())) == 30
