"""Preflight of a campaign that runs a flow: what is missing, and whom it knows too little of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from campana.domain.errors import FieldProblem
from campana.services import campaigns, flows, lists, outlook, templates
from campana.services.context import Context
from tests.support.campaign import ANA, BRUNO, CARLA, add_channel, add_list, person
from tests.support.talking import flow, published

NODES = {
    "a": {
        "type": "send_message",
        "channel": "WhatsApp",
        "text": "You owe {{ contact.balance }}.",
        "next": "call",
    },
    "call": {
        "type": "voice_call",
        "bot": "reminder",
        "otherwise": "ask",
        "timeoutSeconds": 60,
        "onTimeout": "ask",
    },
    "ask": {
        "type": "webhook",
        "url": "https://crm.example/orders",
        "credential": "crm",
        "timeoutSeconds": 10,
        "next": "say",
        "onFailure": "end",
    },
    "say": {"type": "say", "text": "Hello.", "next": "ring", "onNoAnswer": "look"},
    "ring": {
        "type": "wait_inbound_call",
        "timeoutSeconds": 60,
        "onTimeout": "look",
        "next": "look",
    },
    "look": {
        "type": "lookup",
        "table": "branches",
        "key": "{{ contact.balance }}",
        "saveAs": "branch",
        "next": "end",
        "onMissing": "end",
    },
    "end": {"type": "end", "status": "told"},
}


async def draft(
    context: Context, workspace_id: int, definition: dict[str, Any], *, is_published: bool = True
) -> str:
    """A draft campaign by SMS of Ana, Bruno and Carla, of whom one has a balance."""
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type="SMS",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    people = [person(ANA, attributes={"balance": "7"}), person(BRUNO), person(CARLA)]
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    made = await flows.create(context, workspace_id=workspace_id, raw={"definition": definition})
    if is_published:
        await flows.publish(context, workspace_id=workspace_id, flow_id=made.id)
    campaign = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={
            "name": "Reminder",
            "type": "Flow",
            "channelType": "SMS",
            "contactList": list_id,
            "channel": channel.id,
            "flow": {"id": made.name},
            "window": {"always": True},
        },
    )
    return campaign.id


async def test_everything_that_is_missing_is_said_at_once(
    context: Context, workspace_id: int
) -> None:
    definition = flow(NODES, contact={"balance": "number"})
    campaign_id = await draft(context, workspace_id, definition)
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    said = {(each.pointer, each.message) for each in found.problems}
    assert said == {
        ("/channels/WhatsApp", "the node a sends by WhatsApp: name the channel to use"),
        ("/channels/Voice", "the node call calls: name the channel to use"),
        ("/voiceBots", "the node call calls with the bot reminder, which is not there"),
        ("/channels/Voice", "the node say speaks in a call: name the channel to use"),
        (
            "/channels/Voice",
            "the node ring waits for a call: name the channel it comes in on",
        ),
        ("/flow", "its lookups look into the table branches, which is not there"),
        ("/flow", "its webhooks show the credential crm, which is not stored"),
    }
    async with context.db.read(workspace_id=workspace_id) as tx:
        rows = await (await tx.execute("select id from contacts order by id")).fetchall()
    assert found.warnings == [
        "2 of 3 contacts have no balance, which the flow reads:"
        f" ctc_{rows[1][0]}, ctc_{rows[2][0]}",
        "3 of 3 contacts did not write by WhatsApp in the last 24 hours: what the node a says"
        " before they do is not sent to them; it needs a template",
    ]


async def test_what_a_variants_flow_lacks_is_said_of_the_flow_that_the_variant_has(
    context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    end = NODES["end"]
    rings: Any = {
        "type": "voice_transfer",
        "to": "+12025550123",
        "mode": "warm",
        "timeoutSeconds": 60,
        "next": "look",
        "onFailure": "look",
    }
    nodes = {"a": rings, "look": NODES["look"], "end": end}
    campaign_id = await draft(context, workspace_id, flow(nodes, contact={"balance": "number"}))
    other = {
        **flow({"a": {**rings, "next": "end", "onFailure": "end"}, "end": end}),
        "name": "Other",
    }
    other_id = await published(context, workspace_id=workspace_id, definition=other)
    ways = [
        {"name": "A", "share": 50, "changes": {"templates": {"a": "b"}}},
        {"name": "B", "share": 50, "changes": {"flow": {"id": other_id}}},
    ]
    await campaigns.change(
        context,
        workspace_id=workspace_id,
        campaign_id=campaign_id,
        patch={"variants": ways},
        version=None,
    )

    async def pointers() -> list[str | None]:
        found = await outlook.look_ahead(
            context, workspace_id=workspace_id, campaign_id=campaign_id
        )
        return [each.pointer for each in found.problems]

    assert await pointers() == ["/flow/nodes/a", "/flow", "/variants/1/changes/flow/nodes/a"]

    async def gone(*_: object, **__: object) -> None:
        raise LookupError

    monkeypatch.setattr("campana.services.flow_plans.pinned", gone)
    assert await pointers() == ["/flow/version", "/variants/1/changes/flow/version"]


async def test_what_calls_of_campaigns_cannot_do_is_said_by_node(
    context: Context, workspace_id: int
) -> None:
    through = {"type": "voice_transfer", "timeoutSeconds": 60, "next": "end", "onFailure": "end"}
    nodes = {
        "a": {"type": "say", "text": "Hello.", "voice": "heart", "next": "b", "onNoAnswer": "b"},
        "b": {**through, "to": "+12025550123", "mode": "warm", "onFailure": "c"},
        "c": {**through, "to": "+14165550123", "onFailure": "d"},
        "d": {**through, "to": "+19005550123"},
        "end": {"type": "end", "status": "told"},
    }
    campaign_id = await draft(context, workspace_id, flow(nodes))
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    said = {(each.pointer, each.message) for each in found.problems}
    assert said == {
        ("/channels/Voice", "the node c speaks in a call: name the channel to use"),
        ("/channels/Voice", "the node d speaks in a call: name the channel to use"),
        (
            "/flow/nodes/a",
            "the node a chooses a voice, and campaigns speak with one for all",
        ),
        (
            "/flow/nodes/b",
            "the node b hands over warm, and campaigns hand calls over blind",
        ),
        ("/flow/nodes/c/to", "is in a country that this workspace may not call"),
        (
            "/flow/nodes/d/to",
            "is a premium, shared-cost, personal, satellite or global number: never called",
        ),
    }


async def test_a_flow_that_was_never_published_cannot_run(
    context: Context, workspace_id: int
) -> None:
    nodes = {"a": {"type": "end", "status": "told"}}
    campaign_id = await draft(context, workspace_id, flow(nodes), is_published=False)
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    wanted = FieldProblem(pointer="/flow", message="the flow was never published")
    assert list(found.problems) == [wanted]


async def test_whom_a_template_cannot_be_sent_to_is_said_by_number_and_by_name(
    context: Context, workspace_id: int
) -> None:
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type="WhatsApp",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    people = [person(f"+1212555{n:04}", attributes={"plan": "gold"}) for n in range(100, 110)]
    people[2] = replace(people[2], first_name=None)
    people[4] = replace(people[4], attributes={})
    people[7] = replace(people[7], first_name=None, attributes={"plan": " "})
    list_id = await add_list(context, workspace_id=workspace_id, people=people)
    raw = {
        "name": "renewal",
        "channelType": "WhatsApp",
        "content": {
            "text": "Hello {{ contact.first_name }}, from {{ contact.city | default: 'here' }}.",
            "provider": {"name": "renewal", "language": "en"},
        },
    }
    template = await templates.create(context, workspace_id=workspace_id, raw=raw)
    await templates.publish(context, workspace_id=workspace_id, template_id=template.id)
    values = {"1": "{{ contact.plan }}"}
    nodes = {
        "a": {"type": "send_template", "template": "renewal", "values": values, "next": "end"},
        "end": {"type": "end", "status": "told"},
    }
    definition = flow(nodes, contact={"plan": "text"})
    flow_id = await published(context, workspace_id=workspace_id, definition=definition)
    raw = {
        "name": "Renewal",
        "type": "Flow",
        "channelType": "WhatsApp",
        "contactList": list_id,
        "channel": channel.id,
        "flow": {"id": flow_id},
        "window": {"always": True},
    }
    campaign = await campaigns.create(context, workspace_id=workspace_id, raw=raw)
    of_gold = await lists.create(
        context, workspace_id=workspace_id, name="Gold", where='contact.plan == "gold"'
    )
    golden = await campaigns.create(
        context, workspace_id=workspace_id, raw={**raw, "name": "Gold", "contactList": of_gold.id}
    )
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign.id)
    among = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=golden.id)
    async with context.db.read(workspace_id=workspace_id) as tx:
        rows = await (await tx.execute("select id from contacts order by id")).fetchall()
    without = ", ".join(f"ctc_{rows[n][0]}" for n in (2, 4, 7))
    assert (
        "3 of 10 contacts lack first_name, plan, without which the template renewal of the node a"
        f" is not sent: {without}"
    ) in found.warnings
    assert (
        "1 of 8 contacts lack first_name, without which the template renewal of the node a"
        f" is not sent: ctc_{rows[2][0]}"
    ) in among.warnings


WAITS: Any = {
    "a": {**NODES["ring"], "onTimeout": "end", "next": "end"},
    "end": NODES["end"],
}
TRUNK: Any = {"host": "127.0.0.1", "port": 5060}


@pytest.mark.parametrize(
    ("kind", "config", "wrong"),
    [
        (
            "voice_sip",
            {"trunks": [TRUNK], "callerIds": ["+12025550100"]},
            "the node a waits for a call, and no trunk of the channel desk takes any: give one"
            " `inbound`",
        ),
        (
            "voice_sip",
            {"trunks": [{**TRUNK, "inbound": {}}], "callerIds": ["+12025550100"]},
            None,
        ),
        ("sandbox", {"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"}, None),
    ],
)
async def test_a_call_is_waited_for_only_where_one_can_come_in(
    kind: str, config: Any, wrong: str | None, context: Context, workspace_id: int
) -> None:
    campaign_id = await draft(context, workspace_id, flow(WAITS))
    voice = await add_channel(
        context, workspace_id=workspace_id, name="desk", kind=kind, config=config
    )
    patch = {"channelType": "Voice", "channel": voice.id}
    await campaigns.change(
        context, workspace_id=workspace_id, campaign_id=campaign_id, patch=patch, version=None
    )
    found = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=campaign_id)
    said = [(each.pointer, each.message) for each in found.problems]
    assert said == ([("/channel", wrong)] if wrong else [])
    # No voice worker lives here, and the sandbox needs none.
    is_unattended = kind == "voice_sip" and wrong is None
    assert [text for text in found.warnings if "takes them is alive" in text] == (
        [
            "The flow waits for calls, and no voice worker that takes them is alive: until one is,"
            " no call is answered (CAMPANA_VOICE_INBOUND_PORT)."
        ]
        if is_unattended
        else []
    )
