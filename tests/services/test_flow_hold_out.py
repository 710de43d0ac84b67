"""Whoever a flow's campaign holds out of a comparison: nothing at all happens to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest

from campana.domain import variants
from campana.domain.campaign import ChannelType
from campana.services import comparing, suppressions
from campana.services.context import Context
from campana.store import campaigns as store
from campana.store.suppressions import Scope
from tests.support.campaign import person
from tests.support.database import FixedClock
from tests.support.talking import Talk, flow, talking

PEOPLE = [f"+1212555{n:04}" for n in range(100, 120)]
HALF = [{"name": "all", "share": 50}, {"name": "nobody", "share": 50, "holdOut": True}]
SEND = {"type": "send_message", "text": "Hello.", "next": "pause"}
PAUSE = {"type": "delay", "delaySeconds": 60, "next": "end"}
END = {"type": "end", "status": "completed"}
FIRST: dict[str, dict[str, Any]] = {
    "tag": {"type": "tag", "add": ["asked"], "next": "b"},
    "webhook": {
        "type": "webhook",
        "method": "POST",
        "url": "http://127.0.0.1:9/people",
        "timeoutSeconds": 10,
        "next": "b",
        "onFailure": "b",
    },
    "handoff": {"type": "handoff", "timeoutSeconds": 60, "next": "b", "onTimeout": "b"},
    "delay": {"type": "delay", "delaySeconds": 60, "next": "b"},
    "send": {"type": "send_message", "text": "Good day.", "next": "b"},
}

TalkOf = Callable[..., Awaitable[Talk]]


@pytest.fixture
def talk_of(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> TalkOf:
    """Launch a campaign of twenty people with this first node."""

    async def make(first: Mapping[str, Any], **changes: Any) -> Talk:
        return await talking(
            engine_context,
            context,
            clock=clock,
            workspace_id=workspace_id,
            definition=flow({"a": first, "b": SEND, "pause": PAUSE, "end": END}),
            people=[person(each) for each in PEOPLE],
            **changes,
        )

    return make


async def run(talk: Talk) -> None:
    """Until nothing is due any more, a while on."""
    for _ in range(3):
        # A claim looks at ten, and may find nobody among them who is to be told something.
        for _ in range(4):
            await talk.accept(await talk.claim())
        talk.clock.forward(seconds=61)
        await talk.timers()


async def touched(talk: Talk) -> set[int]:
    """Whom anything happened to."""
    found = await talk.scene.rows(
        """
        select contact_id from flow_sessions
        union select t.contact_id from attempts a join targets t on t.id = a.target_id
        union select id from contacts where tags <> '{}'
        """
    )
    return {contact for (contact,) in found}


def held_out(talk: Talk, contacts: Iterable[int]) -> set[int]:
    """Those of them that the campaign leaves out."""
    found = {
        each
        for each in contacts
        if variants.place([50.0, 50.0], campaign_id=talk.scene.campaign_id, contact_id=each) == 1
    }
    assert 0 < len(found) < len(PEOPLE)
    return found


@pytest.mark.parametrize("first", FIRST)
async def test_no_node_acts_on_people_who_are_held_out(talk_of: TalkOf, first: str) -> None:
    talk = await talk_of(FIRST[first], variants=HALF)
    await run(talk)
    became = dict(await talk.scene.rows("select contact_id, disposition from targets"))
    left_out = held_out(talk, became)
    assert {each for each, what in became.items() if what == "held_out"} == left_out
    assert await touched(talk) == became.keys() - left_out
    async with talk.scene.engine.db.read() as tx:
        campaign = await store.get(tx, campaign_id=talk.scene.campaign_id, now=talk.clock.now())
        assert campaign is not None
        [_, nobody] = await comparing.by_variant(tx, campaign)
    assert nobody.targets == len(left_out)
    assert (nobody.tried, nobody.dispositions) == (0, {"held_out": len(left_out)})
    assert await talk.targets()  # and the ledger is true


async def test_another_objection_begins_no_conversation_with_them_either(
    talk_of: TalkOf, context: Context, workspace_id: int
) -> None:
    talk = await talk_of(FIRST["tag"], variants=HALF)
    for address in PEOPLE:
        await suppressions.add(
            context,
            workspace_id=workspace_id,
            address=address,
            reason="asked",
            scope=Scope.CHANNEL,
            channel_type=ChannelType.SMS,
        )
    await run(talk)
    became = dict(await talk.scene.rows("select contact_id, disposition from targets"))
    left_out = held_out(talk, became)
    assert {became[each] for each in left_out} == {"suppressed"}
    # With the others the flow goes on, and says how: it may have another channel.
    assert await touched(talk) == became.keys() - left_out
    assert await talk.targets()
