"""Who is asked about, when, and what an answer means; the clock stands where the test puts it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import pytest

from campana.carriers.base import NotSent, Patience, Report, Unknowable
from campana.domain.attempt import AttemptEvent, EventType
from campana.services import inquiries, outcomes
from campana.services.context import Context
from campana.services.intents import Send
from campana.store import owners, reports
from campana.store.attempts import Attempt
from campana.store.reports import Taken
from tests.support import ledger
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import NOW, FixedClock

MINUTE = timedelta(minutes=1)
PATIENCE = Patience(ask_after=MINUTE, give_up_after=timedelta(hours=1))


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])


@asynccontextmanager
async def worker(scene: Scene) -> AsyncIterator[int]:
    """A living worker's number."""
    async with scene.engine.db.session() as session:
        yield await owners.take_identity(session)


async def sent(scene: Scene, owner_id: int) -> UUID:
    [claimed] = await scene.claim(
        owner_id=owner_id, send=Send(sender=None, is_call=True, ask_after=MINUTE)
    )
    return claimed.attempt_id


async def accepted(scene: Scene, attempt_id: UUID) -> None:
    now = scene.engine.clock.now()
    taken = [Taken(attempt_id=attempt_id, ref="r", ask_at=now + MINUTE)]
    async with scene.engine.db.transaction() as tx:
        await reports.accept(tx, taken=taken, now=now)


async def due(scene: Scene) -> list[Attempt]:
    return await inquiries.due(scene.engine, channel_ids=[scene.channel.id], limit=10)


async def answer(scene: Scene, attempt: Attempt, said: list[Report] | NotSent | Unknowable) -> None:
    await inquiries.conclude(scene.engine, attempt, said, patience=PATIENCE)


async def state(scene: Scene) -> tuple[object, ...]:
    [row] = await scene.rows(
        "select a.state, a.disposition, t.state, t.disposition"
        " from attempts a join targets t on t.id = a.target_id order by a.attempt_no desc limit 1"
    )
    assert await ledger.broken(scene.engine) == []
    return tuple(row)


def end(attempt: Attempt, disposition: str = "completed") -> list[Report]:
    event = AttemptEvent(type=EventType.ENDED, at=NOW, detail={"disposition": disposition})
    return [Report(attempt_id=attempt.id, key="1", event=event)]


async def test_a_living_workers_send_is_nobody_elses_question(
    scene: Scene, clock: FixedClock
) -> None:
    """It may be about to be sent: "never heard of it" would not mean a thing."""
    async with worker(scene) as owner_id:
        await sent(scene, owner_id)
        clock.forward(days=1)
        assert await outcomes.sweep(scene.engine) == 0
        assert await due(scene) == []
    assert (await state(scene))[0] == "sending"


async def test_what_a_dead_worker_left_is_asked_about_and_not_guessed(
    scene: Scene, clock: FixedClock
) -> None:
    async with worker(scene) as owner_id:
        await sent(scene, owner_id)
    clock.forward(seconds=5)
    assert await outcomes.sweep(scene.engine) == 0, "too early"
    clock.forward(seconds=1)
    assert await outcomes.sweep(scene.engine) == 1
    [attempt] = await due(scene)
    assert (await state(scene))[0] == "sending"
    await answer(scene, attempt, end(attempt))
    assert await state(scene) == ("ended", "completed", "finished", "completed")
    assert await outcomes.sweep(scene.engine) == 0


async def test_an_intent_a_dead_worker_left_was_not_sent(scene: Scene, clock: FixedClock) -> None:
    async with worker(scene) as owner_id:
        await scene.claim(owner_id=owner_id)
    clock.forward(seconds=6)
    assert await outcomes.sweep(scene.engine) == 1
    assert await state(scene) == ("ended", "not_sent", "waiting", None)


async def test_never_heard_of_it_makes_the_target_due_again_at_no_cost(
    scene: Scene, clock: FixedClock
) -> None:
    async with worker(scene) as owner_id:
        attempt_id = await sent(scene, owner_id)
        await inquiries.open_doubt(scene.engine, attempt_id=attempt_id)
        assert await due(scene) == [], "what was on its way may still arrive"
        clock.forward(seconds=5)
        [attempt] = await due(scene)
        await answer(scene, attempt, NotSent())
        assert await state(scene) == ("ended", "not_sent", "waiting", None)
        assert await sent(scene, owner_id) != attempt_id


async def test_what_was_accepted_is_asked_about_when_nothing_is_heard(
    scene: Scene, clock: FixedClock
) -> None:
    async with worker(scene) as owner_id:
        await accepted(scene, await sent(scene, owner_id))
        clock.forward(seconds=59)
        assert await due(scene) == []
        clock.forward(seconds=1)
        [attempt] = await due(scene)
        assert await due(scene) == [], "one worker asks"
        await answer(scene, attempt, [])
        assert await due(scene) == []
        clock.forward(minutes=1)
        [attempt] = await due(scene)
        await answer(scene, attempt, end(attempt, "no_answer"))
    assert await state(scene) == ("ended", "no_answer", "waiting", None)


async def test_what_was_accepted_is_never_sent_again_whatever_the_carrier_forgot(
    scene: Scene, clock: FixedClock
) -> None:
    async with worker(scene) as owner_id:
        await accepted(scene, await sent(scene, owner_id))
    clock.forward(minutes=1)
    [attempt] = await due(scene)
    await answer(scene, attempt, NotSent())
    assert await state(scene) == ("accepted", None, "attempting", None)


@pytest.mark.parametrize("silence", [Unknowable(why="it is away"), NotSent(), []])
async def test_it_is_unknown_when_the_carrier_never_tells_the_end(
    silence: Unknowable | NotSent | list[Report], scene: Scene, clock: FixedClock
) -> None:
    async with worker(scene) as owner_id:
        await accepted(scene, await sent(scene, owner_id))
    for _ in range(59):
        clock.forward(minutes=1)
        [attempt] = await due(scene)
        await answer(scene, attempt, silence)
    assert (await state(scene))[0] == "accepted"
    clock.forward(minutes=1)
    [attempt] = await due(scene)
    await answer(scene, attempt, silence)
    assert await state(scene) == ("unknown", "unknown", "finished", "unknown")
    assert await due(scene) == []


async def test_a_worker_that_died_while_asking_is_replaced(scene: Scene, clock: FixedClock) -> None:
    async with worker(scene) as owner_id:
        await accepted(scene, await sent(scene, owner_id))
    clock.forward(minutes=1)
    assert len(await due(scene)) == 1
    clock.forward(seconds=30)
    assert len(await due(scene)) == 1


async def test_an_answer_that_comes_after_the_end_changes_nothing(
    scene: Scene, clock: FixedClock
) -> None:
    async with worker(scene) as owner_id:
        await accepted(scene, await sent(scene, owner_id))
    clock.forward(minutes=1)
    [attempt] = await due(scene)
    await answer(scene, attempt, end(attempt))
    await answer(scene, attempt, NotSent())
    await answer(scene, attempt, end(attempt, "busy"))
    assert await state(scene) == ("ended", "completed", "finished", "completed")
