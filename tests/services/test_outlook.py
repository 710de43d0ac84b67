"""Preflight says beforehand what the run then does."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.contact import NewContact
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidTransition, PreflightBlocked
from campana.services import (
    campaigns,
    consents,
    control,
    outcomes,
    outlook,
    prices,
    suppressions,
    targets,
    windows,
)
from campana.services.context import Context
from campana.services.outlook import Outlook
from campana.services.suppressions import Scope
from tests.support.campaign import ANA, BOT, Scene, add_channel, add_list, person
from tests.support.database import FixedClock
from tests.support.people import reserved_numbers

PLACES = [
    ("US", ("America/New_York",)),
    ("US", ("America/Los_Angeles",)),
    ("US", ("America/Chicago", "America/New_York")),
    ("US", ("America/New_York", "America/Chicago")),
    ("GB", ("Europe/London",)),
    ("US", ()),
    ("US", ("Nowhere/Unknown",)),
]


def crowd(size: int) -> list[NewContact]:
    return [
        person(phone, country=country, zones=zones)
        for number, phone in enumerate(reserved_numbers()[:size])
        for country, zones in [PLACES[number % len(PLACES)]]
    ]


async def drafted(
    context: Context, workspace_id: int, people: list[NewContact], **document: Any
) -> dict[str, str]:
    """A draft of these people, as what `campaigns` asks to name it."""
    channel = await add_channel(context, workspace_id=workspace_id, rate=1000.0, burst=1000)
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    written = {
        "name": "Reminder",
        "type": "VoiceBot",
        "channelType": "Voice",
        "contactList": list_id,
        "channel": channel.id,
        "voiceBot": BOT,
        **document,
    }
    made = await campaigns.create(context, workspace_id=workspace_id, raw=written)
    return {"campaign_id": made.id}


async def look(context: Context, workspace_id: int, draft: dict[str, str]) -> Outlook:
    return await outlook.look_ahead(context, workspace_id=workspace_id, **draft)


async def suppress(context: Context, workspace_id: int, address: str, **scope: Any) -> None:
    await suppressions.add(
        context,
        workspace_id=workspace_id,
        address=address,
        reason="asked",
        source="test",
        **scope,
    )


async def agree(context: Context, workspace_id: int, person: NewContact) -> None:
    await consents.add(
        context,
        workspace_id=workspace_id,
        address=person.phone or "",
        is_granted=True,
        source="form",
        wording="Call me.",
    )


ALWAYS_LEFT_OUT = {"suppressed_workspace", "country_not_allowed", "zone_unknown"}


@pytest.mark.parametrize(
    ("document", "left_out"),
    [
        ({}, ALWAYS_LEFT_OUT),
        ({"requireConsent": True}, ALWAYS_LEFT_OUT | {"no_consent"}),
        ({"spendLimit": 1000}, ALWAYS_LEFT_OUT | {"price_unknown"}),
    ],
)
async def test_counts_by_reason_are_those_of_the_run(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
    document: dict[str, Any],
    left_out: set[str],
) -> None:
    people = crowd(140)
    draft = await drafted(context, workspace_id, people, **document)
    for number in (0, 1, 2, 4, 5):
        await suppress(context, workspace_id, people[number].phone or "")
    for number in range(0, 140, 3):
        await agree(context, workspace_id, people[number])
    if "spendLimit" in document:
        some = sorted({(each.phone or "")[:7] for each in people})[::2]
        table = ["channelType,prefix,per,amount", *(f"Voice,{each},minute,0.02" for each in some)]
        await prices.replace(engine_context, workspace_id=workspace_id, entries=prices.read(table))
    before = await look(context, workspace_id, draft)
    assert before.people == 140

    await control.launch(context, workspace_id=workspace_id, **draft)
    await targets.enroll(engine_context, **draft)
    async with context.db.read(workspace_id=workspace_id) as tx:
        [[channel_id]] = await (await tx.execute("select channel_id from campaigns")).fetchall()
    scene = await _scene(engine_context, context, workspace_id, channel_id, draft)
    attempted = 0
    for _ in range(30):
        await windows.refresh_all(engine_context)
        while claimed := await scene.claim(limit=200):
            attempted += len(claimed)
            for each in claimed:
                await outcomes.settle(
                    engine_context,
                    attempt_id=each.attempt_id,
                    disposition=Disposition.COMPLETED,
                    reason="test",
                )
        clock.forward(hours=1)
    rows = await scene.rows("select disposition, last_reason, state from targets")
    assert {state for _, _, state in rows} == {"finished"}
    skipped = Counter(reason for disposition, reason, _ in rows if disposition != "completed")
    assert before.skipped == skipped
    assert before.eligible == attempted
    assert before.eligible + sum(before.skipped.values()) == before.people
    assert set(skipped) == left_out


async def test_a_limit_that_holds_not_even_one_attempt_is_refused(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """180 seconds at 0.02 a minute are 0.06."""
    table = ["channelType,prefix,per,amount", "Voice,US,minute,0.02", "Voice,GB,minute,0.50"]
    await prices.replace(engine_context, workspace_id=workspace_id, entries=prices.read(table))
    people = [person(phone) for phone in reserved_numbers()[:2]]
    draft = await drafted(context, workspace_id, people, spendLimit=0.05)
    found = await look(context, workspace_id, draft)
    assert [problem.pointer for problem in found.problems] == ["/spendLimit"]
    with pytest.raises(PreflightBlocked):
        await control.launch(context, workspace_id=workspace_id, **draft)
    await campaigns.change(
        context, workspace_id=workspace_id, **draft, patch={"spendLimit": 0.06}, version=None
    )
    assert (await look(context, workspace_id, draft)).problems == []


async def test_it_says_what_the_run_may_cost(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Ten people at 0.02 a minute, 180 seconds at the most, tried once or twice."""
    draft = await drafted(
        context,
        workspace_id,
        [person(phone) for phone in reserved_numbers()[:10]],
        cadence={"maxAttempts": 2},
        voiceBot={**BOT, "maxSeconds": 180},
    )
    assert (await look(context, workspace_id, draft)).cost is None
    table = ["channelType,prefix,per,amount", "Voice,*,minute,9", "Voice,US,minute,0.02"]
    await prices.replace(engine_context, workspace_id=workspace_id, entries=prices.read(table))
    told = (await look(context, workspace_id, draft)).cost
    assert told is not None
    assert (told.lowest, told.highest) == (Decimal("0.20"), Decimal("1.20"))
    await campaigns.change(
        context, workspace_id=workspace_id, patch={"spendLimit": 0.5}, version=None, **draft
    )
    told = (await look(context, workspace_id, draft)).cost
    assert told is not None
    assert (told.lowest, told.highest) == (Decimal("0.20"), Decimal("0.5"))


async def _scene(
    engine: Context, web: Context, workspace_id: int, channel_id: str, draft: dict[str, str]
) -> Scene:
    from campana.services import channels

    channel = await channels.get(web, workspace_id=workspace_id, wanted=channel_id)
    return Scene(
        engine=engine,
        web=web,
        workspace_id=workspace_id,
        channel=channel,
        campaign_id=draft["campaign_id"],
    )


async def test_nothing_is_written(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    draft = await drafted(context, workspace_id, crowd(14))
    await look(context, workspace_id, draft)
    async with engine_context.db.read() as tx:
        query = (
            "select (select count(*) from targets) + (select count(*) from due)"
            " + (select count(*) from attempts) + (select count(*) from enrollments)"
        )
        assert await (await tx.execute(query)).fetchone() == (0,)


async def test_it_says_when_by_zone_and_hour_and_between_when_and_when_it_ends(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """13:00 UTC: New York opened an hour ago, Los Angeles opens in two."""
    clock.forward(hours=-2)
    east = [person(f"+1212555{n:04}", zones=("America/New_York",)) for n in range(30)]
    west = [person(f"+1213555{n:04}", zones=("America/Los_Angeles",)) for n in range(10)]
    draft = await drafted(context, workspace_id, east + west, pacing={"rate": 0.01})
    found = await look(context, workspace_id, draft)
    assert found.problems == []
    assert found.forecast is not None
    assert found.forecast.first_at == clock.now()
    by_hour = {(e.hour.hour, e.zones[0]): e.attempts for e in found.forecast.planned}
    assert by_hour == {
        (13, "America/New_York"): 30,
        (15, "America/Los_Angeles"): 10,
    }
    # 30 people at one in 100 s, then the ten at 15:00 and 1,000 s.
    last_at = clock.now() + timedelta(hours=2, seconds=1000)
    assert found.forecast.last_at == last_at
    assert found.latest is not None
    assert found.latest > last_at + timedelta(hours=16)


async def test_lines_and_long_calls_make_the_worst_case_later(
    context: Context, workspace_id: int
) -> None:
    people = [person(f"+1212555{n:04}") for n in range(100)]
    draft = await drafted(context, workspace_id, people, pacing={"lines": 1}, window=ALWAYS)
    found = await look(context, workspace_id, draft)
    assert found.forecast is not None
    assert found.forecast.last_at is not None
    assert found.forecast.first_at is not None
    assert found.forecast.last_at - found.forecast.first_at == timedelta(seconds=1500)
    assert found.latest is not None
    # Five tries of 225 s each, one after another, a little slower than they might be; each round is
    # over with its last call, and four hours later the next begins.
    seconds = 100 * 5 * 225 / 0.98 + 5 * 225 + 4 * 4 * 3600
    latest = found.latest - found.forecast.first_at
    assert abs(latest - timedelta(seconds=seconds)) < timedelta(seconds=1)


ALWAYS = {"always": True}


async def test_a_draft_that_lacks_everything_says_so_and_counts_nobody(
    context: Context, workspace_id: int
) -> None:
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "N", "type": "VoiceBot", "channelType": "Voice"},
    )
    found = await look(context, workspace_id, {"campaign_id": made.id})
    assert {problem.pointer for problem in found.problems} >= {"/contactList", "/channel"}
    assert (found.people, found.eligible, found.skipped, found.forecast) == (0, 0, {}, None)


@pytest.mark.parametrize("scope", [{}, {"scope": Scope.CHANNEL, "channel_type": ChannelType.VOICE}])
async def test_scopes_are_told_apart(
    scope: dict[str, Any], context: Context, workspace_id: int
) -> None:
    draft = await drafted(context, workspace_id, [person(ANA)])
    await suppress(context, workspace_id, ANA, **scope)
    found = await look(context, workspace_id, draft)
    assert found.skipped == {f"suppressed_{scope.get('scope', 'workspace')}": 1}


async def test_what_was_launched_is_asked_why_instead(context: Context, workspace_id: int) -> None:
    draft = await drafted(context, workspace_id, [person(ANA)])
    await control.launch(context, workspace_id=workspace_id, **draft)
    with pytest.raises(InvalidTransition):
        await look(context, workspace_id, draft)


async def test_whom_a_bot_knows_too_little_of_is_said_by_number_and_by_name(
    context: Context, workspace_id: int
) -> None:
    people = [person(f"+1212555{n:04}", attributes={"city": "Boston"}) for n in range(100, 110)]
    for n in range(6):
        people[n] = replace(people[n], attributes={"city": " "} if n else {})
    steps = [
        {
            "type": "ask",
            "id": "q",
            "text": "Are you {{ contact.first_name }}?",
            "keys": {"1": "end"},
        },
        {"type": "end", "id": "end", "text": "Goodbye from {{ contact.town }}."},
    ]
    script = {"greeting": "Hello {{ contact.city }}, {{ answer }}.", "steps": steps}
    draft = await drafted(context, workspace_id, people, voiceBot=script)
    found = await look(context, workspace_id, draft)
    async with context.db.read(workspace_id=workspace_id) as tx:
        rows = await (await tx.execute("select id from contacts order by id limit 5")).fetchall()
    first = ", ".join(f"ctc_{row[0]}" for row in rows)
    assert [each for each in found.warnings if "the bot reads" in each] == [
        f"6 of 10 contacts have no city, which the bot reads: {first}, …",
        f"10 of 10 contacts have no town, which the bot reads: {first}, …",
    ]
