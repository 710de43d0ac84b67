"""Webhooks over days, crashes and side by side: what endures, what is given up, what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from campana.engine import webhooks as engine
from campana.engine.webhooks import Deliverer
from campana.services import deliveries, webhooks
from campana.services.context import Context
from campana.store.db import Database, Role
from tests.support.database import FixedClock
from tests.support.receiver import answers, receiver
from tests.support.telling import add_webhook, rows, states, tell, work
from tests.support.waiting import eventually


async def test_after_five_days_it_is_switched_off_and_what_is_too_old_is_counted(
    context: Context, workspace_id: int, clock: FixedClock, deliverer: Deliverer
) -> None:
    async with receiver(answers(500)) as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        await tell(context, "tgt_1", workspace_id=workspace_id)
        for day in range(12):
            await work(deliverer)
            clock.forward(hours=12)
            if day == 8:
                await tell(context, "tgt_2", workspace_id=workspace_id)
        found = await webhooks.get(context, workspace_id=workspace_id, webhook_id=made.webhook.id)
        assert not found.is_enabled
        assert found.disabled_reason == ("nothing was taken for 5 days; the last try: status 500")
        assert found.missed == 1
        came = len(peer.came)
        peer.behavior = peer.takes
        [late] = await tell(context, "tgt_3", workspace_id=workspace_id)
        await work(deliverer)
        assert len(peer.came) == came
        changed = await webhooks.change(
            context,
            workspace_id=workspace_id,
            webhook_id=made.webhook.id,
            patch={"enabled": True},
        )
        assert (changed.is_enabled, changed.failing_since) == (True, None)
        clock.forward(hours=1)
        await work(deliverer)
        assert late in peer.ids()
        assert [each.event["subject"] for each in peer.taken] == ["tgt_2", "tgt_3"]


async def test_a_receiver_that_says_gone_is_switched_off_at_once(
    context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    async with receiver(answers(410)) as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        await tell(context, "tgt_1", "tgt_2", workspace_id=workspace_id)
        await work(deliverer)
        found = await webhooks.get(context, workspace_id=workspace_id, webhook_id=made.webhook.id)
    assert found.disabled_reason == "the receiver answered 410 Gone"


async def test_a_replay_sends_an_event_and_all_after_it_again_then_what_is_new(
    context: Context, workspace_id: int, clock: FixedClock, deliverer: Deliverer
) -> None:
    async with receiver() as peer:
        made = await add_webhook(context, peer.url, workspace_id=workspace_id)
        subjects = ["tgt_1"] * 5
        sent = await tell(context, *subjects, workspace_id=workspace_id)
        await work(deliverer)
        assert peer.ids() == sent
        # Old events are young again when somebody asks for them.
        clock.forward(days=10)
        await webhooks.replay(
            context, workspace_id=workspace_id, webhook_id=made.webhook.id, first=sent[2]
        )
        new = await tell(context, "tgt_1", workspace_id=workspace_id)
        await work(deliverer)
    assert peer.ids() == [*sent, *sent[2:], *new]


async def test_events_before_a_webhook_are_not_its_business(
    context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    async with receiver() as peer:
        await tell(context, "tgt_1", workspace_id=workspace_id)
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        after = await tell(context, "tgt_1", workspace_id=workspace_id)
        await work(deliverer)
    assert peer.ids() == after


async def test_what_a_dead_receiver_misses_takes_no_room(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock,
    deliverer: Deliverer, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(deliveries, "MOST_PENDING", 20)
    monkeypatch.setattr(deliveries, "_STRETCH", 10)
    async with receiver(answers(500)) as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        wanted = await tell(context, *(f"tgt_{n}" for n in range(100)), workspace_id=workspace_id)
        await work(deliverer)
        assert (await states(engine_context)) == {"pending": 20}
        peer.behavior = peer.takes
        for _ in range(12):
            clock.forward(minutes=1)
            await work(deliverer)
    assert sorted(peer.ids()) == sorted(wanted)


async def test_two_deliverers_side_by_side_send_each_once(
    engine_context: Context, context: Context, conninfo: str, workspace_id: int
) -> None:
    db = Database(conninfo, role=Role.ENGINE)
    await db.open()
    async with receiver() as peer:
        for number in range(3):
            await add_webhook(context, f"{peer.url}&{number}", workspace_id=workspace_id)
        wanted = await tell(
            context,
            *(f"tgt_{n % 20}" for n in range(100)),
            workspace_id=workspace_id,
        )
        both = [Deliverer(engine_context), Deliverer(replace(engine_context, db=db))]

        async def all_came() -> bool:
            for each in both:
                await asyncio.gather(each.spread(), each.deliver())
            return len(peer.taken) >= 3 * len(wanted)

        await eventually(all_came)
        await asyncio.gather(*map(work, both))
    assert sorted(peer.ids()) == sorted(wanted * 3)
    for number in range(3):
        for subject in range(20):
            mine = [
                each.id
                for each in peer.taken
                if each.target.endswith(f"&{number}") and each.event["subject"] == f"tgt_{subject}"
            ]
            assert mine == [each for each in wanted if each in mine]
    await db.close()


async def test_a_claim_that_ran_out_belongs_to_whoever_took_it_next(
    engine_context: Context, context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """A process is stopped while it sends, and goes on when another has sent it again."""
    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        [event_id] = await tell(context, "tgt_1", workspace_id=workspace_id)
        await deliveries.spread(engine_context, horizon=1 << 60)
        [stopped] = await deliveries.claim(engine_context, room=10)
        assert await deliveries.claim(engine_context, room=10) == []
        clock.forward(seconds=30)
        [taken] = await deliveries.claim(engine_context, room=10)
        first = await deliveries.send(engine_context, stopped)
        failed = replace(first, outcome=replace(first.outcome, status=500))
        await deliveries.settle(engine_context, [failed])
        # Its outcome is nobody's: neither the message nor the receiver's health knows of it.
        assert await states(engine_context) == {"pending": 1}
        assert await rows(engine_context, "select failures from webhooks") == [(0,)]
        await deliveries.settle(engine_context, [await deliveries.send(engine_context, taken)])
        assert await states(engine_context) == {"delivered": 1}
    assert peer.ids() == [event_id, event_id]


async def test_a_crash_while_spreading_neither_loses_nor_doubles(
    engine_context: Context, context: Context, workspace_id: int, deliverer: Deliverer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        wanted = await tell(context, "tgt_1", "tgt_2", workspace_id=workspace_id)
        whole = deliveries.deliveries.spread

        async def dies(*args: Any, **values: Any) -> None:
            await whole(*args, **values)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(deliveries.deliveries, "spread", dies)
            with pytest.raises(KeyboardInterrupt):
                await deliverer.spread()
        await work(deliverer)
    assert sorted(peer.ids()) == sorted(wanted)
    assert await states(engine_context) == {"delivered": 2}


async def test_outcomes_are_kept_while_the_database_is_away(
    engine_context: Context, context: Context, workspace_id: int, deliverer: Deliverer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from campana.domain.errors import Unavailable

    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        await tell(context, "tgt_1", workspace_id=workspace_id)
        await deliverer.spread()
        await deliverer.deliver()
        await eventually(lambda: peer.taken)

        async def away(*_: object) -> list[str]:
            raise Unavailable

        with monkeypatch.context() as patch:
            patch.setattr(engine.deliveries, "settle", away)
            with pytest.raises(Unavailable):
                await deliverer.drain()
        assert deliverer.in_flight == 1
        await work(deliverer)
    assert await states(engine_context) == {"delivered": 1}
    assert len(peer.came) == 1


async def test_a_secret_sealed_with_another_key_is_a_problem_of_its_webhook_alone(
    engine_context: Context, context: Context, workspace_id: int, deliverer: Deliverer
) -> None:
    async with receiver() as peer:
        broken = await add_webhook(context, peer.url, workspace_id=workspace_id)
        await add_webhook(context, f"{peer.url}&good", workspace_id=workspace_id)
        async with engine_context.db.transaction() as tx:
            await tx.execute("set local role campana_owner")
            await tx.execute(
                "update webhook_secrets set sealed = 'nonsense' where webhook_id = %s",
                (broken.webhook.id,),
            )
        await tell(context, "tgt_1", workspace_id=workspace_id)
        await work(deliverer)
    assert [each.target for each in peer.taken] == ["/hook?a=b&good"]
    [[problem]] = await rows(
        engine_context,
        "select tries -> 0 ->> 'problem' from webhook_deliveries where state = 'pending'",
    )
    assert problem == "its secret: it was sealed with another key"


async def test_a_dump_of_the_database_tells_no_secret(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    made = await add_webhook(context, "https://public.example.com/", workspace_id=workspace_id)
    for table in ("webhooks", "webhook_secrets", "events", "idempotency_keys"):
        for row in await rows(engine_context, f"select t::text from {table} t"):  # noqa: S608
            assert made.secret not in row[0]
            assert made.secret.removeprefix("whsec_") not in row[0]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with context.db.read(workspace_id=workspace_id) as tx:
            await tx.execute("select sealed from webhook_secrets")


def test_a_receiver_may_be_asked_for_at_most_what_a_claim_allows() -> None:
    from campana.services import outbound

    assert outbound.Outbound().seconds * 2 <= deliveries.CLAIM.total_seconds()
