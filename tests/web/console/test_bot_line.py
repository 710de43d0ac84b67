"""The websocket of a talk, on a real socket: who is let in, what may come, and what ends it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from campana.domain.role import Role
from campana.engine.talker_process import TalkerProcess
from campana.services import auditing, people, voicebots
from campana.services.context import Context
from campana.voice.media import FRAME_SECONDS, PHONE_RATE, level, silence
from campana.web import server
from campana.web.console.bot_line import MOST_SOUND_BYTES
from tests.support.quick_talker import COMMAND
from tests.support.sandbox import WallClock
from tests.support.visitors import signed_in
from tests.support.waiting import eventually

BOT: Mapping[str, Any] = {
    "name": "Visits",
    "greeting": "Hello {{ contact.first_name }}.",
    "steps": [
        {
            "type": "ask", "id": "tuesday", "text": "Does Tuesday suit you?", "saveAs": "suits",
            "answer": {"type": "yes_no", "yes": "done", "no": "done"}, "timeoutSeconds": 60,
        },
        {"type": "end", "id": "done", "text": "Goodbye.", "result": "booked"},
    ],
}  # fmt: skip
START = json.dumps({"type": "start", "fields": {"contact.first_name": "Ana"}})


@dataclass(frozen=True, kw_only=True)
class House:
    """A web process's server in this one, a bot, and who owns it."""

    port: int
    path: str
    talks: TalkerProcess
    web: Context
    workspace_id: int
    session: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def line(self, path: str | None = None, **changes: str | None) -> connect:
        """A connection as a page of ours makes one; a header that is None is left out."""
        headers = {"origin": self.origin, "cookie": f"campana={self.session}", **changes}
        origin = headers.pop("origin")
        return connect(
            f"ws://127.0.0.1:{self.port}{path or self.path}",
            origin=origin,  # pyright: ignore[reportArgumentType]  a text, as the browser has it
            additional_headers={name: text for name, text in headers.items() if text is not None},
            compression=None,
            proxy=None,
        )


async def started(
    context: Context, workspace_id: int, talks: TalkerProcess, **bot: Any
) -> tuple[House, asyncio.Task[None]]:
    web = replace(context, clock=WallClock())
    made = await voicebots.create(
        web, workspace_id=workspace_id, raw={"definition": {**BOT, **bot}}
    )
    session = await signed_in(
        web, workspace_id=workspace_id, role=Role.OWNER, email="ana@example.com"
    )
    listener = server.bind("127.0.0.1", 0)
    port = listener.getsockname()[1]
    serving = asyncio.create_task(
        server.serve(web, host="127.0.0.1", port=port, fd=listener.detach(), talks=talks)
    )
    house = House(
        port=port, path=f"/bots/{made.id}/talk/line", talks=talks, web=web,
        workspace_id=workspace_id, session=session,
    )  # fmt: skip
    return house, serving


@pytest.fixture
async def house(context: Context, workspace_id: int) -> AsyncIterator[House]:
    talks = TalkerProcess(COMMAND, environment=os.environ, most=2)
    house, serving = await started(context, workspace_id, talks)
    yield house
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    await talks.aclose()


async def until(line: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of that type."""
    while True:
        told = await line.recv()
        if isinstance(told, str) and (found := json.loads(told))["type"] == kind:
            return found


async def closed(line: ClientConnection) -> tuple[int | None, list[dict[str, Any]]]:
    """What is told until it is closed, and the code."""
    told: list[dict[str, Any]] = []
    try:
        while True:
            each = await line.recv()
            if isinstance(each, str):
                told.append(json.loads(each))
    except ConnectionClosed as over:
        return (over.rcvd.code if over.rcvd else None), told


async def begun(house: House, line: ClientConnection) -> None:
    await line.send(START)
    await until(line, "ready")
    assert house.talks.in_progress >= 1


async def test_a_talk_in_writing_is_heard_understood_and_told(house: House) -> None:
    async with house.line() as line:
        await line.send(START)
        ready = await until(line, "ready")
        assert ready["hears"] is False
        assert "type what you would say" in " ".join(ready["missing"])
        assert (await until(line, "said"))["text"] == "Hello Ana."
        assert (await until(line, "said"))["text"] == "Does Tuesday suit you?"
        loudest = 0.0
        while not loudest:
            told = await line.recv()
            loudest = level(told) if isinstance(told, bytes) else 0.0
        assert loudest > 3000
        await line.send(silence(FRAME_SECONDS, PHONE_RATE))
        # Once it is sure that the question was heard: what is said as it begins is no answer.
        answered = asyncio.ensure_future(until(line, "understood"))
        while not answered.done():
            await line.send(json.dumps({"type": "words", "text": "Yes, of course."}))
            await asyncio.wait({answered}, timeout=0.5)
        assert (answered.result()["step"], answered.result()["value"]) == ("tuesday", "yes")
        over = await until(line, "over")
        assert (over["disposition"], over["result"]) == ("completed", "booked")
        assert over["saved"] == {"suits": "yes"}
        code, _ = await closed(line)
        assert code == 1000
    await eventually(lambda: not house.talks.in_progress)
    log = await auditing.page(house.web, workspace_id=house.workspace_id)
    assert "bot.talk" in {each.action for each in log}


async def test_nobody_else_is_let_in(house: House) -> None:
    wrong: tuple[dict[str, str | None], ...] = (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": None},
        {"sec-fetch-site": "cross-site"},
        {"cookie": None},
        {"cookie": "campana=" + "x" * 43},
    )
    for changes in wrong:
        with pytest.raises(InvalidStatus) as refused:
            async with house.line(**changes):
                pass
        assert refused.value.response.status_code == 403, changes
    assert house.talks.pid is None


async def test_a_role_that_may_change_nothing_is_not_let_in(house: House) -> None:
    session = await signed_in(
        house.web, workspace_id=house.workspace_id, role=Role.ANALYST, email="bruno@example.com"
    )
    with pytest.raises(InvalidStatus) as refused:
        async with house.line(cookie=f"campana={session}"):
            pass
    assert refused.value.response.status_code == 403


async def test_addresses_that_are_no_line_are_none(house: House) -> None:
    for path in ("/bots", "/nothing", "/v1/campaigns", "/healthz", "/callbacks/chn_1"):
        with pytest.raises(InvalidStatus):
            async with house.line(path):
                pass


async def test_what_does_not_begin_a_talk_is_told(house: House) -> None:
    for sent, said in (
        ("no JSON", "must be JSON"),
        ('{"type": "key", "key": "1"}', "the first message must be start"),
        ('{"type": "start", "fields": {"a": 1}}', "/fields/a"),
    ):
        async with house.line() as line:
            await line.send(sent)
            code, told = await closed(line)
        assert (code, told[-1]["type"]) == (1008, "refused"), sent
        assert said in told[-1]["message"]


async def test_a_bot_that_is_not_there_or_cannot_talk_is_told(house: House) -> None:
    wrong = await voicebots.create(
        house.web,
        workspace_id=house.workspace_id,
        raw={"definition": {"name": "Wrong", "greeting": "Hello.", "steps": []}},
    )
    for path, said in (
        ("/bots/bot_none/talk/line", "no such"),
        (f"{house.path}?version=9", "no such"),
        (f"/bots/{wrong.id}/talk/line", "/steps"),
    ):
        async with house.line(path) as line:
            await line.send(START)
            code, told = await closed(line)
        assert (code, told[-1]["type"]) == (1008, "refused"), path
        assert said in told[-1]["message"].lower()


async def test_what_may_not_come_closes_the_line_and_frees_it(house: House) -> None:
    for sent, wanted in (
        (bytes(server.SOCKET_MESSAGE_LIMIT + 2), 1009),
        ("x" * (server.SOCKET_MESSAGE_LIMIT + 1), 1009),
        (bytes(MOST_SOUND_BYTES + 2), 1008),
        (bytes(3), 1008),
        ('{"type": "key", "key": "12"}', 1008),
        ('{"type": "words", "text": ""}', 1008),
    ):
        async with house.line() as line:
            await begun(house, line)
            await line.send(sent)
            code, _ = await closed(line)
        assert code == wanted, sent[:30]
        await eventually(lambda: not house.talks.in_progress)


async def test_sound_faster_than_anybody_speaks_closes_the_line(house: House) -> None:
    async with house.line() as line:
        await begun(house, line)
        told = asyncio.ensure_future(closed(line))
        while not told.done():
            try:
                await line.send(bytes(MOST_SOUND_BYTES))
            except ConnectionClosed:
                break
        code, messages = await told
    assert code == 1013
    assert "faster than anybody speaks" in messages[-1]["message"]


async def test_one_too_many_is_told_so_and_the_next_is_let_in_when_one_has_gone(
    house: House,
) -> None:
    async with house.line() as first:
        await begun(house, first)
        async with house.line() as second:
            await begun(house, second)
            async with house.line() as third:
                await third.send(START)
                code, told = await closed(third)
            assert (code, told[-1]["type"]) == (1013, "refused")
            assert "2 people talk to bots" in told[-1]["message"]
        # Not hung up: the connection is gone.
        first.transport.abort()
        await eventually(lambda: not house.talks.in_progress)
    async with house.line() as next_one:
        await begun(house, next_one)


async def test_a_talker_that_dies_ends_its_talks_and_is_started_again(house: House) -> None:
    async with house.line() as line:
        await begun(house, line)
        assert house.talks.pid is not None
        os.kill(house.talks.pid, signal.SIGKILL)
        _, told = await closed(line)
        assert "ended in the middle" in told[-1]["message"]
    await eventually(lambda: not house.talks.in_progress)
    async with house.line() as line:
        await begun(house, line)


async def test_signing_out_ends_the_talk(house: House) -> None:
    async with house.line() as line:
        await begun(house, line)
        await people.sign_out(house.web, workspace_id=house.workspace_id, token=house.session)
        code, told = await closed(line)
    assert code == 1001
    assert told[-1]["message"] == "You signed out."


async def test_the_process_beside_is_ended_when_nobody_has_talked_for_a_while(
    context: Context, workspace_id: int
) -> None:
    talks = TalkerProcess(COMMAND, environment=os.environ, most=1, idle_seconds=0.1)
    house, serving = await started(context, workspace_id, talks)
    async with house.line() as line:
        await begun(house, line)
        assert talks.pid is not None
    await eventually(lambda: talks.pid is None)
    async with house.line() as line:
        await begun(house, line)
        serving.cancel()
        code, told = await closed(line)
    assert (code, told[-1]["message"]) == (1001, "The server is about to restart.")
    await asyncio.gather(serving, return_exceptions=True)
    await talks.aclose()
    assert talks.pid is None


async def test_nobody_talks_where_it_is_switched_off(context: Context, workspace_id: int) -> None:
    talks = TalkerProcess(COMMAND, environment=os.environ, most=0)
    house, serving = await started(context, workspace_id, talks)
    async with house.line() as line:
        await line.send(START)
        code, told = await closed(line)
    assert (code, told[-1]["message"]) == (1013, "talking to bots is switched off on this server")
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
