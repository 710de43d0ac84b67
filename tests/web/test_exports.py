"""Files of people and of campaigns over HTTP."""

from __future__ import annotations

import csv
import io

import httpx

from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, add_list, launched, person
from tests.web.conftest import Knock
from tests.web.rows import codes


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_lists_and_segments_are_downloaded(
    api: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    people = [person(ANA, attributes={"n": 1}), person(BRUNO, attributes={"n": 2})]
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    answer = await api.get(f"/v1/contact-lists/{list_id}/export")
    assert [(each["phone"], each["n:number"]) for each in rows(answer)] == [
        (ANA, "1"),
        (BRUNO, "2"),
    ]
    assert f'filename="{list_id}.csv"' in answer.headers["content-disposition"]
    made = await api.post(
        "/v1/contact-lists", json={"name": "S", "segment": {"where": "contact.n == 2"}}
    )
    segment = await api.get(f"{made.headers['location']}/export")
    assert [each["phone"] for each in rows(segment)] == [BRUNO]
    parquet = await api.get(f"/v1/contact-lists/{list_id}/export", params={"format": "parquet"})
    assert (parquet.content[:4], parquet.content[-4:]) == (b"PAR1", b"PAR1")


async def test_targets_and_attempts_are_downloaded(
    api: httpx.AsyncClient, context: Context, engine_context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    await scene.claim()
    url = f"/v1/campaigns/{scene.campaign_id}/export"
    targets = rows(await api.get(url))
    attempts = rows(await api.get(url, params={"what": "attempts"}))
    assert {each["id"] for each in targets} == {each["target_id"] for each in attempts}
    assert {each["channel_type"] for each in attempts} == {"Voice"}


async def test_who_may_not_see_them_gets_nothing(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, knock: Knock, context: Context,
    engine_context: Context, workspace_id: int,
) -> None:  # fmt: skip
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    list_id = scene.document["contactList"]
    urls = [f"/v1/contact-lists/{list_id}/export", f"/v1/campaigns/{scene.campaign_id}/export"]
    other = await knock(scopes=["channels:read"])
    for url in urls:
        assert (await stranger.get(url)).status_code == 404
        assert (await other.get(url)).status_code == 403
        wrong = await api.get(url, params={"format": "xlsx", "page": "1"})
        assert (wrong.status_code, set(codes(wrong))) == (400, {"format", "page"})
