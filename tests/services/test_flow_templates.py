"""Preflight of a flow's templates: what cannot be sent keeps it from being launched."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.errors import FieldProblem, PreflightBlocked
from campana.services import campaigns, control, outlook, templates
from campana.services.context import Context
from campana.services.outlook import Outlook
from campana.store import templates as stored
from campana.store.templates import ProviderStatus
from tests.support.campaign import ANA, add_channel, add_list, person
from tests.support.talking import flow, published


async def template(
    context: Context,
    workspace_id: int,
    name: str,
    *,
    channel_type: str = "WhatsApp",
    is_published: bool = True,
    provider_name: str | None = None,
    status: ProviderStatus | None = None,
) -> None:
    """A template of the workspace, and what its provider says of it."""
    provider = {"name": provider_name or name, "language": "en"}
    content = {"text": "Hello."} | ({} if channel_type == "SMS" else {"provider": provider})
    raw = {"name": name, "channelType": channel_type, "content": content}
    made = await templates.create(context, workspace_id=workspace_id, raw=raw)
    if is_published:
        await templates.publish(context, workspace_id=workspace_id, template_id=made.id)
    if status is None:
        return
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        told = await stored.set_provider(
            tx,
            workspace_id=workspace_id,
            provider_name=provider["name"],
            language="en",
            status=status,
            reason=None,
            ref=None,
            now=context.clock.now(),
        )
    assert told == [made.id]


async def draft(context: Context, workspace_id: int, name: str, **document: Any) -> str:
    """A draft campaign of Ana, by WhatsApp, whose subflow sends the template of that name."""
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type="WhatsApp",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    definition = flow(
        {
            "a": {"type": "subflow", "flow": "tell", "next": "end"},
            "end": {"type": "end", "status": "told"},
        },
        subflows={
            "tell": {
                "nodes": {
                    "begin": {"type": "start", "next": "say"},
                    "say": {
                        "type": "send_template",
                        "template": name,
                        "channel": "WhatsApp",
                        "next": "end",
                    },
                    "end": {"type": "end", "status": "told"},
                }
            }
        },
    )
    flow_id = await published(context, workspace_id=workspace_id, definition=definition)
    raw = {
        "name": "Renewal",
        "type": "Flow",
        "channelType": "WhatsApp",
        "contactList": await add_list(context, workspace_id=workspace_id, people=[person(ANA)]),
        "channel": channel.id,
        "flow": {"id": flow_id},
        "window": {"always": True},
        **document,
    }
    return (await campaigns.create(context, workspace_id=workspace_id, raw=raw)).id


async def look(context: Context, workspace_id: int, campaign_id: str) -> Outlook:
    return await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)


AT = "/flow/subflows/tell/nodes/say/template"
SENDS = "the node say of tell sends the template renewal, which"


@pytest.mark.parametrize(
    ("known", "why"),
    [
        ({"is_published": False}, "was never published"),
        ({"status": "rejected"}, "is rejected by its provider"),
        ({"status": "paused"}, "is paused by its provider"),
        # Named as its provider does, so that it goes there as it is written.
        (
            {"name": "Ours", "provider_name": "renewal", "status": "paused"},
            "is paused by its provider",
        ),
    ],
)
async def test_a_template_that_cannot_be_sent_keeps_the_flow_from_being_launched(
    context: Context, workspace_id: int, known: dict[str, Any], why: str
) -> None:
    await template(context, workspace_id, **{"name": "renewal", **known})
    campaign_id = await draft(context, workspace_id, "renewal")
    found = await look(context, workspace_id, campaign_id)
    assert list(found.problems) == [FieldProblem(pointer=AT, message=f"{SENDS} {why}")]
    with pytest.raises(PreflightBlocked):
        await control.launch(context, workspace_id=workspace_id, campaign_id=campaign_id)


@pytest.mark.parametrize(
    "known",
    [
        {},
        {"status": "approved"},
        {"status": "pending"},
        {"name": "Ours", "provider_name": "renewal", "status": "approved"},
    ],
)
async def test_one_that_may_be_sent_is_not_spoken_of(
    context: Context, workspace_id: int, known: dict[str, Any]
) -> None:
    await template(context, workspace_id, **{"name": "renewal", **known})
    campaign_id = await draft(context, workspace_id, "renewal")
    found = await look(context, workspace_id, campaign_id)
    assert (list(found.problems), list(found.warnings)) == ([], [])


async def test_a_name_that_nobody_is_known_to_have_is_told_of(
    context: Context, workspace_id: int
) -> None:
    campaign_id = await draft(context, workspace_id, "nosuch")
    found = await look(context, workspace_id, campaign_id)
    assert list(found.problems) == []
    assert found.warnings == [
        "the template nosuch of the node say is none of this workspace's: it is asked of the"
        " provider by that name, and nobody has said that it is there"
    ]


async def test_one_for_another_channel_is_told_of(context: Context, workspace_id: int) -> None:
    await template(context, workspace_id, "renewal", channel_type="SMS")
    found = await look(context, workspace_id, await draft(context, workspace_id, "renewal"))
    assert (list(found.problems), list(found.warnings)) == (
        [],
        ["the template renewal of the node say is for SMS: it is not sent by WhatsApp"],
    )


async def test_what_a_variant_sends_in_its_place_is_looked_at(
    context: Context, workspace_id: int
) -> None:
    await template(context, workspace_id, "renewal")
    await template(context, workspace_id, "short", is_published=False)
    ways = [
        {"name": "A", "share": 40},
        {"name": "B", "share": 30, "changes": {"templates": {"renewal": "short"}}},
        {"name": "C", "share": 30, "changes": {"templates": {"renewal": "gone"}}},
    ]
    campaign_id = await draft(context, workspace_id, "renewal", variants=ways)
    found = await look(context, workspace_id, campaign_id)
    assert list(found.problems) == [
        FieldProblem(
            pointer="/variants/1/changes/templates/renewal",
            message="the node say of tell sends the template short, which was never published",
        )
    ]
    assert [each.split(" of ")[0] for each in found.warnings] == ["the template gone"]


async def test_people_of_variants_that_begin_by_sms_are_not_among_those_who_did_not_write(
    context: Context, workspace_id: int
) -> None:
    """The flow's message goes out on the channel that it begins on."""
    phones = [f"+1212555{n:04}" for n in range(100, 140)]
    sms = await add_channel(
        context,
        workspace_id=workspace_id,
        name="SMS",
        kind="sandbox",
        channel_type="SMS",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    definition = {
        **flow(
            {
                "a": {"type": "send_message", "text": "Hello.", "next": "end"},
                "end": {"type": "end", "status": "told"},
            }
        ),
        "name": "Plain",
    }
    flow_id = await published(context, workspace_id=workspace_id, definition=definition)
    people = [person(phone) for phone in phones]
    campaign_id = await draft(
        context,
        workspace_id,
        "renewal",
        flow={"id": flow_id},
        contactList=await add_list(
            context, workspace_id=workspace_id, people=people, name="Others"
        ),
        channels={"SMS": sms.id},
        variants=[
            {"name": "A", "share": 50},
            {"name": "B", "share": 50, "changes": {"channelType": "SMS"}},
        ],
    )
    found = await look(context, workspace_id, campaign_id)
    [said] = found.warnings
    silent, of, all_of_them = said.split()[:3]
    assert (of, silent) == ("of", all_of_them)
    assert 0 < int(silent) < len(phones)
    assert "the node a says" in said
