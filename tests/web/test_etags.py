"""Entity tags: a client that has it is told so, and a change must name what it changes."""

from __future__ import annotations

from typing import Any

import httpx

from campana.services.context import Context
from tests.support.database import FixedClock
from tests.web.rows import add_campaign, at

DRAFT: dict[str, Any] = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}


async def test_what_is_unchanged_is_not_sent_again(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    for url in ("/v1/campaigns", made.headers["location"], "/v1/contact-lists", "/openapi.json"):
        first = await api.get(url)
        tag = first.headers["etag"]
        assert tag.startswith('"')
        for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = await api.get(url, headers={"if-none-match": asked})
            assert (again.status_code, again.content) == (304, b""), (url, asked)
            assert again.headers["etag"] == tag
        other = await api.get(url, headers={"if-none-match": '"other"'})
        assert (other.status_code, other.content) == (200, first.content)


async def test_a_made_thing_has_the_tag_a_get_gives(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    assert (await api.get(made.headers["location"])).headers["etag"] == made.headers["etag"]


async def test_a_write_changes_the_tags_of_thing_and_page(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    page = (await api.get("/v1/campaigns")).headers["etag"]
    changed = await api.patch(
        made.headers["location"], json={"name": "M"}, headers={"if-match": "*"}
    )
    assert changed.headers["etag"] != made.headers["etag"]
    after = await api.get("/v1/campaigns", headers={"if-none-match": page})
    assert (after.status_code, after.json()["data"][0]["name"]) == (200, "M")


async def test_the_clock_changes_the_tag_when_it_changes_the_status(
    api: httpx.AsyncClient, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    await add_campaign(context, workspace_id=workspace_id, id="camp_1", end_date=at("2026-04-01"))
    tag = (await api.get("/v1/campaigns/camp_1")).headers["etag"]
    clock.moment = at("2026-04-02")
    answer = await api.get("/v1/campaigns/camp_1", headers={"if-none-match": tag})
    assert (answer.status_code, answer.json()["status"]) == (200, "Completed")


async def test_a_change_must_say_what_it_changes(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    refused = await api.patch(made.headers["location"], json={"name": "M"})
    assert (refused.status_code, refused.json()["code"]) == (428, "precondition_required")
    assert (await api.get(made.headers["location"])).json()["name"] == "N"


async def test_a_change_of_what_has_changed_is_refused(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    url, seen = made.headers["location"], {"if-match": made.headers["etag"]}
    assert (await api.patch(url, json={"name": "first"}, headers=seen)).status_code == 200
    late = await api.patch(url, json={"name": "late"}, headers=seen)
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")
    assert (await api.get(url)).json()["name"] == "first"


async def test_only_a_strong_tag_of_ours_matches(api: httpx.AsyncClient) -> None:
    made = await api.post("/v1/campaigns", json=DRAFT)
    url, tag = made.headers["location"], made.headers["etag"]
    for asked in (f"W/{tag}", '"other"', '"v99"', "nonsense", "", '"v1", "v2"', '"v-1"'):
        answer = await api.patch(url, json={"name": "M"}, headers={"if-match": asked})
        assert answer.status_code == 412, asked
    first = await api.patch(url, json={"name": "1"}, headers={"if-match": f'"other", {tag}'})
    again = await api.patch(url, json={"name": "2"}, headers={"if-match": first.headers["etag"]})
    any_version = await api.patch(url, json={"name": "3"}, headers={"if-match": "*"})
    assert [each.status_code for each in (first, again, any_version)] == [200, 200, 200]


async def test_a_change_of_nothing_is_not_found_before_anything_else(
    api: httpx.AsyncClient,
) -> None:
    answer = await api.patch(
        "/v1/campaigns/camp_none", json={"name": "M"}, headers={"if-match": '"v1"'}
    )
    assert answer.status_code == 404
