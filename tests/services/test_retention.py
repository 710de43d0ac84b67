"""What is too old goes, class by class, a stretch at a time, and a crash repeats one stretch."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from campana.domain.disposition import Disposition
from campana.domain.erasure import ERASED
from campana.domain.errors import InvalidParameter, Unavailable
from campana.services import retention
from campana.services.context import Context
from campana.services.recordings import key_of
from tests.support.campaign import ANA, Scene, launched
from tests.support.database import FixedClock
from tests.support.erasing import called
from tests.support.ledger import broken


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """Ana was called and recorded; the others have intents."""
    return await launched(engine_context, context, workspace_id=workspace_id)


@pytest.fixture
async def attempt_id(scene: Scene, engine_context: Context) -> UUID:
    return await called(scene, engine_context, disposition=Disposition.COMPLETED)


async def replace(context: Context, scene: Scene, **changes: Any) -> None:
    forever = {"recordingDays": None, "transcriptDays": None, "attemptDays": None}
    await retention.replace(context, workspace_id=scene.workspace_id, raw={**forever, **changes})


async def call(scene: Scene) -> dict[str, Any]:
    [row] = await scene.rows(
        "select recording_key, recording_removed_at, transcript, keys, to_number, talk_seconds"
        " from voice_calls where to_number in (%s, %s)",
        ANA,
        ERASED,
    )
    names = ("recording", "removed_at", "transcript", "keys", "to", "seconds")
    return dict(zip(names, row, strict=True))


async def test_a_recording_goes_with_its_age_and_the_call_says_so(
    scene: Scene, attempt_id: UUID, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    await replace(context, scene, recordingDays=10)
    path = engine_context.blobs.path(key_of(campaign_id=scene.campaign_id, attempt_id=attempt_id))
    clock.forward(days=9)
    await retention.keep_to(engine_context)
    assert path.exists()
    clock.forward(days=2)
    await retention.keep_to(engine_context)
    assert not path.exists()
    assert not path.with_name(path.name + ".part").exists(), "what a killed call left"
    found = await call(scene)
    assert (found["recording"], found["removed_at"]) == (None, clock.now())
    assert found["transcript"]
    again = clock.now()
    clock.forward(days=1)
    await retention.keep_to(engine_context)
    assert (await call(scene))["removed_at"] == again


@pytest.mark.usefixtures("attempt_id")
async def test_what_was_said_and_typed_goes_and_the_answers_stay(
    scene: Scene, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    await replace(context, scene, transcriptDays=20)
    clock.forward(days=21)
    await retention.keep_to(engine_context)
    found = await call(scene)
    assert (found["transcript"], found["keys"]) == ([], "")
    assert (found["to"], found["seconds"]) == (ANA, 12.0)
    assert found["recording"] is not None
    assert await scene.rows("select detail from attempt_events where type = 'said'") == [({},)]
    [[model]] = await scene.rows("select model from voice_calls where model is not null")
    assert model["values"], "what it came to"
    assert model["tools"] == [{"name": "end", "outcome": "done"}]


async def test_an_attempt_keeps_its_numbers_and_loses_its_person(
    scene: Scene, attempt_id: UUID, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    await replace(context, scene, attemptDays=40)
    clock.forward(days=41)
    await retention.keep_to(engine_context)
    assert await scene.rows(
        "select address, reason, disposition, attempt_no from attempts where id = %s", attempt_id
    ) == [(ERASED, None, "completed", 1)]
    assert (await call(scene))["recording"] is None
    # One that is not over is left to whoever ends it.
    assert await scene.rows(
        "select count(*) from attempts where address <> %s and state = 'intent'", ERASED
    ) == [(2,)]
    assert await broken(engine_context) == []


@pytest.mark.usefixtures("attempt_id")
async def test_events_go_with_their_age(
    scene: Scene, engine_context: Context, clock: FixedClock
) -> None:
    [[before]] = await scene.rows("select count(*) from events")
    assert before > 0
    clock.forward(days=30, minutes=1)
    await retention.keep_to(engine_context)
    assert await scene.rows("select count(*) from events") == [(0,)]


async def test_it_goes_on_where_it_stopped(
    scene: Scene,
    attempt_id: UUID,
    engine_context: Context,
    context: Context,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stretches of one attempt each; the disk refuses once, behind the first."""
    monkeypatch.setattr(retention, "_STRETCH", 1)
    await replace(context, scene, recordingDays=1)
    clock.forward(days=2)
    looked: list[UUID] = []
    remove = retention.remove_recordings

    async def refuses_once(context: Context, *, attempt_ids: list[UUID]) -> int:
        looked.extend(attempt_ids or [UUID(int=0)])
        if len(looked) == 2:
            raise Unavailable("the disk is full")
        return await remove(context, attempt_ids=attempt_ids)

    monkeypatch.setattr(retention, "remove_recordings", refuses_once)
    with pytest.raises(Unavailable):
        await retention.keep_to(engine_context)
    await retention.keep_to(engine_context)
    assert len(looked) == 4, "three attempts, and the one that was refused again"
    assert (await call(scene))["recording"] is None
    looked.clear()
    await retention.keep_to(engine_context)
    assert looked == [], "nothing is looked at twice"
    assert attempt_id


async def test_what_is_wrong_with_a_policy_is_named(context: Context, scene: Scene) -> None:
    shown = await retention.show(context, workspace_id=scene.workspace_id)
    assert (shown.recording_days, shown.event_days) == (30, 30)
    with pytest.raises(InvalidParameter) as refused:
        await retention.replace(
            context,
            workspace_id=scene.workspace_id,
            raw={"recordingDays": 0, "attemptDays": 30, "eventDays": None, "photos": 1},
        )
    assert {each.pointer for each in refused.value.problems} == {
        "/recordingDays",
        "/attemptDays",
        "/eventDays",
        "/photos",
    }
