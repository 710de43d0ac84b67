"""Claiming: who is taken, who is put off, who is dropped, and that nobody is taken twice."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from campana.domain.address import AddressKind
from campana.domain.disposition import Disposition
from campana.services import control, dispatch, granting, outcomes, suppressions
from campana.services.context import Context
from campana.services.dispatch import SEND_DEADLINE
from campana.store import owners
from campana.store.contacts import ContactAddress
from tests.support.campaign import ANA, BRUNO, CARLA, add_channel, launched, person
from tests.support.database import FixedClock
from tests.support.locks import onlooking
from tests.support.ownership import until_gone
from tests.support.waiting import eventually


async def test_claims_everybody_who_is_due_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    first = await scene.claim()
    again = await scene.claim()
    assert {c.address for c in first} == {ANA, BRUNO, CARLA}
    assert again == []
    assert {c.fields.first_name for c in first} == {"Ana", "Bruno", "Carla"}
    assert await scene.rows("select count(*) from due") == [(0,)]


async def test_eight_dispatchers_claim_each_of_1000_targets_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    people = [person(f"+1212555{n:04}", zones=("America/New_York",)) for n in range(1000)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)

    async def dispatcher(owner_id: int) -> list[str]:
        addresses: list[str] = []
        while claimed := await scene.claim(owner_id=owner_id, limit=7):
            addresses += [c.address for c in claimed]
        return addresses

    taken = await asyncio.gather(*(dispatcher(owner) for owner in range(1, 9)))
    everyone = [address for one in taken for address in one]
    assert len(everyone) == 1000
    assert len(set(everyone)) == 1000


async def test_defers_until_window_opens(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    groups = await dispatch.ready(engine_context, channel_ids=[scene.channel.id])
    # Midnight in New York. The groups were open when they were read; the gate looks at the clock.
    clock.forward(hours=13)
    for group in groups:
        claimed = await dispatch.claim(
            engine_context, group=group, channel_type="Voice", owner_id=1, limit=5
        )
        assert claimed == []
    rows = await scene.rows(
        "select t.address, d.due_at, t.last_reason from due d join targets t on t.id = d.target_id"
    )
    opens = {address: due_at for address, due_at, _ in rows}
    assert opens[ANA] == clock.now().replace(hour=12, minute=0)
    assert opens[BRUNO] == clock.now().replace(hour=15, minute=0)
    assert {reason for _, _, reason in rows} == {"window"}


async def test_a_suppressed_number_is_dropped_with_its_reason(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await suppressions.add(
        context, workspace_id=workspace_id, address=ANA, reason="asked us to stop", source="test"
    )
    assert {c.address for c in await scene.claim()} == {BRUNO, CARLA}
    [[disposition, reason]] = await scene.rows(
        "select disposition, last_reason from targets where address = %s", ANA
    )
    assert (disposition, reason) == ("suppressed", "suppressed_workspace")


async def test_a_suppressed_email_is_dropped_however_it_is_written(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type="Email",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    kept, stopped = "ana@example.com", "bruno@example.com"
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        channelType="Email",
        people=[
            person(
                phone,
                addresses=(ContactAddress(kind=AddressKind.EMAIL, value=email, country=None),),
            )
            for phone, email in ((ANA, kept), (BRUNO, stopped))
        ],
    )
    await suppressions.add(
        context,
        workspace_id=workspace_id,
        address="Bruno@Example.COM",
        reason="asked us to stop",
        source="test",
    )
    assert {each.address for each in await scene.claim()} == {kept}
    [[disposition, reason]] = await scene.rows(
        "select disposition, last_reason from targets where address = %s", stopped
    )
    assert (disposition, reason) == ("suppressed", "suppressed_workspace")


async def test_a_country_nobody_allowed_is_dropped(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    abroad = person("+442079460000", country="GB", zones=("Europe/London",))
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), abroad]
    )
    assert [c.address for c in await scene.claim()] == [ANA]
    [[disposition]] = await scene.rows(
        "select disposition from targets where address = %s", abroad.phone
    )
    assert disposition == "country_not_allowed"


async def test_a_number_without_a_zone_is_never_called(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA, zones=())]
    )
    assert await scene.claim() == []


async def test_one_conversation_at_a_time_with_a_number_over_all_campaigns(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id)
    one, other = [
        await launched(
            engine_context,
            context,
            workspace_id=workspace_id,
            people=[person(ANA)],
            channel=channel,
        )
        for _ in range(2)
    ]
    groups = await dispatch.ready(engine_context, channel_ids=[channel.id])
    claims = await asyncio.gather(
        *(
            dispatch.claim(engine_context, group=group, channel_type="Voice", owner_id=1, limit=5)
            for group in groups
        )
    )
    assert sorted(len(claimed) for claimed in claims) == [0, 1]
    waiting = await one.rows("select last_reason from targets where state = 'waiting'")
    assert waiting == [("address_busy",)]
    assert {one.campaign_id, other.campaign_id} == {g.campaign_id for g in groups}


@pytest.mark.parametrize("action", [control.pause, control.cancel])
async def test_nothing_is_claimed_once_a_stop_is_answered(
    action: object, engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    stop = control.pause if action is control.pause else control.cancel
    await stop(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert await scene.claim() == []


async def test_a_stale_group_of_a_paused_campaign_claims_nothing(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    [group, *_] = await dispatch.ready(engine_context, channel_ids=[scene.channel.id])
    await control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert (
        await dispatch.claim(engine_context, group=group, channel_type="Voice", owner_id=1, limit=5)
        == []
    )


async def test_pause_answers_only_when_a_written_intent_can_no_longer_be_sent(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim()
    pausing = asyncio.create_task(
        control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    )
    await eventually(lambda: scene.rows("select 1 from campaigns where state = 'paused'"))
    assert not pausing.done()
    clock.moment += SEND_DEADLINE + timedelta(seconds=0.2)
    await pausing


async def test_the_send_deadline_runs_from_where_a_stop_would_wait_for_the_claim(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock, conninfo: str
) -> None:
    """Not from before: a claim may wait for a connection, or for its grant."""
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await granting.grant(engine_context, channel_id=scene.channel.id, owner_id=1, wanted=3)
    async with onlooking(conninfo) as until_one_waits, engine_context.db.transaction() as tx:
        await tx.execute("select from grants for update")
        claiming = asyncio.create_task(scene.claim())
        await until_one_waits()
        waited_until = engine_context.monotonic()
        clock.forward(seconds=3)
    claimed = await claiming
    assert len(claimed) == 3
    assert {each.claimed_at for each in claimed} == {clock.now()}
    assert all(each.began >= waited_until for each in claimed)
    created = await scene.rows("select distinct created_at from attempts")
    assert created == [(clock.now(),)]


async def test_resume_goes_on_where_pause_left_off(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    await control.resume(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert len(await scene.claim()) == 3


async def test_grants_follow_the_rate_and_the_free_lines(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=2.0, burst=1, lines=2)
    scene = await launched(engine_context, context, workspace_id=workspace_id, channel=channel)

    async def ask(owner_id: int) -> int:
        return await granting.grant(
            engine_context, channel_id=channel.id, owner_id=owner_id, wanted=5
        )

    assert await ask(1) == 1
    assert await ask(1) == 0
    # A hundredth above half a second: sends are planned so far below the rate.
    clock.forward(seconds=0.506)
    assert await ask(1) == 1
    clock.forward(seconds=10)
    await scene.claim(owner_id=1, limit=1)
    open_attempts = await scene.rows("select count(*) from attempts")
    assert open_attempts == [(3,)]
    assert await ask(1) == 0


async def test_lines_promised_to_a_dead_owner_are_free_again(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, rate=100.0, lines=1)
    async with engine_context.db.session() as session:
        living = await owners.take_identity(session)
        granted = await granting.grant(
            engine_context, channel_id=channel.id, owner_id=living, wanted=1
        )
        clock.forward(seconds=1)
        other = await granting.grant(
            engine_context, channel_id=channel.id, owner_id=living + 1, wanted=1
        )
        assert (granted, other) == (1, 0)
    await until_gone(engine_context, living)
    clock.forward(seconds=1)
    assert (
        await granting.grant(engine_context, channel_id=channel.id, owner_id=living + 1, wanted=1)
        == 1
    )


async def test_only_the_owner_may_send_and_only_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim(owner_id=7)

    async def begin(owner_id: int) -> bool:
        return await dispatch.begin_sending(
            engine_context, claimed=claimed, owner_id=owner_id, from_number="+12025550100"
        )

    assert not await begin(8)
    assert await begin(7)
    assert not await begin(7)


async def test_the_engine_sees_a_retry_when_it_is_due(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [claimed] = await scene.claim()
    await outcomes.settle(
        replace(engine_context),
        attempt_id=claimed.attempt_id,
        disposition=Disposition.BUSY,
        reason="486",
    )
    assert await scene.claim() == []
    clock.forward(minutes=15)
    [again] = await scene.claim()
    assert again.attempt_no == 2
