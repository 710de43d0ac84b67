"""What attempts came to, over HTTP."""

from __future__ import annotations

import httpx
import pytest

from campana.domain.disposition import Disposition
from campana.services.context import Context
from tests.support.campaign import Scene, launched, person
from tests.support.database import FixedClock
from tests.web.calls import answer_and_end, refuse
from tests.web.rows import codes

URL = "/v1/analytics"


@pytest.fixture
async def scene(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> Scene:
    """One of two people is reached."""
    people = [person("+12125550101"), person("+12125550102")]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    first, second = await scene.claim(limit=2)
    await answer_and_end(scene, first, clock)
    await refuse(scene, second, Disposition.DECLINED)
    return scene


async def test_campaigns_are_summed_up(api: httpx.AsyncClient, scene: Scene) -> None:
    answer = await api.get(f"{URL}/campaigns")
    sums = {"attempts": 2, "reached": 1, "share": 0.5, "talkSeconds": 12.5, "cost": None}
    assert answer.json() == {
        "dateFrom": "2026-03-04", "dateTo": "2026-03-10", "timeZone": "UTC", "total": sums,
        "data": [{"campaignId": scene.campaign_id, "name": "Reminder", **sums}],
        "campaigns": 1,
    }  # fmt: skip
    again = await api.get(f"{URL}/campaigns", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    before = await api.get(f"{URL}/campaigns", params={"dateTo": "2026-03-09"})
    assert (before.json()["data"], before.json()["total"]["share"]) == ([], None)


async def test_a_campaign_is_followed_through_its_days_and_hours(
    api: httpx.AsyncClient, scene: Scene
) -> None:
    shown = (await api.get(f"{URL}/trends", params={"campaignId": scene.campaign_id})).json()
    assert (shown["dateFrom"], shown["dateTo"]) == ("2026-03-10", "2026-03-10")
    assert shown["people"] == {"tried": 2, "reached": 1, "completed": 1}
    assert [(each["date"], each["attempts"]) for each in shown["days"]] == [("2026-03-10", 2)]
    assert len(shown["hours"]) == 24
    assert shown["hours"][11] == {"hour": 11, "attempts": 2, "reached": 1}
    assert shown["bestHour"] is None
    assert shown["outcomes"] == {"completed": 1, "declined": 1}
    assert [each["channelId"] for each in shown["channels"]] == [scene.channel.id]


async def test_what_cannot_be_summed_up_is_named(api: httpx.AsyncClient) -> None:
    for path, query, wrong in (
        ("campaigns", {"dateFrom": "2026-13-01"}, {"dateFrom"}),
        ("trends", {"dateFrom": "2026-03-02", "dateTo": "2026-03-01"}, {"dateFrom"}),
        ("trends", {"dateFrom": "yesterday"}, {"dateFrom"}),
        ("campaigns", {"campaignId": "camp_1"}, {"campaignId"}),
    ):
        answer = await api.get(f"{URL}/{path}", params=query)
        assert (answer.status_code, set(codes(answer))) == (400, wrong), query
    unknown = await api.get(f"{URL}/trends", params={"campaignId": "camp_none"})
    assert unknown.status_code == 404
