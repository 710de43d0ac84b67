"""Ten thousand campaigns and a list of a million people: no page reads all of them.

Every statement that a page sends is caught and asked again with EXPLAIN, so a page that is new is
judged too. Not how long it takes: how much it reads.
"""

from __future__ import annotations

import httpx
import pytest

from campana.domain.role import Role
from campana.store.sql import load
from tests.browser.routes import pages
from tests.support.asked import Asked, Reading
from tests.support.many_rows import fill
from tests.web.conftest import Knock
from tests.web.console.conftest import Visit

BIG = {"contacts", "contact_addresses", "targets", "attempts", "due", "suppressions"}
"""Tables that nothing may read from one end to the other."""
MOST_PAGES, MOST_ROWS = 8_000, 15_000
"""What one statement may touch: all campaigns, but nothing that grows with the people."""

SUMS_UP = {"/reports", "/reports.csv"}
"""Routes that say what became of all attempts of a span, however many."""
DOWNLOADS = {
    "/audit.csv",
    "/campaigns/{campaign_id:str}/people.csv",
    "/lists/{list_id:str}/people.csv",
}
"""Files that have all of it in them."""

COUNTS = {
    load("overview")["progress"],
    load("overview")["left_by_zones"],
    load("campaigns")["progress"],
    load("campaigns")["attempt_counts"],
    load("campaigns")["retries"],
}
"""Of a campaign with many people these read them all, as seldom as `counting.py` says."""
LARGEST = "camp_1"
SAMPLES = {load("templates")["lacking_sampled"]: 50_000}
"""Rows of statements that look at so many people of a list, however many it has: each is counted at
every step of the plan."""

CONSOLE = (
    "/campaigns?page=380",
    "/campaigns?q=Reminder+77",
    "/campaigns?q=nothing+like+it",
    "/campaigns?status=Running&sort=name",
    "/campaigns?sort=name&page=300",
    "/campaigns?sort=oldest&page=300",
    "/campaigns?status=Archived&channel=Voice",
    "/campaigns/camp_1",
    "/campaigns/camp_1?state=waiting",
    "/campaigns/camp_3?outcome=completed&after=tgt_60010",
    "/campaigns/camp_9000",
    "/contacts?q=%2B12022500000",
    "/contacts?q=ext-500000",
    "/contacts?q=Ana",
    "/contacts?after=ctc_900000",
    "/lists?page=1",
    "/lists/list_1",
    "/lists/list_1?after=ctc_900000",
    "/suppressions",
    "/suppressions?address=%2B13122100000",
    "/audit",
)
API = (
    "/v1/campaigns?page=400&pageSize=25",
    "/v1/campaigns?status=Running",
    "/v1/campaigns/camp_1/targets",
    "/v1/campaigns/camp_1/targets?state=finished",
    "/v1/contact-lists",
    "/v1/contact-lists?page=10",
    "/v1/contact-lists/list_1",
    "/v1/contact-lists/list_1/contacts",
    "/v1/contacts",
    "/v1/contacts?externalId=ext-500000",
    "/v1/contacts?address=%2B12022500000",
    "/v1/contacts?tag=vip",
    "/v1/contacts?tag=customer",
    "/v1/contacts?tag=vip&listId=list_1",
    "/v1/suppressions",
)


@pytest.mark.long
@pytest.mark.new_database
@pytest.mark.timeout(600)
async def test_no_page_reads_all_rows_of_a_large_table(
    visit: Visit, knock: Knock, conninfo: str, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(conninfo, workspace_id=workspace_id)
    owner, api = await visit(Role.OWNER), await knock()
    asked = Asked(monkeypatch)

    async def begin(request: httpx.Request) -> None:
        asked.page = request.url.raw_path.decode()

    await owner.get("/templates")
    said = (await owner.post("/templates", name="Hello", channel="SMS")).headers["location"]
    template = (said, f"{said}?list=list_1", f"{said}?contact=%2B12022500000")
    for client in (owner.client, api):
        client.event_hooks["request"].append(begin)
        client.timeout = httpx.Timeout(120)
    found = await pages(owner.client, but=SUMS_UP | DOWNLOADS)
    assert {"/", "/campaigns", "/contacts", "/lists/{list_id:str}"} <= found.keys()
    for client, paths in ((owner.client, (*CONSOLE, *template)), (api, API)):
        for path in paths:
            answer = await client.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text)
    assert {page for page, _ in asked.statements} >= {*CONSOLE, *API, *template}
    readings = asked.readings(conninfo, workspace_id=workspace_id)
    assert [str(each) for each in readings if reads_too_much(each)] == []


def reads_too_much(reading: Reading) -> bool:
    if reading.statement in COUNTS and LARGEST in str(reading.values):
        return False
    return (
        reading.pages > MOST_PAGES
        or reading.rows > SAMPLES.get(reading.statement, MOST_ROWS)
        or not BIG.isdisjoint(reading.scanned)
    )
