"""A person's wish to try again, or to add people: counted, written down, and only while it may."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter, InvalidTransition
from campana.services import campaigns, closing, control, outcomes, reopening, suppressions, targets
from campana.services.context import Context
from campana.store import attempts, campaign_actions
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, add_list, launched, person
from tests.support.database import FixedClock
from tests.support.waiting import eventually

NO_ANSWER, UNKNOWN = Disposition.NO_ANSWER, Disposition.UNKNOWN


async def finished(
    engine: Context, web: Context, workspace_id: int, *, completed: bool = True, **document: Any
) -> Scene:
    """Ana was reached, Bruno did not answer, nobody knows of Carla."""
    ends = {ANA: Disposition.COMPLETED, BRUNO: NO_ANSWER, CARLA: UNKNOWN}
    scene = await launched(
        engine,
        web,
        workspace_id=workspace_id,
        cadence={"noAnswer": {"attempts": 1, "delaySeconds": 3600}},
        **document,
    )
    for each in await scene.claim():
        async with engine.db.transaction() as tx:
            await attempts.begin_sending(
                tx,
                attempt_id=each.attempt_id,
                owner_id=1,
                from_number="+12025550100",
                now=engine.clock.now(),
            )
        await outcomes.settle(
            engine, attempt_id=each.attempt_id, disposition=ends[each.address], reason="test"
        )
    if completed:
        assert await closing.close_finished(engine) == [scene.campaign_id]
    return scene


async def retried(scene: Scene, *wanted: Disposition) -> reopening.Reopened:
    return await reopening.retry(
        scene.web,
        workspace_id=scene.workspace_id,
        campaign_id=scene.campaign_id,
        outcomes=wanted,
        actor="the command line",
    )


async def state(scene: Scene) -> str:
    [[found]] = await scene.rows("select state from campaigns where id = %s", scene.campaign_id)
    return found


async def test_a_completed_campaign_runs_again_for_those_who_were_meant_and_says_who_wished_it(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    done = await retried(scene, NO_ANSWER, UNKNOWN, Disposition.BUSY)
    assert done.counts == {NO_ANSWER: 1, UNKNOWN: 1}
    assert (await state(scene), done.campaign.state) == ("running", "running")
    assert {each.address for each in await scene.claim()} == {BRUNO, CARLA}
    assert await ledger.broken(engine_context) == []
    async with context.db.read(workspace_id=workspace_id) as tx:
        [action, *_] = await campaign_actions.of_campaign(tx, campaign_id=scene.campaign_id)
    assert (action.action, action.actor) == ("retry", "the command line")
    assert action.detail == {"no_answer": 1, "unknown": 1}


async def test_an_archived_campaign_that_runs_again_is_archived_no_more(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    await control.archive(context, **where)
    assert (await retried(scene, Disposition.BUSY)).campaign.archived, "nobody is tried again"
    done = await retried(scene, NO_ANSWER)
    stored = await campaigns.get(context, **where)
    assert (done.campaign.archived, stored.archived) == (False, False)
    assert (stored.state, stored.version) == ("running", done.campaign.version)


async def test_a_repeat_finds_nobody_and_changes_nothing(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    assert (await retried(scene, Disposition.BUSY)).counts == {}
    assert await state(scene) == "completed"
    first, again = await asyncio.gather(retried(scene, NO_ANSWER), retried(scene, NO_ANSWER))
    assert sorted([len(first.counts), len(again.counts)]) == [0, 1]
    assert len(await scene.claim()) == 1


async def test_the_cadence_begins_anew_and_attempts_are_numbered_on(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    for number in (2, 3):
        await retried(scene, NO_ANSWER)
        [again] = await scene.claim()
        assert again.attempt_no == number
        await outcomes.settle(
            engine_context, attempt_id=again.attempt_id, disposition=Disposition.BUSY, reason="486"
        )
        # One busy of three: the tries before the wish do not count.
        [[waiting]] = await scene.rows("select state from targets where address = %s", BRUNO)
        assert waiting == "waiting"
        clock.forward(minutes=15)
        [after] = await scene.claim()
        await outcomes.settle(
            engine_context, attempt_id=after.attempt_id, disposition=NO_ANSWER, reason="480"
        )
        break
    assert await ledger.broken(engine_context) == []


async def test_the_gate_still_has_its_say(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    await suppressions.add(
        context, workspace_id=workspace_id, address=BRUNO, reason="asked", source="test"
    )
    await retried(scene, NO_ANSWER)
    assert await scene.claim() == []
    [[became]] = await scene.rows("select disposition from targets where address = %s", BRUNO)
    assert became == "suppressed"


@pytest.mark.parametrize(
    "final", [Disposition.COMPLETED, Disposition.DELIVERED, Disposition.DECLINED]
)
async def test_who_was_reached_or_said_no_is_never_tried_again(
    final: Disposition, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    with pytest.raises(InvalidParameter) as refused:
        await retried(scene, NO_ANSWER, final)
    [problem] = refused.value.problems
    assert problem.pointer == "/outcomes/1"
    assert await state(scene) == "completed"


async def test_paused_stays_paused_and_what_is_over_stays_over(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await finished(engine_context, context, workspace_id, completed=False)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    await control.pause(context, **where)
    assert (await retried(scene, NO_ANSWER)).counts == {NO_ANSWER: 1}
    assert await state(scene) == "paused"
    assert await scene.claim() == []
    await control.cancel(context, **where)
    with pytest.raises(InvalidTransition):
        await retried(scene, NO_ANSWER, UNKNOWN)

    ending = await finished(
        engine_context,
        context,
        workspace_id,
        channel=scene.channel,
        endDate=(clock.now() + timedelta(days=1)).isoformat(),
    )
    clock.forward(days=2)
    with pytest.raises(InvalidTransition):
        await retried(ending, NO_ANSWER)
    assert await state(ending) == "completed"


async def test_a_late_report_closes_whom_nobody_knew_of_before_another_try(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    await retried(scene, UNKNOWN)
    [[attempt_id]] = await scene.rows("select id from attempts where address = %s", CARLA)
    await outcomes.settle(
        engine_context,
        attempt_id=attempt_id,
        disposition=Disposition.COMPLETED,
        reason="told late",
    )
    assert await scene.claim() == []
    [[became]] = await scene.rows("select disposition from targets where address = %s", CARLA)
    assert became == "completed"
    assert await ledger.broken(engine_context) == []


@pytest.mark.parametrize("is_told_in_the_call", [True, False])
async def test_a_no_that_is_told_late_ends_what_a_person_has_tried_again_meanwhile(
    is_told_in_the_call: bool,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    await retried(scene, UNKNOWN)
    [[attempt_id]] = await scene.rows("select id from attempts where address = %s", CARLA)
    [again] = await scene.claim()
    late = {"attempt_id": attempt_id, "disposition": Disposition.DECLINED, "reason": "603"}
    if is_told_in_the_call:
        await outcomes.settle(engine_context, **late)
    await outcomes.settle(
        engine_context, attempt_id=again.attempt_id, disposition=Disposition.BUSY, reason="486"
    )
    if not is_told_in_the_call:
        await outcomes.settle(engine_context, **late)
    clock.forward(days=1)
    assert await scene.claim() == []
    [[became]] = await scene.rows("select disposition from targets where address = %s", CARLA)
    assert became == "declined"
    assert await ledger.broken(engine_context) == []


async def test_whoever_was_tried_on_another_number_waits_for_the_hours_there(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Under the hours of the first number a key may never be open when the gate says yes."""
    numbers = tuple(
        ContactAddress(kind=AddressKind.PHONE, value=each, country="US") for each in (ANA, BRUNO)
    )
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA, addresses=numbers)],
        cadence={"invalidNumber": {"then": "next_address"}},
    )
    for _ in numbers:
        [each] = await scene.claim()
        await outcomes.settle(
            engine_context,
            attempt_id=each.attempt_id,
            disposition=Disposition.INVALID_NUMBER,
            reason="404",
        )
    await retried(scene, Disposition.INVALID_NUMBER)
    assert await scene.rows("select window_key from due") == [("America/Los_Angeles",)]


async def test_a_campaign_is_never_completed_over_somebody_who_is_brought_back(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id, completed=False)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await tx.execute(
            "select 1 from campaigns where id = %s for no key update", (scene.campaign_id,)
        )
        closing_now = asyncio.create_task(closing.close_finished(engine_context))
        # It goes around a campaign somebody holds.
        assert await closing_now == []
    await retried(scene, NO_ANSWER)
    assert await closing.close_finished(engine_context) == []
    assert await state(scene) == "running"


async def test_people_are_added_to_a_completed_campaign_which_runs_again(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    dana = person("+12125550104")
    more = await add_list(
        context, workspace_id=workspace_id, people=[dana, person(ANA)], name="more people"
    )

    async def add() -> None:
        await reopening.add_people(
            context,
            workspace_id=workspace_id,
            campaign_id=scene.campaign_id,
            contact_list="more people",
            actor="the command line",
        )
        await targets.enroll(engine_context, campaign_id=scene.campaign_id)

    await add()
    assert await state(scene) == "running"
    # Ana was in it already: counted as a duplicate, not called twice.
    assert [each.address for each in await scene.claim()] == [dana.phone]
    assert await scene.rows(
        "select enrolled, duplicates from enrollments where list_id = %s", more
    ) == [(1, 1)]
    await add()
    assert await scene.claim() == []


async def test_a_list_that_does_not_exist_is_named(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await finished(engine_context, context, workspace_id)
    with pytest.raises(InvalidParameter) as refused:
        await reopening.add_people(
            replace(context),
            workspace_id=workspace_id,
            campaign_id=scene.campaign_id,
            contact_list="nobody",
            actor="test",
        )
    assert [problem.pointer for problem in refused.value.problems] == ["/contactList"]
    assert await eventually(lambda: state(scene)) == "completed"
