"""What becomes of attempts: endings, retries, late reports. After each the ledger adds up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest

from campana.domain.address import AddressKind
from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.contact import ContactAddress
from campana.domain.disposition import Disposition
from campana.domain.errors import Unavailable
from campana.services import control, dispatch, outcomes
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.store.attempts import CallFacts
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import NOW, FixedClock

D, E = Disposition, EventType


@pytest.fixture(autouse=True)
async def ledger_holds(engine_context: Context) -> AsyncIterator[None]:
    yield
    assert await ledger.broken(engine_context) == []


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign that calls Ana."""
    return await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])


async def call(scene: Scene) -> Claimed:
    """Claim the one who is due and touch the network."""
    [claimed] = await scene.claim()
    assert await dispatch.begin_sending(
        scene.engine, claimed=claimed, owner_id=1, from_number="+12025550100"
    )
    return claimed


async def settle(scene: Scene, attempt_id: UUID, disposition: Disposition) -> None:
    await outcomes.settle(
        scene.engine, attempt_id=attempt_id, disposition=disposition, reason="as told"
    )


async def record(scene: Scene, claimed: Claimed, *types: EventType) -> None:
    for type_ in types:
        event = AttemptEvent(type=type_, at=scene.engine.clock.now())
        await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=event)


async def target(scene: Scene) -> tuple[str, str | None, str | None]:
    """State, disposition and last reason of the one target."""
    [row] = await scene.rows("select state, disposition, last_reason from targets")
    return row


async def due_at(scene: Scene) -> object:
    [[when]] = await scene.rows("select due_at from due")
    return when


async def attempt(scene: Scene, claimed: Claimed) -> tuple[str, str | None]:
    [row] = await scene.rows(
        "select state, disposition from attempts where id = %s", claimed.attempt_id
    )
    return row


async def events(scene: Scene, claimed: Claimed) -> list[str]:
    return [
        type_
        for [type_] in await scene.rows(
            "select type from attempt_events where attempt_id = %s order by id", claimed.attempt_id
        )
    ]


async def test_busy_is_due_again_after_its_delay_and_says_why(scene: Scene) -> None:
    claimed = await call(scene)
    await settle(scene, claimed.attempt_id, D.BUSY)
    assert await target(scene) == ("waiting", None, "busy")
    assert await due_at(scene) == NOW + timedelta(minutes=15)
    assert await attempt(scene, claimed) == ("ended", "busy")


async def test_busy_for_the_third_time_is_finished(scene: Scene, clock: FixedClock) -> None:
    for _ in range(2):
        await settle(scene, (await call(scene)).attempt_id, D.BUSY)
        clock.forward(minutes=15)
    await settle(scene, (await call(scene)).attempt_id, D.BUSY)
    assert await target(scene) == ("finished", "busy", "as told")
    clock.forward(hours=5)
    assert await scene.claim() == []


@pytest.mark.parametrize("disposition", [D.DECLINED, D.COMPLETED, D.INVALID_NUMBER, D.UNKNOWN])
async def test_what_is_final_is_never_tried_again(
    disposition: Disposition, scene: Scene, clock: FixedClock
) -> None:
    await settle(scene, (await call(scene)).attempt_id, disposition)
    assert await target(scene) == ("finished", disposition, "as told")
    clock.forward(days=1)
    assert await scene.claim() == []


async def test_what_was_not_sent_costs_no_attempt_and_is_due_at_once(
    scene: Scene, clock: FixedClock
) -> None:
    for _ in range(7):
        [claimed] = await scene.claim()
        await settle(scene, claimed.attempt_id, D.NOT_SENT)
    assert await due_at(scene) == NOW
    for _ in range(2):
        await settle(scene, (await call(scene)).attempt_id, D.BUSY)
        assert (await target(scene))[0] == "waiting"
        clock.forward(minutes=15)


async def test_settling_twice_changes_nothing(scene: Scene, clock: FixedClock) -> None:
    claimed = await call(scene)
    await settle(scene, claimed.attempt_id, D.BUSY)
    before = await scene.rows("select * from attempts, targets, due")
    told = await events(scene, claimed)
    clock.forward(minutes=1)
    await settle(scene, claimed.attempt_id, D.BUSY)
    await settle(scene, claimed.attempt_id, D.COMPLETED)
    await settle(scene, claimed.attempt_id, D.UNKNOWN)
    assert await scene.rows("select * from attempts, targets, due") == before
    assert await events(scene, claimed) == told == ["intent", "sending", "ended"]


async def test_two_who_settle_at_once_settle_once(scene: Scene) -> None:
    claimed = await call(scene)
    await asyncio.gather(*(settle(scene, claimed.attempt_id, D.BUSY) for _ in range(5)))
    assert await events(scene, claimed) == ["intent", "sending", "ended"]


async def test_only_a_report_of_the_end_corrects_an_unknown(
    scene: Scene, clock: FixedClock
) -> None:
    claimed = await call(scene)
    await settle(scene, claimed.attempt_id, D.UNKNOWN)
    before = await scene.rows("select * from attempts, targets")
    clock.forward(minutes=1)
    await record(scene, claimed, EventType.ANSWERED, EventType.KEY)
    await settle(scene, claimed.attempt_id, D.UNKNOWN)
    assert await scene.rows("select * from attempts, targets") == before
    assert await events(scene, claimed) == ["intent", "sending", "lost", "answered", "key"]
    await settle(scene, claimed.attempt_id, D.BUSY)
    assert await attempt(scene, claimed) == ("ended", "busy")
    assert await target(scene) == ("finished", "busy", "as told")
    await settle(scene, claimed.attempt_id, D.COMPLETED)
    assert await target(scene) == ("finished", "busy", "as told")


async def test_an_unknown_corrected_to_busy_stays_finished(scene: Scene, clock: FixedClock) -> None:
    """Nobody decides to call again but a person."""
    claimed = await call(scene)
    await settle(scene, claimed.attempt_id, D.UNKNOWN)
    await settle(scene, claimed.attempt_id, D.BUSY)
    clock.forward(days=1)
    assert await scene.claim() == []


async def test_what_is_known_of_a_call_is_kept_with_it(scene: Scene, clock: FixedClock) -> None:
    claimed = await call(scene)
    await record(scene, claimed, EventType.RINGING, EventType.ANSWERED)
    clock.forward(seconds=12)
    await outcomes.settle(
        scene.engine,
        attempt_id=claimed.attempt_id,
        disposition=D.COMPLETED,
        reason="the conversation ended",
        facts=CallFacts(
            sip_status=200,
            talk_seconds=12.5,
            keys="1",
            saved={"coming": "1"},
            result="confirmed",
            transcript=[{"role": "bot", "text": "Hello Ana.", "atMs": 0}],
            recording_key="recordings/one.wav",
        ),
        answered_at=NOW,
    )
    [row] = await scene.rows(
        "select sip_status, talk_seconds, keys, saved, result, transcript, recording_key,"
        " answered_at, ended_at from voice_calls join attempts on id = attempt_id"
    )
    assert row == (
        200, 12.5, "1", {"coming": "1"}, "confirmed",
        [{"role": "bot", "text": "Hello Ana.", "atMs": 0}], "recordings/one.wav",
        NOW, NOW + timedelta(seconds=12),
    )  # fmt: skip


async def test_events_are_kept_in_order_and_never_move_an_attempt_back(scene: Scene) -> None:
    claimed = await call(scene)
    states: list[str] = []
    for type_ in (E.RINGING, E.ANSWERED, E.RINGING, E.ANSWERED, E.ACCEPTED, E.KEY):
        await record(scene, claimed, type_)
        states.append((await attempt(scene, claimed))[0])
    assert states == ["accepted", *["in_progress"] * 5]
    await settle(scene, claimed.attempt_id, D.COMPLETED)
    await record(scene, claimed, E.RINGING)
    assert await attempt(scene, claimed) == ("ended", "completed")
    assert await events(scene, claimed) == [
        "intent", "sending", "ringing", "answered", "ringing", "answered", "accepted", "key",
        "ended", "ringing",
    ]  # fmt: skip


async def test_answered_keeps_the_first_time_it_was(scene: Scene, clock: FixedClock) -> None:
    claimed = await call(scene)
    await record(scene, claimed, E.ANSWERED)
    clock.forward(seconds=3)
    await record(scene, claimed, E.ANSWERED)
    assert await scene.rows("select answered_at from attempts") == [(NOW,)]


async def test_an_event_of_no_attempt_of_ours_is_ignored(scene: Scene) -> None:
    stranger = UUID(int=7)
    event = AttemptEvent(type=EventType.RINGING, at=NOW)
    await outcomes.record(scene.engine, attempt_id=stranger, event=event)
    await settle(scene, stranger, D.BUSY)
    assert await scene.rows("select 1 from attempt_events") == []


async def test_who_asks_for_no_more_calls_is_suppressed_with_the_words_or_neither_is_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    claimed = await call(scene)
    detail = {"text": "Stop calling me.", "at_ms": 1200, "wish": "opt_out"}
    heard = AttemptEvent(type=E.HEARD, at=NOW, detail=detail)

    async def goes_away(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr("campana.services.suppressing.suppress", goes_away)
        with pytest.raises(Unavailable):
            await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=heard)
    await outcomes.record(scene.engine, attempt_id=claimed.attempt_id, event=heard)
    assert (await events(scene, claimed)).count("heard") == 1
    assert await scene.rows("select address, source from suppressions") == [(ANA, "call")]


async def test_who_asks_for_no_more_calls_is_called_from_no_other_list_either(
    scene: Scene, context: Context, workspace_id: int
) -> None:
    """Where another number of theirs comes first."""
    claimed = await call(scene)
    phones = tuple(
        ContactAddress(kind=AddressKind.PHONE, value=each, country="US") for each in (BRUNO, ANA)
    )
    other = await launched(
        scene.engine,
        context,
        workspace_id=workspace_id,
        channel=scene.channel,
        people=[person(BRUNO, addresses=phones)],
    )
    await settle(scene, claimed.attempt_id, D.OPT_OUT)
    assert await other.claim() == []
    assert await other.rows(
        "select disposition from targets where campaign_id = %s", other.campaign_id
    ) == [("suppressed",)]


async def stop(scene: Scene, clock: FixedClock, how: str) -> None:
    """The campaign is over while a call goes on."""
    clock.forward(seconds=1)
    if how == "cancelled":
        await control.cancel(
            scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id
        )
    else:
        clock.forward(hours=2)


@pytest.fixture
async def ending(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign that calls Ana and ends in an hour."""
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        endDate="2026-03-10T16:00:00Z",
    )


@pytest.mark.parametrize("how", ["cancelled", "expired"])
@pytest.mark.parametrize("disposition", [D.BUSY, D.CONGESTION])
async def test_a_retry_after_the_end_of_the_campaign_is_a_finish(
    how: str, disposition: Disposition, ending: Scene, clock: FixedClock
) -> None:
    claimed = await call(ending)
    await stop(ending, clock, how)
    await settle(ending, claimed.attempt_id, disposition)
    assert await target(ending) == ("finished", disposition, "as told")


@pytest.mark.parametrize("how", ["cancelled", "expired"])
async def test_who_was_not_reached_before_the_end_shares_its_fate(
    how: str, ending: Scene, clock: FixedClock
) -> None:
    [claimed] = await ending.claim()
    await stop(ending, clock, how)
    await settle(ending, claimed.attempt_id, D.NOT_SENT)
    assert await target(ending) == ("finished", how, "as told")


async def test_a_retry_of_a_paused_campaign_waits_for_the_resume(
    scene: Scene, clock: FixedClock
) -> None:
    claimed = await call(scene)
    clock.forward(seconds=1)
    where = {"workspace_id": scene.workspace_id, "campaign_id": scene.campaign_id}
    await control.pause(scene.web, **where)
    await settle(scene, claimed.attempt_id, D.BUSY)
    clock.forward(minutes=20)
    assert await scene.claim() == []
    assert await target(scene) == ("waiting", None, "busy")
    await control.resume(scene.web, **where)
    [again] = await scene.claim()
    assert again.attempt_no == 2
