"""Variants: each contact gets the same one in every place that asks, and they are counted apart."""

from __future__ import annotations

from typing import Any

import pytest

from campana.domain.disposition import Disposition
from campana.domain.errors import PreflightBlocked
from campana.domain.variants import place
from campana.services import campaigns, comparing, control, outlook, targets
from campana.services.context import Context
from campana.store import campaigns as store
from tests.support.campaign import BOT, Scene, add_channel, add_list, person
from tests.support.people import reserved_numbers
from tests.web.calls import refuse

OTHER = {**BOT, "greeting": "Good day {{ contact.first_name }}."}
VARIANTS: list[dict[str, Any]] = [
    {"name": "short", "share": 40},
    {"name": "polite", "share": 40, "changes": {"voiceBot": OTHER}},
    {"name": "nobody", "share": 20, "holdOut": True},
]
SHARES = [40.0, 40.0, 20.0]


async def draft(web: Context, workspace_id: int, *, people: int, **document: Any) -> Scene:
    channel = await add_channel(web, workspace_id=workspace_id)
    list_id = await add_list(
        web,
        workspace_id=workspace_id,
        people=[person(number) for number in reserved_numbers()[:people]],
    )
    written = {
        "name": "Compared", "type": "VoiceBot", "channelType": "Voice", "contactList": list_id,
        "channel": channel.id, "voiceBot": BOT, **document,
    }  # fmt: skip
    made = await campaigns.create(web, workspace_id=workspace_id, raw=written)
    return Scene(
        engine=web, web=web, workspace_id=workspace_id, channel=channel, campaign_id=made.id
    )


async def test_preflight_the_engine_and_the_stats_agree_on_who_gets_what(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await draft(context, workspace_id, people=60, variants=VARIANTS)
    scene = Scene(
        engine=engine_context, web=context, workspace_id=workspace_id, channel=made.channel,
        campaign_id=made.campaign_id,
    )  # fmt: skip
    foreseen = await outlook.look_ahead(
        context, workspace_id=workspace_id, campaign_id=made.campaign_id
    )
    await control.launch(context, workspace_id=workspace_id, campaign_id=made.campaign_id)
    while await targets.enroll(engine_context, campaign_id=made.campaign_id):
        pass
    claimed = await scene.claim(limit=100)
    places = {
        contact: place(SHARES, campaign_id=made.campaign_id, contact_id=contact)
        for (contact,) in await scene.rows("select contact_id from targets")
    }
    held_out = [contact for contact, found in places.items() if found == 2]
    assert 0 < len(held_out) < 60
    assert foreseen.skipped == {"held_out": len(held_out)}
    assert foreseen.eligible == len(claimed) == 60 - len(held_out)
    assert {
        (places[each.contact_id], each.plan.script.greeting)
        for each in claimed
        if each.plan.script is not None
    } == {(0, BOT["greeting"]), (1, OTHER["greeting"])}
    finished = await scene.rows("select contact_id from targets where disposition = 'held_out'")
    assert sorted(contact for (contact,) in finished) == sorted(held_out)
    for each in claimed:
        if places[each.contact_id] == 1:
            await refuse(scene, each, Disposition.DECLINED)
    async with context.db.read(workspace_id=workspace_id) as tx:
        campaign = await store.get(tx, campaign_id=made.campaign_id, now=context.clock.now())
        assert campaign is not None
        short, polite, nobody = await comparing.by_variant(
            tx, campaign, successes=[Disposition.DECLINED]
        )
    count = sum(found == 1 for found in places.values())
    assert (short.name, short.tried, short.success) == ("short", 0, None)
    assert (polite.tried, polite.succeeded, polite.dispositions) == (
        count, count, {"declined": count},
    )  # fmt: skip
    assert (nobody.targets, nobody.finished, nobody.success) == (len(held_out), len(held_out), None)


@pytest.mark.parametrize(
    ("variants", "wrong"),
    [
        (VARIANTS[:1], "two or more"),
        (VARIANTS[:2], "add up to 100"),
        ([VARIANTS[0], {**VARIANTS[0], "share": 60}], "different names"),
        (
            [
                {"name": "a", "share": 50, "holdOut": True},
                {"name": "b", "share": 50, "holdOut": True},
            ],
            "nobody to contact",
        ),
        (
            [
                {"name": "a", "share": 50},
                {"name": "b", "share": 50, "holdOut": True, "changes": {"voiceBot": BOT}},
            ],
            "held out",
        ),
    ],
)
async def test_what_cannot_be_compared_cannot_be_launched(
    context: Context, workspace_id: int, variants: list[dict[str, Any]], wrong: str
) -> None:
    made = await draft(context, workspace_id, people=1, variants=variants)
    with pytest.raises(PreflightBlocked) as caught:
        await control.launch(context, workspace_id=workspace_id, campaign_id=made.campaign_id)
    assert [each for each in caught.value.problems if wrong in each.message]
