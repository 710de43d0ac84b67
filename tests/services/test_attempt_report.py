"""What the attempts of some days came to, counted by hand."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter, NotFound
from campana.services import attempt_report, dispatch, outcomes, windows
from campana.services.attempt_report import Report
from campana.services.context import Context
from campana.store.attempt_report import People
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person
from tests.support.database import FixedClock

D = Disposition
CADENCE = {"noAnswer": {"attempts": 2, "delaySeconds": 86_400}}


async def made(scene: Scene, clock: FixedClock, **became: Disposition) -> None:
    """Everybody who is due is tried and becomes what stands beside their name."""
    names = {ANA: "ana", BRUNO: "bruno", CARLA: "carla"}
    for claimed in await scene.claim():
        assert await dispatch.begin_sending(
            scene.engine, claimed=claimed, owner_id=1, from_number="+12025550100"
        )
        disposition = became[names[claimed.address]]
        if disposition in (D.COMPLETED, D.OPT_OUT):
            event = AttemptEvent(type=EventType.ANSWERED, at=clock.now())
            await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=event)
            clock.forward(seconds=30)
        await outcomes.settle(
            scene.engine, attempt_id=claimed.attempt_id, disposition=disposition, reason="as told"
        )


@pytest.fixture
async def scene(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> Scene:
    """First Ana talks, Bruno does not answer, Carla opts out; a day later Bruno is busy."""
    zones = {ANA: "America/New_York", BRUNO: "America/Chicago", CARLA: "America/Los_Angeles"}
    people = [person(phone, zones=(zone,)) for phone, zone in zones.items()]
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=people,
        cadence=CADENCE,
        window={"always": True},
    )
    await made(scene, clock, ana=D.COMPLETED, bruno=D.NO_ANSWER, carla=D.OPT_OUT)
    clock.forward(days=1)
    await windows.refresh_all(engine_context)
    await made(scene, clock, bruno=D.NOT_SENT)
    await made(scene, clock, bruno=D.BUSY)
    return scene


async def report(scene: Scene, **asked: str) -> Report:
    return await attempt_report.report(scene.web, workspace_id=scene.workspace_id, **asked)


async def test_it_adds_up_by_day_outcome_channel_campaign_and_hour(scene: Scene) -> None:
    found = await report(scene, first="2026-03-09", last="2026-03-11")
    assert [(each.key, each.attempts, each.reached) for each in found.sums.days] == [
        ("2026-03-09", 0, 0),
        ("2026-03-10", 3, 2),
        ("2026-03-11", 1, 0),
    ]
    assert {each.key: each.attempts for each in found.sums.outcomes} == {
        "completed": 1, "no_answer": 1, "opt_out": 1, "busy": 1,
    }  # fmt: skip
    [channel], [campaign] = found.sums.channels, found.sums.campaigns
    assert (channel.attempts, campaign.attempts) == (4, 4)
    assert found.sums.names[campaign.key] == "Reminder"
    assert found.people == People(tried=3, reached=2, completed=1)
    assert found.sums.talk_seconds == 60
    # 15:00 UTC is 11 in New Jersey, 10 in Chicago, 8 in Los Angeles.
    assert [(each.hour, each.attempts, each.reached) for each in found.hours if each.attempts] == [
        (8, 1, 1),
        (10, 2, 0),
        (11, 1, 1),
    ]
    assert found.best_hour is None, "three hours of one or two attempts say nothing"


async def test_a_campaign_is_reported_alone_and_since_its_launch(scene: Scene) -> None:
    found = await report(scene, campaign_id=scene.campaign_id)
    assert (found.sums.first.isoformat(), found.sums.last.isoformat()) == (
        "2026-03-10",
        "2026-03-11",
    )
    assert found.sums.attempts == 4
    other = await launched(
        scene.engine,
        scene.web,
        workspace_id=scene.workspace_id,
        channel=scene.channel,
        people=[person("+13125550104")],
    )
    assert (await report(scene, campaign_id=other.campaign_id)).sums.attempts == 0
    with pytest.raises(NotFound):
        await report(scene, campaign_id="camp_none")


async def test_the_file_says_the_same(scene: Scene) -> None:
    found = await report(scene, campaign_id=scene.campaign_id)
    text = b"".join([each async for each in attempt_report.as_csv(found)]).decode()
    lines = text.split("\r\n")
    assert lines[0] == "by,key,name,attempts,reached,share,talk_seconds,cost"
    assert "day,2026-03-10,,3,2,0.6667,60.0," in lines
    assert f"campaign,{scene.campaign_id},Reminder,4,2,0.5,60.0," in lines
    assert "hour,10,,2,0,0.0,," in lines
    assert "hour,0,,0,0,,," in lines


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"first": "yesterday", "last": "0001-01-01"}, ["dateFrom", "dateTo"]),
        ({"first": "2026-03-10", "last": "2026-03-09"}, ["dateTo"]),
        ({"first": "2026-01-01", "last": "2026-04-03"}, ["dateTo"]),
        ({"last": "9999-12-31"}, ["dateTo"]),
    ],
)
async def test_days_that_cannot_be_are_named(
    context: Context, workspace_id: int, asked: dict[str, Any], wrong: list[str]
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        await attempt_report.report(context, workspace_id=workspace_id, **asked)
    assert [each.parameter for each in caught.value.problems] == wrong


async def test_the_longest_is_ninety_two_days(context: Context, workspace_id: int) -> None:
    found = await attempt_report.report(
        context, workspace_id=workspace_id, first="2026-01-01", last="2026-04-02"
    )
    assert len(found.sums.days) == 92
    assert found.sums.attempts == 0
    assert found.sums.cost is None
