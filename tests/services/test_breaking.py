"""Campaigns that stop by themselves and go on again, channels left alone, first people judged."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.services import (
    breaking,
    control,
    dispatch,
    granting,
    outcomes,
    suppressions,
    targets,
    why,
)
from campana.services.context import Context
from campana.store import campaigns
from campana.store.attempts import CallFacts
from campana.store.db import Tx
from tests.support import ledger
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.database import FixedClock

PEOPLE = [person(f"+1212555{n:04}") for n in range(100, 200)]
QUICK = {"minimum": 4, "sampleSize": 10}


async def attempt(
    scene: Scene, disposition: Disposition, *, count: int, answered_at: datetime | None = None
) -> list[str]:
    """So many attempts that end like that; returns whom they reached."""
    made: list[str] = []
    while len(made) < count:
        claimed = await scene.claim(limit=count - len(made))
        assert claimed, f"only {len(made)} of {count} could be claimed"
        for each in claimed[: count - len(made)]:
            await outcomes.settle(
                scene.engine,
                attempt_id=each.attempt_id,
                disposition=disposition,
                reason="test",
                answered_at=answered_at,
            )
            made.append(each.address)
    return made


async def state(scene: Scene) -> tuple[Any, ...]:
    [row] = await scene.rows(
        "select state, state_reason, resume_at from campaigns where id = %s", scene.campaign_id
    )
    return row


async def test_too_many_failures_trip_a_campaign_with_the_reason(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, breakers=QUICK
    )
    await attempt(scene, Disposition.COMPLETED, count=1)
    await attempt(scene, Disposition.CARRIER_ERROR, count=3)
    assert await breaking.trip(engine_context) == []
    await attempt(scene, Disposition.CONGESTION, count=5)
    assert await breaking.trip(engine_context) == [scene.campaign_id]
    assert await state(scene) == (
        "tripped",
        "failure rate of 88.9% (8 of 9 attempts) is above 80%",
        None,
    )
    assert await scene.claim() == []
    told = await why.why(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert "failure rate of 88.9%" in told.sentence
    assert await breaking.trip(engine_context) == []


async def test_calls_that_nobody_takes_over_trip_a_campaign(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        breakers={**QUICK, "sampleSize": 40, "maxAbandonedTransferRate": 0.5},
    )
    for disposition, outcomes_of_calls in (
        (Disposition.COMPLETED, [[]] * 5 + [["no_answer"]] * 4 + [["no_answer", "refused"]] * 2),
        (Disposition.TRANSFERRED, [["busy", "answered"]] * 5),
        (Disposition.HUNG_UP, [["unknown"]]),
    ):
        for told in outcomes_of_calls:
            await hand_over(scene, disposition, told)
    assert await breaking.trip(engine_context) == []
    await hand_over(scene, Disposition.COMPLETED, ["barred"])
    assert await breaking.trip(engine_context) == [scene.campaign_id]
    assert (await state(scene))[1] == (
        "abandoned transfer rate of 53.8% (7 of 13 transfers) is above 50%"
    )


async def hand_over(scene: Scene, disposition: Disposition, told: Sequence[str]) -> None:
    """A call in which these became of the transfers that were asked for."""
    [claimed] = await scene.claim(limit=1)
    await dispatch.begin_sending(
        scene.engine, claimed=claimed, owner_id=1, from_number="+12025550100"
    )
    transfers = [
        {"step": "desk", "to": "+12025550160", "outcome": each, "status": None, "atMs": 1}
        for each in told
    ]
    facts = CallFacts(
        sip_status=None, talk_seconds=1.0, keys="", saved={}, result=None, transcript=[],
        recording_key=None, transfers=transfers,
    )  # fmt: skip
    await outcomes.settle(
        scene.engine,
        attempt_id=claimed.attempt_id,
        disposition=disposition,
        reason="test",
        facts=facts,
    )


async def test_a_person_who_lets_it_go_on_is_not_stopped_by_what_was_before(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, breakers=QUICK
    )
    await attempt(scene, Disposition.CARRIER_ERROR, count=5)
    assert await breaking.trip(engine_context)
    clock.forward(seconds=5)
    await control.resume(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert await state(scene) == ("running", None, None)
    assert await breaking.trip(engine_context) == []


async def test_it_goes_on_by_itself_when_it_was_told_to(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=PEOPLE,
        breakers={**QUICK, "resumeAfterSeconds": 60},
    )
    await attempt(scene, Disposition.CARRIER_ERROR, count=5)
    assert await breaking.trip(engine_context)
    assert (await state(scene))[2] == clock.now() + timedelta(seconds=60)
    clock.forward(seconds=59)
    assert await breaking.resume(engine_context) == []
    clock.forward(seconds=1)
    assert await breaking.resume(engine_context) == [scene.campaign_id]
    assert await state(scene) == ("running", None, None)
    assert await scene.claim(limit=1)
    told = await scene.rows(
        "select type, data->>'state', data->>'reason', data->>'resumeAt' from told_events"
        " where subject = %s order by id",
        scene.campaign_id,
    )
    why_stopped = "failure rate of 100% (5 of 5 attempts) is above 80%"
    assert told[-2:] == [
        ("campaign.tripped", "Tripped", why_stopped, "2026-03-10T15:01:00Z"),
        ("campaign.resumed", "Running", None, None),
    ]


@pytest.mark.parametrize(
    ("limits", "stopped"), [({"maxOptOutRate": 0.2}, True), ({"maxOptOutRate": None}, False)]
)
async def test_people_who_opt_out_after_their_call_trip_it(
    limits: dict[str, Any],
    stopped: bool,
    engine_context: Context,
    context: Context,
    workspace_id: int,
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, breakers=QUICK | limits
    )
    for address in (await attempt(scene, Disposition.COMPLETED, count=8))[:2]:
        await suppressions.add(
            context, workspace_id=workspace_id, address=address, reason="asked", source="test"
        )
    assert (await breaking.trip(engine_context) == [scene.campaign_id]) is stopped


async def test_old_attempts_and_those_beyond_the_sample_do_not_count(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, breakers=QUICK
    )
    await attempt(scene, Disposition.CARRIER_ERROR, count=3)
    clock.forward(minutes=16)
    await attempt(scene, Disposition.CARRIER_ERROR, count=3)
    assert await breaking.trip(engine_context) == []
    clock.forward(seconds=1)
    await attempt(scene, Disposition.COMPLETED, count=10)
    assert await breaking.trip(engine_context) == []


async def test_a_carrier_that_lets_nothing_through_is_left_alone_and_others_are_not(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    broken, sound = [
        await launched(
            engine_context,
            context,
            workspace_id=workspace_id,
            people=people,
            channel=await add_channel(context, workspace_id=workspace_id, name=name),
        )
        for name, people in (("broken", PEOPLE[:50]), ("sound", PEOPLE[50:]))
    ]

    async def granted(scene: Scene) -> int:
        return await granting.grant(
            engine_context, channel_id=scene.channel.id, owner_id=1, wanted=1
        )

    await attempt(broken, Disposition.CARRIER_ERROR, count=9)
    await attempt(sound, Disposition.NO_ANSWER, count=10)
    assert await breaking.rest_channels(engine_context) == []
    await attempt(broken, Disposition.CARRIER_ERROR, count=1)
    assert await breaking.rest_channels(engine_context) == [broken.channel.id]
    assert (await granted(broken), await granted(sound)) == (0, 1)
    assert await broken.claim() == []
    told = await why.why(context, workspace_id=workspace_id, campaign_id=broken.campaign_id)
    assert told.until in {None, clock.now() + timedelta(seconds=30)}

    # Up again after half a minute; three more failures put it down for twice as long.
    clock.forward(seconds=30)
    assert await granted(broken) == 1
    await attempt(broken, Disposition.CARRIER_ERROR, count=3)
    clock.forward(seconds=1)
    assert await breaking.rest_channels(engine_context) == [broken.channel.id]
    clock.forward(seconds=59)
    assert await granted(broken) == 0
    clock.forward(seconds=1)
    assert await granted(broken) == 1
    await attempt(broken, Disposition.BUSY, count=1)
    await breaking.rest_channels(engine_context)
    assert await broken.rows(
        "select failing, down_until from pacing where channel_id = %s", broken.channel.id
    ) == [(0, None)]


CANARY = {"percent": 5, "maxFailureRate": 0.3}


async def test_first_people_alone_then_everybody_when_they_did_well(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, canary=CANARY
    )
    first = await scene.claim(limit=50)
    assert len(first) == 5
    assert await scene.claim(limit=50) == []
    for number, each in enumerate(first):
        # In contact still: no verdict.
        assert await breaking.judge(engine_context) == []
        outcome = Disposition.COMPLETED if number else Disposition.CARRIER_ERROR
        await outcomes.settle(
            engine_context, attempt_id=each.attempt_id, disposition=outcome, reason="test"
        )
    told = await why.why(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert told.cause in {"canary", "no_worker"}
    assert await breaking.judge(engine_context) == [scene.campaign_id]
    assert len(await scene.claim(limit=95)) == 95
    assert await ledger.broken(engine_context) == []


async def test_first_people_who_did_badly_stop_it_until_a_person_lets_the_rest_go(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, canary=CANARY
    )
    await attempt(scene, Disposition.CARRIER_ERROR, count=5)
    assert await breaking.judge(engine_context) == []
    stopped, reason, _ = await state(scene)
    assert stopped == "tripped"
    assert reason.startswith("of its first people, failure rate of 100%")
    await control.resume(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    assert len(await scene.claim(limit=95)) == 95


async def test_sixteen_workers_never_begin_more_than_the_first_people(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    import asyncio

    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, canary=CANARY
    )
    taken = await asyncio.gather(*(scene.claim(owner_id=n, limit=3) for n in range(1, 17)))
    assert sum(len(each) for each in taken) == 5


async def test_people_enrolled_later_are_counted_in(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(targets, "STRETCH", 20)
    enrolled: list[int] = []
    whole = targets._stretch  # pyright: ignore[reportPrivateUsage]

    async def one_stretch(engine: Context, campaign_id: str) -> bool:
        enrolled.append(1)
        return await whole(engine, campaign_id) if len(enrolled) < 2 else False

    monkeypatch.setattr(targets, "_stretch", one_stretch)
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=PEOPLE, canary=CANARY
    )
    # A twentieth of the twenty who are there.
    assert len(await scene.claim(limit=50)) == 1
    monkeypatch.setattr(targets, "_stretch", whole)
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    assert await breaking.judge(engine_context) == []
    assert len(await scene.claim(limit=50)) == 4


async def explained(tx: Tx, query: str, values: dict[str, Any]) -> Sequence[Any]:
    return await (await tx.execute(f"explain {query}", values)).fetchall()  # pyright: ignore[reportArgumentType, reportCallIssue]


@pytest.mark.new_database
async def test_the_sample_is_read_from_its_index(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    from campana.store import breakers

    scene = await launched(engine_context, context, workspace_id=workspace_id, people=PEOPLE[:3])
    async with engine_context.db.transaction() as tx:
        await tx.execute("set local enable_seqscan = off")
        plan = await explained(
            tx,
            breakers._SQL["sample"],  # pyright: ignore[reportPrivateUsage]
            {
                "campaign_id": scene.campaign_id,
                "since": clock.now(),
                "limit": 100,
                **{each: ["completed"] for each in ("no_contact", "answers", "wishes")},
            },
        )
        found = await campaigns.get(tx, campaign_id=scene.campaign_id, now=clock.now())
    assert found is not None
    text = "\n".join(row[0] for row in plan)
    assert "attempts_ended" in text
    assert "Sort" not in text.partition("attempts_ended")[0].partition("Limit")[2]
