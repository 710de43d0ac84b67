"""What carriers report is applied once, and in any order comes to the same end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import UUID

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.services import outcomes, reports
from campana.services.context import Context
from campana.services.intents import Send
from campana.store import events as store_events
from campana.store.reports import Kept, Told
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, Scene, add_channel, launched, person
from tests.support.database import NOW, FixedClock

STORY = [
    (EventType.ACCEPTED, {}),
    (EventType.RINGING, {}),
    (EventType.ANSWERED, {}),
    (EventType.ENDED, {"disposition": "completed", "reason": "completed"}),
]


async def sent(scene: Scene, *, owner_id: int = 1) -> list[UUID]:
    """Everybody's attempt, marked as sending to a carrier one can ask."""
    send = Send(sender=None, is_call=True, ask_after=timedelta(minutes=1))
    claimed = await scene.claim(owner_id=owner_id, send=send)
    return sorted(each.attempt_id for each in claimed)


def told(scene: Scene, attempt_id: UUID) -> list[Told]:
    """The whole story of an attempt."""
    return [
        Told(
            channel_id=scene.channel.id,
            attempt_id=attempt_id,
            key=str(number),
            event=AttemptEvent(type=kind, at=NOW + timedelta(seconds=number), detail=detail),
        )
        for number, (kind, detail) in enumerate(STORY)
    ]


async def keep(scene: Scene, parts: Sequence[Told]) -> None:
    """As the web process does it."""
    kept = [Kept(workspace_id=scene.workspace_id, told=part, received_at=NOW) for part in parts]
    await reports.keep(scene.web, kept)


async def state(scene: Scene, attempt_id: UUID) -> tuple[object, ...]:
    [row] = await scene.rows(
        "select a.state, a.disposition, a.answered_at, t.state, t.disposition"
        " from attempts a join targets t on t.id = a.target_id where a.id = %s",
        attempt_id,
    )
    return tuple(row)


END = ("ended", "completed", NOW + timedelta(seconds=2), "finished", "completed")


async def test_every_order_each_told_three_times_comes_to_the_same_end(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    orders = list(permutations(range(len(STORY))))
    people = [person(f"+1212555{100 + n:04d}") for n in range(len(orders))]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    attempts: list[UUID] = []
    while found := await sent(scene):
        attempts += found
    assert len(attempts) == len(orders)
    for attempt_id, order in zip(attempts, orders, strict=True):
        story = told(scene, attempt_id)
        for number in order:
            # One transaction each: the order they are told in is the order they are applied in.
            await keep(scene, [story[number]] * 3)
            assert await reports.apply_kept(engine_context) == 3
        assert await state(scene, attempt_id) == END
    counts = await scene.rows(
        "select distinct count(*) from attempt_events where report is not null group by attempt_id"
    )
    assert counts == [(len(STORY),)]
    assert await ledger.broken(engine_context) == []


async def test_a_whole_story_at_once_comes_to_the_same_end(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    attempts = await sent(scene)
    await keep(scene, [part for each in attempts for part in reversed(told(scene, each))])
    assert await reports.apply_kept(engine_context) == 12
    assert await reports.apply_kept(engine_context) == 0
    for attempt_id in attempts:
        assert await state(scene, attempt_id) == END


async def test_a_channel_speaks_for_its_own_attempts_only(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    other = await add_channel(context, workspace_id=workspace_id, name="other")
    [attempt_id] = await sent(scene)
    await keep(scene, [replace(part, channel_id=other.id) for part in told(scene, attempt_id)])
    await keep(scene, [replace(part, attempt_id=UUID(int=7)) for part in told(scene, attempt_id)])
    assert await reports.apply_kept(engine_context) == 8
    assert (await state(scene, attempt_id))[0] == "sending"
    assert await scene.rows("select 1 from attempt_events where report is not null") == []


async def test_a_late_end_corrects_unknown_and_leaves_the_target_finished(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [attempt_id] = await sent(scene)
    await outcomes.settle(
        engine_context, attempt_id=attempt_id, disposition=Disposition.UNKNOWN, reason="silence"
    )
    assert (await state(scene, attempt_id))[3:] == ("finished", "unknown")
    await keep(scene, told(scene, attempt_id))
    await reports.apply_kept(engine_context)
    assert await state(scene, attempt_id) == END


async def test_the_first_of_two_ends_stands_and_both_are_kept(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [attempt_id] = await sent(scene)
    await keep(scene, told(scene, attempt_id))
    await reports.apply_kept(engine_context)
    event = AttemptEvent(
        type=EventType.ENDED, at=NOW + timedelta(seconds=9), detail={"disposition": "busy"}
    )
    await keep(scene, [replace(told(scene, attempt_id)[3], key="other", event=event)])
    await reports.apply_kept(engine_context)
    assert await state(scene, attempt_id) == END
    assert "its carrier says busy now" in caplog.text
    ends = await scene.rows("select report from attempt_events where type = 'ended' order by 1")
    assert ends == [("3",), ("other",)]


async def test_an_end_follows_the_cadence(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), person(BRUNO)]
    )
    attempts = await sent(scene)
    busy = AttemptEvent(type=EventType.ENDED, at=NOW, detail={"disposition": "busy"})
    await keep(scene, [replace(told(scene, each)[3], event=busy) for each in attempts])
    await reports.apply_kept(engine_context)
    due = await scene.rows("select due_at from due")
    assert due == [(clock.now() + timedelta(minutes=15),)] * 2


async def test_what_was_not_applied_is_still_there_after_a_crash(
    engine_context: Context,
    context: Context,
    workspace_id: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    [attempt_id] = await sent(scene)
    await keep(scene, told(scene, attempt_id))

    async def dies(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store_events, "add", dies)
        with pytest.raises(KeyboardInterrupt):
            await reports.apply_kept(engine_context)
    assert (await state(scene, attempt_id))[0] == "sending"
    assert await reports.apply_kept(engine_context) == 4
    assert await state(scene, attempt_id) == END
