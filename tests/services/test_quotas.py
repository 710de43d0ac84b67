"""The quota of a day is of what was sent: what never left goes back, once, and to its own day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.carriers.base import Accepted, NotSent, Patience
from campana.domain.disposition import Disposition
from campana.services import dispatch, granting, inquiries, outcomes, sent, unsent
from campana.services.context import Context
from campana.services.granting import Allowance
from campana.services.intents import Send
from campana.services.sent import Answer
from campana.services.unsent import Unsent
from campana.store.attempts import open_of_owner
from campana.store.channels import Channel
from tests.support import ledger
from tests.support.campaign import Scene, add_channel, launched, person
from tests.support.database import NOW, FixedClock
from tests.support.ownership import dead_owner
from tests.support.people import reserved_numbers
from tests.support.talking import flow, published

OWNER = 1
SEND = Send(sender="+12025550100", is_call=False, ask_after=timedelta(minutes=1))
PEOPLE = [person(number) for number in reserved_numbers()[:40]]
PATIENCE = Patience(ask_after=timedelta(minutes=1), give_up_after=timedelta(hours=1))
HELLO = flow({"a": {"type": "send_message", "text": "Hi.", "next": "b"}, "b": {"type": "end"}})


async def quota_of(web: Context, workspace_id: int, daily: int, **of: Any) -> Channel:
    """A channel that takes so many in a day."""
    values = {"rate": 1000.0, "burst": 100, "lines": 1000, **of}
    return await add_channel(web, workspace_id=workspace_id, daily_attempts=daily, **values)


async def grant(scene: Scene, *, wanted: int = 50, owner_id: int = OWNER) -> Allowance:
    return await granting.grant_ahead(
        scene.engine,
        channel_id=scene.channel.id,
        owner_id=owner_id,
        wanted=wanted,
        ahead=timedelta(seconds=1),
    )


async def claimed(
    scene: Scene, limit: int, *, owner_id: int = OWNER, send: Send | None = SEND
) -> list[Unsent]:
    """So many people, about to be sent to."""
    found: list[Unsent] = []
    for group in await dispatch.ready(scene.engine, channel_ids=[scene.channel.id]):
        intents = await dispatch.claim(
            scene.engine,
            group=group,
            channel_type=scene.channel.channel_type,
            owner_id=owner_id,
            limit=limit - len(found),
            send=send,
        )
        found += [Unsent(intent=intent, group=group) for intent in intents]
    return found


async def settle(scene: Scene, each: Unsent, disposition: Disposition) -> None:
    await outcomes.settle(
        scene.engine,
        attempt_id=each.intent.attempt_id,
        disposition=disposition,
        reason=str(disposition),
    )


@pytest.fixture(params=["VoiceBot", "Flow"])
async def scene(
    request: pytest.FixtureRequest, engine_context: Context, context: Context, workspace_id: int
) -> Scene:
    """Forty people on a channel that takes twenty a day, with a flow and without."""
    if request.param == "VoiceBot":
        channel = await quota_of(context, workspace_id, 20)
        return await launched(
            engine_context, context, workspace_id=workspace_id, channel=channel, people=PEOPLE
        )
    channel = await quota_of(
        context,
        workspace_id,
        20,
        kind="sandbox",
        channel_type="SMS",
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    return await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        people=PEOPLE,
        type="Flow",
        channelType="SMS",
        voiceBot=None,
        flow={"id": await published(context, workspace_id=workspace_id, definition=HELLO)},
        window={"always": True},
    )


async def test_as_many_are_sent_as_the_quota_says_whatever_was_not(
    scene: Scene, clock: FixedClock
) -> None:
    """In every turn some are too late, one is turned away unsent, and the others leave."""
    left = turns = 0
    while granted := (await grant(scene, wanted=7)).sends:
        found = await claimed(scene, granted)
        assert len(found) == granted
        late, rest = found[: granted // 3], found[granted // 3 :]
        await unsent.put_back(scene.engine, late, reason="too late to be sent")
        await unsent.put_back(scene.engine, late, reason="too late to be sent")
        if turns % 2 and len(rest) > 1:
            turned_away = rest.pop()
            for _ in range(2):
                await settle(scene, turned_away, Disposition.NOT_SENT)
        answers = [
            Answer(intent=each.intent, accepted=Accepted(ref="r"), ask_after=timedelta(0))
            for each in rest
        ]
        await sent.store_answers(scene.engine, answers, owner_id=OWNER)
        left += len(rest)
        assert left <= 20
        turns += 1
        clock.forward(seconds=1)
    assert left == 20
    assert await ledger.broken(scene.engine) == []


async def test_what_failed_or_may_have_been_sent_stays_counted(
    scene: Scene, clock: FixedClock
) -> None:
    assert (await grant(scene)).sends == 20
    first, second, *_ = await claimed(scene, 20)
    await settle(scene, first, Disposition.UNDELIVERED)
    await settle(scene, second, Disposition.UNKNOWN)
    clock.forward(seconds=1)
    assert (await grant(scene)).sends == 0
    # Known at last, and the word of it counts once.
    for _ in range(2):
        await settle(scene, second, Disposition.NOT_SENT)
    assert (await grant(scene)).sends == 1


async def test_of_a_worker_that_died_before_it_sent_the_quota_comes_back(
    scene: Scene, clock: FixedClock
) -> None:
    dead = await dead_owner(scene.engine)
    assert (await grant(scene, owner_id=dead)).sends == 20
    assert len(await claimed(scene, 3, owner_id=dead, send=None)) == 3
    clock.forward(seconds=10)
    assert await outcomes.sweep(scene.engine) == 3
    # The seventeen it was granted and never claimed are lost: that errs low.
    assert (await grant(scene)).sends == 3


async def test_what_the_carrier_never_heard_of_comes_back(scene: Scene, clock: FixedClock) -> None:
    assert (await grant(scene)).sends == 20
    [one] = await claimed(scene, 1)
    await inquiries.open_doubt(scene.engine, attempt_id=one.intent.attempt_id)
    clock.forward(minutes=2)
    async with scene.engine.db.read() as tx:
        [doubt] = await open_of_owner(tx, owner_id=0, before=clock.now())
    for _ in range(2):
        await inquiries.conclude(scene.engine, doubt, NotSent(), patience=PATIENCE)
    assert (await grant(scene)).sends == 1


async def test_each_day_has_what_is_its_own(scene: Scene, clock: FixedClock) -> None:
    clock.moment = NOW.replace(hour=23, minute=59, second=59)
    yesterday = await grant(scene, wanted=8)
    late = await claimed(scene, 5)
    assert len(late) == 5
    clock.forward(seconds=2)
    # Nothing is claimed today under what was granted yesterday, nor does that go back to today.
    assert await claimed(scene, 3) == []
    assert (await grant(scene, owner_id=OWNER + 1)).sends == 20
    await unsent.put_back(scene.engine, late, reason="too late to be sent")
    await granting.give_back(
        scene.engine, channel_id=scene.channel.id, owner_id=OWNER, sends=3, allowed=yesterday
    )
    clock.forward(seconds=1)
    assert (await grant(scene)).sends == 0


async def test_a_worker_whose_clock_is_behind_takes_nothing_from_a_day_that_has_begun(
    scene: Scene, clock: FixedClock
) -> None:
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    clock.moment = midnight
    assert (await grant(scene, wanted=15)).sends == 15
    clock.moment = midnight - timedelta(milliseconds=200)
    allowed = await grant(scene)
    assert allowed.sends == 5
    clock.moment = midnight + timedelta(seconds=1)
    assert (await grant(scene)).sends == 0
    await granting.give_back(
        scene.engine, channel_id=scene.channel.id, owner_id=OWNER, sends=2, allowed=allowed
    )
    assert (await grant(scene)).sends == 2


async def test_a_trunk_gets_back_what_it_did_not_hear_of(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    config = {
        "trunks": [
            {"host": "127.0.0.1", "port": 5061, "dailyAttempts": 3},
            {"host": "127.0.0.1", "port": 5062, "dailyAttempts": 2},
        ],
        "callerIds": ["+12025550100"],
    }
    channel = await quota_of(context, workspace_id, 10, config=config)
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, channel=channel, people=PEOPLE[:9]
    )
    first = await grant(scene)
    assert first.sends == 3
    one, two, _ = await claimed(scene, 3, send=None)
    for each in (one, two):
        assert await dispatch.begin_sending(
            engine_context, claimed=each.intent, owner_id=OWNER, from_number="+12025550100"
        )
    await settle(scene, one, Disposition.NOT_SENT)
    clock.forward(seconds=1)
    again = await grant(scene, wanted=1)
    assert (again.trunk, again.sends) == (first.trunk, 1)
    # The first trunk turned it away, so it has heard of it, and the day's quota has one less.
    moved = await granting.other_trunk(
        engine_context,
        claimed=two.intent,
        owner_id=OWNER,
        tried=[str(first.trunk)],
        ahead=timedelta(0),
    )
    assert moved is not None
    await settle(scene, two, Disposition.NOT_SENT)
    clock.forward(seconds=1)
    other = await grant(scene)
    assert (other.trunk, other.sends) == (moved.trunk, 2)
    assert await scene.rows("select day_sends from pacing") == [(5,)]
