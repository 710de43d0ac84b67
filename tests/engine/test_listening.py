"""Campaigns over SMPP from claim to receipt; the witness is the message center's own log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.engine.accounts import Accounts
from campana.engine.listening import Listening
from campana.services.context import Context
from tests.engine.test_dispatcher_kills import worker
from tests.support.campaign import BOT, Scene, add_channel, launched, person
from tests.support.people import reserved_numbers
from tests.support.sandbox import WallClock
from tests.support.smsc import PASSWORD, SYSTEM_ID, Answer, Smsc, smsc
from tests.support.stage import over, working
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(180)

LONG = {**BOT, "greeting": "Hello. " * 30}


async def scene(
    engine: Context,
    web: Context,
    center: Smsc,
    workspace_id: int,
    *,
    people: int,
    script: Any = BOT,
    rate: float = 200,
    **config: Any,
) -> Scene:
    """A launched SMS campaign on that message center."""
    web, engine = replace(web, clock=WallClock()), replace(engine, clock=WallClock())
    channel = await add_channel(
        web,
        workspace_id=workspace_id,
        kind="sms_smpp",
        channel_type=ChannelType.SMS,
        config={
            "host": "127.0.0.1",
            "port": center.port,
            "systemId": SYSTEM_ID,
            "password": PASSWORD,
            "senders": ["Shop"],
            "throttleSeconds": 0.2,
            **config,
        },
        rate=rate,
        burst=1,
        lines=10_000,
    )
    return await launched(
        engine,
        web,
        workspace_id=workspace_id,
        channel=channel,
        channelType="SMS",
        people=[person(number) for number in reserved_numbers()[:people]],
        window={"always": True},
        voiceBot=script,
        cadence={"maxAttempts": 1},
    )


def numbers(count: int) -> list[str]:
    return [each.removeprefix("+") for each in reserved_numbers()[:count]]


async def test_everybody_is_sent_to_once_and_each_receipt_ends_an_attempt(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    stats = dict(zip(numbers(30), ["DELIVRD", "DELIVRD", "UNDELIV"] * 10, strict=True))

    def answers(pdu: Any) -> Answer:
        # Every second receipt overtakes its answer.
        is_first = int(pdu.destination_addr) % 2 == 0
        return Answer(receipt=stats[pdu.destination_addr], receipt_first=is_first)

    async with smsc(answer=answers) as center:
        made = await scene(engine_context, context, center, workspace_id, people=30)
        async with working(made.engine, "http://127.0.0.1:9"):
            assert await over(made) == {"delivered": 20, "undelivered": 10}
    assert sorted(each.to for each in center.submits) == sorted(numbers(30))
    assert {each.pdu.short_message for each in center.submits} == {b"Hello Dana."}


async def test_a_text_in_parts_ends_by_all_of_them(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    first, second = numbers(2)
    told: dict[str, int] = {}

    def answers(pdu: Any) -> Answer:
        told[pdu.destination_addr] = told.get(pdu.destination_addr, 0) + 1
        is_bad = pdu.destination_addr == second and told[second] == 2
        return Answer(receipt="UNDELIV" if is_bad else "DELIVRD")

    async with smsc(answer=answers) as center:
        made = await scene(engine_context, context, center, workspace_id, people=2, script=LONG)
        async with working(made.engine, "http://127.0.0.1:9"):
            assert await over(made) == {"delivered": 1, "undelivered": 1}
    assert told == {first: 2, second: 2}


async def test_who_is_refused_for_haste_is_sent_to_a_little_later(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    count = 0

    def answers(_: Any) -> Answer:
        nonlocal count
        count += 1
        return Answer(status=0x58) if count <= 3 else Answer(receipt="DELIVRD")

    async with smsc(answer=answers) as center:
        made = await scene(engine_context, context, center, workspace_id, people=10)
        async with working(made.engine, "http://127.0.0.1:9"):
            assert await over(made) == {"delivered": 10}
    assert sorted(each.to for each in center.submits if each.message_id) == sorted(numbers(10))


@asynccontextmanager
async def listening(engine: Context) -> AsyncIterator[Accounts]:
    """Another process, as far as connections go."""
    accounts = Accounts(engine)
    running = asyncio.create_task(Listening(engine, accounts=accounts).run())
    try:
        yield accounts
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await accounts.aclose()


async def test_no_more_processes_are_bound_than_the_provider_allows(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    async with smsc() as center:
        made = await scene(engine_context, context, center, workspace_id, people=1, maxBinds=1)
        async with listening(made.engine):
            await eventually(lambda: center.sessions)
            async with listening(made.engine) as second:
                # It has looked, and found no place: whoever has none sends nothing.
                await asyncio.sleep(1.5)
                account = (await second.known())[made.channel.id]
                assert (center.binds, account.carrier.most_at_once) == (1, 0)
        async with listening(made.engine):
            await eventually(lambda: center.binds == 2)
    assert center.refused_binds == 0


async def test_a_channel_that_changes_is_bound_anew(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    async with smsc() as center:
        made = await scene(engine_context, context, center, workspace_id, people=1)
        async with listening(made.engine):
            await eventually(lambda: center.sessions)
            async with made.web.db.transaction(workspace_id=workspace_id) as tx:
                await tx.execute(
                    'update channels set config = config || \'{"systemType": "VMA"}\''
                    " where id = %s",
                    (made.channel.id,),
                )
            await eventually(lambda: center.binds == 2 and center.sessions == 1)
            assert center.unbinds == 1


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_kills_within_a_window_of_submits_reach_nobody_twice(
    engine_context: Context, context: Context, workspace_id: int, conninfo: str, tmp_path: Path
) -> None:
    """Whoever had not left is sent to at once: nobody waits until the provider is given up on."""
    people = 24

    # The answer takes longer than the kill: whoever dies has a submit without one.
    def answers(_: Any) -> Answer:
        return Answer(seconds=0.4, receipt="DELIVRD")

    async with smsc(answer=answers) as center:
        # One submit at a time: whatever else a worker has is waiting for the window.
        made = await scene(
            engine_context,
            context,
            center,
            workspace_id,
            people=people,
            rate=25,
            maxBinds=1,
            window=1,
            askAfterSeconds=5,
            giveUpAfterSeconds=86_400,
        )
        intents = 0
        for kill in (1, 2, 3):
            with worker(conninfo, "http://127.0.0.1:9", tmp_path) as process:
                await eventually(lambda n=people // 4 * kill: len(center.submits) >= n)
                await eventually(lambda: made.rows("select 1 from attempts where state = 'intent'"))
                process.kill()
                await asyncio.to_thread(process.wait)
            [[waiting]] = await made.rows("select count(*) from attempts where state = 'intent'")
            intents += waiting
        with worker(conninfo, "http://127.0.0.1:9", tmp_path):
            ends = await over(made)
    told = {each.to for each in center.submits}
    assert len(told) == len(center.submits), "somebody was sent to twice"
    # Those whose answer nobody heard are found by their receipts; all others were sent to.
    assert ends == {"delivered": people}
    # Else this proved nothing: kills hit attempts that waited for the window.
    assert intents > 0
