"""Every change is told in its own transaction: once, in order, in the words of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.attempt import AttemptEvent, EventType
from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidTransition
from campana.domain.event import EventName
from campana.services import (
    campaigns,
    closing,
    control,
    dispatch,
    imports,
    lists,
    outcomes,
    suppressions,
)
from campana.services.context import Context
from campana.services.event_feed import Horizon, page
from campana.store import events
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import FixedClock
from tests.support.people import csv_of, imported, start

DRAFT = {"name": "Draft", "type": "VoiceBot", "channelType": "Voice"}


async def told(context: Context, *, after: int = 0) -> list[tuple[str, str, dict[str, Any]]]:
    """What has been told in the workspace `default`: type, subject, data."""
    horizon = await Horizon(context.db).reach()
    found = await page(context, workspace_id=1, horizon=horizon, after=after, limit=1000)
    return [(each.type, each.subject, dict(each.data)) for each in found]


async def types(context: Context) -> list[str]:
    return [name for name, _, _ in await told(context)]


async def newest(context: Context) -> int:
    async with context.db.read() as tx:
        return await events.newest(tx)


async def test_a_drafts_life(context: Context, workspace_id: int) -> None:
    made = await campaigns.create(context, workspace_id=workspace_id, raw=DRAFT)
    await campaigns.change(
        context, workspace_id=workspace_id, campaign_id=made.id, patch={"name": "New"}, version=None
    )
    await campaigns.delete(context, workspace_id=workspace_id, campaign_id=made.id)
    found = await told(context)
    assert [name for name, _, _ in found] == [
        "campaign.created",
        "campaign.changed",
        "campaign.deleted",
    ]
    assert {subject for _, subject, _ in found} == {made.id}
    created, changed, _ = (data for _, _, data in found)
    assert created == {
        "id": made.id,
        "name": "Draft",
        "description": None,
        "type": "VoiceBot",
        "status": "Paused",
        "channelType": "Voice",
        "startDate": None,
        "endDate": None,
        "createdAt": "2026-03-10T15:00:00Z",
        "state": "Draft",
    }
    assert changed["name"] == "New"


async def test_what_is_refused_is_not_told(context: Context, workspace_id: int) -> None:
    made = await campaigns.create(context, workspace_id=workspace_id, raw=DRAFT)
    with pytest.raises(InvalidTransition):
        await control.pause(context, workspace_id=workspace_id, campaign_id=made.id)
    assert await types(context) == ["campaign.created"]


async def test_a_launched_campaigns_states(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    ids = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    for act in (control.pause, control.pause, control.resume, control.cancel):
        await act(context, **ids)
    found = await told(context)
    assert [name for name, _, _ in found] == [
        "campaign.created",
        "campaign.launched",
        # Pausing what is paused changes nothing.
        "campaign.paused",
        "campaign.resumed",
        "campaign.cancelled",
    ]
    assert [data["status"] for _, _, data in found] == [
        "Paused",
        "Running",
        "Paused",
        "Running",
        "Completed",
    ]
    # Those who waited are told as one number, not one by one.
    assert found[-1][2]["targetsClosed"] == 3


async def test_expired_and_completed(
    context: Context, engine_context: Context, workspace_id: int, clock: FixedClock
) -> None:
    end = (clock.now() + timedelta(hours=1)).isoformat()
    scene = await launched(engine_context, context, workspace_id=workspace_id, endDate=end)
    clock.forward(hours=2)
    await closing.close_expired(engine_context)
    await closing.close_expired(engine_context)
    other = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=scene.channel,
        people=[person(ANA)],
    )
    [claimed] = await other.claim()
    await outcomes.settle(
        engine_context,
        attempt_id=claimed.attempt_id,
        disposition=Disposition.DECLINED,
        reason="declined",
    )
    await closing.close_finished(engine_context)
    await closing.close_finished(engine_context)
    found = await told(context)
    expired = [data for name, _, data in found if name == "campaign.expired"]
    assert [(data["id"], data["targetsClosed"]) for data in expired] == [(scene.campaign_id, 3)]
    completed = [data for name, _, data in found if name == "campaign.completed"]
    assert [(data["id"], data["state"]) for data in completed] == [(other.campaign_id, "Completed")]


async def one_call(scene: Scene, context: Context) -> tuple[Any, int]:
    """A claimed attempt that is about to touch the network, and the event before it."""
    before = await newest(context)
    [claimed] = await scene.claim()
    assert await dispatch.begin_sending(
        scene.engine, claimed=claimed, owner_id=1, from_number="+12025550100"
    )
    return claimed, before


async def test_an_attempt_from_its_start_to_its_targets_end(
    context: Context, engine_context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    claimed, before = await one_call(scene, context)
    answered = AttemptEvent(type=EventType.ANSWERED, at=clock.forward(seconds=6))
    for _ in range(2):
        await outcomes.record(engine_context, attempt_id=claimed.attempt_id, event=answered)
    clock.forward(seconds=20)
    for _ in range(2):
        await outcomes.settle(
            engine_context,
            attempt_id=claimed.attempt_id,
            disposition=Disposition.COMPLETED,
            reason="completed",
            answered_at=answered.at,
        )
    found = await told(context, after=before)
    assert [name for name, _, _ in found] == [
        "attempt.started",
        "attempt.answered",
        "attempt.ended",
        "target.finished",
    ]
    # One subject, so one order for whoever follows it.
    target = f"tgt_{claimed.target_id}"
    assert {subject for _, subject, _ in found} == {target}
    started, talking, ended, finished = (data for _, _, data in found)
    assert started == {
        "id": "att_" + claimed.attempt_id.hex,
        "campaignId": scene.campaign_id,
        "targetId": target,
        "channelId": scene.channel.id,
        "number": 1,
        "address": ANA,
        "state": "sending",
        "disposition": None,
        "reason": None,
        "sendingAt": "2026-03-10T15:00:00Z",
        "answeredAt": None,
        "endedAt": None,
    }
    assert talking == started | {"state": "in_progress", "answeredAt": "2026-03-10T15:00:06Z"}
    assert ended == talking | {
        "state": "ended",
        "disposition": "completed",
        "reason": "completed",
        "endedAt": "2026-03-10T15:00:26Z",
    }
    assert finished == {
        "id": target,
        "campaignId": scene.campaign_id,
        "contactId": finished["contactId"],
        "address": ANA,
        "state": "finished",
        "disposition": "completed",
        "attemptCount": 1,
        "lastReason": "completed",
        "finishedAt": "2026-03-10T15:00:26Z",
    }


async def test_an_attempt_whose_fate_is_unknown_and_found_out_later(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    claimed, before = await one_call(scene, context)
    for disposition in (Disposition.UNKNOWN, Disposition.UNKNOWN, Disposition.BUSY):
        await outcomes.settle(
            engine_context, attempt_id=claimed.attempt_id, disposition=disposition, reason="so"
        )
    found = await told(context, after=before)
    assert [(name, data["disposition"]) for name, _, data in found] == [
        ("attempt.started", None),
        ("attempt.unknown", "unknown"),
        ("target.finished", "unknown"),
        ("attempt.ended", "busy"),
        ("target.corrected", "busy"),
    ]


async def test_an_attempt_that_is_tried_again_finishes_nothing(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    claimed, before = await one_call(scene, context)
    await outcomes.settle(
        engine_context, attempt_id=claimed.attempt_id, disposition=Disposition.BUSY, reason="busy"
    )
    names = [name for name, _, _ in await told(context, after=before)]
    assert names == ["attempt.started", "attempt.ended"]


async def test_whom_the_gate_drops_is_told(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), person(BRUNO)]
    )
    await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="asked")
    before = await newest(context)
    await scene.claim()
    found = await told(context, after=before)
    assert [(name, data["address"], data["disposition"]) for name, _, data in found] == [
        ("target.finished", ANA, "suppressed")
    ]


async def test_suppressions_come_and_go(context: Context, workspace_id: int) -> None:
    made = await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="asked")
    # Saying it twice is saying it once.
    await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="again")
    await suppressions.lift(context, workspace_id=workspace_id, suppression_id=made.id)
    found = await told(context)
    assert [(name, subject) for name, subject, _ in found] == [
        ("suppression.added", made.id),
        ("suppression.lifted", made.id),
    ]
    assert found[0][2] == {
        "id": made.id,
        "address": ANA,
        "scope": "workspace",
        "campaignId": None,
        "channelType": None,
        "reason": "asked",
        "source": "api",
        "createdAt": "2026-03-10T15:00:00Z",
        "expiresAt": None,
    }


async def test_imports_that_end(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    made = await lists.create(context, workspace_id=workspace_id, name="People")
    content = csv_of(["phone"], [[ANA], ["nonsense"]])
    ids = {"workspace_id": workspace_id, "list_id": made.id}
    await imported(engine_context, content=content, **ids)
    lost = await start(engine_context, content=content, **ids)
    for file in engine_context.blobs.root.rglob("*"):
        if file.is_file():
            file.unlink()
    for _ in range(2):
        await imports.run(engine_context, import_id=lost.id)
    done, failed = await told(context)
    assert done[0] == "import.done"
    assert (done[2]["listId"], done[2]["rowsAccepted"], done[2]["rowsRejected"]) == (made.id, 1, 1)
    assert (failed[0], failed[1], failed[2]["state"]) == ("import.failed", lost.id, "failed")
    assert failed[2]["problem"] == "the uploaded file is no longer there"


async def test_an_event_is_flat_and_holds_no_secret(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim()
    for _, _, data in await told(context):
        for value in data.values():
            assert value is None or isinstance(value, str | int | float | bool)


def test_every_type_is_named_by_its_subject_and_what_happened() -> None:
    assert all(len(name.split(".")) == 2 for name in EventName)
