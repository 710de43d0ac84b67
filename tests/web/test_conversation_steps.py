"""Whose turn it is: assigned, closed, handed back."""

from __future__ import annotations

import httpx

from campana.services import conversations, talk_flow, threads
from campana.services.context import Context
from tests.support.campaign import ANA, add_channel
from tests.support.database import NOW


async def handed_off(engine: Context, web: Context, workspace_id: int) -> str:
    channel = await add_channel(web, workspace_id=workspace_id)
    async with engine.db.transaction() as tx:
        await threads.hand_off(
            tx,
            engine,
            workspace_id=workspace_id,
            channel_id=channel.id,
            address=ANA,
            contact_id=None,
            campaign_id=None,
            queue="sales",
            note="Asked about prices",
            now=NOW,
        )
        [(found,)] = await (await tx.execute("select id from conversations")).fetchall()
    return str(found)


async def test_a_person_takes_it_and_gives_it_back_to_the_flow(
    api: httpx.AsyncClient,
    stranger: httpx.AsyncClient,
    engine_context: Context,
    context: Context,
    workspace_id: int,
    monkeypatch: object,
) -> None:
    path = f"/v1/conversations/{await handed_off(engine_context, context, workspace_id)}"
    shown = (await api.get(path)).json()
    assert (shown["status"], shown["queue"], shown["note"]) == (
        "waiting", "sales", "Asked about prices",
    )  # fmt: skip
    taken = await api.post(path + "/assign", json={"assignee": "Bruno"})
    assert (taken.json()["status"], taken.json()["assignee"]) == ("assigned", "Bruno")
    back = await api.post(path + "/hand-back")
    assert (back.status_code, back.json()["status"], back.json()["assignee"]) == (200, "open", None)
    told: list[str] = []

    async def hand_back(*_: object, address: str, **__: object) -> bool:
        told.append(address)
        return True

    monkeypatch.setattr(talk_flow, "hand_back", hand_back)  # pyright: ignore[reportAttributeAccessIssue]
    assert await conversations.return_to_flows(engine_context) == 1
    assert await conversations.return_to_flows(engine_context) == 0
    assert told == [ANA]
    again = await api.post(path + "/hand-back")
    assert (again.status_code, again.json()["code"]) == (409, "invalid_transition")
    assert (await stranger.post(path + "/close")).status_code == 404


async def test_closed_it_stays_closed_and_every_step_is_told(
    api: httpx.AsyncClient, engine_context: Context, context: Context, workspace_id: int
) -> None:
    path = f"/v1/conversations/{await handed_off(engine_context, context, workspace_id)}"
    for _ in range(2):
        closed = (await api.post(path + "/close")).json()
        assert (closed["status"], closed["closedAt"]) == ("closed", "2026-03-10T15:00:00Z")
    assert (await api.post(path + "/assign", json={})).status_code == 400
    async with engine_context.db.read() as tx:
        found = await (await tx.execute("select type from told_events order by id")).fetchall()
    assert [row[0] for row in found] == ["conversation.handed_off", "conversation.closed"]
