"""A page's stream over a real connection: everything first, then each change once, then the end."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from jinja2 import Environment

from campana.domain.errors import NotFound
from campana.domain.role import Role
from campana.services import channel_tests, control, people
from campana.services.context import Context
from campana.web.app import create_app
from campana.web.console import live
from campana.web.console.attempts import HISTORY, STANDING
from campana.web.console.campaign_parts import ATTEMPTS, CAMPAIGN, PEOPLE
from campana.web.console.channel_tests_screen import MADE
from campana.web.console.pages import environment
from campana.web.console.wallboard import WALLBOARD
from campana.web.streams import Streams
from tests.support import visitors
from tests.support.campaign import ANA, Scene
from tests.support.database import FixedClock
from tests.support.sandbox import answering
from tests.web.calls import answer_and_end

_PARTIAL = re.compile(r'<hx-partial hx-target="#([^"]+)"[^>]*>(.*?)</hx-partial>', re.DOTALL)


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, query: str
) -> AsyncIterator[AsyncIterator[Mapping[str, str]]]:
    """The messages of one tab: the elements it fills, by id, as they come."""
    async with client.stream("GET", f"/live?{query}") as answer:
        assert answer.status_code == 200
        yield _messages(answer)


async def _messages(answer: httpx.Response) -> AsyncIterator[Mapping[str, str]]:
    told: list[str] = []
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            told.append(line.removeprefix("data: "))
        elif not line and told:
            yield dict(_PARTIAL.findall("\n".join(told)))
            told = []


@pytest.fixture
async def signed_in(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[httpx.AsyncClient]:
    """An owner at a server that looks ten times a second, with a campaign that runs."""
    monkeypatch.setattr(live, "_TICK_SECONDS", 0.1)
    session = await visitors.signed_in(
        scene.web, workspace_id=scene.workspace_id, role=Role.OWNER, email="o@example.com"
    )
    streams = Streams(scene.web)
    async with (
        answering(create_app(scene.web, streams=streams)) as url,
        httpx.AsyncClient(
            base_url=url, cookies={"campana": session}, timeout=60, trust_env=False
        ) as client,
    ):
        yield client
        streams.close_all()


async def test_what_changes_arrives_once_and_a_tab_that_returns_is_told_everything(
    scene: Scene, signed_in: httpx.AsyncClient
) -> None:
    state, bar, pace = (f"{part}-{scene.campaign_id}" for part in ("state", "bar", "pace"))
    asked: dict[str, Any] = {"workspace_id": scene.workspace_id, "campaign_id": scene.campaign_id}
    async with following(signed_in, f"campaigns={scene.campaign_id}") as messages:
        first = await anext(messages)
        assert first.keys() == {state, bar, pace}
        assert "0 of 6,000 a minute" in first[pace]
        assert "Paused" not in first[state]
        await control.pause(scene.web, **asked)
        second = await anext(messages)
        assert second.keys() == {state, pace}
        assert not second[pace].strip(), "what is paused has no pace"
        assert "Paused" in second[state]
        await control.resume(scene.web, **asked)
        # Looked at many times since, the pause is not told again: this is the resumption.
        third = await anext(messages)
        assert third.keys() == {state, pace}
        assert third[state] == first[state]
    await control.pause(scene.web, **asked)
    async with following(signed_in, f"campaigns={scene.campaign_id}") as messages:
        again = await anext(messages)
        assert again == {state: second[state], bar: first[bar], pace: second[pace]}


async def test_a_page_and_the_wallboard_are_streams_too(
    scene: Scene, signed_in: httpx.AsyncClient
) -> None:
    async with following(signed_in, f"page={scene.campaign_id}&wallboard=1") as messages:
        seen = dict(await anext(messages))
        while seen.keys() != {CAMPAIGN, PEOPLE, ATTEMPTS, WALLBOARD}:
            seen |= await anext(messages)
    assert (await signed_in.get("/live?campaigns=../etc")).status_code == 404
    assert scene.campaign_id in seen[WALLBOARD]


async def test_each_tab_is_told_in_its_own_language(
    scene: Scene, signed_in: httpx.AsyncClient
) -> None:
    query = f"campaigns={scene.campaign_id}&page={scene.campaign_id}&wallboard=1"
    async with following(signed_in, query) as english:
        first = await _whole(english)
        signed_in.headers["accept-language"] = "es"
        async with following(signed_in, query) as spanish:
            second = await _whole(spanish)
            await control.pause(
                scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id
            )
            state = f"state-{scene.campaign_id}"
            assert ">Paused</span>" in await _next(english, state)
            assert ">En pausa</span>" in await _next(spanish, state)
    assert first.keys() == second.keys()
    assert "Campaigns running" in first[WALLBOARD]
    assert "Campañas en marcha" in second[WALLBOARD]
    assert "Personas" in second[live.CAMPAIGN]


async def _whole(messages: AsyncIterator[Mapping[str, str]]) -> dict[str, str]:
    """Until each part of a tab of all kinds has come once."""
    seen = dict(await anext(messages))
    while len(seen) < 7:
        seen |= await anext(messages)
    return seen


async def _next(messages: AsyncIterator[Mapping[str, str]], part: str) -> str:
    async for each in messages:
        if part in each:
            return each[part]
    raise AssertionError(f"the stream ended before {part} came")


async def test_a_campaign_deleted_while_it_is_told_of_ends_no_page(
    signed_in: httpx.AsyncClient, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object, **__: object) -> None:
        raise NotFound

    monkeypatch.setattr(live.why, "why", gone)
    async with following(signed_in, f"page={scene.campaign_id}&wallboard=1") as messages:
        assert (await anext(messages)).keys() == {WALLBOARD}


class Screen:
    """What a tab shows after all it was told."""

    def __init__(self, messages: AsyncIterator[Mapping[str, str]]) -> None:
        self._messages = messages
        self.shown: dict[str, str] = {}

    async def until(self, key: str, said: str) -> str:
        """What fills this element once it says so."""
        while said not in self.shown.get(key, ""):
            self.shown |= await anext(self._messages)
        return self.shown[key]


async def test_the_tables_of_a_campaign_follow_what_is_done(
    scene: Scene, signed_in: httpx.AsyncClient, clock: FixedClock
) -> None:
    page = f"page={scene.campaign_id}"
    async with (
        following(signed_in, page) as messages,
        following(signed_in, f"{page}&state=finished") as narrowed_messages,
    ):
        screen, narrowed = Screen(messages), Screen(narrowed_messages)
        assert ANA in await screen.until(PEOPLE, "Waiting")
        assert "None yet" in await screen.until(ATTEMPTS, "None yet")
        await narrowed.until(PEOPLE, "Nobody matches")
        [claimed] = await scene.claim()
        await screen.until(PEOPLE, "Attempting")
        assert "None yet" not in await screen.until(ATTEMPTS, "In progress")
        await answer_and_end(scene, claimed, clock)
        assert "Finished" in await screen.until(PEOPLE, "Completed")
        await screen.until(ATTEMPTS, "Completed")
        assert ANA in await narrowed.until(PEOPLE, "Completed")
    assert (await signed_in.get(f"/live?{page}&after=x")).status_code == 400


async def test_a_person_s_attempts_appear_as_they_happen(
    scene: Scene, signed_in: httpx.AsyncClient, clock: FixedClock
) -> None:
    [[number]] = await scene.rows("select id from targets")
    path = f"/campaigns/{scene.campaign_id}/people/tgt_{number}"
    query = f"person=tgt_{number}&of={scene.campaign_id}"
    page = (await signed_in.get(path)).text
    assert f"/live?{query.replace('&', '&amp;')}" in page
    async with following(signed_in, query) as messages:
        screen = Screen(messages)
        await screen.until(STANDING, "Waiting")
        [claimed] = await scene.claim()
        assert "Completed" not in await screen.until(HISTORY, "Attempt 1")
        await answer_and_end(scene, claimed, clock)
        await screen.until(STANDING, "Completed")
        await screen.until(HISTORY, "Completed")
    for wrong in (f"person=x&of={scene.campaign_id}", f"person=tgt_{number}&of=camp"):
        assert (await signed_in.get(f"/live?{wrong}")).status_code == 404


async def test_the_tests_of_a_channel_are_told_of_as_they_go(
    scene: Scene, signed_in: httpx.AsyncClient, context: Context
) -> None:
    asked: dict[str, Any] = {"workspace_id": scene.workspace_id, "channel_id": scene.channel.id}
    async with following(signed_in, f"channel={scene.channel.id}") as messages:
        screen = Screen(messages)
        await screen.until(MADE, "Nothing was sent")
        await channel_tests.send(
            context, raw={"to": ANA, "text": "Hello."}, asked_by="Ana", form=None, **asked
        )
        await screen.until(MADE, "Waiting")
    assert (await signed_in.get("/live?channel=../etc")).status_code == 404
    analyst = await visitors.signed_in(
        scene.web, workspace_id=scene.workspace_id, role=Role.ANALYST, email="a@example.com"
    )
    signed_in.cookies.set("campana", analyst)
    answer = await signed_in.get(f"/live?channel={scene.channel.id}")
    assert answer.status_code == 403


async def test_a_stream_without_changes_says_that_it_looked_and_sends_nothing_twice(
    scene: Scene, signed_in: httpx.AsyncClient, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "_BEAT_TICKS", 2)
    page = f"page={scene.campaign_id}&wallboard=1&campaigns={scene.campaign_id}"
    async with signed_in.stream("GET", f"/live?{page}") as answer:
        beats, told = 0, list[str]()
        async for line in answer.aiter_lines():
            told.append(line)
            if line == "event: beat":
                beats += 1
                # Whatever says how long ago it was is as old as it is; that alone is no change.
                clock.forward(seconds=1)
            if beats == 3:
                break
    assert not any(line.startswith("data: ") for line in told[told.index("event: beat") :])


@dataclass(frozen=True)
class _Counted:
    """A part that is another each time; of one workspace it cannot be made."""

    broken_in: int
    made: list[int] = field(default_factory=list[int], compare=False)

    async def parts(
        self, context: Context, templates: Environment, *, workspace_id: int
    ) -> dict[str, str]:
        del context, templates
        if workspace_id == self.broken_in:
            raise RuntimeError("a mistake of ours")
        self.made.append(workspace_id)
        return {"counted": str(len(self.made))}


async def test_a_mistake_ends_the_pages_of_its_workspace_alone(
    context: Context, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(live, "_TICK_SECONDS", 0.01)
    monkeypatch.setattr(live, "_CHECK_TICKS", 1_000_000)
    pulse, part = live.Live(context, environment()), _Counted(broken_in=1)
    tabs = [
        live.Tab(workspace_id=number, cookie="", campaign_ids=frozenset(), parts=frozenset({part}))
        for number in (1, 2)
    ]
    for tab in tabs:
        pulse.open(tab)
    assert [each async for each in pulse.follow(tabs[0])] == []
    messages = pulse.follow(tabs[1])
    assert b"1" in await anext(messages)
    assert b"2" in await anext(messages)
    await messages.aclose()
    pulse.close_all()
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_a_stream_ends_with_its_session(scene: Scene, signed_in: httpx.AsyncClient) -> None:
    async with following(signed_in, "wallboard=1") as messages:
        await anext(messages)
        token = signed_in.cookies["campana"]
        await people.sign_out(scene.web, workspace_id=scene.workspace_id, token=token)
        async for _ in messages:
            pass
    answer = await signed_in.get("/live?wallboard=1", headers={"hx-request": "true"})
    assert answer.status_code == 401
    assert answer.headers["hx-retarget"] == "#notice"
    assert "/sign-in" in answer.text
