"""What is under way while a person is erased: tries, files, and the erasing itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from campana.domain.disposition import Disposition
from campana.domain.erasure import ERASED
from campana.services import (
    dispatch,
    erasures,
    imports,
    lists,
    outcomes,
)
from campana.services.context import Context
from campana.services.erasures import StillMoving
from campana.services.recordings import remove_recordings
from campana.store import traces
from campana.store.erasures import ErasureState
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person
from tests.support.database import FixedClock
from tests.support.erasing import (
    PERSON,
    called,
    contact_of,
    erase,
    request,
    talk,
    traces_of,
)
from tests.support.ledger import broken
from tests.support.people import csv_of, imported, start


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign of Zephyrine (whose number is Ana's) and Bruno."""
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[PERSON, person(BRUNO)],
        cadence={"maxAttempts": 3, "busy": {"attempts": 3, "delaySeconds": 900}},
    )


async def test_a_try_under_way_ends_as_it_would_have_and_then_its_traces_go(
    scene: Scene, engine_context: Context, context: Context, conninfo: str
) -> None:
    engine = engine_context
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    await dispatch.begin_sending(engine, claimed=claimed, owner_id=1, from_number="+12025550100")
    asked = await request(context, scene, await contact_of(scene))
    with pytest.raises(StillMoving):
        await erasures.run(engine, erasure_id=asked.id)
    waiting = await erasures.get(context, workspace_id=scene.workspace_id, erasure_id=asked.id)
    assert (waiting.state, waiting.waits_for) == ("erasing", "an attempt that is under way")
    # Busy would be tried again in a quarter of an hour: not any more.
    await outcomes.settle(
        engine, attempt_id=claimed.attempt_id, disposition=Disposition.BUSY, reason=f"486 {ANA}"
    )
    await erasures.run(engine, erasure_id=asked.id)
    assert traces_of(conninfo, engine.blobs.root) == set()
    assert await scene.rows(
        "select state, disposition, attempt_count, address from targets where contact_id = %s",
        asked.contact_ids[0],
    ) == [("finished", "suppressed", 1, None)]
    assert await scene.rows(
        "select disposition, address from attempts where address <> %s", BRUNO
    ) == [("busy", ERASED)]
    assert await broken(engine) == []


async def test_an_intent_that_is_not_sent_yet_never_is(
    scene: Scene, engine_context: Context, context: Context
) -> None:
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    await request(context, scene, await contact_of(scene))
    assert not await dispatch.begin_sending(
        engine_context, claimed=claimed, owner_id=1, from_number="+12025550100"
    )


async def test_a_worker_that_was_believed_dead_brings_nothing_back(
    scene: Scene, engine_context: Context, context: Context, conninfo: str
) -> None:
    """Its call goes on unseen, and is recorded and told of after the erasure is done."""
    engine = engine_context
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    await dispatch.begin_sending(engine, claimed=claimed, owner_id=1, from_number="+12025550100")
    await outcomes.settle(
        engine, attempt_id=claimed.attempt_id, disposition=Disposition.UNKNOWN, reason="lost"
    )
    await erase(context, engine, scene, await contact_of(scene))
    late = replace(scene, engine=engine)
    key = await talk(engine, late, claimed.attempt_id, disposition=Disposition.OPT_OUT)
    assert await scene.rows(
        "select disposition, reason from attempts where id = %s", claimed.attempt_id
    ) == [("opt_out", "opt_out")]
    jobs = await scene.rows(
        "select args from procrastinate_jobs where task_name = 'remove_recording'"
    )
    assert [UUID(row[0]["attempt_id"]) for row in jobs] == [claimed.attempt_id]
    await remove_recordings(engine, attempt_ids=[claimed.attempt_id])
    assert not engine.blobs.path(key).exists()
    assert traces_of(conninfo, engine.blobs.root) == set()
    assert await scene.rows("select count(*) from suppressions") == [(0,)]


async def test_a_file_that_was_on_its_way_does_not_bring_the_person_back(
    scene: Scene, engine_context: Context, context: Context, clock: FixedClock
) -> None:
    other = await lists.create(context, workspace_id=scene.workspace_id, name="Others")
    content = csv_of(["phone", "firstName"], [[ANA, "Zephyrine"], [CARLA, "Carla"]])
    begun = await start(context, workspace_id=scene.workspace_id, list_id=other.id, content=content)
    clock.forward(seconds=1)
    asked = await request(context, scene, await contact_of(scene))
    with pytest.raises(StillMoving, match="an import that began before"):
        await erasures.run(engine_context, erasure_id=asked.id)
    await imports.run(engine_context, import_id=begun.id)
    after = await lists.get_import(context, workspace_id=scene.workspace_id, import_id=begun.id)
    assert (after.rows_done, after.rows_accepted, after.rows_rejected) == (2, 1, 1)
    [refused] = await lists.rejected_rows(
        context, workspace_id=scene.workspace_id, import_id=begun.id
    )
    assert (refused.row_number, refused.value, refused.cells) == (1, None, None)
    await erasures.run(engine_context, erasure_id=asked.id)
    clock.forward(seconds=1)
    # Handed in after the erasure, the same file is somebody's own act.
    later = await imported(
        engine_context, workspace_id=scene.workspace_id, list_id=other.id, content=content
    )
    assert (later.rows_accepted, later.rows_duplicate) == (1, 1)


async def test_it_goes_on_after_a_crash_between_any_two_steps(
    scene: Scene,
    engine_context: Context,
    context: Context,
    conninfo: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each step dies once before its commit, when those before it are committed; it goes on."""
    engine = engine_context
    await called(scene, engine, disposition=Disposition.COMPLETED)
    asked = await request(context, scene, await contact_of(scene))
    died: set[str] = set()
    erase_place = traces.erase

    class Died(Exception):
        pass

    async def erase_and_die(tx: Any, *, place: str, **rest: Any) -> None:
        await erase_place(tx, place=place, **rest)
        if place not in died:
            died.add(place)
            raise Died

    monkeypatch.setattr(traces, "erase", erase_and_die)
    runs = 0
    while True:
        runs += 1
        try:
            await erasures.run(engine, erasure_id=asked.id)
        except Died:
            found = await erasures.get(
                context, workspace_id=scene.workspace_id, erasure_id=asked.id
            )
            assert found.state is ErasureState.ERASING
        else:
            break
    assert died == set(traces.PLACES)
    assert runs == len(traces.PLACES) + 1
    assert traces_of(conninfo, engine.blobs.root) == set()
