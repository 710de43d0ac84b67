"""Events reach real receivers: signed, at least once, in order, whatever the receiver does."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from campana.domain.event import EventName
from campana.engine.webhooks import Deliverer
from campana.services import webhooks
from campana.services.accounts import ensure_workspace
from campana.services.context import Context
from campana.store.db import DatabaseClock
from tests.support.database import NOW, FixedClock
from tests.support.receiver import Message, answers, hangs, receiver
from tests.support.telling import add_webhook, rows, states, tell, work
from tests.support.waiting import eventually


async def test_a_message_verifies_by_the_package_of_the_standard(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    clock = DatabaseClock()
    async with engine_context.db.read() as tx:
        await clock.sample(tx)
    engine_context = replace(engine_context, clock=clock)
    context = replace(context, clock=clock)
    async with receiver() as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        [event_id] = await tell(context, "tgt_1", workspace_id=workspace_id)
        await work(Deliverer(engine_context))
    [message] = peer.taken
    verified = Verifier(made.secret).verify(message.body, message.headers)
    assert verified == {
        "id": event_id,
        "type": "target.finished",
        "timestamp": verified["timestamp"],
        "subject": "tgt_1",
        "campaignId": None,
        "data": {"id": "tgt_1"},
    }
    assert message.id == event_id
    assert message.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_" + "A" * 44).verify(message.body, message.headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(made.secret).verify(message.body + b" ", message.headers)


def is_signed(secret: str, message: Message) -> bool:
    """By the package again, at whatever time the test's clock says it is."""
    moment = NOW.fromtimestamp(int(message.headers["webhook-timestamp"]), tz=NOW.tzinfo)
    wanted = Verifier(secret).sign(message.id, moment, message.body.decode())
    return wanted in message.headers["webhook-signature"].split(" ")


async def test_while_secrets_rotate_messages_are_signed_with_both(
    context: Context, workspace_id: int, clock: FixedClock,
    deliverer: Deliverer,
) -> None:  # fmt: skip
    async with receiver() as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        new = await webhooks.rotate(
            context,
            workspace_id=workspace_id,
            webhook_id=made.webhook.id,
            overlap=timedelta(hours=1),
        )
        assert new.secret != made.secret
        for hours in (0, 1):
            clock.forward(hours=hours)
            await tell(context, "tgt_1", workspace_id=workspace_id)
            await work(deliverer)
    during, after = peer.taken
    assert is_signed(new.secret, during)
    assert is_signed(made.secret, during)
    assert is_signed(new.secret, after)
    assert not is_signed(made.secret, after)


async def test_only_wanted_types_are_sent_and_a_test_to_the_one_tested(
    context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    async with receiver() as some, receiver() as every:
        picky = await add_webhook(
            context, some.url, workspace_id=workspace_id, eventTypes=["campaign.paused"]
        )
        await add_webhook(context, every.url, workspace_id=workspace_id)
        [finished] = await tell(context, "tgt_1", workspace_id=workspace_id)
        [paused] = await tell(
            context, "camp_1", workspace_id=workspace_id, name=EventName.CAMPAIGN_PAUSED
        )
        tested = await webhooks.rehearse(
            context, workspace_id=workspace_id, webhook_id=picky.webhook.id
        )
        await work(deliverer)
    assert sorted(some.ids()) == sorted([paused, tested])
    assert sorted(every.ids()) == sorted([finished, paused])


async def test_another_workspaces_events_are_never_sent(
    engine_context: Context, context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    other = (await ensure_workspace(engine_context, "other")).workspace_id
    async with receiver() as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        theirs = await tell(engine_context, "tgt_9", workspace_id=other)
        mine = await tell(context, "tgt_1", workspace_id=workspace_id)
        await work(deliverer)
        await webhooks.replay(
            context, workspace_id=workspace_id, webhook_id=made.webhook.id, first=theirs[0]
        )
        await work(deliverer)
    assert peer.ids() == [*mine, *mine]


async def test_a_message_that_is_refused_is_tried_again_on_its_schedule(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock,
    deliverer: Deliverer,
) -> None:  # fmt: skip
    async with receiver(answers(500, b"try later")) as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        [event_id] = await tell(context, "tgt_1", workspace_id=workspace_id)
        for seconds, tries in [(0, 1), (4, 1), (1, 2), (59, 2), (1, 3), (299, 3), (1, 4)]:
            clock.forward(seconds=seconds)
            await work(deliverer)
            assert len(peer.came) == tries, seconds
        peer.behavior = peer.takes
        clock.forward(minutes=15)
        await work(deliverer)
    assert {each.id for each in peer.came} == {event_id}
    [line] = await webhooks.log(
        context,
        workspace_id=workspace_id,
        webhook_id=made.webhook.id,
        before=None,
        state=None,
        limit=10,
    )
    assert (line.state, line.try_count) == ("delivered", 5)
    assert [each["status"] for each in line.tries] == [500, 500, 500, 500, 204]
    assert line.tries[0]["answer"] == "try later"
    assert all(each["ms"] >= 0 for each in line.tries)
    assert await states(engine_context) == {"delivered": 1}


@pytest.mark.timeout(120)
async def test_a_receiver_that_hangs_delays_no_other(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    """Sixty of them hang; the one that works gets everything while none of them has answered."""
    # However long this takes here, nobody is given up before the end.
    patient = replace(engine_context.outbound, seconds=300)
    deliverer = Deliverer(replace(engine_context, outbound=patient))
    async with receiver(hangs) as dead, receiver() as good:
        webhooks_of_dead = 49
        for number in range(webhooks_of_dead):
            await add_webhook(context, f"{dead.url}&{number}", workspace_id=workspace_id)
        await add_webhook(context, good.url, workspace_id=workspace_id)
        wanted = await tell(context, *(f"tgt_{n}" for n in range(60)), workspace_id=workspace_id)
        while await deliverer.spread():
            pass

        async def all_came() -> bool:
            await deliverer.deliver()
            return len(good.taken) == len(wanted)

        await eventually(all_came)
        assert dead.taken == []
        # Each has its own few under way, and no more.
        assert len(dead.came) <= webhooks_of_dead * 8
        [[most]] = await rows(
            engine_context,
            "select max(n) from (select count(*) n from webhook_deliveries"
            " where claim is not null group by webhook_id) c",
        )
        assert most == 8
    assert sorted(good.ids()) == sorted(wanted)


async def test_whoever_answers_at_once_is_sent_the_next_without_a_rest(
    context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    """A step that finds nothing lets its loop rest; while messages are under way none does."""
    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        told = await tell(context, *(f"tgt_{n}" for n in range(40)), workspace_id=workspace_id)
        while await deliverer.spread():
            pass
        while len(peer.taken) < len(told) or deliverer.in_flight:
            assert await deliverer.deliver()
    assert sorted(peer.ids()) == sorted(told)


async def test_however_many_are_told_of_something_every_moment_each_has_its_turn(
    engine_context: Context, context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    other = (await ensure_workspace(engine_context, "other")).workspace_id
    async with receiver() as peer:
        for number in range(52):
            owner = workspace_id if number % 2 else other
            await add_webhook(context, f"{peer.url}&{number}", workspace_id=owner)
        for _ in range(2):
            for each in (workspace_id, other):
                await tell(context, "tgt_1", workspace_id=each)
            # One step, and there is more to spread before the next: it never comes to an end.
            await deliverer.spread()
    served = await rows(engine_context, "select count(distinct webhook_id) from webhook_deliveries")
    assert served == [(52,)]


async def test_of_one_subject_the_later_waits_for_the_earlier(
    context: Context, workspace_id: int, clock: FixedClock, deliverer: Deliverer
) -> None:
    async def refuses_first(message: Message, writer: asyncio.StreamWriter) -> None:
        if message.id == first and not is_mended:
            await answers(500)(message, writer)
        else:
            await peer.takes(message, writer)

    is_mended = False
    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        first, other, second, third = await tell(
            context, "tgt_1", "tgt_2", "tgt_1", "tgt_1", workspace_id=workspace_id
        )
        peer.behavior = refuses_first
        await work(deliverer)
        clock.forward(seconds=5)
        await work(deliverer)
        assert peer.ids() == [other]
        is_mended = True
        clock.forward(minutes=1)
        await work(deliverer)
    assert peer.ids() == [other, first, second, third]


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_a_test_waits_for_none_that_was_refused_before_it(
    engine_context: Context, context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    async with receiver(answers(500)) as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        given = {"workspace_id": workspace_id, "webhook_id": made.webhook.id}
        await webhooks.rehearse(context, **given)
        await work(deliverer)
        peer.behavior = peer.takes
        again = await webhooks.rehearse(context, **given)
        await work(deliverer)
    assert peer.ids() == [again]
    assert await states(engine_context) == {"delivered": 1, "pending": 1}


async def test_a_receiver_down_for_a_day_gets_everything_in_order(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock,
    deliverer: Deliverer,
) -> None:  # fmt: skip
    async with receiver(answers(503)) as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        wanted: list[str] = []
        for _ in range(24):
            wanted += await tell(
                context,
                *(f"tgt_{subject}" for subject in range(6)),
                *(f"tgt_{subject}" for subject in range(3)),
                workspace_id=workspace_id,
            )
            for _ in range(6):
                await work(deliverer)
                clock.forward(minutes=10)
        assert peer.taken == []
        # Asked now and then, not once for every event that waits.
        assert len(peer.came) < 200
        peer.behavior = peer.takes
        for _ in range(10):
            clock.forward(minutes=1)
            await work(deliverer)
    assert sorted(peer.ids()) == sorted(wanted)
    for subject in range(6):
        mine = [each.id for each in peer.taken if each.event["subject"] == f"tgt_{subject}"]
        assert mine == [each for each in wanted if each in mine]
    assert await states(engine_context) == {"delivered": len(wanted)}
    assert await rows(engine_context, "select missed, failures from webhooks") == [(0, 0)]
