"""A remembered page is never older than the last write, in any process, nor than the clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from campana.domain.campaign import CampaignState
from campana.domain.errors import Unavailable
from campana.services.context import Context
from campana.store import campaigns
from campana.web.answers import Shown
from campana.web.app import create_app
from campana.web.remembered import RememberedPages, RenderedPage
from tests.support.database import NOW, FixedClock
from tests.web.conftest import Knock
from tests.web.rows import add_campaign

DRAFT: dict[str, Any] = {"name": "N", "type": "VoiceBot", "channelType": "Voice"}


def a_page(size: int = 2, **changes: Any) -> RenderedPage:
    answer = Shown(b"x" * size, '"t"')
    page = RenderedPage(answer=answer, revision=1, made_at=NOW, until=None)
    return replace(page, **changes)


def found(pages: RememberedPages, key: bytes = b"", revision: int = 1, now: datetime = NOW) -> bool:
    return pages.find((1, key), revision=revision, now=now) is not None


def test_a_page_holds_while_its_revision_stands() -> None:
    pages = RememberedPages()
    pages.keep((1, b""), a_page())
    assert found(pages)
    assert not found(pages, revision=2)
    assert not found(pages, key=b"page=2")


def test_a_page_holds_until_the_clock_changes_a_status_and_never_before_it_was_made() -> None:
    pages = RememberedPages()
    pages.keep((1, b""), a_page(until=NOW + timedelta(seconds=60)))
    assert found(pages, now=NOW + timedelta(seconds=59))
    assert not found(pages, now=NOW + timedelta(seconds=60))
    assert not found(pages, now=NOW - timedelta(seconds=1))


def test_the_least_recently_used_go_first() -> None:
    pages = RememberedPages(most=2)
    for key in (b"a", b"b"):
        pages.keep((1, key), a_page())
    assert found(pages, b"a")
    pages.keep((1, b"c"), a_page())
    assert [found(pages, key) for key in (b"a", b"b", b"c")] == [True, False, True]


def test_bytes_are_bounded_too() -> None:
    pages = RememberedPages(most_bytes=100)
    for number in range(10):
        pages.keep((1, b"%d" % number), a_page(39))
        pages.keep((1, b"%d" % number), a_page(39))
    assert [found(pages, b"%d" % number) for number in range(10)] == [False] * 8 + [True] * 2
    pages.keep((1, b"large"), a_page(200))
    assert not found(pages, b"large")


class Making:
    """Makes a page when it is told to, and counts how often it was asked."""

    def __init__(self, page: RenderedPage) -> None:
        self.page = page
        self.times = 0
        self.go_on = asyncio.Event()

    async def __call__(self) -> RenderedPage:
        self.times += 1
        await self.go_on.wait()
        return self.page

    def asked(
        self, pages: RememberedPages, *, revision: int = 1, now: datetime = NOW
    ) -> asyncio.Task[RenderedPage]:
        return asyncio.create_task(pages.made((1, b""), revision=revision, now=now, make=self))


async def test_who_asks_for_a_page_that_is_being_made_gets_the_same() -> None:
    pages, making = RememberedPages(), Making(a_page())
    asked = [making.asked(pages) for _ in range(3)]
    await asyncio.sleep(0)
    making.go_on.set()
    assert await asyncio.gather(*asked) == [making.page] * 3
    assert making.times == 1
    assert found(pages)


async def test_who_has_read_a_later_revision_gets_a_page_of_its_own() -> None:
    pages, early, late = RememberedPages(), Making(a_page()), Making(a_page(revision=2))
    asked = [early.asked(pages), late.asked(pages, revision=2)]
    late.go_on.set()
    assert await asked[1] == late.page
    early.go_on.set()
    assert await asked[0] == early.page


async def test_who_asks_after_an_end_date_gets_a_page_made_after_it() -> None:
    pages, early, late = RememberedPages(), Making(a_page(until=NOW)), Making(a_page())
    first = early.asked(pages, now=NOW - timedelta(seconds=1))
    second = late.asked(pages)
    early.go_on.set()
    late.go_on.set()
    await first
    assert await second == late.page


async def test_a_client_that_goes_away_does_not_take_the_page_from_others() -> None:
    pages, making = RememberedPages(), Making(a_page())
    gone, stays = making.asked(pages), making.asked(pages)
    await asyncio.sleep(0)
    gone.cancel()
    making.go_on.set()
    assert await stays == making.page
    assert making.times == 1


async def test_a_page_that_could_not_be_made_is_tried_again() -> None:
    pages, making = RememberedPages(), Making(a_page())

    async def fail() -> RenderedPage:
        raise Unavailable

    with pytest.raises(Unavailable):
        await pages.made((1, b""), revision=1, now=NOW, make=fail)
    making.go_on.set()
    assert await making.asked(pages) == making.page


async def test_the_database_is_asked_for_a_page_once(
    api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    page = campaigns.page

    async def counted(*args: Any, **kwargs: Any) -> Any:
        asked.append(args)
        return await page(*args, **kwargs)

    monkeypatch.setattr(campaigns, "page", counted)
    answers = [await api.get("/v1/campaigns?pageSize=10") for _ in range(5)]
    assert len({answer.content for answer in answers}) == 1
    assert len(asked) == 1
    for _ in range(2):
        await api.get("/v1/campaigns?expand=progress")
    assert len(asked) == 3


async def test_a_write_in_one_process_is_seen_in_the_other_at_once(
    knock: Knock, context: Context
) -> None:
    here = await knock()
    there = await knock(at=create_app(context))
    for expected in range(1, 6):
        for client in (here, there):
            assert (await client.get("/v1/campaigns")).json()["totalCount"] == expected - 1
        made = await (here if expected % 2 else there).post("/v1/campaigns", json=DRAFT)
        for client in (here, there):
            page = (await client.get("/v1/campaigns")).json()
            assert page["totalCount"] == expected
            assert page["data"][0] == made.json() or page["data"][0]["id"] != made.json()["id"]


async def test_what_the_engine_finds_is_seen_at_once(
    api: httpx.AsyncClient, context: Context, engine_context: Context, workspace_id: int
) -> None:
    campaign = await add_campaign(context, workspace_id=workspace_id)
    assert (await api.get("/v1/campaigns?status=Running")).json()["totalCount"] == 1
    async with engine_context.db.transaction() as tx:
        await campaigns.set_state(
            tx, campaign_id=campaign.id, state=CampaignState.COMPLETED, now=context.clock.now()
        )
    assert (await api.get("/v1/campaigns?status=Running")).json()["totalCount"] == 0


async def test_the_clock_alone_moves_a_campaign_from_one_status_to_the_other(
    api: httpx.AsyncClient, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    end = clock.now() + timedelta(hours=1)
    await add_campaign(context, workspace_id=workspace_id, end_date=end)

    async def counts() -> tuple[int, int]:
        running, completed = [
            (await api.get("/v1/campaigns", params={"status": status})).json()["totalCount"]
            for status in ("Running", "Completed")
        ]
        return running, completed

    assert await counts() == (1, 0)
    clock.moment = end
    assert await counts() == (1, 0)
    clock.forward(microseconds=1)
    assert await counts() == (0, 1)


async def test_a_write_while_a_page_is_made_is_not_hidden_by_it(
    api: httpx.AsyncClient, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is read before the write and remembered after it."""
    read, go_on = asyncio.Event(), asyncio.Event()
    page = campaigns.page

    async def held(*args: Any, **kwargs: Any) -> Any:
        rows = await page(*args, **kwargs)
        read.set()
        await go_on.wait()
        return rows

    with monkeypatch.context() as patched:
        patched.setattr(campaigns, "page", held)
        slow = asyncio.create_task(api.get("/v1/campaigns"))
        await read.wait()
    await add_campaign(context, workspace_id=workspace_id)
    go_on.set()
    assert (await slow).json()["totalCount"] == 0
    assert (await api.get("/v1/campaigns")).json()["totalCount"] == 1


async def test_a_write_before_the_page_is_read_is_in_it_and_remembered_as_older(
    api: httpx.AsyncClient, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key was asked before the write, the page after it: newer than its number, never older."""
    page = campaigns.page

    async def late(*args: Any, **kwargs: Any) -> Any:
        await add_campaign(context, workspace_id=workspace_id)
        return await page(*args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(campaigns, "page", late)
        assert (await api.get("/v1/campaigns")).json()["totalCount"] in {0, 1}
    assert (await api.get("/v1/campaigns")).json()["totalCount"] == 1


async def test_workspaces_do_not_share_pages(
    api: httpx.AsyncClient, stranger: httpx.AsyncClient, context: Context, workspace_id: int
) -> None:
    await add_campaign(context, workspace_id=workspace_id)
    assert (await api.get("/v1/campaigns")).json()["totalCount"] == 1
    assert (await stranger.get("/v1/campaigns")).json()["totalCount"] == 0
