"""What counts as a retry: an attempt that repeats one that was sent, and nothing else."""

from __future__ import annotations

from campana.domain.disposition import Disposition
from campana.services import outcomes
from campana.services.context import Context
from campana.store import campaigns
from campana.store.campaigns import Counts
from tests.support.campaign import ANA, BRUNO, Scene, launched, person
from tests.support.database import FixedClock
from tests.support.talking import flow, talking

TWO = {
    "a": {"type": "send_message", "text": "One.", "next": "b"},
    "b": {"type": "send_message", "text": "Two.", "next": "end"},
    "end": {"type": "end", "status": "told"},
}


async def counted(scene: Scene) -> Counts:
    async with scene.engine.db.read() as tx:
        return await campaigns.counts(tx, campaign_id=scene.campaign_id)


async def test_the_second_message_of_a_flow_is_none_nor_is_what_follows_an_unsent_one(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    talk = await talking(
        engine_context,
        context,
        clock=clock,
        workspace_id=workspace_id,
        definition=flow(TWO),
        people=[person(ANA), person(BRUNO)],
    )
    for each in await talk.claim():
        await talk.refuse(each, Disposition.NOT_SENT)
    assert await talk.send() == ["One.", "One."]
    assert (await counted(talk.scene)).retries == 0
    [one, two] = await talk.claim()
    # Bruno's carrier could not take it for now; it is said again.
    await talk.accept([one])
    await talk.refuse(two, Disposition.CONGESTION)
    assert (await counted(talk.scene)).retries == 0
    clock.forward(hours=24)
    assert await talk.send() == ["Two."]
    found = await counted(talk.scene)
    assert found.retries == 1
    made = await talk.scene.rows("select count(*), max(attempt_no) from attempts")
    assert made == [(7, 4)]


async def test_of_a_plain_campaign_all_but_the_first_that_was_sent(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person(BRUNO)],
        cadence={"busy": {"attempts": 3, "delaySeconds": 600}},
    )
    counts: list[int] = []
    for became in (Disposition.NOT_SENT, Disposition.BUSY, Disposition.NOT_SENT, Disposition.BUSY):
        claimed = await scene.claim()
        assert len(claimed) == 2
        for each in claimed:
            await outcomes.settle(
                engine_context, attempt_id=each.attempt_id, disposition=became, reason=str(became)
            )
        counts.append((await counted(scene)).retries)
        clock.forward(minutes=15)
    assert counts == [0, 0, 0, 2]
