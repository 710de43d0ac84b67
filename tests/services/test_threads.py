"""A thread has what was said: what a campaign never sent is not in it."""

from __future__ import annotations

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.services import conversations
from campana.services.context import Context
from campana.store import conversations as store
from tests.support.campaign import ANA, BOT, launched, person
from tests.support.database import FixedClock
from tests.support.talking import Talk, flow, talking

HELLO = {
    "a": {"type": "send_message", "text": "Hello.", "next": "end"},
    "end": {"type": "end", "status": "told"},
}


@pytest.fixture
async def talk(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> Talk:
    return await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(HELLO),
        people=[person(ANA)],
    )


async def said(talk: Talk) -> list[tuple[str, str | None]]:
    """What the thread shows, forwards as backwards; and what the list of threads does."""
    [(thread_id,)] = await talk.scene.rows("select id from conversations")
    web, workspace_id = talk.scene.web, talk.scene.workspace_id
    shown = [
        (
            await conversations.thread(
                web,
                workspace_id=workspace_id,
                conversation_id=thread_id,
                limit=10,
                is_newest_first=is_newest_first,
            )
        ).messages
        for is_newest_first in (False, True)
    ]
    assert shown[0] == [*reversed(shown[1])]
    return [(each.text, each.disposition) for each in shown[0]]


async def latest(talk: Talk) -> list[str]:
    [(thread_id,)] = await talk.scene.rows("select id from conversations")
    async with talk.scene.web.db.read(workspace_id=talk.scene.workspace_id) as tx:
        return [
            each.text for each in (await store.latest(tx, conversation_ids=[thread_id])).values()
        ]


async def test_one_message_of_a_flow_is_shown_once_however_often_it_was_too_late(
    talk: Talk,
) -> None:
    for _ in range(3):
        [late] = await talk.claim()
        await talk.refuse(late, Disposition.NOT_SENT)
        assert await said(talk) == []
        assert await latest(talk) == []
    [sent] = await talk.claim()
    assert await said(talk) == [("Hello.", None)]
    await talk.accept([sent])
    await talk.report(sent, Disposition.DELIVERED)
    assert await said(talk) == [("Hello.", "delivered")]
    assert await latest(talk) == ["Hello."]


async def test_so_is_what_a_campaign_tells_everybody(talk: Talk) -> None:
    await talk.wrote(ANA, channel_type=ChannelType.SMS)
    scene = await launched(
        talk.scene.engine,
        talk.scene.web,
        workspace_id=talk.scene.workspace_id,
        people=[person(ANA)],
        channel=talk.channels[ChannelType.SMS],
        channelType="SMS",
        voiceBot=BOT,
        window={"always": True},
    )
    plain = Talk(scene=scene, channels=talk.channels, clock=talk.clock, flow_id="")
    for each in await plain.claim():
        await plain.refuse(each, Disposition.NOT_SENT)
    assert await said(plain) == []
    for each in await plain.claim():
        await plain.refuse(each, Disposition.UNDELIVERED)
    # What was refused by the carrier did leave.
    assert [disposition for _, disposition in await said(plain)] == ["undelivered"]
