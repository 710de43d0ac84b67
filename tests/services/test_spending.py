"""Limits to what may be spent: promised in the claim, settled at the end, never passed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter, PreflightBlocked
from campana.services import (
    campaigns,
    control,
    dispatch,
    outcomes,
    policy,
    prices,
    reports,
    spending,
)
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.intents import Send
from campana.store.attempts import CallFacts
from campana.store.db import Database, Role
from campana.store.reports import Told
from tests.support import ledger
from tests.support.campaign import ANA, BOT, BRUNO, CARLA, Scene, launched, person
from tests.support.database import NOW, FixedClock

D = Disposition
TABLE = ["channelType,prefix,per,amount", "Voice,US,minute,0.10", "Voice,+1310,minute,0.50"]
THREE_MINUTES = {**BOT, "maxSeconds": 180}


async def set_prices(context: Context, workspace_id: int, table: list[str] = TABLE) -> None:
    await prices.replace(context, workspace_id=workspace_id, entries=prices.read(table))


async def priced(engine: Context, web: Context, workspace_id: int, **document: Any) -> Scene:
    """A campaign whose calls last three minutes at most: 0.30, Bruno's 1.50."""
    await set_prices(engine, workspace_id)
    written = {"voiceBot": THREE_MINUTES, "window": {"always": True}, **document}
    return await launched(engine, web, workspace_id=workspace_id, **written)


async def end(
    context: Context, claimed: Claimed, disposition: Disposition, seconds: float | None = None
) -> None:
    facts = CallFacts(
        sip_status=200,
        talk_seconds=seconds,
        keys="",
        saved={},
        result=None,
        transcript=[],
        recording_key=None,
    )
    await outcomes.settle(
        context,
        attempt_id=claimed.attempt_id,
        disposition=disposition,
        reason="ended",
        facts=facts,
    )


async def purses(scene: Scene) -> dict[str, tuple[Decimal, Decimal]]:
    """Spent and promised, of the day and of the campaign."""
    rows = await scene.rows("select purse, spent, reserved from spending")
    return {purse: (spent, reserved) for purse, spent, reserved in rows}


async def put_off(scene: Scene) -> list[tuple[str, datetime]]:
    return await scene.rows(
        "select t.address, d.due_at from targets t join due d on d.target_id = t.id"
        " where t.last_reason = 'budget' order by t.id"
    )


def money(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


async def test_what_is_promised_becomes_what_it_cost(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await priced(engine_context, context, workspace_id)
    calls = {each.address: each for each in await scene.claim()}
    assert await purses(scene) == {
        "2026-03-10": money("0", "2.10"),
        scene.campaign_id: money("0", "2.10"),
    }
    await end(engine_context, calls[ANA], D.COMPLETED, seconds=61)
    await end(engine_context, calls[BRUNO], D.NO_ANSWER)
    await end(engine_context, calls[CARLA], D.NOT_SENT)
    assert set((await purses(scene)).values()) == {money("0.20", "0")}
    costs = await scene.rows("select cost from charges order by cost")
    assert costs == [(Decimal(0),), (Decimal(0),), (Decimal("0.20"),)]


async def test_a_carrier_that_reports_answer_and_end_has_told_how_long_it_was(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Together in one report, one after another, and of somebody who never answered."""
    scene = await priced(engine_context, context, workspace_id)
    send = Send(sender=None, is_call=True, ask_after=timedelta(minutes=1))
    calls = {each.address: each for each in await scene.claim(send=send)}
    answered, over = NOW + timedelta(seconds=10), NOW + timedelta(seconds=71)

    async def report(address: str, kind: EventType, at: datetime, **detail: str) -> None:
        event = AttemptEvent(type=kind, at=at, detail=detail)
        attempt_id = calls[address].attempt_id
        told = Told(channel_id=scene.channel.id, attempt_id=attempt_id, key=kind, event=event)
        async with engine_context.db.transaction() as tx:
            await reports.apply_told(tx, engine_context, [told])

    together = {"disposition": "completed", "answered_at": answered.isoformat()}
    await report(ANA, EventType.ENDED, over, **together)
    await report(BRUNO, EventType.ANSWERED, answered)
    await report(BRUNO, EventType.ENDED, over, disposition="hung_up")
    await report(CARLA, EventType.ENDED, over, disposition="no_answer")
    rows = await scene.rows(
        "select a.address, c.cost from charges c join attempts a on a.id = c.attempt_id"
    )
    assert dict(rows) == {ANA: Decimal("0.20"), BRUNO: Decimal("1.00"), CARLA: Decimal(0)}


async def test_nobody_knows_what_an_unknown_attempt_cost_until_it_is_known(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await priced(engine_context, context, workspace_id)
    calls = {each.address: each for each in await scene.claim()}
    await dispatch.begin_sending(
        engine_context, claimed=calls[ANA], owner_id=1, from_number="+12025550100"
    )
    await end(engine_context, calls[ANA], D.UNKNOWN)
    assert (await purses(scene))[scene.campaign_id] == money("0.30", "1.80")
    await end(engine_context, calls[ANA], D.COMPLETED, seconds=30)
    assert (await purses(scene))[scene.campaign_id] == money("0.10", "1.80")
    await end(engine_context, calls[ANA], D.COMPLETED, seconds=90)
    assert (await purses(scene))[scene.campaign_id] == money("0.10", "1.80")


async def test_the_day_ends_where_the_workspace_is(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await policy.replace(
        engine_context,
        workspace_id=workspace_id,
        raw={"dailySpendLimit": 0.4, "timeZone": "America/New_York"},
    )
    scene = await priced(
        engine_context,
        context,
        workspace_id,
        people=[person(ANA), person("+12125550111")],
        cadence={"busy": {"attempts": 9, "delaySeconds": 1}},
    )
    [claimed] = await scene.claim(limit=1)
    clock.forward(seconds=1)
    # While a call is open some of what it was promised may come back.
    assert await scene.claim() == []
    assert {until for _, until in await put_off(scene)} == {NOW + timedelta(seconds=61)}
    await end(engine_context, claimed, D.BUSY)
    clock.forward(seconds=60)
    again = await scene.claim(limit=1)
    assert len(again) == 1
    await end(engine_context, again[0], D.COMPLETED, seconds=120)
    clock.forward(seconds=60)
    assert await scene.claim() == []
    midnight = datetime(2026, 3, 11, 4, tzinfo=UTC)
    assert {until for _, until in await put_off(scene)} == {midnight}
    clock.moment = midnight
    assert len(await scene.claim()) == 1


async def test_nobody_waits_into_the_next_day_for_what_may_come_back_of_this_one(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """A call is open half a minute before Berlin's midnight, and all the money promised to it."""
    await policy.replace(
        engine_context,
        workspace_id=workspace_id,
        raw={"dailySpendLimit": 0.4, "timeZone": "Europe/Berlin"},
    )
    clock.moment = datetime(2026, 3, 10, 22, 59, 30, tzinfo=UTC)
    scene = await priced(
        engine_context, context, workspace_id, people=[person(ANA), person("+12125550111")]
    )
    assert len(await scene.claim()) == 1
    midnight = datetime(2026, 3, 10, 23, tzinfo=UTC)
    assert {until for _, until in await put_off(scene)} == {midnight}
    clock.moment = midnight
    assert len(await scene.claim()) == 1


async def test_a_campaign_that_has_spent_its_limit_is_stopped_with_the_reason(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await priced(
        engine_context,
        context,
        workspace_id,
        people=[person(ANA), person(CARLA)],
        spendLimit=0.5,
    )
    [claimed] = await scene.claim(limit=1)
    assert await scene.claim() == []
    assert len(await put_off(scene)) == 1
    await end(engine_context, claimed, D.COMPLETED, seconds=121)
    clock.forward(seconds=60)
    assert await scene.claim() == []
    assert await scene.rows("select state from campaigns") == [("tripped",)]
    assert await scene.rows(
        "select detail->>'reason', at from campaign_actions where action = 'trip'"
    ) == [(spending.EXHAUSTED, clock.moment)]
    await campaigns.change(
        context,
        workspace_id=workspace_id,
        campaign_id=scene.campaign_id,
        patch={"spendLimit": 0.6},
        version=None,
    )
    await control.resume(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    clock.forward(seconds=60)
    assert len(await scene.claim()) == 1
    assert await ledger.broken(engine_context) == []


async def test_whoever_has_no_price_is_left_out_only_when_there_is_a_limit(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await set_prices(engine_context, workspace_id, [TABLE[0], "Voice,+1310,minute,0.50"])
    free = await launched(engine_context, context, workspace_id=workspace_id)
    assert len(await free.claim()) == 3
    limited = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=free.channel,
        people=[person("+12125550111"), person("+13105550112")],
        window={"always": True},
        spendLimit=100,
    )
    [claimed] = await limited.claim()
    assert claimed.address == "+13105550112"
    rows = await limited.rows("select disposition from targets where state = 'finished'")
    assert rows == [("price_unknown",)]


@pytest.fixture
async def sixteen(engine_context: Context, conninfo: str) -> AsyncIterator[Context]:
    """The engine with a connection for each of sixteen workers."""
    db = Database(conninfo, role=Role.ENGINE, max_connections=16)
    await db.open()
    yield replace(engine_context, db=db)
    await db.close()


@pytest.mark.timeout(180)
async def test_sixteen_workers_never_spend_more_than_the_limit(
    sixteen: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    people = [person(f"+1212555{n:04d}") for n in range(100, 150)]
    scene = await priced(sixteen, context, workspace_id, people=people, spendLimit=4.0)

    async def work(owner_id: int) -> None:
        while claimed := await scene.claim(owner_id=owner_id, limit=2):
            for each in claimed:
                await end(sixteen, each, D.COMPLETED, seconds=150)

    for _ in range(3):
        await asyncio.gather(*(work(owner) for owner in range(16)))
        clock.forward(seconds=61)
    spent, reserved = (await purses(scene))[scene.campaign_id]
    assert (spent, reserved) == money("3.90", "0")
    [(total,)] = await scene.rows("select sum(cost) from charges")
    assert total == spent
    assert await scene.rows("select state from campaigns") == [("tripped",)]


async def test_a_limit_without_prices_cannot_be_launched(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"dailySpendLimit": 5})
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "Spring", "type": "VoiceBot", "channelType": "Voice", "spendLimit": 5},
    )
    with pytest.raises(PreflightBlocked) as refused:
        await control.launch(context, workspace_id=workspace_id, campaign_id=made.id)
    assert [each.pointer for each in refused.value.problems if "prices" in each.message] == [
        "/spendLimit",
        "",
    ]


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({"dailySpendLimit": 0}, "/dailySpendLimit"),
        ({"dailySpendLimit": -1}, "/dailySpendLimit"),
        ({"timeZone": "Mars/Olympus"}, "/timeZone"),
    ],
)
async def test_a_budget_that_means_nothing_is_refused(
    engine_context: Context, workspace_id: int, raw: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await policy.replace(engine_context, workspace_id=workspace_id, raw=raw)
    assert [each.pointer for each in refused.value.problems] == [pointer]


def test_a_price_table_is_read_whole_or_refused_line_by_line() -> None:
    [us, particular] = prices.read(TABLE)
    assert (us.prefix, us.price.amount, particular.prefix) == ("US", Decimal("0.10"), "+1310")
    with pytest.raises(InvalidParameter) as refused:
        prices.read(
            [
                *TABLE,
                "Voice,US,minute,1",
                "Fax,+0,hour,cheap",
                "Voice,GB,minute,-1",
                "Voice,GB,minute,0.0000001",
                "Voice,GB,minute,nan",
                "Voice",
                "Voice,GB,minute,1e30",
                "Voice,GB,minute,0,05",
                "Voice,QQ,minute,1",
                "SMS,GB,minute,1",
                "Voice,GB,minute,1_0",
            ]
        )
    told = [(each.pointer, each.message.split()[0]) for each in refused.value.problems]
    assert told == [
        ("line 4", "stands"),
        ("line 5", "channelType"),
        ("line 5", "prefix"),
        ("line 5", "per"),
        ("line 5", "amount"),
        ("line 6", "amount"),
        ("line 7", "amount"),
        ("line 8", "amount"),
        ("line 9", "prefix"),
        ("line 9", "per"),
        ("line 9", "amount"),
        ("line 10", "amount"),
        # A comma for decimals makes a column of its own.
        ("line 11", "has"),
        ("line 12", "prefix"),
        ("line 13", "per"),
        ("line 14", "amount"),
    ]
    with pytest.raises(InvalidParameter, match="line 2"):
        prices.read([TABLE[0], f"Voice,GB,minute,{'9' * 200_000}"])
    with pytest.raises(InvalidParameter, match="line 1"):
        prices.read(["prefix,amount"])
