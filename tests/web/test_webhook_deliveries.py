"""Trying a webhook out, sending again, and the log."""

from __future__ import annotations

import httpx

from campana.engine.webhooks import Deliverer
from campana.services.context import Context
from tests.support.receiver import answers, receiver
from tests.support.telling import tell, work
from tests.web.rows import codes


async def test_a_test_is_sent_like_any_event_and_stands_in_the_log(
    api: httpx.AsyncClient, engine_context: Context
) -> None:
    async with receiver(answers(404, b"<no such page>")) as peer:
        webhook = (await api.post("/v1/webhooks", json={"url": peer.url})).json()
        path = f"/v1/webhooks/{webhook['id']}"
        answer = await api.post(f"{path}/test")
        assert answer.status_code == 202
        event_id = answer.json()["eventId"]
        await work(Deliverer(engine_context))
        [message] = peer.came
        assert (message.id, message.event["type"]) == (event_id, "webhook.test")
        [line] = (await api.get(f"{path}/deliveries")).json()["data"]
        assert line == {
            "eventId": event_id,
            "eventType": "webhook.test",
            "subject": webhook["id"],
            "state": "pending",
            "dueAt": "2026-03-10T15:00:05Z",
            "tryCount": 1,
            "tries": [
                {
                    "at": "2026-03-10T15:00:00Z",
                    "ms": line["tries"][0]["ms"],
                    "status": 404,
                    "answer": "<no such page>",
                    "problem": None,
                }
            ],
            "createdAt": "2026-03-10T15:00:00Z",
            "finishedAt": None,
        }
        assert (await api.get(path)).json()["failingSince"] == "2026-03-10T15:00:00Z"


async def test_the_log_goes_back_page_by_page(
    api: httpx.AsyncClient, context: Context, engine_context: Context, workspace_id: int
) -> None:
    async with receiver() as peer:
        webhook = (await api.post("/v1/webhooks", json={"url": peer.url})).json()
        path = f"/v1/webhooks/{webhook['id']}/deliveries"
        ids = await tell(context, *(f"tgt_{n}" for n in range(5)), workspace_id=workspace_id)
        await work(Deliverer(engine_context))
    first = (await api.get(f"{path}?limit=3")).json()
    assert [each["eventId"] for each in first["data"]] == ids[:1:-1]
    rest = (await api.get(f"{path}?limit=3&cursor={first['nextCursor']}")).json()
    assert [each["eventId"] for each in rest["data"]] == ids[1::-1]
    assert rest["nextCursor"] is None
    assert {each["state"] for each in first["data"]} == {"delivered"}
    assert (await api.get(f"{path}?state=pending")).json()["data"] == []
    assert codes(await api.get(f"{path}?cursor=nonsense")).keys() == {"cursor"}
    assert codes(await api.get(f"{path}?state=lost")).keys() == {"state"}


async def test_a_replay_is_asked_for_by_an_event(
    api: httpx.AsyncClient, context: Context, engine_context: Context, workspace_id: int
) -> None:
    async with receiver() as peer:
        webhook = (await api.post("/v1/webhooks", json={"url": peer.url})).json()
        path = f"/v1/webhooks/{webhook['id']}/replay"
        ids = await tell(context, "tgt_1", "tgt_1", workspace_id=workspace_id)
        await work(Deliverer(engine_context))
        answer = await api.post(path, json={"from": ids[1]})
        assert (answer.status_code, answer.json()) == (202, {**webhook_without_secret(webhook)})
        await work(Deliverer(engine_context))
    assert peer.ids() == [*ids, ids[1]]
    for first in ("nonsense", "evt_", "evt_0", "tgt_1"):
        problem = codes(await api.post(path, json={"from": first}))
        assert problem == {"/from": "must be the id of an event"}
    assert codes(await api.post(path, json={})).keys() == {"/from"}
    assert codes(await api.post(path, json={"from": "evt_99999"})) == {
        "/from": "has not happened yet"
    }


async def test_nothing_is_sent_to_one_that_is_switched_off(api: httpx.AsyncClient) -> None:
    webhook = (
        await api.post(
            "/v1/webhooks", json={"url": "https://public.example.com/", "enabled": False}
        )
    ).json()
    for word, body in (("test", {}), ("replay", {"from": "evt_1"})):
        answer = await api.post(f"/v1/webhooks/{webhook['id']}/{word}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def webhook_without_secret(webhook: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in webhook.items() if name != "secret"}
