"""The dispatcher of request carriers on a real sandbox, a real database, and real callbacks."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from campana.carriers import http as carriers_http
from campana.domain.errors import Unavailable
from campana.engine import dispatcher, resting
from campana.engine.dispatcher import Dispatcher
from campana.services import control, inquiries
from campana.store import attempts
from campana.store.db import Tx
from tests.engine.test_channel_pause import ON_THE_WIRE
from tests.support.campaign import Scene
from tests.support.ledger import broken
from tests.support.ownership import cut_session
from tests.support.people import reserved_numbers
from tests.support.sandbox import WallClock, outcomes
from tests.support.stage import QUICK, Stage, dispatching, over, twice, working
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)


async def nothing_open(scene: Scene) -> bool:
    still = "select count(*) from attempts where state not in ('ended', 'unknown')"
    return await scene.rows(still) == [(0,)]


@pytest.mark.slow
async def test_a_campaign_reaches_each_of_300_people_once(stage: Stage) -> None:
    scene = await stage.campaign(people=300)
    async with working(stage.engine, stage.url):
        assert await over(scene) == {"completed": 300}
        # What was told of a call may come again when its answer was late.
        await eventually(lambda: all_told(scene))
    sends = stage.sandboxed.lines("send")
    assert len(sends) == 300
    assert twice(sends, "to") == []
    [[answered, told]] = await scene.rows(
        "select count(answered_at), (select count(*) from attempt_events where type = 'answered')"
        " from attempts"
    )
    assert (answered, told) == (300, 300)


async def all_told(scene: Scene) -> bool:
    return await scene.rows("select count(*) from callback_inbox") == [(0,)]


UNTAKEN = ("error", "refuse", "lost")
TAKEN = ("slow", "silent", "garbage")


async def test_each_fault_ends_in_the_right_state_and_nobody_is_reached_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault meets the first send to four people; every later send goes well."""
    monkeypatch.setattr(inquiries, "DOUBT_MARGIN", timedelta(seconds=1))
    faults = dict(zip(reserved_numbers(), 4 * (UNTAKEN + TAKEN), strict=False))
    people = {number: [{"fault": fault}, {"fault": "none"}] for number, fault in faults.items()}
    stage.sandboxed.change(people=people, seconds={**QUICK, "slow": [4, 4]})
    scene = await stage.campaign(people=24, config={"timeoutSeconds": 1.5})
    async with working(stage.engine, stage.url):
        assert await over(scene) == {"completed": 24}
    sends = stage.sandboxed.lines("send")
    assert twice(sends, "attempt") == []
    assert twice(stage.sandboxed.accepted(), "to") == []
    per_person = Counter(faults[line["to"]] for line in sends)
    assert per_person == {**dict.fromkeys(UNTAKEN, 8), **dict.fromkeys(TAKEN, 4)}
    # On a slow machine one may end before it reached the sandbox, which says nothing of faults.
    rows = await scene.rows(
        "select t.address, a.id, a.disposition from targets t join attempts a on a.target_id = t.id"
        " where 'att_' || replace(a.id::text, '-', '') = any(%s) order by a.attempt_no desc",
        [line["attempt"] for line in sends],
    )
    met = {address: disposition for address, _, disposition in rows}
    first = {(faults[address], disposition) for address, disposition in met.items()}
    # A refusal that comes too late on such a machine is asked about, and was no send.
    assert first - {("error", "not_sent"), ("refuse", "not_sent")} == {
        ("error", "carrier_error"),
        ("refuse", "congestion"),
        ("lost", "not_sent"),
        ("slow", "completed"),
        ("silent", "completed"),
        ("garbage", "completed"),
    }


async def test_callbacks_in_any_order_number_and_disguise_come_to_the_same_end(
    stage: Stage,
) -> None:
    """Each five times, in any order, a tenth of them never, and a third lied about before."""
    stage.sandboxed.change(
        mix={"Voice": {"completed": 5, "declined": 1, "hung_up": 1}},
        callbacks={"double": 1, "shuffle": 1, "drop": 0.1, "forge": 0.3},
        copies=5,
    )
    scene = await stage.campaign(people=100, rate=40, config={"askAfterSeconds": 2})
    async with working(stage.engine, stage.url):
        await over(scene)
    sends = stage.sandboxed.accepted()
    assert twice(sends, "to") == []
    truth = outcomes(sends)
    rows = await scene.rows("select address, disposition from targets")
    assert dict(rows) == truth
    answered = await scene.rows("select address from attempts where answered_at is not null")
    assert {row[0] for row in answered} == {
        number for number, outcome in truth.items() if outcome in {"completed", "hung_up"}
    }
    assert (
        await scene.rows(
            "select 1 from attempt_events where report is not null"
            " group by attempt_id, report having count(*) > 1"
        )
        == []
    )
    dropped = stage.sandboxed.lines("dropped")
    ends = {line["attempt"]: str(len(line["happenings"]) - 1) for line in sends}
    assert any(line["status"] == ends[line["attempt"]] for line in dropped), "no end was dropped"
    forged = stage.sandboxed.lines("forged")
    # None: the carrier gave up waiting for the answer, as one does with a server that is busy.
    assert {line["answer"] for line in forged} - {None} == {403}
    assert await scene.rows("select 1 from attempt_events where report = 'forged'") == []


@pytest.mark.slow
async def test_the_sends_of_a_grant_are_spread_over_its_time(stage: Stage) -> None:
    scene = await stage.campaign(people=60, rate=20)
    async with working(stage.engine, stage.url):
        await over(scene)
    times = sorted(line["at"] for line in stage.sandboxed.lines("send"))
    # Only the first may be late, by the send deadline; a send is never early.
    early = [n for n, at in enumerate(times) if at - times[0] < n / 20 - 0.5]
    assert early == []


@pytest.mark.slow
async def test_a_pause_leaves_nothing_that_is_still_sent(stage: Stage) -> None:
    scene = await stage.campaign(people=200, rate=40)
    async with working(stage.engine, stage.url):
        await eventually(lambda: len(stage.sandboxed.lines("send")) > 10)
        await control.pause(
            stage.web, workspace_id=stage.workspace_id, campaign_id=scene.campaign_id
        )
        answered, moment = time.monotonic(), stage.engine.clock.now()
        await asyncio.sleep(2 * ON_THE_WIRE)
        await eventually(lambda: nothing_open(scene))
        begun = "select count(*) from attempts where created_at > %s"
        assert await scene.rows(begun, moment) == [(0,)]
        sends = stage.sandboxed.lines("send")
        assert [line for line in sends if line["at"] > answered + ON_THE_WIRE] == []
        assert len(sends) < 200
        await control.resume(
            stage.web, workspace_id=stage.workspace_id, campaign_id=scene.campaign_id
        )
        assert await over(scene) == {"completed": 200}
    assert twice(stage.sandboxed.lines("send"), "to") == []


async def test_without_its_carrier_nobody_is_tried_over_and_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However long this machine takes until the look at the end.
    monkeypatch.setattr(resting, "_SHORTEST", 60.0)
    monkeypatch.setattr(resting, "_LONGEST", 60.0)
    scene = await stage.campaign(people=30)
    stage.sandboxed.process.terminate()
    stage.sandboxed.process.wait(60)
    async with working(stage.engine, stage.url) as dispatcher:
        await eventually(
            lambda: scene.rows("select 1 from attempts where disposition = 'not_sent'")
        )
        await eventually(lambda: not dispatcher.is_busy)
        assert not await dispatcher.step()
    assert await scene.rows("select distinct state from targets") == [("waiting",)]
    assert await broken(scene.engine) == []


async def test_two_dispatchers_share_a_campaign_and_nobody_is_reached_twice(stage: Stage) -> None:
    scene = await stage.campaign(people=100, rate=50)
    async with working(stage.engine, stage.url), working(stage.engine, stage.url):
        assert await over(scene) == {"completed": 100}
    assert twice(stage.sandboxed.lines("send"), "to") == []
    # Fewer than a hundred when a call was over before its acceptance was written down.
    accepted = "select count(*), count(distinct detail->>'ref') from attempt_events"
    [[told, distinct]] = await scene.rows(accepted + " where type = 'accepted' and report is null")
    assert 0 < told == distinct <= 100


async def sending(stage: Stage, work: Dispatcher) -> None:
    """Steps until something has been sent: a machine that stands still misses the moments of a
    grant, and the next one has others."""

    async def is_sent() -> bool:
        await work.step()
        return bool(stage.sandboxed.lines("send"))

    await eventually(is_sent)


async def all_over(scene: Scene) -> list[tuple[str, str]]:
    """How attempts ended, once none is open."""
    await eventually(lambda: nothing_open(scene))
    return await scene.rows("select distinct state, disposition from attempts")


async def test_an_intent_that_is_too_late_is_not_sent_and_costs_no_attempt(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = await stage.campaign(people=5)
    async with dispatching(stage) as work:
        monkeypatch.setattr(dispatcher, "SEND_DEADLINE", timedelta(0))
        await eventually(work.step)
        assert await all_over(scene) == [("ended", "not_sent")]
    assert stage.sandboxed.lines("send") == []
    assert await scene.rows("select distinct state from targets") == [("waiting",)]


async def test_what_is_not_sent_when_the_identity_is_lost_is_discarded(stage: Stage) -> None:
    scene = await stage.campaign(people=30, rate=20)
    async with dispatching(stage) as work:
        await eventually(work.step)
        # As a broken session does it, after the first of the spread sends at most.
        work.ownership.is_held = False
        assert not await work.step()
        await eventually(lambda: not work.is_busy)
        work.ownership.is_held = True
    assert len(stage.sandboxed.lines("send")) <= 1
    rows = await scene.rows("select count(*) from attempts where disposition = 'not_sent'")
    assert rows > [(0,)]
    assert await broken(scene.engine) == []


async def test_nothing_starts_without_an_identity_or_a_steady_clock(stage: Stage) -> None:
    await stage.campaign(people=5)
    clock = stage.engine.clock
    assert isinstance(clock, WallClock)
    async with dispatching(stage) as work:
        clock.is_steady = False
        assert not await work.step()
        clock.is_steady = True
        work.ownership.is_held = False
        assert not await work.step()
        work.ownership.is_held = True
        await eventually(work.step)


async def test_a_send_that_waited_too_long_for_a_connection_never_leaves(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause has been answered by then, and a sweeper elsewhere has asked about it."""
    monkeypatch.setattr(carriers_http, "_CONNECTIONS", 1)
    stage.sandboxed.change(seconds={**QUICK, "reply": [1.0, 1.0]})
    scene = await stage.campaign(people=4, rate=100, config={"timeoutSeconds": 5})
    async with dispatching(stage) as work:
        await eventually(work.step)
        await eventually(lambda: not work.is_busy)
    # On a slow machine the first may miss its moment too.
    assert len(stage.sandboxed.lines("send")) <= 1
    rows = await scene.rows("select distinct reason from attempts where disposition = 'not_sent'")
    # The others missed their moment already when the first took long to connect.
    missed = {"too late: it waited for a connection", "too late to be sent"}
    assert rows
    assert {reason for (reason,) in rows} <= missed


@pytest.mark.slow
async def test_the_attempts_in_hand_come_along_when_adopting_fails_at_first(
    stage: Stage, conninfo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No answer comes meanwhile, and nobody gives the send up.
    stage.sandboxed.change(seconds={**QUICK, "reply": [30, 30]})
    scene = await stage.campaign(people=1, config={"timeoutSeconds": 60})
    failures = 2
    adopt = attempts.adopt

    async def fails_twice(tx: Tx, **values: Any) -> set[UUID]:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise Unavailable("a connection that broke with the server")
        return await adopt(tx, **values)

    monkeypatch.setattr(attempts, "adopt", fails_twice)
    async with dispatching(stage) as work:
        await sending(stage, work)
        first = work.ownership.owner_id
        cut_session(conninfo, first)
        await eventually(lambda: work.ownership.owner_id > first and work.ownership.is_held)
        rows = await scene.rows("select owner_id from attempts where disposition is null")
        assert rows == [(work.ownership.owner_id,)]
        assert failures < 0


async def test_draining_waits_for_answers_and_begins_nothing(stage: Stage) -> None:
    stage.sandboxed.change(seconds={**QUICK, "reply": [0.5, 0.5], "talk": [9, 9]})
    scene = await stage.campaign(people=5, rate=100)
    async with dispatching(stage) as work:
        await sending(stage, work)
        await work.drain(seconds=10)
        assert not work.is_busy
        assert not await work.step()
    # What went out was answered and written down; what had not is due again.
    sent = {line["to"] for line in stage.sandboxed.lines("send")}
    rows = await scene.rows("select address, owner_id, disposition from attempts")
    left = {to: owner_id for to, owner_id, end in rows if end is None}
    assert left == dict.fromkeys(sent, 0)
    assert {end for _, _, end in rows} <= {None, "not_sent"}


async def test_a_rehearsal_sends_only_on_this_machine(stage: Stage) -> None:
    scene = await stage.campaign(people=1)
    async with stage.engine.db.transaction() as tx:
        await tx.execute("update channels set is_loopback = false")
    rehearsal = replace(stage, engine=replace(stage.engine, is_rehearsal=True))
    async with dispatching(rehearsal) as work:
        assert not await work.step()
    assert await scene.rows("select 1 from attempts") == []
