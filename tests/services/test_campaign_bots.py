"""A campaign may pin a published bot: it calls with that version whatever becomes of the bot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from psycopg.errors import InsufficientPrivilege

from campana.domain.campaign import Campaign
from campana.domain.errors import CampanaError, InvalidParameter, VersionMismatch
from campana.services import bot_trials, campaign_bots, campaigns, control, voicebots
from campana.services.campaign_document import plan_of
from campana.services.context import Context
from campana.services.documents import read
from campana.services.voicebot_document import VoiceBotDocument, script_of
from tests.services.test_control import ready, refusals
from tests.support.campaign import BOT, launched

SECOND = {**BOT, "greeting": "Good morning {{ contact.first_name }}."}


async def stored(context: Context, workspace_id: int, definition: Mapping[str, Any]) -> str:
    """The id of a draft."""
    made = await voicebots.create(
        context, workspace_id=workspace_id, raw={"definition": {"name": "Reminder", **definition}}
    )
    return made.id


async def published(context: Context, workspace_id: int, *definitions: Mapping[str, Any]) -> str:
    """The id of a bot with these versions."""
    first, *others = definitions or (BOT,)
    bot_id = await stored(context, workspace_id, first)
    await voicebots.publish(context, workspace_id=workspace_id, bot_id=bot_id)
    for each in others:
        raw = {"definition": {"name": "Reminder", **each}}
        await voicebots.write(context, workspace_id=workspace_id, bot_id=bot_id, raw=raw)
        await voicebots.publish(context, workspace_id=workspace_id, bot_id=bot_id)
    return bot_id


async def changed(
    context: Context, workspace_id: int, campaign_id: str, patch: Mapping[str, Any]
) -> Campaign:
    return await campaigns.change(
        context, workspace_id=workspace_id, campaign_id=campaign_id, patch=patch, version=None
    )


def greeting(campaign: Campaign) -> str | None:
    script = plan_of(campaign.document).script
    return script.greeting if script else None


def written(campaign: Campaign) -> Any:
    return campaign_bots.as_written(campaign.document).get("voiceBot")


async def test_what_is_pinned_is_the_latest_and_stays_it(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    bot_id = await published(context, workspace_id)
    pin = {"id": "Reminder"}
    scene = await launched(engine_context, context, workspace_id=workspace_id, voiceBot=pin)
    raw = {"definition": {"name": "Reminder", **SECOND}}
    await voicebots.write(context, workspace_id=workspace_id, bot_id=bot_id, raw=raw)
    await voicebots.publish(context, workspace_id=workspace_id, bot_id=bot_id)
    # A change of the campaign reads its pin again: it is the same version.
    running = await changed(context, workspace_id, scene.campaign_id, {"priority": "high"})
    assert written(running) == {"id": bot_id, "version": 1}
    claimed = await scene.claim()
    inline = script_of(read(VoiceBotDocument, BOT))
    assert claimed
    assert {each.plan.script == inline for each in claimed} == {True}


async def test_all_that_is_wrong_with_pins_is_told_at_once(
    context: Context, workspace_id: int
) -> None:
    bot_id = await published(context, workspace_id)
    draft = await voicebots.create(
        context, workspace_id=workspace_id, raw={"definition": {"name": "Never", **BOT}}
    )
    variants = [
        {"name": "a", "share": 40, "changes": {"voiceBot": {"id": "bot_none"}}},
        {"name": "b", "share": 60, "changes": {"voiceBot": {"id": bot_id, "version": 2}}},
    ]
    bots = {"one": {"id": draft.id}, "two": {"id": bot_id, "greeting": "Hello."}}
    with pytest.raises(InvalidParameter) as caught:
        await ready(
            context,
            workspace_id=workspace_id,
            channel="no such channel",
            voiceBot={"id": draft.id, "version": 1},
            voiceBots=bots,
            variants=variants,
        )
    assert {each.pointer: each.message for each in caught.value.problems} == {
        "/channel": "there is no such channel",
        "/voiceBot/version": "there is no version 1",
        "/voiceBots/one/id": "the bot was never published",
        "/voiceBots/two/greeting": (
            "does not stand beside an id: a published bot says what it says there"
        ),
        "/variants/0/changes/voiceBot/id": "there is no such bot",
        "/variants/1/changes/voiceBot/version": "there is no version 2",
    }


@pytest.mark.parametrize("bot", [{}, {"id": None}, {"id": ""}, {"version": 1}, {"greeting": "Hi."}])
async def test_a_bot_is_written_out_or_named(
    context: Context, workspace_id: int, bot: dict[str, Any]
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        await ready(context, workspace_id=workspace_id, voiceBot=bot)
    wanted = {"/voiceBot/id"} if bot.get("id") == "" else {"/voiceBot/steps"}
    assert wanted <= {each.pointer for each in caught.value.problems}


async def test_a_draft_goes_from_one_form_to_the_other(context: Context, workspace_id: int) -> None:
    bot_id = await published(context, workspace_id, BOT, SECOND)
    campaign_id = await ready(context, workspace_id=workspace_id)
    for patch, pin, said in (
        ({"id": bot_id, "version": 1}, {"id": bot_id, "version": 1}, BOT),
        ({"version": 2}, {"id": bot_id, "version": 2}, SECOND),
        ({"version": 1}, {"id": bot_id, "version": 1}, BOT),
        ({"id": bot_id}, {"id": bot_id, "version": 2}, SECOND),
        (dict(BOT), dict(BOT), BOT),
        ({"greeting": SECOND["greeting"]}, SECOND, SECOND),
    ):
        now = await changed(context, workspace_id, campaign_id, {"voiceBot": patch})
        assert written(now) == pin
        assert greeting(now) == said["greeting"]
    gone = await changed(context, workspace_id, campaign_id, {"voiceBot": None})
    assert (written(gone), greeting(gone)) == (None, None)


async def test_a_launched_campaign_keeps_its_pin(context: Context, workspace_id: int) -> None:
    bot_id = await published(context, workspace_id, BOT, SECOND)
    pin = {"id": bot_id, "version": 1}
    campaign_id = await ready(context, workspace_id=workspace_id, voiceBot=pin)
    await control.launch(context, workspace_id=workspace_id, campaign_id=campaign_id)
    assert greeting(await changed(context, workspace_id, campaign_id, {"voiceBot": pin}))
    for other in ({"version": 2}, dict(SECOND)):
        with pytest.raises(CampanaError) as caught:
            await changed(context, workspace_id, campaign_id, {"voiceBot": other})
        assert [each.pointer for each in caught.value.problems] == ["/voiceBot"]
    copied = await campaigns.copy(context, workspace_id=workspace_id, campaign_id=campaign_id)
    assert written(copied) == pin
    assert greeting(copied) == BOT["greeting"]


async def test_variants_and_the_calls_of_flows_pin_too(context: Context, workspace_id: int) -> None:
    bot_id = await published(context, workspace_id, BOT, SECOND)
    variants = [
        {"name": "as it is", "share": 50},
        {"name": "other", "share": 50, "changes": {"voiceBot": {"id": bot_id}}},
    ]
    campaign_id = await ready(context, workspace_id=workspace_id, variants=variants)
    found = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
    ways = [each.script.greeting for each in plan_of(found.document).variants if each.script]
    assert ways == [SECOND["greeting"]]
    shown = campaign_bots.as_written(found.document)
    assert shown["variants"][1]["changes"] == {"voiceBot": {"id": bot_id, "version": 2}}
    flow_id = await ready(
        context,
        workspace_id=workspace_id,
        type="Flow",
        voiceBot=None,
        voiceBots={"ask": {"id": bot_id, "version": 1}, "own": SECOND},
    )
    calls = await campaigns.get(context, workspace_id=workspace_id, campaign_id=flow_id)
    said = {name: each.greeting for name, each in plan_of(calls.document).scripts.items()}
    assert said == {"ask": BOT["greeting"], "own": SECOND["greeting"]}
    again = await changed(
        context, workspace_id, flow_id, {"voiceBots": {"own": {"id": bot_id}, "ask": None}}
    )
    named = campaign_bots.as_written(again.document)["voiceBots"]
    assert named == {"own": {"id": bot_id, "version": 2}}


async def test_what_is_published_is_what_was_seen(context: Context, workspace_id: int) -> None:
    bot_id = await stored(context, workspace_id, BOT)
    where = {"workspace_id": workspace_id, "bot_id": bot_id}
    raw = {"definition": {"name": "Reminder", **SECOND}}
    await voicebots.write(context, **where, raw=raw)
    with pytest.raises(VersionMismatch):
        await voicebots.publish(context, **where, revision=1)
    made = await voicebots.publish(context, **where, revision=2)
    assert (made.number, made.definition) == (1, raw["definition"])


async def test_no_role_may_change_a_version(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    await published(context, workspace_id)
    for by in (context, engine_context):
        for statement in (
            "update voicebot_versions set number = 9",
            "delete from voicebot_versions",
        ):
            with pytest.raises(InsufficientPrivilege):
                async with by.db.transaction(workspace_id=workspace_id) as tx:
                    await tx.execute(statement)


async def test_a_verdict_holds_for_a_bot_however_it_is_named(
    context: Context, workspace_id: int
) -> None:
    bot_id = await published(context, workspace_id, BOT, SECOND)
    version = await voicebots.version(context, workspace_id=workspace_id, bot_id=bot_id, number=1)
    await bot_trials.keep(
        context,
        workspace_id=workspace_id,
        script=voicebots.load(version.definition),
        calls=7,
        right_calls=6,
        opt_out_ignored=True,
    )
    for bot in (BOT, {"id": bot_id, "version": 1}):
        campaign_id = await ready(context, workspace_id=workspace_id, voiceBot=bot)
        refused = await refusals(context, workspace_id=workspace_id, campaign_id=campaign_id)
        assert list(refused) == ["/voiceBot"]
        assert "not to be called again" in refused["/voiceBot"]
    mended = await ready(context, workspace_id=workspace_id, voiceBot={"id": bot_id})
    await control.launch(context, workspace_id=workspace_id, campaign_id=mended)
