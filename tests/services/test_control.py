"""Starting and stopping: every action in every state, and what a launch is refused for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from campana.domain.campaign import TRANSITIONS, Action, CampaignState
from campana.domain.errors import InvalidTransition, NotFound, PreflightBlocked
from campana.services import accounts, campaigns, control, dispatch
from campana.services.context import Context
from campana.store import campaign_actions, campaign_search
from campana.store import campaigns as store
from campana.store.campaign_search import Search
from tests.support import ledger
from tests.support.campaign import BOT, Scene, add_channel, add_list, launched
from tests.support.database import FixedClock

ACTIONS = {
    Action.LAUNCH: control.launch,
    Action.PAUSE: control.pause,
    Action.RESUME: control.resume,
    Action.CANCEL: control.cancel,
    Action.ARCHIVE: control.archive,
    Action.UNARCHIVE: control.unarchive,
}
REFUSALS = {
    (CampaignState.DRAFT, Action.ARCHIVE): "a draft cannot be archived: delete it instead",
    **{
        (state, Action.ARCHIVE): f"that is {state} cannot be archived: cancel it first"
        for state in (CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.TRIPPED)
    },
}
"""Said otherwise than that it cannot do so."""
LEAST: Mapping[str, Any] = {"name": "Reminder", "type": "VoiceBot", "channelType": "Voice"}


async def ready(context: Context, *, workspace_id: int, **document: Any) -> str:
    """A draft that can be launched."""
    channel = await add_channel(context, workspace_id=workspace_id, name=context.new_id("trunk"))
    list_id = await add_list(
        context, workspace_id=workspace_id, people=[], name=context.new_id("l")
    )
    written = {**LEAST, "contactList": list_id, "channel": channel.id, "voiceBot": BOT, **document}
    made = await campaigns.create(context, workspace_id=workspace_id, raw=written)
    return made.id


async def refusals(context: Context, *, workspace_id: int, campaign_id: str) -> dict[str, str]:
    with pytest.raises(PreflightBlocked) as refused:
        await control.launch(context, workspace_id=workspace_id, campaign_id=campaign_id)
    return {problem.pointer or "": problem.message for problem in refused.value.problems}


async def test_every_action_in_every_state(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """Both in what is answered and in what is stored."""
    for state, action in product(CampaignState, Action):
        campaign_id = await ready(context, workspace_id=workspace_id)
        if state is not CampaignState.DRAFT:
            async with engine_context.db.transaction() as tx:
                for step in (CampaignState.RUNNING, state):
                    await store.set_state(tx, campaign_id=campaign_id, state=step, now=clock.now())
        where = {"workspace_id": workspace_id, "campaign_id": campaign_id}
        before = await campaigns.get(context, **where)
        expected = TRANSITIONS.get((state, action))
        if expected is None:
            said = REFUSALS.get((state, action), f"that is {state} cannot {action}")
            with pytest.raises(InvalidTransition, match=said):
                await ACTIONS[action](context, **where)
            assert await campaigns.get(context, **where) == before
            continue
        answered = await ACTIONS[action](context, **where)
        after = await campaigns.get(context, **where)
        assert answered.state is after.state is expected, (state, action)
        is_changed = expected is not state or action is Action.ARCHIVE
        assert answered.version == after.version == before.version + is_changed
        assert answered.archived is after.archived is (action is Action.ARCHIVE)


async def test_archived_and_brought_back_each_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Asked again it is the same answer: no version, no event and no action more."""
    campaign_id = await ready(context, workspace_id=workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": campaign_id, "actor": "Ana"}
    await control.cancel(context, **where)
    shelf = Search(archived=True)
    for act, is_archived in ((control.archive, True), (control.unarchive, False)):
        first, again = [await act(context, **where) for _ in range(2)]
        stored = await campaigns.get(context, workspace_id=workspace_id, campaign_id=campaign_id)
        assert first == replace(again, updated_at=first.updated_at)
        assert (stored.version, stored.archived) == (first.version, is_archived)
        assert stored.state is first.state is CampaignState.CANCELLED
        async with context.db.read(workspace_id=workspace_id) as tx:
            found = await campaign_search.count(
                tx, workspace_id=workspace_id, search=shelf, now=context.clock.now()
            )
        assert found == is_archived
    async with engine_context.db.read() as tx:
        actions = await campaign_actions.of_campaign(tx, campaign_id=campaign_id)
        told = await (
            await tx.execute(
                "select data->>'archived' from events where type = 'campaign.changed' order by id"
            )
        ).fetchall()
    assert [(each.action, each.actor) for each in actions] == [
        ("unarchive", "Ana"),
        ("archive", "Ana"),
        ("cancel", "Ana"),
    ]
    assert told == [("true",), ("false",)]


async def test_two_who_archive_at_once_archive_once(context: Context, workspace_id: int) -> None:
    campaign_id = await ready(context, workspace_id=workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": campaign_id}
    cancelled = await control.cancel(context, **where)
    both = await asyncio.gather(*(control.archive(context, **where) for _ in range(2)))
    assert {each.version for each in both} == {cancelled.version + 1}


async def test_launch_says_every_reason_at_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await accounts.allow_countries(
        engine_context, workspace_id=workspace_id, countries=[], default=None
    )
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={
            **LEAST,
            "endDate": "2026-03-09",
            "window": {"tue": []},
            "voiceBot": {
                "greeting": "Hello.",
                "steps": [{"type": "say", "id": "a", "text": "Hi", "next": "nowhere"}],
            },
        },
    )
    found = await refusals(context, workspace_id=workspace_id, campaign_id=made.id)
    assert found.pop("/voiceBot/steps/0/next")
    assert found == {
        "": "this workspace may not call any country yet: allow some first",
        "/channel": "how to contact them is not chosen",
        "/contactList": "whom to contact is not chosen",
        "/endDate": "has passed",
        "/window": "never opens",
    }
    kept = await campaigns.get(context, workspace_id=workspace_id, campaign_id=made.id)
    assert (kept.state, kept.launched_at) == (CampaignState.DRAFT, None)


async def test_what_only_a_loopback_channel_allows(context: Context, workspace_id: int) -> None:
    """The same document is launched on this machine and refused on a trunk to the world."""
    asks = {
        "window": {"always": True},
        "cadence": {"noAnswer": {"attempts": 2, "delaySeconds": 5}},
    }
    here = await ready(context, workspace_id=workspace_id, **asks)
    await control.launch(context, workspace_id=workspace_id, campaign_id=here)
    trunk = await add_channel(
        context, workspace_id=workspace_id, name="to the world", is_loopback=False
    )
    there = await ready(
        context, workspace_id=workspace_id, channel=trunk.id, callerId="+12025550199", **asks
    )
    assert await refusals(context, workspace_id=workspace_id, campaign_id=there) == {
        "/callerId": "is not one of the channel's: +12025550100",
        "/cadence": "retries within a minute are only for channels on this machine",
        "/window/always": "all hours: only for channels that cannot leave this machine",
    }


async def test_whom_a_bot_may_hand_calls_over_to(context: Context, workspace_id: int) -> None:
    """Every number that may not be called, and every name that is not at a trunk, by its place."""
    bot: dict[str, Any] = {
        "greeting": "Hello.",
        "transferTo": "+442079460160",
        "steps": [
            {"type": "ask", "id": "a", "text": "Press 1.", "keys": {"1": "b", "2": "c", "3": "d"},
             "otherwise": "e"},
            {"type": "transfer", "id": "b"},
            {"type": "transfer", "id": "c", "to": "sip:desk@pbx.example.com"},
            {"type": "transfer", "id": "d", "to": "+19005550123"},
            {"type": "transfer", "id": "e", "to": "sip:desk@127.0.0.1"},
        ],
    }  # fmt: skip
    there = await ready(context, workspace_id=workspace_id, voiceBot=bot)
    found = await refusals(context, workspace_id=workspace_id, campaign_id=there)
    assert found == {
        "/voiceBot/transferTo": "is in a country that this workspace may not call",
        "/voiceBot/steps/2/to": "must be at the host of one of the channel's trunks: 127.0.0.1",
        "/voiceBot/steps/3/to": "is a premium, shared-cost, personal, satellite or global number:"
        " never called",
    }
    bot["transferTo"] = "+12025550160"
    bot["steps"][2]["to"] = bot["steps"][3]["to"] = "+12025550161"
    here = await ready(context, workspace_id=workspace_id, voiceBot=bot)
    await control.launch(context, workspace_id=workspace_id, campaign_id=here)


@pytest.mark.parametrize(
    ("document", "refusal"),
    [
        ({"type": "Flow"}, {"/flow": "a Flow campaign needs one"}),
        ({"voiceBot": None}, {"/voiceBot": "a VoiceBot campaign needs one"}),
        ({"window": {}}, {"/window": "never opens"}),
    ],
)
async def test_launch_is_refused_for_one_thing(
    document: dict[str, Any], refusal: dict[str, str], context: Context, workspace_id: int
) -> None:
    campaign_id = await ready(context, workspace_id=workspace_id, **document)
    found = await refusals(context, workspace_id=workspace_id, campaign_id=campaign_id)
    assert found == refusal


async def test_a_launch_enrolls_once_in_the_background(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    campaign_id = await ready(context, workspace_id=workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": campaign_id}
    launches = await asyncio.gather(
        *(control.launch(context, **where) for _ in range(3)), return_exceptions=True
    )
    assert sum(isinstance(one, InvalidTransition) for one in launches) == 2
    async with engine_context.db.read() as tx:
        deferred = await (
            await tx.execute("select task_name, args from jobs.procrastinate_jobs")
        ).fetchall()
    assert deferred == [("enroll", {"campaign_id": campaign_id})]


@pytest.mark.parametrize("action", ACTIONS)
async def test_another_workspaces_campaign_is_not_there(
    action: Action, engine_context: Context, context: Context, workspace_id: int
) -> None:
    campaign_id = await ready(context, workspace_id=workspace_id)
    other = await accounts.ensure_workspace(engine_context, "other")
    for stranger in (campaign_id, "camp_nothing"):
        with pytest.raises(NotFound):
            await ACTIONS[action](context, workspace_id=other.workspace_id, campaign_id=stranger)


async def test_cancel_finishes_who_waits_and_lets_calls_end(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    [group, *_] = await dispatch.ready(engine_context, channel_ids=[scene.channel.id])
    await dispatch.claim(engine_context, group=group, channel_type="Voice", owner_id=1, limit=1)
    clock.forward(seconds=1)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    cancelled = await control.cancel(context, **where)
    again = await control.cancel(context, **where)
    assert cancelled.version == again.version
    states = await scene.rows(
        "select state, disposition, count(*) from targets group by 1, 2 order by 1"
    )
    assert states == [("attempting", None, 1), ("finished", "cancelled", 2)]
    assert await ledger.broken(engine_context) == []


async def test_a_resume_opens_the_windows_nobody_kept_meanwhile(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene: Scene = await launched(engine_context, context, workspace_id=workspace_id)
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    await control.pause(context, **where)
    clock.forward(days=2)
    await control.resume(context, **where)
    assert len(await scene.claim()) == 3
