"""Answers that end an attempt: the short way comes to what the long way comes to."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from campana.carriers.base import Accepted, Report
from campana.domain.attempt import AttemptEvent, AttemptState, EventType
from campana.domain.disposition import Disposition
from campana.domain.event import EventName
from campana.services import events, outcomes, sent
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.intents import Send
from campana.services.sent import Answer
from campana.store import attempts
from campana.store.targets import Finished
from tests.support import ledger
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import NOW
from tests.support.locks import onlooking

OWNER = 1
SEND = Send(sender="+12025550100", is_call=True, ask_after=timedelta(minutes=1))


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])


async def claimed(scene: Scene) -> Claimed:
    [found] = await scene.claim(owner_id=OWNER, send=SEND)
    return found


def answer(intent: Claimed, disposition: str | None, *, ref: str | None = "r-1") -> Answer:
    """Taken, and over unless `disposition` is None."""
    detail = {"disposition": disposition, "reason": "as it said"}
    event = AttemptEvent(type=EventType.ENDED, at=NOW, detail=detail)
    reports = (Report(attempt_id=intent.attempt_id, key="end", event=event),) if disposition else ()
    return Answer(
        intent=intent,
        accepted=Accepted(ref=ref, reports=reports),
        ask_after=timedelta(minutes=1),
    )


async def store(scene: Scene, given: Answer, *, owner_id: int = OWNER) -> None:
    await sent.store_answers(scene.engine, [given], owner_id=owner_id)


async def told(scene: Scene) -> list[tuple[str, Any]]:
    """The events of attempts and targets, in order."""
    query = "select type, data from told_events where type ~ '^(attempt|target)' order by id"
    return [(row[0], row[1]) for row in await scene.rows(query)]


async def ends(scene: Scene) -> list[tuple[Any, ...]]:
    return await scene.rows(
        "select a.state, a.disposition, a.reason, t.state, t.disposition, t.last_reason"
        " from attempts a join targets t on t.id = a.target_id"
    )


async def test_a_delivered_message_is_over_with_its_answer(scene: Scene) -> None:
    await store(scene, answer(await claimed(scene), "delivered"))
    reason = "as it said"
    assert await ends(scene) == [
        ("ended", "delivered", reason, "finished", "delivered", reason),
    ]
    history = await scene.rows(
        "select type, report, detail->>'ref' from attempt_events order by id"
    )
    assert history == [("sending", None, None), ("ended", "end", "r-1")]
    assert await ledger.broken(scene.engine) == []


async def test_its_events_are_those_of_the_long_way(scene: Scene) -> None:
    intent = await claimed(scene)
    await store(scene, answer(intent, "delivered"))
    async with scene.engine.db.transaction() as tx:
        attempt = await attempts.lock(tx, attempt_id=intent.attempt_id)
    assert attempt is not None
    started = events.of_sending(
        workspace_id=attempt.workspace_id,
        campaign_id=intent.campaign_id,
        target_id=intent.target_id,
        attempt_id=attempt.id,
        channel_id=attempt.channel_id,
        number=attempt.attempt_no,
        address=attempt.address,
        at=NOW,
    )
    ended = events.of_attempt(
        EventName.ATTEMPT_ENDED,
        attempt,
        at=NOW,
        state=AttemptState.ENDED,
        disposition=Disposition.DELIVERED,
        reason="as it said",
        ended_at=NOW,
    )
    [row] = await scene.rows(
        "select id, workspace_id, campaign_id, contact_id, address, disposition, attempt_count,"
        " last_reason, finished_at from targets"
    )
    names = ("id", "workspace_id", "campaign_id", "contact_id", "address", "disposition")
    finished = Finished(
        **dict(zip((*names, "attempt_count", "last_reason", "finished_at"), row, strict=True))
    )
    [over] = events.of_target(EventName.TARGET_FINISHED, finished, at=NOW)
    expected = [started, ended, over]
    assert await told(scene) == [(event.type, event.data) for event in expected]
    stored = await scene.rows(
        "select workspace_id, subject, campaign_id, at from told_events"
        " where type ~ '^(attempt|target)' order by id"
    )
    assert stored == [
        (event.workspace_id, event.subject, event.campaign_id, event.at) for event in expected
    ]


@pytest.mark.parametrize(
    "change",
    ["update targets set reach_address = address", "update attempts set hang_up_at = created_at"],
)
async def test_whatever_is_changed_at_that_moment_is_over_too(
    scene: Scene, conninfo: str, change: str
) -> None:
    given = answer(await claimed(scene), "delivered")
    async with onlooking(conninfo, at="with given") as until_one_waits:
        async with scene.engine.db.transaction() as tx:
            await tx.execute(change)  # pyright: ignore[reportArgumentType, reportCallIssue]
            storing = asyncio.create_task(store(scene, given))
            await until_one_waits()
        await storing
    [[state, _, _, target, *_]] = await ends(scene)
    assert (state, target) == ("ended", "finished")
    assert await ledger.broken(scene.engine) == []


async def test_storing_an_answer_again_changes_nothing(scene: Scene) -> None:
    given = answer(await claimed(scene), "delivered")
    await store(scene, given)
    before = await told(scene), await ends(scene)
    await store(scene, given)
    assert (await told(scene), await ends(scene)) == before
    assert await scene.rows("select count(*) from attempt_events") == [(2,)]


async def test_what_somebody_else_has_given_up_is_corrected(scene: Scene) -> None:
    intent = await claimed(scene)
    await outcomes.settle(
        scene.engine,
        attempt_id=intent.attempt_id,
        disposition=Disposition.UNKNOWN,
        reason="its worker died during it",
    )
    await store(scene, answer(intent, "delivered"))
    [row] = await ends(scene)
    assert (row[0], row[1], row[4]) == ("ended", "delivered", "delivered")
    assert [name for name, _ in await told(scene)][-1] == "target.corrected"


async def test_a_worker_with_another_number_finds_it_all_the_same(scene: Scene) -> None:
    await store(scene, answer(await claimed(scene), "delivered"), owner_id=OWNER + 1)
    [row] = await ends(scene)
    assert (row[0], row[4]) == ("ended", "delivered")


async def test_an_end_that_may_be_tried_again_is_decided_about(scene: Scene) -> None:
    await store(scene, answer(await claimed(scene), "busy"))
    [row] = await ends(scene)
    assert (row[0], row[1], row[3]) == ("ended", "busy", "waiting")
    assert len(await scene.rows("select 1 from due")) == 1


async def test_an_answer_that_is_no_end_leaves_it_to_its_carrier(scene: Scene) -> None:
    await store(scene, answer(await claimed(scene), None))
    assert await scene.rows("select state, owner_id from attempts") == [("accepted", 0)]
    assert await scene.rows("select detail from attempt_events where type = 'accepted'") == [
        ({"ref": "r-1"},)
    ]


async def test_a_price_is_settled_with_the_end(scene: Scene) -> None:
    intent = await claimed(scene)
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "insert into spending (workspace_id, purse, reserved) values (%s, '2026-03-10', 0.05),"
            " (%s, %s, 0.05)",
            (intent.workspace_id, intent.workspace_id, intent.campaign_id),
        )
        await tx.execute(
            "insert into charges (attempt_id, workspace_id, campaign_id, day, per, amount,"
            " reserved) values (%s, %s, %s, '2026-03-10', 'message', 0.05, 0.05)",
            (intent.attempt_id, intent.workspace_id, intent.campaign_id),
        )
    await store(scene, answer(intent, "delivered"))
    assert await scene.rows("select cost::float from charges") == [(0.05,)]
    assert await scene.rows("select distinct reserved::float, spent::float from spending") == [
        (0.0, 0.05)
    ]
    [row] = await ends(scene)
    assert (row[0], row[3]) == ("ended", "finished")


async def test_with_caps_too_it_is_told_that_an_attempt_begins(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        caps=[{"attempts": 2, "days": 1, "per": "number"}],
    )
    intent = await claimed(scene)
    assert await scene.rows("select state, ask_at is null from attempts") == [("sending", False)]
    assert [name for name, _ in await told(scene)] == ["attempt.started"]
    assert await scene.rows("select to_number from voice_calls") == [(intent.address,)]
