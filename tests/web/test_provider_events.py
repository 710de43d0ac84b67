"""What a carrier said of an attempt: kept in its words, shown, and gone with the person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from campana.domain.ids import attempt_text
from campana.services import named_reports, reports, retention
from campana.services.accounts import create_key, ensure_workspace
from campana.services.context import Context
from campana.store import named_reports as store
from campana.store.named_reports import Named
from campana.store.reports import Kept
from tests.services.test_reports import sent, told
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.erasing import contact_of, erase, everything

BODY = '{"status": "delivered", "to": "%s"}'


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])


async def report(scene: Scene, *, times: int = 1) -> UUID:
    """The one attempt goes its way, and its carrier tells each step in its own words."""
    [attempt_id] = await sent(scene)
    story = [
        replace(each, event=replace(each.event, body=BODY % ANA))
        for each in told(scene, attempt_id)
    ]
    for _ in range(times):
        kept = [
            Kept(
                workspace_id=scene.workspace_id,
                told=each,
                received_at=NOW + timedelta(seconds=7),
            )
            for each in story
        ]
        await reports.keep(scene.web, kept)
        await reports.apply_kept(scene.engine)
    return attempt_id


def address_of(attempt_id: UUID) -> str:
    return f"/v1/attempts/{attempt_text(attempt_id)}/provider-events"


async def test_each_report_is_shown_once_in_the_words_it_came_in(
    api: httpx.AsyncClient, scene: Scene
) -> None:
    url = address_of(await report(scene, times=3))
    whole = (await api.get(url)).json()
    assert [each["type"] for each in whole["data"]] == ["accepted", "ringing", "answered", "ended"]
    assert {each["body"] for each in whole["data"]} == {BODY % ANA}
    assert {each["receivedAt"] for each in whole["data"]} == {"2026-03-10T15:00:07Z"}
    assert whole["nextCursor"] is None
    first = (await api.get(url, params={"limit": 3})).json()
    rest = (await api.get(url, params={"limit": 3, "cursor": first["nextCursor"]})).json()
    assert first["data"] + rest["data"] == whole["data"]
    assert rest["nextCursor"] is None


async def test_who_is_not_to_know_people_sees_no_body(api: httpx.AsyncClient, scene: Scene) -> None:
    url = address_of(await report(scene))
    masked = await api.get(url, headers={"x-exclude-pii": "true"})
    assert [each["body"] for each in masked.json()["data"]] == [None] * 4
    assert ANA not in masked.text


async def test_another_workspace_sees_nothing(
    api: httpx.AsyncClient, scene: Scene, engine_context: Context
) -> None:
    url = address_of(await report(scene))
    other = await ensure_workspace(engine_context, "other")
    key = await create_key(
        engine_context, workspace_id=other.workspace_id, name="k", scopes=["campaigns:read"]
    )
    answer = await api.get(url, headers={"authorization": f"Bearer {key.text}"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("attempt", "query", "status"),
    [("att_1", "", 404), (attempt_text(UUID(int=5)), "", 404), (None, "?cursor=x", 400)],
)
async def test_what_makes_no_sense_is_told(
    api: httpx.AsyncClient, scene: Scene, attempt: str | None, query: str, status: int
) -> None:
    url = address_of(await report(scene))
    if attempt is not None:
        url = f"/v1/attempts/{attempt}/provider-events"
    assert (await api.get(url + query)).status_code == status


async def test_a_report_by_name_keeps_its_words_while_it_waits(
    scene: Scene, api: httpx.AsyncClient
) -> None:
    [attempt_id] = await sent(scene)
    end = told(scene, attempt_id)[-1].event
    named = Named(
        workspace_id=scene.workspace_id,
        channel_id=scene.channel.id,
        ref="r1",
        address=ANA,
        key="receipt:r1",
        event=replace(end, body="id:r1 stat:DELIVRD"),
        received_at=NOW,
    )
    await named_reports.keep(scene.engine, [named])
    assert await scene.rows("select body from named_reports") == [("id:r1 stat:DELIVRD",)]
    async with scene.engine.db.transaction() as tx:
        await store.add_refs(tx, refs=[(attempt_id, ["r1"])], now=NOW)
    await named_reports.match(scene.engine)
    [shown] = (await api.get(address_of(attempt_id))).json()["data"]
    assert (shown["body"], shown["receivedAt"]) == ("id:r1 stat:DELIVRD", "2026-03-10T15:00:00Z")
    # One whose name is known goes the way of callbacks, and keeps its words there too.
    await named_reports.keep(scene.engine, [replace(named, key="again")])
    assert await scene.rows("select body from callback_inbox") == [("id:r1 stat:DELIVRD",)]


async def test_it_goes_with_the_person(
    scene: Scene, api: httpx.AsyncClient, engine_context: Context, context: Context, conninfo: str
) -> None:
    attempt_id = await report(scene)
    contact_id = await contact_of(scene)
    known = (await api.get(f"/v1/contacts/ctc_{contact_id}/export")).json()
    [tried] = known["attempts"]
    bodies = [each["body"] for each in tried["events"] if each["body"]]
    assert bodies == [BODY % ANA] * 4
    await erase(context, engine_context, scene, contact_id)
    assert (await api.get(address_of(attempt_id))).json()["data"] == []
    # What the carrier says later is not kept either.
    late = replace(told(scene, attempt_id)[0], key="late")
    late = replace(late, event=replace(late.event, body=BODY % ANA))
    await reports.keep(
        scene.web, [Kept(workspace_id=scene.workspace_id, told=late, received_at=NOW)]
    )
    await reports.apply_kept(engine_context)
    assert [table for table, text in everything(conninfo).items() if ANA in text] == []


async def test_it_is_kept_as_long_as_the_attempt_is(
    scene: Scene,
    api: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    clock: FixedClock,
) -> None:
    attempt_id = await report(scene)
    await retention.replace(
        context, workspace_id=scene.workspace_id, raw={"transcriptDays": 1, "attemptDays": 40}
    )
    clock.forward(days=39)
    await retention.keep_to(engine_context)
    assert len((await api.get(address_of(attempt_id))).json()["data"]) == 4
    clock.forward(days=2)
    await retention.keep_to(engine_context)
    assert (await api.get(address_of(attempt_id))).json()["data"] == []
