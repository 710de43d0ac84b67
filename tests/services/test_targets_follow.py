"""Whoever waits in a campaign is called where an import says they can be reached now."""

from __future__ import annotations

import pytest

from campana.domain.disposition import Disposition
from campana.services import imports, lists, outcomes, undoing, windows
from campana.services.context import Context
from campana.store.imports import Duplicates
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched, person
from tests.support.database import FixedClock
from tests.support.ledger import broken
from tests.support.people import csv_of, imported

NEW = "+13125550119"
HEADER = ["externalId", "phone"]


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[
            person(ANA, external_id="A"),
            person(BRUNO, external_id="B"),
            person(CARLA, external_id="C"),
        ],
    )


async def brought(scene: Scene, *rows: list[str]) -> str:
    """An import over the people of the campaign; its id."""
    [found, *_] = (await lists.page(scene.engine, workspace_id=scene.workspace_id)).lists
    done = await imported(
        scene.engine,
        workspace_id=scene.workspace_id,
        list_id=found.id,
        content=csv_of(HEADER, rows),
        duplicates=Duplicates.UPDATE,
    )
    assert done.rows_rejected == 0
    return done.id


async def waiting(scene: Scene) -> dict[str, tuple[str | None, str]]:
    """Number and hours by external id."""
    rows = await scene.rows(
        "select c.external_id, t.address, d.window_key from targets t"
        " join contacts c on c.id = t.contact_id join due d on d.target_id = t.id"
    )
    return {row[0]: (row[1], row[2]) for row in rows}


async def test_a_new_number_is_called_in_its_hours_and_an_undo_takes_it_back(scene: Scene) -> None:
    before = await waiting(scene)
    import_id = await brought(scene, ["A", NEW])
    after = await waiting(scene)
    assert after == {**before, "A": (NEW, "America/Chicago")}
    await undoing.request(scene.web, workspace_id=scene.workspace_id, import_id=import_id)
    await imports.run(scene.engine, import_id=import_id)
    assert await waiting(scene) == before


async def test_people_who_exchange_their_numbers_in_one_file_are_not_lost(scene: Scene) -> None:
    await brought(scene, ["A", NEW])
    await brought(scene, ["B", ANA])
    await brought(scene, ["A", BRUNO])
    after = await waiting(scene)
    assert (after["A"][0], after["B"][0]) == (BRUNO, ANA)
    claimed = [each.address for each in await scene.claim()]
    assert len(claimed) == len(set(claimed))
    assert await broken(scene.engine) == []


async def test_whom_a_rule_put_off_where_they_were_is_asked_again_where_they_are(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA, external_id="A"), person(CARLA, external_id="C")],
        window={"always": True},
        cadence={
            "busy": {"attempts": 3, "delaySeconds": 1},
            "noAnswer": {"attempts": 3, "delaySeconds": 3600},
        },
        caps=[{"per": "number", "attempts": 1, "days": 7}],
    )
    ends = {ANA: Disposition.BUSY, CARLA: Disposition.NO_ANSWER}
    for each in await scene.claim():
        await outcomes.settle(
            engine_context,
            attempt_id=each.attempt_id,
            disposition=ends[each.address],
            reason="ended",
        )
    clock.forward(seconds=2)
    assert await scene.claim() == []
    await brought(scene, ["A", "+12125550119"], ["C", "+12125550118"])
    await windows.refresh_all(engine_context)
    clock.forward(seconds=1)
    # Who did not answer is put off by no rule: their next try has its time.
    assert [each.address for each in await scene.claim()] == ["+12125550119"]
    assert await broken(engine_context) == []
