"""The dispatcher of voice channels, a step at a time, on a scripted line and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campana.carriers.voice_sip import VoiceSip
from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress
from campana.engine import holding, voice_worker
from campana.engine.voice_worker import VoiceWorker
from campana.services import dispatch
from campana.services.context import Context
from campana.services.hearing import hearing
from campana.store import owners, targets
from campana.voice.driver import LineLost, Placement, Refused, TooLate
from campana.voice.ears.hearing import Ears
from campana.voice.speech import Speech
from tests.support.campaign import ANA, BOT, Scene, add_channel, launched, person
from tests.support.database import FixedClock
from tests.support.ownership import cut_session
from tests.support.waiting import eventually
from tests.voice.hears import LevelModels
from tests.voice.scripted import ScriptedDriver

PRESSES_ONE = (1.2, "press", "1")

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def whenever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call may be placed however long the machine takes from its claim to the line."""
    monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(minutes=1))


@asynccontextmanager
async def working(
    context: Context, driver: Any, *, ears: Ears | None = None
) -> AsyncIterator[VoiceWorker]:
    """A worker that holds its identity, with a speech that only beeps."""
    speech = Speech(engine=None, reason="not needed")
    worker = VoiceWorker(
        context, carrier=VoiceSip(), driver=driver, speech=speech, lines=5, ears=ears
    )
    keeping = asyncio.create_task(worker.ownership.keep())
    await eventually(lambda: worker.ownership.is_held)
    try:
        yield worker
    finally:
        await worker.drain(seconds=0)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        speech.close()


async def one(engine: Context, web: Context, workspace_id: int, **document: Any) -> Scene:
    return await launched(engine, web, workspace_id=workspace_id, people=[person(ANA)], **document)


async def ended(scene: Scene) -> Any:
    """The only attempt once it is over."""
    query = "select * from (select id, state, disposition, reason, answered_at from attempts) a"
    while True:
        rows = await scene.rows(query)
        if rows and rows[0][1] in {"ended", "unknown"}:
            return rows[0]
        await asyncio.sleep(0.01)


SPOKEN_BOT: Any = {
    "greeting": "Hello.",
    "steps": [
        {"type": "ask", "id": "q", "text": "Can you come?", "answer": {"type": "yes_no"},
         "saveAs": "coming", "timeoutSeconds": 2},
        {"type": "end", "id": "end", "text": "Goodbye.", "result": "booked"},
    ],
}  # fmt: skip
KEYS_BOT: Any = {**BOT, "onMachine": {"do": "hang_up"}}
LATER = "Call me tomorrow at five."


@asynccontextmanager
async def listening(context: Context, *texts: str) -> AsyncIterator[VoiceWorker]:
    """A worker whose callees hum, and are heard to say this, one after another."""
    ears = Ears(LevelModels(*texts))
    driver = ScriptedDriver(ring=0.01, says=((2.5, 1.0), (6.5, 1.0)))
    async with working(context, driver, ears=ears) as worker:
        yield worker
    ears.close()


async def test_what_is_said_in_a_call_is_understood_and_kept(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await one(engine_context, context, workspace_id, voiceBot=SPOKEN_BOT)
    async with listening(engine_context, "Yes, I can.") as worker:
        assert await worker.step()
        _, _, disposition, _, _ = await ended(scene)
    assert disposition == "completed"
    [[saved, answers, questions, transcript]] = await scene.rows(
        "select saved, answers, questions, transcript from voice_calls"
    )
    assert (saved, questions) == ({"coming": "yes"}, 1)
    assert [(each["type"], each["value"], each["by"], each["said"]) for each in answers] == [
        ("yes_no", "yes", "speech", "Yes, I can.")
    ]
    assert answers[0]["question"] == "Can you come?"
    assert ["callee", "Yes, I can."] in [[line["role"], line["text"]] for line in transcript]
    # The reply, and only the reply, has how long they waited for it, in parts that add up.
    [waited] = [line["latency"] for line in transcript if "latency" in line]
    assert waited["totalMs"] == sum(
        waited[part] for part in ("vadMs", "asrMs", "dialogMs", "ttsMs")
    )


async def test_a_worker_that_understands_says_so_for_as_long_as_it_lives(
    engine_context: Context,
) -> None:
    async def is_heard() -> bool:
        async with engine_context.db.read() as tx:
            return await owners.is_served(tx, kind=hearing("voice_sip"))

    async with working(engine_context, ScriptedDriver()):
        assert not await is_heard()
    async with listening(engine_context):
        assert await is_heard()
    async with asyncio.timeout(60):
        while await is_heard():  # noqa: ASYNC110 - the server frees it, and tells nobody
            await asyncio.sleep(0.01)


async def test_stop_calling_me_counts_on_every_address_while_the_call_still_runs(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    mail = ContactAddress(kind=AddressKind.EMAIL, value="ana@example.com", country=None)
    ana = person(ANA)
    ana = replace(ana, addresses=(*ana.addresses, mail))
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[ana], voiceBot=SPOKEN_BOT
    )
    look = "select s.address, s.source, a.state from suppressions s, attempts a order by s.address"
    async with listening(engine_context, "Stop calling me.") as worker:
        assert await worker.step()
        async with asyncio.timeout(60):
            while not (rows := await scene.rows(look)):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        assert [tuple(row) for row in rows] == [
            (ANA, "call", "in_progress"),
            ("ana@example.com", "call", "in_progress"),
        ]
        _, _, disposition, _, _ = await ended(scene)
    assert disposition == "opt_out"
    assert len(await scene.rows(look)) == 2
    [[finished]] = await scene.rows("select disposition from targets")
    assert finished == "opt_out"


@pytest.mark.parametrize("bot", [SPOKEN_BOT, KEYS_BOT], ids=["spoken", "keys"])
async def test_call_me_tomorrow_at_five_is_due_then_in_the_persons_zone(
    bot: Any, engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id, voiceBot=bot)
    # The other bot's ear reads the greeting as well, while it grows.
    async with listening(engine_context, *[LATER] * 4) as worker:
        assert await worker.step()
        _, _, disposition, _, _ = await ended(scene)
    assert disposition == "callback_request"
    [[due_at]] = await scene.rows("select due_at from due")
    [[kept]] = await scene.rows("select callback_at from voice_calls")
    zone = ZoneInfo("America/New_York")
    tomorrow = clock.now().astimezone(zone).date() + timedelta(days=1)
    assert due_at == kept == datetime.combine(tomorrow, time(17), zone)


async def test_a_day_by_keys_is_of_the_persons_zone_where_nobody_hears(
    engine_context: Context, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, begin, zones = list[str](), dispatch.begin_sending, targets.zones

    async def beginning(*given: Any, **named: Any) -> bool:
        asked.append("begin")
        return await begin(*given, **named)

    async def finding(*given: Any, **named: Any) -> tuple[str, ...]:
        asked.append("zone")
        return await zones(*given, **named)

    async def calling(*_: Any, zone: ZoneInfo | None, **__: Any) -> Any:
        asked.append(f"call in {zone}")
        raise LineLost("that is enough")

    monkeypatch.setattr(dispatch, "begin_sending", beginning)
    monkeypatch.setattr(targets, "zones", finding)
    monkeypatch.setattr(holding, "run_call", calling)
    scene = await one(engine_context, context, workspace_id, voiceBot=SPOKEN_BOT)
    async with working(engine_context, ScriptedDriver()) as worker:
        assert await worker.step()
        await ended(scene)
    # Nothing is asked once the call is said to begin: it would make it late.
    assert asked[:3] == ["zone", "begin", "call in America/New_York"]


async def test_a_call_runs_from_claim_to_its_record(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await one(engine_context, context, workspace_id)
    async with working(engine_context, ScriptedDriver(PRESSES_ONE, ring=0.01)) as worker:
        assert await worker.step()
        assert not await worker.step()
        attempt_id, state, disposition, reason, answered_at = await ended(scene)
    assert (state, disposition, reason) == ("ended", "completed", "script")
    assert answered_at is not None
    [[keys, result, from_number, recording]] = await scene.rows(
        "select keys, result, from_number, recording_key from voice_calls"
    )
    assert (keys, result, from_number) == ("1", "confirmed", "+12025550100")
    assert scene.engine.blobs.path(recording).exists()
    types = [
        row[0]
        for row in await scene.rows(
            "select type from attempt_events where attempt_id = %s order by id", attempt_id
        )
    ]
    assert types[:2] == ["intent", "sending"]
    assert types[-1] == "ended"
    assert "answered" in types
    assert "key" in types
    assert await scene.rows("select state, disposition from targets") == [("finished", "completed")]


async def test_a_refusal_follows_the_cadence(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id)
    driver = ScriptedDriver(ring=0.0, fails=Refused(status=486, reason="Busy Here"))
    async with working(engine_context, driver) as worker:
        assert await worker.step()
        assert (await ended(scene))[2] == "busy"
    [[due_at]] = await scene.rows("select due_at from due")
    assert due_at == clock.now() + timedelta(minutes=15)
    assert await scene.rows("select sip_status from voice_calls") == [(486,)]


@pytest.mark.parametrize("fault", [LineLost("the stack died"), RuntimeError("a bug")])
async def test_what_may_have_rung_is_unknown_and_never_called_again(
    fault: Exception,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    class Broken(ScriptedDriver):
        async def place(self, *_: Any, **__: Any) -> Any:
            raise fault

    scene = await one(engine_context, context, workspace_id)
    async with working(engine_context, Broken()) as worker:
        assert await worker.step()
        assert (await ended(scene))[1:3] == ("unknown", "unknown")
        clock.forward(days=1)
        assert not await worker.step()


async def test_an_intent_that_is_too_late_is_not_sent_and_costs_no_attempt(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = await one(engine_context, context, workspace_id)
    driver = ScriptedDriver(PRESSES_ONE, ring=0.0)
    async with working(engine_context, driver) as worker:
        monkeypatch.setattr(voice_worker, "SEND_DEADLINE", timedelta(0))
        assert await worker.step()
        assert (await ended(scene))[2] == "not_sent"
        assert driver.call is None
    assert await scene.rows("select state from targets") == [("waiting",)]
    assert await scene.rows("select count(*) from voice_calls") == [(0,)]


async def test_nothing_starts_without_an_identity_a_line_or_a_steady_clock(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await one(engine_context, context, workspace_id)
    driver = ScriptedDriver(PRESSES_ONE, ring=0.0)
    async with working(engine_context, driver) as worker:
        clock.is_steady = False
        assert not await worker.step()
        clock.is_steady = True
        driver.free_lines = 0
        assert not await worker.step()
        driver.free_lines = 1
        worker.ownership.is_held = False
        assert not await worker.step()
        worker.ownership.is_held = True
        assert await worker.step()
        await ended(scene)


async def test_a_rehearsal_never_leaves_the_machine(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(context, workspace_id=workspace_id, is_loopback=False)
    await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        channel=channel,
    )
    rehearsal = replace(engine_context, is_rehearsal=True)
    async with working(rehearsal, ScriptedDriver(ring=0.0)) as worker:
        assert not await worker.step()


async def test_draining_hangs_up_and_settles(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    slow = {**BOT, "steps": [{**BOT["steps"][0], "timeoutSeconds": 60}, BOT["steps"][1]]}
    scene = await one(engine_context, context, workspace_id, voiceBot=slow)
    async with working(engine_context, ScriptedDriver(ring=0.0)) as worker:
        assert await worker.step()
        await eventually(lambda: scene.rows("select 1 from attempts where state = 'in_progress'"))
    assert (await ended(scene))[2] == "cancelled"
    assert await scene.rows("select disposition from targets") == [("cancelled",)]


async def test_a_worker_whose_session_is_cut_takes_a_new_identity_and_its_calls_along(
    engine_context: Context, context: Context, workspace_id: int, conninfo: str
) -> None:
    slow = {**BOT, "steps": [{**BOT["steps"][0], "timeoutSeconds": 60}, BOT["steps"][1]]}
    scene = await one(engine_context, context, workspace_id, voiceBot=slow)
    async with working(engine_context, ScriptedDriver(ring=0.0)) as worker:
        assert await worker.step()
        first = worker.ownership.owner_id
        cut_session(conninfo, first)
        await eventually(lambda: worker.ownership.owner_id != first and worker.ownership.is_held)
        [[owner_id, state]] = await scene.rows("select owner_id, state from attempts")
        assert owner_id == worker.ownership.owner_id > first
        assert state in {"sending", "in_progress"}


async def test_whether_it_may_still_be_sent_is_asked_in_the_last_moment(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    class Slow(ScriptedDriver):
        async def place(self, placement: Placement, **_: Any) -> Any:
            assert placement.may_send()
            worker.ownership.is_held = False
            assert not placement.may_send()
            raise TooLate

    scene = await one(engine_context, context, workspace_id)
    async with working(engine_context, Slow()) as worker:
        assert await worker.step()
        assert (await ended(scene))[2] == "not_sent"
    assert await scene.rows("select state from targets") == [("waiting",)]


async def test_a_worker_whose_stack_died_ends_so_that_a_new_one_starts(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await one(engine_context, context, workspace_id)
    driver = ScriptedDriver()
    async with working(engine_context, driver) as worker:
        driver.broken = "the SIP stack has stopped"
        with pytest.raises(LineLost, match="has stopped"):
            await worker.step()
