"""What a person is told of a campaign that contacts nobody, each cause made to happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from campana.domain.disposition import Disposition
from campana.domain.window import WEEKDAYS
from campana.services import (
    campaigns,
    channels,
    control,
    outcomes,
    policy,
    prices,
    reopening,
    why,
    windows,
)
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.intents import Send
from campana.store import owners
from campana.store.attempts import CallFacts
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.talking import flow, talking


async def told(scene: Scene) -> str:
    found = await why.why(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    return found.sentence


async def settled(scene: Scene, claimed: Claimed, disposition: Disposition, **more: Any) -> None:
    await outcomes.settle(
        scene.engine,
        attempt_id=claimed.attempt_id,
        disposition=disposition,
        reason=str(disposition),
        **more,
    )


def refused(status: int) -> CallFacts:
    return CallFacts(
        sip_status=status,
        talk_seconds=None,
        keys="",
        saved={},
        result=None,
        transcript=(),
        recording_key=None,
    )


async def test_a_campaign_whose_attempts_all_fail_says_of_what(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    people = [person(ANA), person(BRUNO)]
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    first, second = await scene.claim(
        send=Send(sender=None, is_call=True, ask_after=timedelta(minutes=1))
    )
    await outcomes.settle(
        scene.engine,
        attempt_id=first.attempt_id,
        disposition=Disposition.CARRIER_ERROR,
        reason="Unauthorized: the trunk does not take this username and password",
        facts=refused(401),
    )
    async with engine_context.db.session() as worker:
        await owners.serve(worker, kind="voice_sip")
        said = await told(scene)
    assert "failed at the carrier: 401 Unauthorized: the trunk does not take" in said
    await outcomes.settle(
        scene.engine,
        attempt_id=second.attempt_id,
        disposition=Disposition.BUSY,
        reason="Busy Here",
        facts=refused(486),
    )
    assert "failed at the carrier" not in await told(scene)


async def test_who_paused_it_is_told_and_not_who_asked_for_something_since(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    for each in await scene.claim():
        await settled(scene, each, Disposition.VOICEMAIL)
    await control.pause(context, **where, actor="Ana")
    clock.forward(minutes=5)
    await reopening.retry(context, **where, outcomes=[Disposition.VOICEMAIL], actor="Bruno")
    assert await told(scene) == "It was paused by Ana at 2026-03-10 15:00 UTC: resume it to go on."
    await control.cancel(context, **where, actor="Carla")
    assert await told(scene) == "It was cancelled by Carla at 2026-03-10 15:05 UTC: 1 cancelled."


async def test_of_many_who_wait_it_tells_of_the_first_who_may_be_contacted(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """Not of whoever is due before and outside their hours for longer."""
    clock.moment = NOW.replace(hour=13)
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(BRUNO)],
        cadence={"busy": {"attempts": 2, "delaySeconds": 600}},
    )
    assert await told(scene) == (
        "No worker that serves the channel exchange is alive: start campana serve, or campana work"
        " or voice."
    )
    [ana] = await scene.claim()
    async with engine_context.db.session() as worker:
        await owners.serve(worker, kind="voice_sip")
        assert await told(scene) == "It is contacting people now."
    # It died with a call under way: nobody is contacted, and nobody will be.
    assert await told(scene) == (
        "No worker that serves the channel exchange is alive: start campana serve, or campana work"
        " or voice; what was under way is looked into then."
    )
    await settled(scene, ana, Disposition.BUSY)
    assert await told(scene) == (
        "Whoever is next was tried already (busy); the next try is at 2026-03-10 13:10 UTC."
    )
    clock.forward(minutes=10)
    [ana] = await scene.claim()
    await settled(scene, ana, Disposition.BUSY)
    assert await told(scene) == (
        "It is outside the hours of whoever is next; they open at 2026-03-10 15:00 UTC."
    )


async def test_a_callback_is_told_as_one_and_its_hours_where_they_are_closed(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA), person(BRUNO)]
    )
    ana, bruno = sorted(await scene.claim(), key=lambda each: each.address)
    night = NOW.replace(day=11, hour=2)
    await settled(scene, ana, Disposition.CALLBACK_REQUEST, callback_at=night)
    await settled(scene, bruno, Disposition.CALLBACK_REQUEST, callback_at=NOW.replace(hour=19))
    assert await told(scene) == "Whoever is next asked to be called back at 2026-03-10 19:00 UTC."
    async with engine_context.db.transaction() as tx:
        await tx.execute("delete from due where window_key = 'America/Los_Angeles'")
    assert await told(scene) == (
        "It is outside the hours of whoever is next; they open at 2026-03-11 12:00 UTC."
    )


async def test_caps_and_money_are_told_as_what_they_are(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    one = {"per": "number", "attempts": 1, "days": 1}
    capped = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA)],
        caps=[one],
        cadence={"busy": {"attempts": 2, "delaySeconds": 600}},
    )
    [ana] = await capped.claim()
    await settled(capped, ana, Disposition.BUSY)
    clock.forward(minutes=10)
    assert await capped.claim() == []
    assert await told(capped) == (
        "Whoever is next was tried as often as the caps allow, over all campaigns; the next try is"
        " at 2026-03-11 15:00 UTC."
    )
    table = prices.read(["channelType,prefix,per,amount", "Voice,*,minute,1"])
    await prices.replace(engine_context, workspace_id=workspace_id, entries=table)
    poor = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=capped.channel,
        people=[person(BRUNO)],
    )
    await policy.replace(engine_context, workspace_id=workspace_id, raw={"dailySpendLimit": 0.5})
    assert await poor.claim() == []
    assert await told(poor) == (
        "A spend limit leaves less than the next attempt may cost: raise it to go on sooner; asked"
        " again at 2026-03-11 00:00 UTC."
    )


async def test_hours_that_are_never_open_together_are_told_as_such(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    night = {day: [{"from": "22:00", "to": "23:00"}] for day in WEEKDAYS}
    await channels.change(
        context, workspace_id=workspace_id, wanted=scene.channel.id, patch={"window": night}
    )
    await windows.refresh_all(engine_context)
    assert await told(scene) == (
        "Its hours are never open together with those of its channel: change the one or the other."
    )


async def test_a_flow_that_waits_for_an_answer_is_not_about_to_be_completed(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    waits = {
        "a": {"type": "send_message", "text": "Well?", "next": "b"},
        "b": {
            "type": "wait_for_response",
            "timeoutSeconds": 86400,
            "next": "end",
            "onTimeout": "end",
        },
        "end": {"type": "end", "status": "told"},
    }
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(waits),
        people=[person(ANA)],
    )
    [ana] = await talk.claim()
    await talk.accept([ana])
    assert await talk.scene.rows("select state from targets") == [("talking",)]
    assert await told(talk.scene) == (
        "Everybody who is left is in a conversation that waits for their answer, or for the time of"
        " its next step."
    )
    await talk.reply("Yes", address=ANA, key="1")
    assert await talk.scene.rows("select state from targets") == [("finished",)]
    assert await told(talk.scene) == (
        "Everything was sent; what became of the last messages their carrier has still to tell."
    )
    await talk.report(ana, Disposition.DELIVERED)
    assert (await told(talk.scene)).endswith("it is about to be completed.")


async def test_who_is_to_be_enrolled_waits_for_a_work_process(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    await control.pause(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    made = await campaigns.copy(context, workspace_id=workspace_id, campaign_id=scene.campaign_id)
    await control.launch(context, workspace_id=workspace_id, campaign_id=made.id)
    again = replace(scene, campaign_id=made.id)
    assert await told(again) == (
        "No work process is alive to import and enroll its people: start campana serve or campana"
        " work."
    )
    async with engine_context.db.session() as session:
        await owners.serve(session, kind="sandbox")
        assert await told(again) == "The people of its list are being enrolled."
