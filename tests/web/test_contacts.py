"""`/v1/contacts` over HTTP: found, shown, changed, followed through all channels, exported."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from campana.domain.disposition import Disposition
from campana.services import outcomes
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import NOW, FixedClock
from tests.web.rows import codes

PERSON = {
    "externalId": "P-1",
    "firstName": "Dana",
    "phones": ["(212) 555-0111", "(310) 555-0112"],
    "emails": ["Dana@Example.com"],
    "language": "en",
    "attributes": {"balance": 12.5, "since": "2025-03-31", "vip": True},
}


@pytest.fixture
async def list_id(api: httpx.AsyncClient) -> str:
    made = await api.post("/v1/contact-lists", json={"name": "Patients", "defaultCountry": "US"})
    return str(made.json()["id"])


async def added(api: httpx.AsyncClient, list_id: str, **changes: Any) -> httpx.Response:
    """A person as the API shows one."""
    made = await api.post(
        f"/v1/contact-lists/{list_id}/contacts", json={"contacts": [{**PERSON, **changes}]}
    )
    [result] = made.json()["results"]
    return await api.get(f"/v1/contacts/{result['contactId']}")


async def changed(
    api: httpx.AsyncClient,
    shown: httpx.Response,
    patch: dict[str, Any],
    *,
    match: str | None = None,
) -> httpx.Response:
    return await api.patch(
        f"/v1/contacts/{shown.json()['id']}",
        json=patch,
        headers={"if-match": match or shown.headers["etag"]},
    )


async def test_a_person_is_shown_as_they_came_in(api: httpx.AsyncClient, list_id: str) -> None:
    shown = (await added(api, list_id)).json()
    assert shown["listId"] == list_id
    assert [(each["kind"], each["value"]) for each in shown["addresses"]] == [
        ("phone", "+12125550111"),
        ("phone", "+13105550112"),
        ("email", "dana@example.com"),
    ]
    assert shown["attributes"] == {"balance": 12.5, "since": "2025-03-31", "vip": True}
    assert (shown["timeZone"], shown["timeZones"]) == (None, ["America/New_York"])


async def test_people_are_found_by_what_they_are_known_by(
    api: httpx.AsyncClient, list_id: str
) -> None:
    other = (await api.post("/v1/contact-lists", json={"name": "Others"})).json()["id"]
    dana = (await added(api, list_id)).json()["id"]
    again = (await added(api, other)).json()["id"]
    erin = (
        await added(api, list_id, externalId="P-2", phones=["(212) 555-0119"], emails=[])
    ).json()["id"]

    async def found(**asked: Any) -> list[str]:
        answer = await api.get("/v1/contacts", params=asked)
        return [each["id"] for each in answer.json()["data"]]

    assert await found() == [dana, again, erin]
    assert await found(listId=list_id) == [dana, erin]
    assert await found(address="212 555 0111") == [dana, again]
    assert await found(address="Dana@EXAMPLE.com", listId=other) == [again]
    assert await found(externalId="P-2") == [erin]
    assert await found(externalId="P-2", address=ANA) == []
    assert await found(listId="list_none") == []
    first = (await api.get("/v1/contacts", params={"limit": 2})).json()
    assert await found(limit=2, cursor=first["nextCursor"]) == [erin]
    for wrong in ({"address": "nobody"}, {"address": "a@b"}, {"cursor": "ctc_x"}, {"name": "x"}):
        refused = await api.get("/v1/contacts", params=wrong)
        assert codes(refused).keys() == wrong.keys()


async def test_a_change_is_laid_over_and_read_as_an_import_would(
    api: httpx.AsyncClient, list_id: str
) -> None:
    shown = await added(api, list_id)
    patch = {
        "firstName": None,
        "lastName": "Reyes",
        "phones": ["310-555-0112", "+1 312 555 0113"],
        "attributes": {"balance": 0, "vip": None, "note": "late"},
        "timeZone": "America/Chicago",
    }
    after = await changed(api, shown, patch)
    assert after.status_code == 200, after.text
    assert after.json() == {
        **shown.json(),
        "firstName": None,
        "lastName": "Reyes",
        "addresses": after.json()["addresses"],
        "timeZone": "America/Chicago",
        "timeZones": ["America/Chicago"],
        "attributes": {"balance": 0, "note": "late", "since": "2025-03-31"},
    }
    assert [each["value"] for each in after.json()["addresses"]] == [
        "+13105550112",
        "+13125550113",
        "dana@example.com",
    ]
    assert (await api.get(f"/v1/contacts/{shown.json()['id']}")).json() == after.json()
    late = await changed(api, shown, {"lastName": "Late"})
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")
    any_version = await changed(api, shown, {"lastName": "Anyway"}, match="*")
    assert any_version.json()["lastName"] == "Anyway"
    without = await api.patch(f"/v1/contacts/{shown.json()['id']}", json={})
    assert without.status_code == 428
    nothing = await changed(api, any_version, {})
    assert nothing.headers["etag"] == any_version.headers["etag"]


async def test_everything_wrong_with_a_change_is_named_and_nothing_is_changed(
    api: httpx.AsyncClient, list_id: str
) -> None:
    shown = await added(api, list_id)
    refused = await changed(
        api,
        shown,
        {
            "phones": ["(212) 555-0111", "12"],
            "emails": ["nobody"],
            "timeZone": "Mars/Olympus",
            "language": "klingon!",
        },
    )
    assert refused.status_code == 400
    assert codes(refused).keys() == {"/phones/1", "/emails/0", "/timeZone", "/language"}
    gone = await changed(api, shown, {"phones": [], "emails": []})
    assert codes(gone).keys() == {"/phones"}
    unknown = await changed(api, shown, {"telephone": "x"})
    assert codes(unknown).keys() == {"/telephone"}
    other = await added(
        api, list_id, externalId="P-2", phones=["(212) 555-0119"], emails=["erin@example.com"]
    )
    taken = await changed(api, shown, {"externalId": "P-2", "phones": [ANA, "212-555-0119"]})
    assert taken.status_code == 409
    assert codes(taken).keys() == {"/externalId", "/phones/1"}
    assert other.status_code == 200
    assert (await api.get(f"/v1/contacts/{shown.json()['id']}")).json() == shown.json()


async def test_an_attribute_keeps_the_type_its_list_gives_it(
    api: httpx.AsyncClient, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    async with engine_context.db.transaction() as tx:
        await tx.execute(
            'update contact_lists set types = \'{"balance": "number"}\' where id = %s', (list_id,)
        )
    shown = await added(api, list_id)
    after = await changed(api, shown, {"attributes": {"balance": "1234.50"}})
    assert after.json()["attributes"]["balance"] == 1234.5
    refused = await changed(api, after, {"attributes": {"balance": "much"}})
    assert codes(refused).keys() == {"/attributes/balance"}
    assert workspace_id


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(BRUNO)],
        cadence={"maxAttempts": 3, "busy": {"attempts": 3, "delaySeconds": 60}},
    )


async def of_address(api: httpx.AsyncClient, address: str) -> httpx.Response:
    [found] = (await api.get("/v1/contacts", params={"address": address})).json()["data"]
    return await api.get(f"/v1/contacts/{found['id']}")


async def targets_of(scene: Scene) -> dict[int, str | None]:
    rows = await scene.rows("select contact_id, address from targets order by 1")
    return {row[0]: row[1] for row in rows}


async def test_whoever_waits_is_called_at_the_new_number_in_the_new_hours(
    api: httpx.AsyncClient, scene: Scene
) -> None:
    ana = await of_address(api, ANA)
    after = await changed(api, ana, {"phones": ["+13125550119"]})
    assert after.status_code == 200, after.text
    assert await scene.rows("select window_key from due order by target_id") == [
        ("America/Chicago",),
        ("America/Los_Angeles",),
    ]
    assert "+13125550119" in (await targets_of(scene)).values()
    assert {each.address for each in await scene.claim()} >= {BRUNO}


async def test_a_number_somebody_else_of_the_campaign_is_at_is_not_called_twice(
    api: httpx.AsyncClient, scene: Scene, engine_context: Context, context: Context
) -> None:
    """Two people of two lists in one campaign; one takes the number of the other as well."""
    ana, bruno = await of_address(api, ANA), await of_address(api, BRUNO)
    both = await changed(api, ana, {"phones": [ANA, "+13125550119"]})
    assert both.status_code == 200
    # They exchange their numbers by way of a free one: nobody is lost, nobody stands twice.
    spare = await changed(api, both, {"phones": ["+13125550119"]})
    assert (await changed(api, bruno, {"phones": [ANA]})).status_code == 200
    assert (await changed(api, spare, {"phones": [BRUNO]})).status_code == 200
    assert sorted(map(str, (await targets_of(scene)).values())) == sorted([ANA, BRUNO])
    assert engine_context
    assert context


async def test_a_try_under_way_keeps_its_number_and_the_next_has_the_new_one(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    ana = await of_address(api, ANA)
    assert (await changed(api, ana, {"phones": ["+12125550119"]})).status_code == 200
    await outcomes.settle(
        scene.engine, attempt_id=claimed.attempt_id, disposition=Disposition.BUSY, reason="486"
    )
    clock.forward(minutes=5)
    assert "+12125550119" in [each.address for each in await scene.claim()]
    assert await scene.rows(
        "select address from attempts where target_id = %s order by attempt_no", claimed.target_id
    ) == [(ANA,), ("+12125550119",)]


async def test_the_history_is_one_line_over_all_that_happened(
    api: httpx.AsyncClient, scene: Scene, clock: FixedClock
) -> None:
    contact_id = (await of_address(api, ANA)).json()["id"]
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    clock.forward(minutes=1)
    consent = {"address": ANA, "isGranted": True, "source": "form", "wording": "Call me."}
    await api.post("/v1/consents", json=consent)
    clock.forward(minutes=1)
    await outcomes.settle(
        scene.engine, attempt_id=claimed.attempt_id, disposition=Disposition.OPT_OUT, reason="asked"
    )
    whole = (await api.get(f"/v1/contacts/{contact_id}/history")).json()
    assert [(each["kind"], each["outcome"]) for each in whole["data"]] == [
        ("suppression", "suppressed"),
        ("consent", "granted"),
        ("attempt", "opt_out"),
    ]
    assert whole["data"][2]["detail"]["endedAt"] == "2026-03-10T15:02:00Z"
    assert whole["nextCursor"] is None
    pages, cursor = [], None
    while True:
        asked = {"limit": 1, **({"cursor": cursor} if cursor else {})}
        page = (await api.get(f"/v1/contacts/{contact_id}/history", params=asked)).json()
        pages += page["data"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert pages == whole["data"]
    bad = await api.get(f"/v1/contacts/{contact_id}/history", params={"cursor": "yesterday"})
    assert codes(bad).keys() == {"cursor"}


async def test_what_was_written_is_part_of_it(api: httpx.AsyncClient, scene: Scene) -> None:
    contact_id = (await of_address(api, ANA)).json()["id"]
    async with scene.engine.db.transaction() as tx:
        await tx.execute(
            "insert into conversations (id, workspace_id, channel_id, address, status,"
            " last_message_at, created_at) values ('conv_1', %s, %s, %s, 'open', %s, %s)",
            (scene.workspace_id, scene.channel.id, ANA, NOW, NOW),
        )
        await tx.execute(
            "insert into messages (workspace_id, conversation_id, direction, origin, kind, text,"
            " provider_key, at)"
            " values (%s, 'conv_1', 'inbound', 'contact', 'text', 'Yes', 'k', %s)",
            (scene.workspace_id, NOW),
        )
    [entry] = (await api.get(f"/v1/contacts/{contact_id}/history")).json()["data"]
    assert (entry["kind"], entry["outcome"], entry["detail"]["text"]) == (
        "message",
        "inbound",
        "Yes",
    )
    known = (await api.get(f"/v1/contacts/{contact_id}/export")).json()
    assert [each["text"] for each in known["messages"]] == ["Yes"]


async def test_all_that_is_known_of_a_person_is_one_document(
    api: httpx.AsyncClient, scene: Scene
) -> None:
    contact_id = (await of_address(api, ANA)).json()["id"]
    [claimed] = [each for each in await scene.claim() if each.address == ANA]
    await api.post("/v1/suppressions", json={"address": ANA, "reason": "asked"})
    answer = await api.get(f"/v1/contacts/{contact_id}/export")
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert [each["id"] for each in found["contacts"]] == [contact_id]
    assert [each["state"] for each in found["campaigns"]] == ["attempting"]
    [attempt] = found["attempts"]
    assert (attempt["address"], attempt["attemptNumber"]) == (ANA, 1)
    assert [each["type"] for each in attempt["events"]] == ["intent"]
    assert [each["reason"] for each in found["suppressions"]] == ["asked"]
    assert BRUNO not in answer.text
    assert claimed.attempt_no == 1


async def test_a_person_needs_their_own_scopes(knock: Any, scene: Scene) -> None:
    reader = await knock(scopes=["contacts:read"])
    [found, *_] = (await reader.get("/v1/contacts")).json()["data"]
    assert (await reader.get(f"/v1/contacts/{found['id']}/history")).status_code == 200
    for method, path, body in (
        ("PATCH", "", {"firstName": "x"}),
        ("GET", "/export", None),
        ("POST", "/erase", {"reason": "x"}),
    ):
        refused = await reader.request(method, f"/v1/contacts/{found['id']}{path}", json=body)
        assert refused.status_code == 403
    assert scene
