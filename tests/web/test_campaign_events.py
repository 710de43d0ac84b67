"""Following a campaign: a real server, real connections, and clients that come and go."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from campana.domain.event import EventName
from campana.services.accounts import create_key, revoke_key
from campana.services.context import Context
from campana.store.db import Database
from campana.web import event_stream, server, streams
from tests.support.telling import tell
from tests.support.waiting import eventually
from tests.web.rows import add_campaign, codes

STREAM = {"accept": "text/event-stream"}


@dataclass(kw_only=True)
class Served:
    """A web process in this one, and a key for it."""

    url: str
    key: str
    key_id: str
    context: Context
    campaign_id: str
    task: asyncio.Task[None]
    clients: list[httpx.AsyncClient] = field(default_factory=list[httpx.AsyncClient])

    @property
    def path(self) -> str:
        return f"{self.url}/v1/campaigns/{self.campaign_id}/events"

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    async def tell(self, *subjects: str, campaign_id: str | None = None) -> list[str]:
        return await tell(
            self.context,
            *subjects,
            workspace_id=1,
            name=EventName.ATTEMPT_ENDED,
            campaign_id=campaign_id or self.campaign_id,
        )


@pytest.fixture
async def served(context: Context, workspace_id: int) -> AsyncIterator[Served]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    key = await create_key(
        context, workspace_id=workspace_id, name="k", scopes=["events:read", "campaigns:read"]
    )
    campaign = await add_campaign(context, workspace_id=workspace_id)
    task = asyncio.create_task(
        server.serve(context, host="127.0.0.1", port=0, fd=listener.detach())
    )
    url = f"http://127.0.0.1:{port}"

    async def answers() -> bool:
        async with httpx.AsyncClient(timeout=60) as client:
            return (await client.get(f"{url}/healthz")).status_code == 200

    await eventually(answers)
    yield Served(
        url=url,
        key=key.text,
        key_id=key.id,
        context=context,
        campaign_id=campaign.id,
        task=task,
    )
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@dataclass(kw_only=True)
class Follower:
    """What one client has been sent."""

    response: httpx.Response
    seen: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    beats: int = 0
    is_over: bool = False

    @property
    def ids(self) -> list[str]:
        return [each["id"] for each in self.seen]

    async def read(self) -> None:
        lines: dict[str, str] = {}
        async for line in self.response.aiter_lines():
            if line == ":":
                self.beats += 1
            elif line:
                name, _, value = line.partition(": ")
                lines[name] = value
            elif "data" in lines:
                event = json.loads(lines["data"])
                assert lines["id"] == event["id"]
                assert lines["event"] == event["type"]
                self.seen.append(event)
                lines = {}
        self.is_over = True


@asynccontextmanager
async def following(served: Served, **headers: str) -> AsyncIterator[Follower]:
    given = {**served.headers, **STREAM, **{k.replace("_", "-"): v for k, v in headers.items()}}
    async with (
        httpx.AsyncClient(timeout=None) as client,  # noqa: S113 - a stream has no end
        client.stream("GET", served.path, headers=given) as response,
    ):
        assert response.status_code == 200, await response.aread()
        follower = Follower(response=response)
        reading = asyncio.create_task(follower.read())
        try:
            yield follower
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


async def test_events_come_while_they_happen(served: Served) -> None:
    await served.tell("tgt_0")
    async with following(served) as one, following(served) as two:
        headers = one.response.headers
        assert headers["content-type"] == "text/event-stream"
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        ids = await served.tell("tgt_1", "tgt_2")
        await served.tell("tgt_9", campaign_id="camp_other")
        ids += await served.tell("tgt_3")
        for each in (one, two):
            await eventually(lambda each=each: len(each.seen) >= 3)
            # Without a Last-Event-ID it begins with what happens from now on.
            assert each.ids == ids
        assert one.seen[0]["subject"] == "tgt_1"
        assert one.seen[0]["campaignId"] == served.campaign_id


async def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes and goes while events are written without a pause, its pages short."""
    monkeypatch.setattr(streams, "_PAGE", 7)
    [start] = await served.tell("tgt_0")
    wanted: list[str] = []
    is_done = False

    async def write() -> None:
        nonlocal is_done
        for number in range(120):
            wanted.extend(await served.tell(*(f"tgt_{number}:{n}" for n in range(3))))
        is_done = True

    seen: list[str] = []
    writing = asyncio.create_task(write())
    while not is_done or len(seen) < len(wanted):
        async with following(served, last_event_id=seen[-1] if seen else start) as follower:
            before = len(seen)
            await eventually(lambda n=before, f=follower: len(f.seen) >= min(20, len(wanted) - n))
            seen += follower.ids
    await writing
    assert seen == wanted


async def test_a_stream_begins_where_the_query_says_too(served: Served) -> None:
    ids = await served.tell("tgt_1", "tgt_2")
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream(
            "GET", f"{served.path}?after={ids[0]}", headers=served.headers | STREAM
        ) as response,
    ):
        follower = Follower(response=response)
        reading = asyncio.create_task(follower.read())
        await eventually(lambda: follower.seen)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    assert follower.ids == ids[1:]


async def test_a_stream_cannot_begin_after_an_event_that_is_not_there_yet(served: Served) -> None:
    await served.tell("tgt_1")
    for given in ({"last-event-id": "evt_999999999"}, {"last-event-id": "none of ours"}):
        async with httpx.AsyncClient(timeout=60) as client:
            headers = served.headers | STREAM | given
            refused = await client.get(served.path, headers=headers)
        assert refused.status_code == 400
        [problem] = refused.json()["errors"]
        assert problem["parameter"] == "Last-Event-ID"


async def test_without_asking_for_a_stream_it_is_a_page(served: Served) -> None:
    ids = await served.tell("tgt_1", "tgt_2", "tgt_3")
    await served.tell("tgt_9", campaign_id="camp_other")
    async with httpx.AsyncClient(headers=served.headers, timeout=60) as client:
        page = (await client.get(f"{served.path}?limit=2")).json()
        assert [each["id"] for each in page["data"]] == ids[:2]
        assert page["hasMore"]
        head = await client.head(served.path, headers=STREAM)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"].startswith("text/event-stream")
        for answer in (
            await client.get(f"{served.path}?after=x"),
            await client.get(served.path, headers=STREAM | {"last-event-id": "x"}),
        ):
            assert answer.status_code == 400
            assert set(codes(answer).values()) == {"is not the id of an event"}
        missing = f"{served.url}/v1/campaigns/camp_none/events"
        assert (await client.get(missing, headers=STREAM)).status_code == 404


async def test_a_stream_without_events_is_kept_alive(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_SECONDS", 0.05)
    async with following(served) as follower:
        await eventually(lambda: follower.beats >= 3)
        ids = await served.tell("tgt_1")
        await eventually(lambda: follower.seen)
        assert follower.ids == ids
        before = follower.beats
        await eventually(lambda: follower.beats > before)


async def test_streams_end_first_when_the_process_drains(served: Served) -> None:
    async with following(served) as follower:
        ids = await served.tell("tgt_1")
        await eventually(lambda: follower.seen)
        served.task.cancel()
        # Ended properly, not broken: the client knows it may come back.
        await eventually(lambda: follower.is_over)
        assert follower.ids == ids
    await asyncio.gather(served.task, return_exceptions=True)


async def test_a_revoked_key_ends_its_streams_and_no_others(
    served: Served, context: Context, workspace_id: int
) -> None:
    other = await create_key(context, workspace_id=workspace_id, name="o", scopes=["events:read"])
    async with (
        following(served) as follower,
        following(served, authorization=f"Bearer {other.text}") as stays,
    ):
        await revoke_key(context, workspace_id=workspace_id, key_id=served.key_id)
        await eventually(lambda: follower.is_over)
        ids = await served.tell("tgt_1")
        await eventually(lambda: stays.seen)
        assert stays.ids == ids
        assert follower.seen == []


async def test_so_many_streams_and_no_more(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_STREAMS", 2)
    async with following(served), following(served) as leaving:
        async with httpx.AsyncClient(timeout=60) as client:
            answer = await client.get(served.path, headers=served.headers | STREAM)
            assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
            assert int(answer.headers["retry-after"]) >= 1
            # A page is still to be had.
            assert (await client.get(served.path, headers=served.headers)).status_code == 200
        await leaving.response.aclose()

        async def is_let_in() -> bool:
            async with (
                httpx.AsyncClient(timeout=60) as client,
                client.stream("GET", served.path, headers=served.headers | STREAM) as response,
            ):
                return response.status_code == 200

        await eventually(is_let_in)


async def test_a_client_that_does_not_read_is_let_go(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(event_stream, "WRITE_SECONDS", 3.0)
    monkeypatch.setattr(streams, "MOST_BEHIND", 50)
    port = int(served.url.rpartition(":")[2])
    with socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", port))
        lazy.sendall(
            f"GET /v1/campaigns/{served.campaign_id}/events HTTP/1.1\r\nhost: x\r\n"
            f"authorization: Bearer {served.key}\r\naccept: text/event-stream\r\n\r\n".encode()
        )
        async with following(served) as reads:
            wanted: list[str] = []
            while not is_broken(lazy):
                wanted += await served.tell(*(f"tgt_{'x' * 50_000}{n}" for n in range(10)))
                goal = len(wanted)
                await eventually(lambda goal=goal: len(reads.seen) == goal)
            # The one beside it got everything meanwhile.
            assert reads.ids == wanted
    assert "ASGI" not in caplog.text


def is_broken(client: socket.socket) -> bool:
    """Whether the server has broken a connection, without reading from it."""
    info = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    return info[0] != 1  # TCP_ESTABLISHED


async def test_many_followers_cost_the_database_what_one_does(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    [start] = await served.tell("tgt_0")
    reads: list[int] = []
    whole = Database.read

    def counted(self: Database, **values: Any) -> Any:
        reads.append(1)
        return whole(self, **values)

    async with asyncio.timeout(60):
        async with AsyncFollowers(served, 25, last_event_id=start) as followers:
            await served.tell("tgt_1")
            await eventually(lambda: all(each.seen for each in followers))
            monkeypatch.setattr(Database, "read", counted)
            ids = await served.tell("tgt_2")
            await eventually(lambda: all(len(each.seen) == 2 for each in followers))
            assert all(each.ids[1:] == ids for each in followers)
    assert len(reads) == 1


class AsyncFollowers:
    """So many of them at once."""

    def __init__(self, served: Served, count: int, **headers: str) -> None:
        self._made = [following(served, **headers) for _ in range(count)]

    async def __aenter__(self) -> list[Follower]:
        return [await each.__aenter__() for each in self._made]

    async def __aexit__(self, *error: Any) -> None:
        for each in self._made:
            await each.__aexit__(*error)
