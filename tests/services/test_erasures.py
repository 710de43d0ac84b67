"""A person is erased: nothing is left of them but numbers and a hash."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from campana.domain.disposition import Disposition
from campana.domain.errors import InvalidParameter, NotFound
from campana.services import (
    consents,
    erasures,
    lists,
    suppressions,
)
from campana.services.accounts import ensure_workspace
from campana.services.context import Context
from campana.store.erasures import ErasureState
from campana.store.imports import Duplicates
from tests.support.campaign import ANA, BRUNO, Scene, add_list, launched, person
from tests.support.database import NOW
from tests.support.erasing import (
    PERSON,
    called,
    contact_of,
    erase,
    request,
    traces_of,
)
from tests.support.ledger import broken
from tests.support.people import csv_of, everybody, imported


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


async def test_nothing_is_left_anywhere(
    scene: Scene, engine_context: Context, context: Context, conninfo: str
) -> None:
    """Every table and every file, after a life with all that Campana keeps of one."""
    engine, workspace_id = engine_context, scene.workspace_id
    await called(scene, engine, disposition=Disposition.COMPLETED)
    await consents.add(
        context,
        workspace_id=workspace_id,
        address=ANA,
        is_granted=True,
        source="form",
        wording="Zephyrine Quetzalcoatl may be called",
    )
    await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="asked")
    # The same person in another list, changed by an import that could be undone, and refused once.
    other = await lists.create(context, workspace_id=workspace_id, name="Others")
    for row in (
        ["P-81234", "Zephyrine", "Quetzalcoatl", "(212) 555-0101", "prefers mornings"],
        ["P-81234", "Zephyrine", "Quetzalcoatl", "(212) 555-0101", "prefers evenings"],
        ["", "Zephyrine", "Quetzalcoatl", "12", ""],
        ["", "Bruno", "", "12", ""],
    ):
        await imported(
            engine,
            workspace_id=workspace_id,
            list_id=other.id,
            content=csv_of(["externalId", "firstName", "lastName", "phone", "note"], [row]),
            duplicates=Duplicates.UPDATE,
        )
    told_and_remembered(conninfo, workspace_id)
    assert len({each.partition(":")[0] for each in traces_of(conninfo, engine.blobs.root)}) >= 12
    before = await counted(scene)
    ids = await scene.rows(
        "select array_agg(distinct contact_id) from contact_addresses where value = %s", ANA
    )
    erasure_id = await erase(context, engine, scene, await contact_of(scene))

    assert traces_of(conninfo, engine.blobs.root) == set()
    assert await counted(scene) == before
    assert await broken(engine) == []
    done = await erasures.get(context, workspace_id=workspace_id, erasure_id=erasure_id)
    assert (done.state, done.reason) == (ErasureState.DONE, "Ms … asked for it by letter")
    assert sorted(done.contact_ids) == sorted(ids[0][0])
    assert len(done.contact_ids) == 2
    # Others are as they were: Bruno's refused row can still be mended.
    assert await scene.rows(
        "select count(*) from import_errors where cells::text like '%%Bruno%%'"
    ) == [(1,)]
    told = await scene.rows("select data from told_events where type = 'contact.erased'")
    assert {row[0]["erasureId"] for row in told} == {erasure_id}


def told_and_remembered(conninfo: str, workspace_id: int) -> None:
    """A receiver of events that echoes what it gets, and an answer kept for a repeat."""
    with psycopg.connect(conninfo, options="-c search_path=campana") as conn:
        conn.execute(
            "insert into webhooks (id, workspace_id, url, event_types, is_enabled, cursor,"
            " created_at, updated_at)"
            " values ('wh_1', %s, 'https://public.example.com/', '{}', true, 0, %s, %s)",
            (workspace_id, NOW, NOW),
        )
        conn.execute(
            "insert into webhook_deliveries (webhook_id, event_id, workspace_id, event_type,"
            " subject, state, due_at, give_up_at, tries, created_at, finished_at)"
            " select 'wh_1', id, workspace_id, type, subject, 'delivered', at, at,"
            " jsonb_build_array(jsonb_build_object('status', 200, 'answer', data::text)), at, at"
            " from told_events"
        )
        conn.execute(
            "insert into conversations (id, workspace_id, channel_id, address, name, status,"
            " last_message_at, created_at)"
            " select 'conv_1', %s, id, %s, 'Zephyrine', 'open', %s, %s from channels limit 1",
            (workspace_id, ANA, NOW, NOW),
        )
        conn.execute(
            "insert into messages (workspace_id, conversation_id, direction, origin, kind, text,"
            " provider_key, at) values (%s, 'conv_1', 'inbound', 'contact', 'text',"
            " 'It is Zephyrine Quetzalcoatl', 'k', %s)",
            (workspace_id, NOW),
        )
        conn.execute(
            "insert into idempotency_keys (workspace_id, route, key, body_hash, created_at,"
            " status, body) values (%s, 'POST /v1/suppressions', 'k', 'x', %s, 201, %s)",
            (workspace_id, NOW, f'{{"address": "{ANA}"}}'.encode()),
        )


async def counted(scene: Scene) -> list[Any]:
    """All that a campaign's statistics are counted from."""
    return [
        await scene.rows(query)
        for query in (
            "select state, disposition, attempt_count from targets order by id",
            "select state, disposition, attempt_no, answered_at from attempts order by id",
            "select talk_seconds, result from voice_calls",
            "select sum(rows_accepted), sum(rows_updated), sum(rows_rejected) from imports",
            "select type, count(*) from attempt_events group by 1 order by 1",
        )
    ]


async def test_asked_twice_it_is_the_same_erasure(
    scene: Scene, engine_context: Context, context: Context, elsewhere_id: int
) -> None:
    contact_id = await contact_of(scene)
    first = await erase(context, engine_context, scene, contact_id)
    again = await request(context, scene, contact_id)
    assert (again.id, again.state) == (first, ErasureState.DONE)
    with pytest.raises(NotFound):
        await request(context, scene, 10_000)
    with pytest.raises(NotFound):
        await erasures.request(
            context,
            workspace_id=elsewhere_id,
            contact_id=await contact_of(scene, BRUNO),
            reason="r",
            requested_by="r",
        )
    with pytest.raises(InvalidParameter):
        await request(context, scene, await contact_of(scene, BRUNO), reason=" ")


async def test_whoever_stands_at_the_number_in_a_campaign_is_not_called_there(
    scene: Scene, engine_context: Context, context: Context
) -> None:
    """Somebody who has given the number up, and whose campaign does not know it yet."""
    ana = await contact_of(scene)
    async with engine_context.db.transaction() as tx:
        await tx.execute("delete from contact_addresses where contact_id = %s", (ana,))
    other = await add_list(
        context, workspace_id=scene.workspace_id, people=[PERSON], name="the present holder"
    )
    [holder] = await everybody(context, workspace_id=scene.workspace_id, list_id=other)
    await erase(context, engine_context, scene, holder.id)
    assert [each.address for each in await scene.claim()] == [BRUNO]
    assert await scene.rows(
        "select address, disposition from targets where contact_id = %s", ana
    ) == [(None, "suppressed")]


@pytest.fixture
async def elsewhere_id(engine_context: Context) -> int:
    return (await ensure_workspace(engine_context, "elsewhere")).workspace_id
