"""Sends that never left: their people wait again where they waited, whatever else happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.attempt import AttemptState
from campana.domain.disposition import Disposition
from campana.domain.event import EventName
from campana.services import control, dispatch, events, outcomes, unsent
from campana.services.context import Context
from campana.services.intents import Send
from campana.services.unsent import Unsent
from campana.store import attempts, sending
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person

OWNER = 1
SEND = Send(sender="+12025550100", is_call=False, ask_after=timedelta(minutes=1))
REASON = "too late to be sent"


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    people = [person(each) for each in (ANA, BRUNO, CARLA)]
    return await launched(engine_context, context, workspace_id=workspace_id, people=people)


async def claimed(scene: Scene) -> list[Unsent]:
    """Everybody, about to be sent."""
    found: list[Unsent] = []
    for group in await dispatch.ready(scene.engine, channel_ids=[scene.channel.id]):
        intents = await dispatch.claim(
            scene.engine, group=group, channel_type="SMS", owner_id=OWNER, limit=10, send=SEND
        )
        found += [Unsent(intent=intent, group=group) for intent in intents]
    return found


async def waiting(scene: Scene) -> list[tuple[Any, ...]]:
    return await scene.rows(
        "select t.address, t.state, t.last_reason, d.window_key, d.priority"
        " from targets t left join due d on d.target_id = t.id order by t.address"
    )


async def told(scene: Scene) -> list[tuple[Any, ...]]:
    return await scene.rows(
        "select type, subject, data from told_events where type = 'attempt.ended' order by subject"
    )


async def test_they_wait_again_where_they_waited(scene: Scene) -> None:
    before = await waiting(scene)
    found = await claimed(scene)
    assert len(found) == 3
    await unsent.put_back(scene.engine, found, reason=REASON)
    after = await waiting(scene)
    assert [(row[0], *row[3:]) for row in after] == [(row[0], *row[3:]) for row in before]
    assert {row[1:3] for row in after} == {("waiting", "not_sent")}
    assert await scene.rows("select distinct state, disposition, reason from attempts") == [
        ("ended", "not_sent", REASON)
    ]
    history = await scene.rows("select type, detail - 'rules' from attempt_events order by id")
    ended = ("ended", {"disposition": "not_sent", "reason": REASON})
    assert history == [("sending", {})] * 3 + [ended] * 3
    assert await ledger.broken(scene.engine) == []
    again = await claimed(scene)
    assert sorted(each.intent.attempt_no for each in again) == [2, 2, 2]


async def test_many_at_once_come_to_what_one_after_another_comes_to(scene: Scene) -> None:
    found = await claimed(scene)
    for each in found:
        await outcomes.settle(
            scene.engine,
            attempt_id=each.intent.attempt_id,
            disposition=Disposition.NOT_SENT,
            reason=REASON,
        )
    slowly = await waiting(scene)
    again = await claimed(scene)
    await unsent.put_back(scene.engine, again, reason=REASON)
    assert await waiting(scene) == slowly
    async with scene.engine.db.transaction() as tx:
        for each in again:
            attempt = await attempts.lock(tx, attempt_id=each.intent.attempt_id)
            assert attempt is not None
            event = events.of_attempt(
                EventName.ATTEMPT_ENDED,
                attempt,
                at=scene.engine.clock.now(),
                state=AttemptState.ENDED,
                disposition=Disposition.NOT_SENT,
                reason=REASON,
                ended_at=scene.engine.clock.now(),
            )
            assert (str(event.type), event.subject, event.data) in await told(scene)


async def test_repeating_it_changes_nothing(scene: Scene) -> None:
    found = await claimed(scene)
    await unsent.put_back(scene.engine, found, reason=REASON)
    events_before, waiting_before = await told(scene), await waiting(scene)
    await unsent.put_back(scene.engine, found, reason=REASON)
    assert (await told(scene), await waiting(scene)) == (events_before, waiting_before)
    # Nor does it once they have been claimed again.
    again = await claimed(scene)
    await unsent.put_back(scene.engine, found, reason=REASON)
    assert await scene.rows("select count(*) from attempts where state = 'sending'") == [
        (len(again),)
    ]


async def test_nobody_waits_in_a_campaign_that_is_over(scene: Scene) -> None:
    found = await claimed(scene)
    await control.cancel(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    await unsent.put_back(scene.engine, found, reason=REASON)
    assert {row[1] for row in await waiting(scene)} == {"finished"}
    assert await scene.rows("select distinct disposition from targets") == [("cancelled",)]
    assert await scene.rows("select count(*) from due") == [(0,)]
    assert await ledger.broken(scene.engine) == []


async def test_who_has_other_zones_by_now_waits_under_those(scene: Scene) -> None:
    found = await claimed(scene)
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "update targets set zones = array['Europe/Madrid'] where address = %s", (ANA,)
        )
        held = await sending.hold_unsent(
            tx,
            unsent=[
                sending.Unsent(
                    attempt_id=each.intent.attempt_id,
                    window_key=each.group.window_key,
                    priority=each.group.priority,
                    event="{}",
                )
                for each in found
            ],
            now=scene.engine.clock.now(),
        )
    assert sorted(each.is_plain for each in held) == [False, True, True]
    await unsent.put_back(scene.engine, found, reason=REASON)
    keys = {row[0]: row[3] for row in await waiting(scene)}
    assert keys[ANA] == "Europe/Madrid"
    assert keys[BRUNO] == "America/Los_Angeles"
