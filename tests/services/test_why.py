"""What a person is told of a campaign whose carrier takes nothing."""

from __future__ import annotations

from datetime import timedelta

from campana.domain.disposition import Disposition
from campana.services import outcomes, why
from campana.services.context import Context
from campana.services.intents import Send
from campana.store.attempts import CallFacts
from tests.support.campaign import ANA, BRUNO, Scene, launched, person


async def told(scene: Scene) -> str:
    found = await why.why(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    return found.sentence


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
    assert "failed at the carrier: 401 Unauthorized: the trunk does not take" in await told(scene)
    await outcomes.settle(
        scene.engine,
        attempt_id=second.attempt_id,
        disposition=Disposition.BUSY,
        reason="Busy Here",
        facts=refused(486),
    )
    assert "carrier" not in await told(scene)
