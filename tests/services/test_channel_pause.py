"""What is granted and claimed on a channel that is paused, and what people are told of it."""

from __future__ import annotations

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.disposition import Disposition
from campana.domain.errors import NotFound
from campana.domain.waiting import Cause, WaitReason
from campana.services import campaigns as campaign_service
from campana.services import channel_pause, dispatch, event_feed, granting, outlook, why
from campana.services.context import Context
from campana.store import channels
from campana.store.channels import Channel
from tests.support.campaign import ANA, Scene, launched, person
from tests.support.database import FixedClock
from tests.support.talking import flow, talking


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    return await launched(engine_context, context, workspace_id=workspace_id)


async def pause(scene: Scene, reason: str | None = None, *, actor: str = "Ana") -> Channel:
    return await channel_pause.pause(
        scene.web,
        workspace_id=scene.workspace_id,
        wanted=scene.channel.id,
        actor=actor,
        reason=reason,
    )


async def resume(scene: Scene) -> Channel:
    return await channel_pause.resume(
        scene.web, workspace_id=scene.workspace_id, wanted=scene.channel.id, actor="Bruno"
    )


async def granted(scene: Scene, wanted: int = 3) -> int:
    return await granting.grant(
        scene.engine, channel_id=scene.channel.id, owner_id=1, wanted=wanted
    )


async def test_nothing_is_granted_until_it_is_resumed(scene: Scene) -> None:
    await pause(scene)
    assert await granted(scene) == 0
    assert await scene.claim() == []
    resumed = await resume(scene)
    assert resumed.paused_at is None
    assert await granted(scene) == 3
    assert len(await scene.claim()) == 3


async def test_what_was_granted_before_claims_nothing_after(scene: Scene) -> None:
    groups = await dispatch.ready(scene.engine, channel_ids=[scene.channel.id])
    assert groups
    assert await granted(scene) == 3
    await pause(scene)

    async def claimed() -> int:
        return sum(
            [
                len(
                    await dispatch.claim(
                        scene.engine,
                        group=group,
                        channel_type=scene.channel.channel_type,
                        owner_id=owner_id,
                        limit=3,
                    )
                )
                # The second was granted nothing at all.
                for owner_id in (1, 2)
                for group in groups
            ]
        )

    assert await claimed() == 0
    await resume(scene)
    # The old grant is no good for that: a new one is.
    await granted(scene)
    assert await claimed() == 3


async def test_who_paused_it_first_and_why_stays_and_all_of_it_is_written_down(
    scene: Scene,
) -> None:
    first = await pause(scene, "the carrier asked us to stop")
    again = await pause(scene, "no idea", actor="Bruno")
    assert (again.paused_at, again.paused_by) == (first.paused_at, "Ana")
    assert again.pause_reason == "the carrier asked us to stop"
    await resume(scene)
    await resume(scene)
    async with scene.web.db.read(workspace_id=scene.workspace_id) as tx:
        done = await channels.actions(tx, channel_id=scene.channel.id)
    assert [(each.action, each.actor, each.reason) for each in done] == [
        ("resume", "Bruno", None),
        ("pause", "Ana", "the carrier asked us to stop"),
    ]
    with pytest.raises(NotFound):
        await channel_pause.pause(
            scene.web, workspace_id=scene.workspace_id + 1, wanted=scene.channel.id, actor="x"
        )


async def test_why_names_the_channel_who_paused_it_and_the_reason(scene: Scene) -> None:
    await pause(scene, "fraud")
    told = await why.why(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    assert (told.cause, told.wait_reason) == (Cause.CHANNEL_PAUSED, WaitReason.CAPACITY)
    assert "Its channel exchange is paused, by Ana at" in told.sentence
    assert told.sentence.endswith("UTC (fraud): resume the channel to go on.")


async def test_a_draft_is_warned_of_it_and_can_be_launched_all_the_same(scene: Scene) -> None:
    await pause(scene, "fraud")
    draft = await campaign_service.create(
        scene.web, workspace_id=scene.workspace_id, raw={**scene.document, "name": "Next"}
    )
    ahead = await outlook.look_ahead(
        scene.web, workspace_id=scene.workspace_id, campaign_id=draft.id
    )
    assert not ahead.problems
    assert any("The channel exchange is paused (by Ana: fraud)" in each for each in ahead.warnings)


async def test_the_other_channels_of_a_flow_go_on(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    nodes = {
        "a": {"type": "parallel", "branches": ["wa", "sms"], "join": "all", "next": "end"},
        "wa": {"type": "send_message", "channel": "WhatsApp", "text": "W.", "next": "end"},
        "sms": {"type": "send_message", "channel": "SMS", "text": "S.", "next": "end"},
        "end": {"type": "end", "status": "told"},
    }
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(nodes),
        people=[person(ANA)],
        channel_types=(ChannelType.WHATSAPP, ChannelType.SMS),
    )
    await talk.wrote(ANA)
    sms = talk.channels[ChannelType.SMS]
    where = {"workspace_id": workspace_id, "wanted": sms.id, "actor": "Ana"}
    asked = {"workspace_id": workspace_id, "campaign_id": talk.scene.campaign_id}
    await channel_pause.pause(context, **where)
    assert (await why.why(context, **asked)).cause is not Cause.CHANNEL_PAUSED
    [sent] = await talk.claim(ChannelType.WHATSAPP)
    await talk.accept([sent])
    await talk.report(sent, Disposition.DELIVERED)
    assert await talk.send(ChannelType.SMS) == []
    assert (await why.why(context, **asked)).cause is Cause.CHANNEL_PAUSED
    await channel_pause.resume(context, **where)
    assert await talk.send(ChannelType.SMS) == ["S."]


async def test_both_are_told_once_each_with_who_and_why(scene: Scene) -> None:
    await pause(scene, "fraud")
    await pause(scene, "again", actor="Bruno")
    await resume(scene)
    await resume(scene)
    found = await event_feed.page(
        scene.web,
        workspace_id=scene.workspace_id,
        horizon=1 << 40,
        after=0,
        limit=100,
    )
    told = [each for each in found if each.type.startswith("channel.")]
    assert [(each.type, each.subject) for each in told] == [
        ("channel.paused", scene.channel.id),
        ("channel.resumed", scene.channel.id),
    ]
    paused, resumed = (each.data for each in told)
    assert (paused["actor"], paused["pausedBy"], paused["pauseReason"]) == ("Ana", "Ana", "fraud")
    assert paused["pausedAt"] is not None
    assert (resumed["actor"], resumed["pausedBy"], resumed["pausedAt"]) == ("Bruno", None, None)
    assert {"config", "secret"}.isdisjoint(paused)
