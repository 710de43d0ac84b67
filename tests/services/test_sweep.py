"""What dead workers left open is taken up once, and what living ones hold is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from campana.domain.disposition import Disposition
from campana.services import dispatch, outcomes
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.services.intents import Send
from campana.services.outcomes import SWEEP_MARGIN
from campana.store import attempts, owners
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched
from tests.support.database import FixedClock
from tests.support.ownership import dead_owner, until_gone

OLD_ENOUGH = SEND_DEADLINE + SWEEP_MARGIN + timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
async def ledger_holds(engine_context: Context) -> AsyncIterator[None]:
    yield
    assert await ledger.broken(engine_context) == []


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id)


@pytest.fixture
async def dead(engine_context: Context) -> int:
    return await dead_owner(engine_context)


async def leave(scene: Scene, owner_id: int) -> None:
    """Three calls a worker dies in: unsent, sending, and in conversation."""
    claims = {claimed.address: claimed for claimed in await scene.claim(owner_id=owner_id)}
    for address in (BRUNO, CARLA):
        assert await dispatch.begin_sending(
            scene.engine, claimed=claims[address], owner_id=owner_id, from_number="+12025550100"
        )
    async with scene.engine.db.transaction() as tx:
        await attempts.move(
            tx,
            attempt_id=claims[CARLA].attempt_id,
            state=attempts.AttemptState.IN_PROGRESS,
            answered_at=scene.engine.clock.now(),
        )


async def states(scene: Scene) -> dict[str, tuple[str, str | None]]:
    """Target state and last attempt's disposition by address."""
    return {
        address: (state, disposition)
        for address, state, disposition in await scene.rows(
            "select t.address, t.state, a.disposition from targets t"
            " left join attempts a on a.target_id = t.id and a.attempt_no = t.attempt_count"
        )
    }


async def test_what_touched_no_network_is_due_again_the_rest_is_unknown(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    await leave(scene, dead)
    clock.moment += OLD_ENOUGH
    assert await outcomes.sweep(scene.engine) == 3
    assert await states(scene) == {
        ANA: ("waiting", "not_sent"),
        BRUNO: ("finished", "unknown"),
        CARLA: ("finished", "unknown"),
    }
    [again] = await scene.claim()
    assert (again.address, again.attempt_no) == (ANA, 2)
    clock.forward(days=1)
    assert await scene.claim() == []


async def test_the_history_says_that_the_worker_died(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    await leave(scene, dead)
    clock.moment += OLD_ENOUGH
    await outcomes.sweep(scene.engine)
    told = await scene.rows(
        "select a.address, e.type, e.detail->>'reason' from attempt_events e"
        " join attempts a on a.id = e.attempt_id where e.type in ('ended', 'lost')"
    )
    assert sorted(told) == [
        (ANA, "ended", "its worker died before sending"),
        (BRUNO, "lost", "its worker died during it"),
        (CARLA, "lost", "its worker died during it"),
    ]


async def test_a_living_workers_attempts_are_left_alone(scene: Scene, clock: FixedClock) -> None:
    async with scene.engine.db.session() as session:
        living = await owners.take_identity(session)
        await leave(scene, living)
        clock.forward(hours=2)
        assert await outcomes.sweep(scene.engine) == 0
        assert {state for state, _ in (await states(scene)).values()} == {"attempting"}
    await until_gone(scene.engine, living)
    assert await outcomes.sweep(scene.engine) == 3


async def test_too_young_attempts_are_left_alone(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    await leave(scene, dead)
    clock.moment += OLD_ENOUGH - timedelta(milliseconds=1)
    assert await outcomes.sweep(scene.engine) == 0
    clock.moment += timedelta(milliseconds=1)
    assert await outcomes.sweep(scene.engine) == 3


async def test_sweepers_at_once_take_up_each_attempt_once(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    await leave(scene, dead)
    clock.moment += OLD_ENOUGH
    swept = await asyncio.gather(*(outcomes.sweep(scene.engine) for _ in range(4)))
    left = await outcomes.sweep(scene.engine)
    assert sum(swept) + left == 3
    [[endings]] = await scene.rows(
        "select count(*) from attempt_events where type in ('ended', 'lost')"
    )
    assert endings == 3


async def test_a_worker_that_wakes_up_finds_its_intent_taken(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    claims = await scene.claim(owner_id=dead)
    clock.moment += OLD_ENOUGH
    await outcomes.sweep(scene.engine)
    for claimed in claims:
        assert not await dispatch.begin_sending(
            scene.engine, claimed=claimed, owner_id=dead, from_number="+12025550100"
        )


async def test_an_adopted_attempt_belongs_to_the_living(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    claims = await scene.claim(owner_id=dead)
    async with scene.engine.db.session() as session:
        living = await owners.take_identity(session)
        async with scene.engine.db.transaction() as tx:
            kept = await attempts.adopt(
                tx,
                old_owner_ids=[dead],
                new_owner_id=living,
                attempt_ids=[claimed.attempt_id for claimed in claims[:2]],
            )
        assert kept == {claimed.attempt_id for claimed in claims[:2]}
        clock.moment += OLD_ENOUGH
        assert await outcomes.sweep(scene.engine) == 1
        async with scene.engine.db.transaction() as tx:
            late = await attempts.adopt(
                tx,
                old_owner_ids=[dead],
                new_owner_id=living,
                attempt_ids=[claimed.attempt_id for claimed in claims],
            )
        assert late == set()
    await outcomes.sweep(scene.engine)


async def test_promises_of_the_dead_are_dropped_and_of_the_living_kept(
    engine_context: Context, scene: Scene, dead: int
) -> None:
    async with engine_context.db.session() as session:
        living = await owners.take_identity(session)
        for owner_id in (dead, living):
            assert await dispatch.grant(
                engine_context, channel_id=scene.channel.id, owner_id=owner_id, wanted=2
            )
        assert await outcomes.sweep(engine_context) == 0
        assert await scene.rows("select owner_id, lines from grants") == [(living, 2)]


async def test_an_identity_is_never_given_twice(engine_context: Context) -> None:
    taken: list[int] = []
    for _ in range(3):
        async with engine_context.db.session() as session:
            taken.append(await owners.take_identity(session))
    assert len(set(taken)) == 3


async def test_nobody_to_sweep_is_nothing_done(engine_context: Context, scene: Scene) -> None:
    assert await outcomes.sweep(engine_context) == 0
    assert {state for state, _ in (await states(scene)).values()} == {"waiting"}


async def test_who_was_given_up_and_proves_unsent_is_called_after_all(
    scene: Scene, dead: int, clock: FixedClock
) -> None:
    await leave(scene, dead)
    clock.moment += OLD_ENOUGH
    assert await outcomes.sweep(scene.engine) == 3
    [[attempt_id]] = await scene.rows(
        "select id from attempts where address = %s and state = 'unknown'", BRUNO
    )
    await outcomes.settle(
        scene.engine,
        attempt_id=attempt_id,
        disposition=Disposition.NOT_SENT,
        reason="its worker woke up too late to send it",
    )
    assert BRUNO in {claimed.address for claimed in await scene.claim(owner_id=dead + 1)}


async def test_a_living_owner_takes_up_what_it_never_knew_it_claimed(
    scene: Scene, clock: FixedClock
) -> None:
    """As after a commit whose answer was lost on the way back."""
    async with scene.engine.db.session() as session:
        living = await owners.take_identity(session)
        claims = {claimed.address: claimed for claimed in await scene.claim(owner_id=living)}
        assert await dispatch.begin_sending(
            scene.engine, claimed=claims[BRUNO], owner_id=living, from_number="+12025550100"
        )
        in_hand = [claims[CARLA].attempt_id]
        assert await outcomes.sweep_own(scene.engine, owner_id=living, in_hand=in_hand.copy) == 0
        clock.moment += OLD_ENOUGH
        # Nobody else may: it lives.
        assert await outcomes.sweep(scene.engine) == 0
        assert await outcomes.sweep_own(scene.engine, owner_id=living, in_hand=in_hand.copy) == 2
        assert await outcomes.sweep_own(scene.engine, owner_id=living, in_hand=in_hand.copy) == 0
    assert await states(scene) == {
        ANA: ("waiting", "not_sent"),
        BRUNO: ("finished", "unknown"),
        CARLA: ("attempting", None),
    }


async def test_what_a_living_owner_lost_on_a_carrier_one_can_ask_is_asked_about(
    scene: Scene, clock: FixedClock
) -> None:
    async with scene.engine.db.session() as session:
        living = await owners.take_identity(session)
        send = Send(sender=None, is_call=True, ask_after=timedelta(minutes=1))
        assert len(await scene.claim(owner_id=living, send=send)) == 3
        clock.moment += OLD_ENOUGH
        assert await outcomes.sweep_own(scene.engine, owner_id=living, in_hand=list) == 3
    asked = await scene.rows("select state, owner_id, ask_at from attempts")
    assert asked == 3 * [("sending", 0, clock.moment)]
