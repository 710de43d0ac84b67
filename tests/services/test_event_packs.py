"""Many events that are one row read as if each were one, whoever reads, and from wherever."""

from __future__ import annotations

import psycopg
import pytest

from campana.domain.event import Event, envelope, id_of
from campana.domain.ids import numbered, uuid7
from campana.engine.webhooks import Deliverer
from campana.services import event_feed, sent
from campana.services.claimed import Claimed
from campana.services.context import Context
from campana.services.event_feed import Horizon
from campana.store import sending
from campana.store.attempts import Intent
from campana.store.sending import Opening, Terms
from tests.services.test_sent import OWNER, SEND, answer
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, launched
from tests.support.database import NOW
from tests.support.erasing import contact_of, erase
from tests.support.receiver import receiver
from tests.support.telling import add_webhook, work

KINDS = ["attempt.started", "attempt.ended", "target.finished"]


@pytest.fixture
async def scene(engine_context: Context, context: Context, workspace_id: int) -> Scene:
    """A campaign of Ana, Bruno and Carla."""
    return await launched(engine_context, context, workspace_id=workspace_id)


async def reached(scene: Scene) -> list[Claimed]:
    """All three are claimed at once, and their ends are written down at once."""
    intents = await scene.claim(owner_id=OWNER, send=SEND)
    answers = [answer(intent, "delivered") for intent in intents]
    await sent.store_answers(scene.engine, answers, owner_id=OWNER)
    return intents


async def story(scene: Scene, *, after: int = 0, limit: int = 100) -> list[Event]:
    """Of the campaign's attempts and targets."""
    found = await event_feed.page(
        scene.web,
        workspace_id=scene.workspace_id,
        horizon=await Horizon(scene.engine.db).reach(),
        after=after,
        limit=limit,
        campaign_ids=[scene.campaign_id],
    )
    return [each for each in found if not each.type.startswith("campaign")]


async def test_one_row_tells_of_three_people(scene: Scene) -> None:
    intents = await reached(scene)
    many = await scene.rows("select type, parts from events where parts > 1 order by id")
    assert many == [("attempt.ended", 3), ("target.finished", 3)]
    told = await story(scene)
    assert [each.id for each in told] == sorted({each.id for each in told})
    people = {numbered("tgt", each.target_id): each.address for each in intents}
    assert set(people.values()) == {ANA, BRUNO, CARLA}
    for subject, address in people.items():
        own = [each for each in told if each.subject == subject]
        assert [each.type for each in own] == KINDS
        assert {each.data["address"] for each in own} == {address}
    assert await ledger.broken(scene.engine) == []


@pytest.mark.parametrize("limit", [1, 2, 4])
async def test_pages_go_on_in_the_middle_of_a_row(scene: Scene, limit: int) -> None:
    await reached(scene)
    whole = await story(scene)
    assert len(whole) == 9
    after, pieces = whole[0].id - 1, []
    while page := await story(scene, after=after, limit=limit):
        assert len(page) <= limit
        pieces += page
        after = page[-1].id
    assert pieces == whole


async def test_whoever_was_not_reached_is_not_told_of(scene: Scene) -> None:
    """Two of three are of one address: the second is refused, and has no event."""
    targets = await scene.rows("select id from targets order by id")
    openings = [
        Opening(
            intent=Intent(
                id=uuid7(1_000, bytes([number] * 10)),
                target_id=target_id,
                attempt_no=1,
                address=address,
                detail="{}",
            ),
            event=f'{{"subject": "tgt_{target_id}", "data": {{"place": {number}}}}}',
        )
        for number, ((target_id,), address) in enumerate(
            zip(targets, (ANA, ANA, CARLA), strict=True)
        )
    ]
    terms = Terms(
        workspace_id=scene.workspace_id,
        campaign_id=scene.campaign_id,
        channel_id=scene.channel.id,
        from_number="",
        is_call=False,
        ask_at=NOW,
    )
    async with scene.engine.db.transaction() as tx:
        refused = await sending.open_all(
            tx, owner_id=OWNER, openings=openings, terms=terms, now=NOW
        )
    assert refused == {openings[1].intent.id}
    first, last = await story(scene)
    assert [first.data["place"], last.data["place"]] == [0, 2]
    assert [first.subject, last.subject] == [f"tgt_{targets[0][0]}", f"tgt_{targets[2][0]}"]
    assert last.id == first.id + 2
    # One who reads on from the last finds nothing, though the row has a number more.
    assert await story(scene, after=last.id) == []


async def test_of_one_who_is_erased_nothing_is_told_any_more(
    scene: Scene, context: Context, engine_context: Context
) -> None:
    await reached(scene)
    before = await story(scene)
    await erase(context, engine_context, scene, await contact_of(scene, ANA))
    after = [each for each in await story(scene) if each.type in KINDS]
    assert [each.id for each in after] == [each.id for each in before]
    for was, becomes in zip(before, after, strict=True):
        if was.data["address"] == ANA:
            assert becomes.data["address"] is None
            kept = {"id", "campaignId", "state"}
            assert {key: becomes.data[key] for key in kept} == {key: was.data[key] for key in kept}
        else:
            assert becomes == was


async def test_a_webhook_is_sent_each_of_them_once(
    scene: Scene, context: Context, workspace_id: int, engine_context: Context
) -> None:
    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        await reached(scene)
        await work(Deliverer(engine_context))
    told = await story(scene)
    assert len(told) == 9
    taken = [message.event for message in peer.taken]
    taken = [each for each in taken if not each["type"].startswith("campaign")]
    assert sorted(taken, key=lambda each: id_of(each["id"]) or 0) == [
        envelope(each) for each in told
    ]
    for subject in {each.subject for each in told}:
        assert [each["type"] for each in taken if each["subject"] == subject] == KINDS
    # A second look finds nothing new, and takes up nothing that was told.
    assert await Deliverer(engine_context).spread() is False


async def test_events_from_before_have_numbers_without_gaps(
    scene: Scene, context: Context, conninfo: str, workspace_id: int, engine_context: Context
) -> None:
    """Rows that were written when each number was one event's."""
    with psycopg.connect(conninfo, options="-c search_path=campana") as conn:
        conn.execute(
            "insert into events (workspace_id, id, type, subject, campaign_id, at, data)"
            " overriding system value select %s, n, 'target.finished', 'tgt_' || n, %s, %s,"
            " jsonb_build_object('id', 'tgt_' || n) from generate_series(2, 9) n",
            (workspace_id, scene.campaign_id, NOW),
        )
    assert [each.id for each in await story(scene, after=4, limit=3)] == [5, 6, 7]
    async with receiver() as peer:
        await add_webhook(context, peer.url, workspace_id=workspace_id)
        with psycopg.connect(conninfo, options="-c search_path=campana") as conn:
            conn.execute("update webhooks set cursor = 6")
        await work(Deliverer(engine_context))
    old = [each.event["subject"] for each in peer.taken if each.event["type"] == KINDS[2]]
    assert sorted(old) == ["tgt_7", "tgt_8", "tgt_9"]
