"""The inbox and its threads: found, read, answered by the rules of the channel, live."""

from __future__ import annotations

import asyncio
import re

import pytest

from campana.domain.role import Role
from campana.services import suppressions, templates
from campana.services.context import Context
from campana.store.channels import Channel
from campana.web.console.live import Live, Tab
from campana.web.console.pages import environment
from campana.web.console.talk_parts import Inbox, OpenThread
from tests.support.campaign import ANA, BRUNO
from tests.support.database import FixedClock
from tests.web.console.conftest import EVIL, Browser, Visit
from tests.web.rows import add_whatsapp, hear


@pytest.fixture
async def channel(context: Context, workspace_id: int) -> Channel:
    return await add_whatsapp(context, workspace_id=workspace_id)


async def first_path(browser: Browser) -> str:
    [path, *_] = re.findall(r"/conversations/conv_\w+", (await browser.get("/conversations")).text)
    return str(path)


async def test_the_inbox_is_searched_and_narrowed_and_never_runs_what_people_write(
    owner: Browser, engine_context: Context, channel: Channel, clock: FixedClock
) -> None:
    assert "Nobody has written yet" in (await owner.get("/conversations")).text
    await hear(engine_context, channel, f"hello {EVIL}", name=f"Anita {EVIL}")
    clock.forward(minutes=1)
    await hear(engine_context, channel, "second", sender=BRUNO, name="100%")
    shown = (await owner.get("/conversations")).text
    assert shown.index(BRUNO) < shown.index(ANA)
    assert EVIL not in shown
    assert "hello &lt;script&gt;" in shown
    for query, people in (
        ("q=anita", {ANA}), ("q=%25", {BRUNO}), ("q=_", set()), (f"q={ANA[-4:]}", {ANA}),
        ("view=open", {ANA, BRUNO}), ("view=mine", set()), ("view=waiting", set()),
        ("view=nonsense", {ANA, BRUNO}),
    ):  # fmt: skip
        page = (await owner.get(f"/conversations?{query}")).text
        assert {each for each in (ANA, BRUNO) if each in page} == people, query
    assert (await owner.get("/conversations?page=0")).status_code == 400


async def test_a_thread_is_answered_taken_over_and_handed_back(
    owner: Browser, engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel, f"help me {EVIL}")
    path = await first_path(owner)
    shown = (await owner.get(path)).text
    assert EVIL not in shown
    assert "help me &lt;script&gt;" in shown
    assert "With the bot" in shown
    empty = await owner.post(f"{path}/answer", said="  ")
    assert empty.status_code == 400
    assert (await owner.post(f"{path}/take-over")).status_code == 303
    assert ANA in (await owner.get("/conversations?view=mine")).text
    sent = await owner.post(f"{path}/answer", said=f"I am here.\n{EVIL}")
    assert sent.status_code == 303
    thread = (await owner.get(path)).text
    assert "I am here.\n&lt;script&gt;" in thread
    assert "Ana owner" in thread
    assert "Queued" in thread
    assert (await owner.post(f"{path}/hand-back")).status_code == 303
    assert (await owner.post(f"{path}/hand-back")).status_code == 409
    assert (await owner.post(f"{path}/close")).status_code == 303
    assert ANA in (await owner.get("/conversations?view=closed")).text
    log = (await owner.get("/audit")).text
    assert "conversation.assign" in log
    assert "I am here" not in log
    assert (await owner.get("/conversations/conv_none")).status_code == 404


async def test_after_a_day_whatsapp_takes_only_a_template(
    owner: Browser,
    context: Context,
    engine_context: Context,
    channel: Channel,
    clock: FixedClock,
    workspace_id: int,
) -> None:
    await hear(engine_context, channel, "hello")
    path = await first_path(owner)
    assert "Free answers" in (await owner.get(path)).text
    for _ in range(3):  # a session does not outlive half a day without use
        clock.forward(hours=8)
        await owner.get("/account")
    shown = (await owner.get(path)).text
    assert "takes only an approved template" in shown
    assert 'name="said"' not in shown
    assert "No template for WhatsApp is published" in shown
    refused = await owner.post(f"{path}/answer", said="late")
    assert refused.status_code == 409
    assert "more than 24 hours ago" in refused.text
    content = {
        "text": "{{ values.code }}",
        "provider": {
            "name": "code", "language": "en_US", "variables": {"1": "{{ values.code }}"},
        },
    }  # fmt: skip
    made = await templates.create(
        context,
        workspace_id=workspace_id,
        raw={"name": f"Code {EVIL}", "channelType": "WhatsApp", "content": content},
    )
    await templates.publish(context, workspace_id=workspace_id, template_id=made.id)
    form = (await owner.get(path)).text
    assert EVIL not in form
    assert 'name="said_values.code"' in form
    unfilled = await owner.post(f"{path}/answer", template=made.id)
    assert unfilled.status_code == 400
    assert "There is nothing for 1" in unfilled.text
    sent = await owner.post(f"{path}/answer", template=made.id, **{"said_values.code": "4711"})
    assert sent.status_code == 303
    assert "4711" in (await owner.get(path)).text


async def test_whoever_said_stop_is_not_written_to(
    owner: Browser,
    context: Context,
    engine_context: Context,
    channel: Channel,
    workspace_id: int,
) -> None:
    await hear(engine_context, channel, "hello")
    await suppressions.add(
        context, workspace_id=workspace_id, address=ANA, reason="asked to", source="console"
    )
    path = await first_path(owner)
    refused = await owner.post(f"{path}/answer", said="please")
    assert refused.status_code == 409
    assert "suppressed" in refused.text
    assert "please" in refused.text


async def test_an_analyst_reads_and_does_not_write(
    visit: Visit, engine_context: Context, channel: Channel
) -> None:
    await hear(engine_context, channel, "hello")
    browser = await visit(Role.ANALYST)
    path = await first_path(browser)
    shown = (await browser.get(path)).text
    assert "hello" in shown
    assert f"{path}/answer" not in shown
    assert (await browser.post(f"{path}/answer", said="x")).status_code == 403


async def test_an_open_page_is_sent_what_is_new_and_nothing_else(
    context: Context, engine_context: Context, channel: Channel, workspace_id: int, owner: Browser
) -> None:
    await hear(engine_context, channel, "hello")
    path = await first_path(owner)
    live = Live(context, environment())
    inbox = Inbox(view="", search="", number=1, person="ana@example.com")
    tabs = [
        Tab(
            workspace_id=workspace_id,
            cookie=owner.client.cookies["campana"],
            campaign_ids=frozenset(),
            parts=parts,
        )
        for parts in (
            frozenset({OpenThread(conversation_id=path.rpartition("/")[2])}),
            frozenset({inbox}),
        )
    ]
    streams = [live.follow(tab) for tab in tabs]
    for tab in tabs:
        live.open(tab)
    try:
        first = await asyncio.wait_for(anext(streams[0]), 30)
        assert b'hx-target="#thread"' in first
        assert b"hello" in first
        assert b'hx-target="#inbox"' in await asyncio.wait_for(anext(streams[1]), 30)
        await hear(engine_context, channel, "are you there?")
        again = await asyncio.wait_for(anext(streams[0]), 30)
        assert b"are you there?" in again
        assert again.startswith(b"id: 2\n")
    finally:
        live.close_all()
        for stream in streams:
            async for _ in stream:
                pass


async def test_the_stream_is_only_for_those_who_may_read(owner: Browser) -> None:
    for query in ("conversation=x", "conversation=camp_1", "inbox=0"):
        assert (await owner.client.get(f"/live?{query}")).status_code in {400, 404}, query
