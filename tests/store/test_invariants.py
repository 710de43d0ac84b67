"""Each invariant holds on an honest ledger and is broken on purpose, one way or several each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import psycopg
import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.services import closing, control, dispatch, outcomes, prices
from campana.services.context import Context
from campana.store import invariants, owners
from campana.store.invariants import INVARIANTS
from campana.store.sql import load
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched
from tests.support.database import NOW, FixedClock
from tests.support.ownership import dead_owner

LATER = NOW + timedelta(minutes=10)


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """Ana was reached, Bruno's attempt is open, Carla waits."""
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    claims = {each.address: each for each in await scene.claim(owner_id=1)}
    for address in (ANA, BRUNO):
        assert await dispatch.begin_sending(
            engine_context, claimed=claims[address], owner_id=1, from_number="+12025550100"
        )
    answered = AttemptEvent(type=EventType.ANSWERED, at=NOW)
    await outcomes.record(engine_context, attempt_id=claims[ANA].attempt_id, event=answered)
    for address, became in ((ANA, Disposition.COMPLETED), (CARLA, Disposition.NOT_SENT)):
        await outcomes.settle(
            engine_context,
            attempt_id=claims[address].attempt_id,
            disposition=became,
            reason="as it went",
        )
    return scene


@pytest.fixture
async def living(engine_context: Context) -> AsyncIterator[int]:
    """A worker that lives while the test does."""
    async with engine_context.db.session() as session:
        yield await owners.take_identity(session)


async def broken(context: Context) -> dict[str, int]:
    """The broken ones, and how often."""
    async with context.db.read() as tx:
        judged = await invariants.judge(tx, now=context.clock.now())
    assert all(bool(each.breaches) is not each.holds for each in judged)
    return {each.invariant.name: each.count for each in judged if not each.holds}


@pytest.mark.usefixtures("living")
async def test_all_hold_while_a_campaign_runs_and_when_it_is_over(
    scene: Scene, clock: FixedClock
) -> None:
    assert await broken(scene.engine) == {}
    clock.forward(seconds=1)
    await control.cancel(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    await closing.close_finished(scene.engine)
    assert await broken(scene.engine) == {}


def test_each_has_a_query_and_a_sentence() -> None:
    names = [each.name for each in INVARIANTS]
    assert sorted([*names, "unknown"]) == sorted(load("invariants"))
    assert all(each.sentence.endswith(".") for each in INVARIANTS)


# What only a superuser, or a bug, could do to a ledger; then what is found, and how often.
BREAKS: dict[str, tuple[str, dict[str, int]]] = {
    "a waiting target without a due row": (
        "delete from campana.due",
        {"exactly_one_state": 1},
    ),
    "a finished target that is due": (
        "insert into campana.due select t.id, t.workspace_id, t.campaign_id, '', 1, t.created_at"
        " from campana.targets t where t.address = '{ANA}'",
        {"exactly_one_state": 1},
    ),
    "an open attempt of a finished target": (
        "update campana.targets set state = 'finished', disposition = 'busy', finished_at = '{NOW}'"
        " where address = '{BRUNO}'",
        {"exactly_one_state": 1},
    ),
    "an attempting target without an attempt": (
        "delete from campana.attempts where address = '{BRUNO}'",
        {"exactly_one_state": 1, "attempts_counted": 1},
    ),
    "a number that was left out": (
        "update campana.attempts set attempt_no = 2 where address = '{BRUNO}'",
        {"attempts_counted": 1},
    ),
    "two conversations with one person": (
        "drop index campana.attempts_open_address;"
        " insert into campana.attempts (id, workspace_id, campaign_id, target_id, channel_id,"
        "  attempt_no, address, state, owner_id, created_at)"
        " select gen_random_uuid(), workspace_id, campaign_id, target_id, channel_id, 2, address,"
        "  'intent', 1, created_at from campana.attempts where address = '{BRUNO}';"
        " update campana.targets set attempt_count = 2 where address = '{BRUNO}'",
        {"one_conversation": 1, "exactly_one_state": 1},
    ),
    "a person who was reached and is tried again": (
        "insert into campana.attempts (id, workspace_id, campaign_id, target_id, channel_id,"
        "  attempt_no, address, state, owner_id, created_at)"
        " select gen_random_uuid(), workspace_id, campaign_id, target_id, channel_id, 2, address,"
        "  'intent', 1, '{LATER}' from campana.attempts where address = '{ANA}';"
        " update campana.targets set attempt_count = 2, state = 'attempting', disposition = null,"
        "  finished_at = null where address = '{ANA}'",
        {"reached_once": 1},
    ),
    "a send that was not committed before": (
        "delete from campana.attempt_events where type = 'sending'",
        {"committed_first": 2},
    ),
    "a send of what was only an intent": (
        "insert into campana.attempt_events (workspace_id, attempt_id, type, at)"
        " select workspace_id, id, 'ringing', created_at from campana.attempts"
        " where address = '{CARLA}'",
        {"committed_first": 1},
    ),
    "an end nobody was told of": (
        "delete from campana.attempt_events where type = 'ended'",
        {"ends_are_told": 2},
    ),
    "an attempt nobody will ask about": (
        "update campana.attempts set owner_id = 0 where address = '{BRUNO}'",
        {"somebody_asks": 1},
    ),
    "a report that is not applied": (
        "insert into campana.callback_inbox (workspace_id, channel_id, attempt_id, report, type,"
        "  at, detail, received_at) select workspace_id, channel_id, id, '1', 'ringing', '{NOW}',"
        "  '{{}}', '{NOW}' from campana.attempts where address = '{BRUNO}'",
        {"reports_applied": 1},
    ),
    "a wait for an answer whose time never begins": (
        "set session_replication_role = replica;"
        " insert into campana.flow_sessions (workspace_id, campaign_id, target_id, contact_id,"
        "  flow_id, flow_version, status, session, channel_type, started, created_at, updated_at)"
        " select workspace_id, campaign_id, id, contact_id, 'flow_1', 1, 'waiting', '{{}}', 'SMS',"
        "  '{{}}', '{NOW}', '{NOW}' from campana.targets where address = '{CARLA}';"
        " insert into campana.flow_timers (session_id, wait, workspace_id, due_at, lasts)"
        " select id, 2, workspace_id, '{LATER}', '1 hour' from campana.flow_sessions",
        {"waits_begin": 1},
    ),
    "somebody who waits in a campaign that is over": (
        "update campana.campaigns set state = 'expired'",
        {"over_is_over": 1},
    ),
    "an open attempt in a campaign that completed": (
        "update campana.campaigns set state = 'completed';"
        " update campana.targets set state = 'finished', disposition = 'expired',"
        "  finished_at = '{NOW}' where state = 'waiting'; delete from campana.due",
        {"over_is_over": 1},
    ),
    "somebody who was enrolled and is no target": (
        "update campana.enrollments set enrolled = 4",
        {"enrolled_are_targets": 1},
    ),
    "a call to somebody who is suppressed": (
        "insert into campana.suppressions (id, workspace_id, address, scope, reason, source,"
        "  created_at) select 'supp_1', workspace_id, address, 'workspace', 'asked', 'test',"
        "  created_at - interval '1 hour' from campana.attempts where address = '{BRUNO}'",
        {"suppressed_left_alone": 1},
    ),
    "somebody held out who was called": (
        "update campana.targets set disposition = 'held_out' where address = '{ANA}'",
        {"held_out_left_alone": 1},
    ),
    "a conversation with somebody held out": (
        "set session_replication_role = replica;"
        " insert into campana.flow_sessions (workspace_id, campaign_id, target_id, contact_id,"
        "  flow_id, flow_version, status, outcome, ended_at, session, channel_type, started,"
        "  created_at, updated_at)"
        " select workspace_id, campaign_id, id, contact_id, 'flow_1', 1, 'ended', 'told', '{NOW}',"
        "  '{{}}', 'SMS', '{{}}', '{NOW}', '{NOW}' from campana.targets where address = '{ANA}';"
        " delete from campana.attempts where address = '{ANA}';"
        " update campana.targets set attempt_count = 0, disposition = 'held_out'"
        " where address = '{ANA}'",
        {"held_out_left_alone": 1},
    ),
    "a list that says it has more people than it has": (
        "update campana.contact_counts set people = people + 1",
        {"lists_are_counted": 1},
    ),
}


@pytest.mark.parametrize("what", BREAKS)
async def test_is_found(
    what: str, scene: Scene, living: int, conninfo: str, clock: FixedClock
) -> None:
    statements, expected = BREAKS[what]
    words = {"ANA": ANA, "BRUNO": BRUNO, "CARLA": CARLA, "NOW": NOW, "LATER": LATER}
    async with scene.engine.db.transaction() as tx:
        # Bruno's worker lives: only what is broken on purpose is.
        await tx.execute("update attempts set owner_id = %s where owner_id = 1", (living,))
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute(statements.format(**words))  # pyright: ignore[reportArgumentType, reportCallIssue]
    clock.moment = LATER
    assert await broken(scene.engine) == expected


async def test_what_a_dead_worker_left_is_found_only_while_another_lives(
    scene: Scene, clock: FixedClock
) -> None:
    dead = await dead_owner(scene.engine)
    async with scene.engine.db.transaction() as tx:
        await tx.execute("update attempts set owner_id = %s", (dead,))
    clock.moment = LATER
    # Nothing runs: nobody broke a promise by not keeping it yet.
    assert await broken(scene.engine) == {}
    async with scene.engine.db.session() as session:
        await owners.take_identity(session)
        assert await broken(scene.engine) == {"orphans_taken_up": 1}


async def test_all_breaches_are_counted_and_a_few_shown(scene: Scene, conninfo: str) -> None:
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute("delete from campana.attempt_events")
    async with scene.engine.db.read() as tx:
        judged = await invariants.judge(tx, now=NOW, limit=1)
    found = {each.invariant.name: (each.count, len(each.breaches)) for each in judged}
    assert found["ends_are_told"] == (2, 1)
    assert found["exactly_one_state"] == (0, 0)


async def test_a_person_may_ask_for_another_try_at_somebody_who_was_reached(
    scene: Scene, conninfo: str
) -> None:
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        statements, _ = BREAKS["a person who was reached and is tried again"]
        superuser.execute(statements.format(ANA=ANA, LATER=LATER))  # pyright: ignore[reportArgumentType, reportCallIssue]
        superuser.execute("update campana.targets set tries_after = 1 where address = %s", (ANA,))
    assert await broken(scene.engine) == {}


async def test_the_unknown_are_counted(scene: Scene) -> None:
    async with scene.engine.db.read() as tx:
        assert await invariants.unknown(tx) == 0
    [[attempt_id]] = await scene.rows("select id from attempts where address = %s", BRUNO)
    await outcomes.settle(
        scene.engine, attempt_id=attempt_id, disposition=Disposition.UNKNOWN, reason="who knows"
    )
    async with scene.engine.db.read() as tx:
        assert await invariants.unknown(tx) == 1


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("update campana.spending set spent = spent + 0.01 where purse like 'camp_%'", 1),
        ("update campana.spending set reserved = reserved + 1", 2),
        ("update campana.charges set reserved = 9 where cost is null", 2),
        # Promised, and never settled though its attempt is over.
        ("update campana.charges set cost = null", 2),
    ],
)
async def test_money_that_does_not_add_up_is_found(
    statement: str,
    count: int,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    conninfo: str,
) -> None:
    table = prices.read(["channelType,prefix,per,amount", "Voice,US,minute,0.10"])
    await prices.replace(engine_context, workspace_id=workspace_id, entries=table)
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    [first, *_] = await scene.claim(owner_id=1)
    assert await dispatch.begin_sending(
        engine_context, claimed=first, owner_id=1, from_number="+12025550100"
    )
    await outcomes.settle(
        engine_context,
        attempt_id=first.attempt_id,
        disposition=Disposition.UNKNOWN,
        reason="so it costs what it may have cost",
    )
    assert await broken(engine_context) == {}
    with psycopg.connect(conninfo, autocommit=True) as superuser:
        superuser.execute(statement)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert await broken(engine_context) == {"money_adds_up": count}
