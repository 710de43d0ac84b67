"""Caps: how often one person is tried, over all campaigns, whoever else claims at the moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter
from campana.services import control, dispatch, outcomes, policy, windows
from campana.services.context import Context
from campana.store.db import Database, Role
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, Scene, add_channel, launched, person
from tests.support.database import NOW, FixedClock

ONE_A_DAY = {"per": "number", "attempts": 1, "days": 1}
BUSY_AGAIN = {"maxAttempts": 20, "busy": {"attempts": 20, "delaySeconds": 1}}


async def end_all(scene: Scene, disposition: Disposition = Disposition.BUSY) -> int:
    """Claim whom one may and end each attempt at once; how many that were."""
    await windows.refresh_all(scene.engine)
    claimed = await scene.claim()
    for each in claimed:
        await outcomes.settle(
            scene.engine, attempt_id=each.attempt_id, disposition=disposition, reason="ended"
        )
    return len(claimed)


async def waiting(scene: Scene) -> list[tuple[Any, ...]]:
    return await scene.rows(
        "select t.last_reason, d.due_at from targets t join due d on d.target_id = t.id"
        " order by t.id"
    )


async def test_a_cap_puts_off_until_it_opens_again(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        window={"always": True},
        cadence=BUSY_AGAIN,
        caps=[{"per": "number", "attempts": 2, "days": 3}],
    )
    for _ in range(2):
        assert await end_all(scene) == 1
        clock.forward(hours=1)
    assert await end_all(scene) == 0
    # Two in three days: open again when the first of the two is three days old.
    assert await waiting(scene) == [("caps", NOW + timedelta(days=3))]
    clock.moment = NOW + timedelta(days=3, seconds=-1)
    assert await end_all(scene) == 0
    clock.moment = NOW + timedelta(days=3)
    assert await end_all(scene) == 1
    clock.forward(seconds=1)
    assert await end_all(scene) == 0
    assert await waiting(scene) == [("caps", NOW + timedelta(days=3, hours=1))]


async def test_the_strictest_of_several_caps_holds(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"caps": [ONE_A_DAY]})
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        window={"always": True},
        cadence=BUSY_AGAIN,
        caps=[{"per": "contact", "attempts": 2, "days": 30}],
    )
    for day in range(4):
        clock.moment = NOW + timedelta(days=day)
        assert await end_all(scene) == (1 if day < 2 else 0)
        clock.forward(seconds=1)
        assert await end_all(scene) == 0
    assert await waiting(scene) == [("caps", NOW + timedelta(days=30))]


async def test_a_number_is_counted_over_all_lists_and_campaigns(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    first = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    assert await end_all(first, Disposition.COMPLETED) == 1
    clock.forward(hours=1)
    second = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(BRUNO)],
        channel=first.channel,
        caps=[ONE_A_DAY],
    )
    [claimed] = await second.claim()
    assert claimed.address == BRUNO


async def test_what_never_touched_the_network_does_not_count(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        cadence=BUSY_AGAIN,
        caps=[ONE_A_DAY],
    )
    for _ in range(3):
        assert await end_all(scene, Disposition.NOT_SENT) == 1
    assert await end_all(scene) == 1
    clock.forward(seconds=1)
    assert await end_all(scene) == 0


async def test_a_cap_that_is_set_later_counts_what_was_before(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        window={"always": True},
        cadence=BUSY_AGAIN,
    )
    assert await end_all(scene) == 1
    clock.forward(seconds=1)
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"caps": [ONE_A_DAY]})
    assert await end_all(scene) == 0
    await policy.replace(engine_context, workspace_id=workspace_id, raw={})
    clock.forward(days=1)
    assert await end_all(scene) == 1


async def test_a_contact_held_by_another_claim_is_not_waited_for(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(BRUNO)],
        caps=[{"per": "contact", "attempts": 1, "days": 1}],
    )
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            "select from contacts c join contact_addresses a on a.contact_id = c.id"
            " where a.value = %s for no key update of c",
            (ANA,),
        )
        [claimed] = await scene.claim()
        assert claimed.address == BRUNO
    assert await waiting(scene) == [("contact_busy", NOW + timedelta(seconds=15))]
    clock.forward(seconds=15)
    [claimed] = await scene.claim()
    assert claimed.address == ANA


async def test_an_attempt_made_between_the_look_and_the_intent_counts(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another campaign reaches Ana, and is done, after this claim has read that nobody did."""
    rival = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        channel=rival.channel,
        caps=[ONE_A_DAY],
    )
    check = dispatch.gate.check
    asked = 0

    def in_between(*facts: Any) -> Any:
        nonlocal asked
        asked += 1
        return check(*facts)

    hold_contacts = dispatch.capping.hold_contacts

    async def while_held(*args: Any, **kwargs: Any) -> Any:
        await end_all(rival, Disposition.COMPLETED)
        return await hold_contacts(*args, **kwargs)

    [group] = [
        group
        for group in await dispatch.ready(engine_context, channel_ids=[scene.channel.id])
        if group.campaign_id == scene.campaign_id
    ]
    with monkeypatch.context() as patch:
        patch.setattr(dispatch.capping, "hold_contacts", _once(while_held, hold_contacts))
        patch.setattr(dispatch.gate, "check", in_between)
        claimed = await dispatch.claim(
            engine_context, group=group, channel_type="Voice", owner_id=1, limit=10
        )
    assert claimed == []
    assert asked == 2
    assert await waiting(scene) == [("caps", NOW + timedelta(days=1))]
    assert await ledger.broken(engine_context) == []


def _once(first: Any, then: Any) -> Any:
    """Called a second time (by the rival's own claim) it does what it always did."""
    calls = iter([first])

    async def call(*args: Any, **kwargs: Any) -> Any:
        return await next(calls, then)(*args, **kwargs)

    return call


@pytest.fixture
async def sixteen(engine_context: Context, conninfo: str) -> AsyncIterator[Context]:
    """The engine with a connection for each of sixteen workers."""
    db = Database(conninfo, role=Role.ENGINE, max_connections=16)
    await db.open()
    yield replace(engine_context, db=db)
    await db.close()


@pytest.mark.timeout(180)
@pytest.mark.parametrize("per", ["number", "contact"])
async def test_sixteen_workers_on_two_campaigns_never_exceed_one(
    sixteen: Context, context: Context, workspace_id: int, clock: FixedClock, per: str
) -> None:
    numbers = [f"+1212555{n:04d}" for n in range(100, 140)]
    channel = await add_channel(context, workspace_id=workspace_id)
    scenes = [
        await launched(
            sixteen,
            context,
            workspace_id=workspace_id,
            people=[person(number) for number in numbers],
            channel=channel,
            window={"always": True},
            cadence=BUSY_AGAIN,
            caps=[{"per": per, "attempts": 1, "days": 1}],
        )
        for _ in range(2)
    ]
    if per == "contact":
        await _share_contacts(sixteen, scenes)
    for _ in range(4):
        await asyncio.gather(*(_work(scenes[0], owner) for owner in range(16)))
        clock.forward(seconds=16)
    made = await scenes[0].rows(
        "select address from attempts where disposition is distinct from 'not_sent'"
    )
    assert Counter(address for (address,) in made) == Counter(numbers)
    assert await ledger.broken(sixteen) == []


async def _share_contacts(context: Context, scenes: Sequence[Scene]) -> None:
    """Both campaigns are about the same contacts, each on another of their numbers' lists."""
    async with context.db.transaction() as tx:
        await tx.execute(
            "update targets t set contact_id = o.contact_id from targets o"
            " where t.campaign_id = %s and o.campaign_id = %s and o.address = t.address",
            (scenes[1].campaign_id, scenes[0].campaign_id),
        )


async def _work(scene: Scene, owner_id: int) -> None:
    """Claim a few at a time from both campaigns and end each at once, until nothing is due."""
    while groups := await dispatch.ready(scene.engine, channel_ids=[scene.channel.id]):
        for group in groups:
            for each in await dispatch.claim(
                scene.engine, group=group, channel_type="Voice", owner_id=owner_id, limit=3
            ):
                await outcomes.settle(
                    scene.engine,
                    attempt_id=each.attempt_id,
                    disposition=Disposition.BUSY,
                    reason="ended",
                )


@pytest.mark.parametrize(
    ("cap", "pointer"),
    [
        ({"attempts": 0}, "/caps/0/attempts"),
        ({"days": 0}, "/caps/0/days"),
        ({"days": 31}, "/caps/0/days"),
        ({"per": "list"}, "/caps/0/per"),
    ],
)
async def test_a_cap_that_means_nothing_is_refused(
    engine_context: Context, workspace_id: int, cap: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        await policy.replace(
            engine_context, workspace_id=workspace_id, raw={"caps": [{**ONE_A_DAY, **cap}]}
        )
    assert [problem.pointer for problem in caught.value.problems] == [pointer]
    assert await policy.show(engine_context, workspace_id=workspace_id) == {}


async def test_caps_and_a_zone_that_mean_nothing_are_told_at_once(
    engine_context: Context, workspace_id: int
) -> None:
    raw = {"caps": [{"per": "number", "attempts": 0, "days": 31}], "timeZone": "Mars/Olympus"}
    with pytest.raises(InvalidParameter) as refused:
        await policy.replace(engine_context, workspace_id=workspace_id, raw=raw)
    found = [each.pointer for each in refused.value.problems]
    assert found == ["/caps/0/attempts", "/caps/0/days", "/timeZone"]


async def test_an_attempt_that_never_left_fills_no_cap_of_anybody(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"caps": [ONE_A_DAY]})
    rival = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        channel=rival.channel,
    )
    [claimed] = await rival.claim()
    assert await scene.claim() == []
    await control.cancel(
        context, workspace_id=workspace_id, campaign_id=rival.campaign_id, actor="Bruno"
    )
    await outcomes.settle(
        engine_context,
        attempt_id=claimed.attempt_id,
        disposition=Disposition.NOT_SENT,
        reason="too late",
    )
    clock.forward(seconds=15)
    assert [each.address for each in await scene.claim()] == [ANA]
