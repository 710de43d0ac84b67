"""What was used before the launch counts: preflight reckons with what is left, as the run does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from campana.domain.caller_id import CallerIds
from campana.domain.disposition import Disposition
from campana.services import campaigns, control, outlook, policy, prices, targets, windows
from campana.services.context import Context
from campana.services.outlook import Outlook
from tests.services.test_spending import end
from tests.support.campaign import BOT, Scene, add_channel, add_list, launched, person
from tests.support.database import FixedClock

NUMBERS = ("+12025550100", "+12025550101")
POOL = CallerIds(numbers=NUMBERS, calls_a_day=4)
CONFIG = {
    "trunks": [{"host": "127.0.0.1", "port": 5060}],
    "callerIds": list(NUMBERS),
    "callsPerCallerId": 4,
}
EARLIER = [person(f"+1212555{n:04}", zones=("America/New_York",)) for n in range(100, 105)]
PEOPLE = [person(f"+1212555{n:04}", zones=("America/New_York",)) for n in range(110, 124)]
SHORT = {**BOT, "maxSeconds": 180}
ONCE = {"cadence": {"maxAttempts": 1}, "voiceBot": SHORT}


async def drafted(scene: Scene, **document: Any) -> dict[str, str]:
    """Another campaign on the channel, to people of its own."""
    list_id = await add_list(
        scene.web, workspace_id=scene.workspace_id, people=PEOPLE, name="others"
    )
    made = await campaigns.create(
        scene.web,
        workspace_id=scene.workspace_id,
        raw={
            "name": "Next",
            "type": "VoiceBot",
            "channelType": scene.channel.channel_type,
            "contactList": list_id,
            "channel": scene.channel.id,
            **ONCE,
            **document,
        },
    )
    return {"campaign_id": made.id}


async def look(scene: Scene, draft: dict[str, str]) -> Outlook:
    return await outlook.look_ahead(scene.web, workspace_id=scene.workspace_id, **draft)


def by_day(hours: Mapping[datetime, int]) -> dict[date, tuple[int, int]]:
    """How many on each day of UTC, and the hour of the first."""
    days = sorted({hour.date() for hour in hours})
    return {
        day: (
            sum(count for hour, count in hours.items() if hour.date() == day),
            min(hour.hour for hour in hours if hour.date() == day),
        )
        for day in days
    }


def planned(foretold: Outlook) -> dict[date, tuple[int, int]]:
    assert foretold.forecast is not None
    found = Counter[datetime]()
    for each in foretold.forecast.planned:
        found[each.hour] += each.attempts
    return by_day(found)


async def run(
    scene: Scene, draft: dict[str, str], clock: FixedClock, **claims: Any
) -> dict[date, tuple[int, int]]:
    """The attempts that begin, one each hour, each over as soon as it has begun."""
    await control.launch(scene.web, workspace_id=scene.workspace_id, **draft)
    await targets.enroll(scene.engine, **draft)
    own = replace(scene, campaign_id=draft["campaign_id"])
    found = Counter[datetime]()
    for _ in range(6 * 24):
        await windows.refresh_all(scene.engine)
        for each in await own.claim(limit=1, **claims):
            found[clock.now()] += each.campaign_id == own.campaign_id
            await end(scene.engine, each, Disposition.COMPLETED, seconds=30)
        if not await own.rows("select from due limit 1"):
            break
        clock.forward(hours=1)
    return by_day(found)


@pytest.mark.parametrize(
    ("chosen", "left", "a_day"), [({}, 3, 8), ({"callerId": NUMBERS[0]}, 1, 4)]
)
async def test_calls_that_numbers_have_placed_today_are_gone(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
    chosen: dict[str, str],
    left: int,
    a_day: int,
) -> None:
    """Five calls of another campaign, by turns: three from the first number, two from the other."""
    channel = await add_channel(context, workspace_id=workspace_id, config=CONFIG)
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=EARLIER, channel=channel
    )
    for _ in EARLIER:
        for each in await scene.claim(limit=1, callers=POOL):
            await end(scene.engine, each, Disposition.COMPLETED, seconds=30)
    draft = await drafted(scene, **chosen)
    foretold = planned(await look(scene, draft))
    assert await run(scene, draft, clock, callers=POOL.only(chosen.get("callerId"))) == foretold
    assert [count for count, _ in foretold.values()][:2] == [left, a_day]


async def test_what_was_spent_today_is_gone_until_the_day_of_the_policy_ends(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """Three calls at 0.02 of another campaign; 0.06 is set aside for each, so that 0.20 pays for
    eight in a day. In Tokyo it ends at 15:00 UTC, when New York has long been open."""
    await policy.replace(
        engine_context,
        workspace_id=workspace_id,
        raw={"dailySpendLimit": 0.20, "timeZone": "Asia/Tokyo"},
    )
    table = ["channelType,prefix,per,amount", "Voice,US,minute,0.02"]
    await prices.replace(engine_context, workspace_id=workspace_id, entries=prices.read(table))
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=EARLIER[:3], voiceBot=SHORT
    )
    for each in await scene.claim():
        await end(scene.engine, each, Disposition.COMPLETED, seconds=30)
    draft = await drafted(scene)
    foretold = planned(await look(scene, draft))
    assert await run(scene, draft, clock) == foretold
    assert list(foretold.values()) == [(5, 15), (8, 15), (1, 15)]


async def test_a_campaign_that_may_not_spend_enough_says_whom_it_leaves_out(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """0.30 pays for thirteen calls of a minute, when 0.06 is set aside for each."""
    table = ["channelType,prefix,per,amount", "Voice,US,minute,0.02"]
    await prices.replace(engine_context, workspace_id=workspace_id, entries=prices.read(table))
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=EARLIER[:1], voiceBot=SHORT
    )
    draft = await drafted(scene, spendLimit=0.30)
    found = await look(scene, draft)
    assert found.forecast is not None
    assert (found.forecast.not_reached, found.latest) == (1, None)
    assert [each for each in found.warnings if "spendLimit" in each] == [
        "the spendLimit of 0.3 is used up when 13 of 14 people have been contacted: raise it, or"
        " the campaign stops there"
    ]
    begun = await run(scene, draft, clock)
    assert sum(count for count, _ in begun.values()) == 13
