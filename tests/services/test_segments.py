"""Segments as lists: made, asked, previewed, taken by campaigns once or for as long as they run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from campana.domain.contact import NewContact
from campana.domain.errors import Conflict, InvalidParameter, Unavailable
from campana.services import campaigns, control, following, lists, outlook, segments, targets
from campana.services.context import Context
from campana.store.lists import ContactList
from tests.support import ledger
from tests.support.campaign import (
    ANA,
    BOT,
    BRUNO,
    CARLA,
    Scene,
    add_channel,
    add_list,
    launched,
    person,
)  # fmt: skip


@pytest.fixture(autouse=True)
async def ledger_holds(engine_context: Context) -> AsyncIterator[None]:
    yield
    assert await ledger.broken(engine_context) == []


def people(count: int) -> list[NewContact]:
    """Numbered from zero; every third is gold."""
    return [
        person(f"+1212555{n:04d}", attributes={"n": n, "plan": "gold" if n % 3 == 0 else "basic"})
        for n in range(count)
    ]


async def segment(context: Context, workspace_id: int, where: str, name: str = "S") -> ContactList:
    return await lists.create(context, workspace_id=workspace_id, name=name, where=where)


async def campaign_of(
    engine: Context, web: Context, workspace_id: int, list_id: str, **document: Any
) -> Scene:
    """A launched campaign of that list, which is not enrolled yet."""
    channel = await add_channel(web, workspace_id=workspace_id, name=web.new_id("ch"))
    written = {
        "name": "Reminder",
        "type": "VoiceBot",
        "channelType": "Voice",
        "contactList": list_id,
        "channel": channel.id,
        "voiceBot": BOT,
        **document,
    }
    made = await campaigns.create(web, workspace_id=workspace_id, raw=written)
    await control.launch(web, workspace_id=workspace_id, campaign_id=made.id)
    return Scene(
        engine=engine, web=web, workspace_id=workspace_id, channel=channel, campaign_id=made.id
    )


async def enrolled(scene: Scene) -> list[int]:
    """The numbers of those in the campaign."""
    rows = await scene.rows(
        "select (c.attributes ->> 'n')::int from targets t join contacts c on c.id = t.contact_id"
        " where t.campaign_id = %s order by 1",
        scene.campaign_id,
    )
    return [row[0] for row in rows]


async def waiting(scene: Scene) -> int:
    [[count]] = await scene.rows(
        "select count(*) from due where campaign_id = %s", scene.campaign_id
    )
    return count


async def say(scene: Scene, statement: str, *values: object) -> None:
    async with scene.engine.db.transaction() as tx:
        await tx.execute(statement, values)  # pyright: ignore[reportArgumentType, reportCallIssue]


async def test_a_segment_has_whoever_fits(context: Context, workspace_id: int) -> None:
    await add_list(context, workspace_id=workspace_id, people=people(6), name="A")
    await add_list(context, workspace_id=workspace_id, people=people(9), name="B")
    gold = await segment(context, workspace_id, 'contact.plan == "gold" && inList("B")')
    assert (gold.contact_count, gold.default_country) == (None, None)
    page = await lists.contact_page(context, workspace_id=workspace_id, list_id=gold.id, limit=2)
    rest = await lists.contact_page(
        context, workspace_id=workspace_id, list_id=gold.id, after=page.next_after or 0
    )
    found = [each.attributes["n"] for each in [*page.contacts, *rest.contacts]]
    assert (found, rest.next_after) == ([0, 3, 6], None)
    counted = await segments.preview(
        context, workspace_id=workspace_id, where='contact.plan == "gold" || contact.n > 7'
    )
    assert (counted.count, len(counted.contacts)) == (6, 6)
    many = await segments.preview(context, workspace_id=workspace_id, where="true")
    assert (many.count, len(many.contacts)) == (15, 15)


async def test_a_list_that_is_named_is_the_one_that_was_meant(
    context: Context, workspace_id: int
) -> None:
    list_id = await add_list(context, workspace_id=workspace_id, people=people(2), name="A")
    named = await segment(context, workspace_id, 'inList("A")')
    await lists.change(
        context, workspace_id=workspace_id, list_id=list_id, name="Z", default_country=None
    )
    await add_list(context, workspace_id=workspace_id, people=people(5), name="A")
    page = await lists.contact_page(context, workspace_id=workspace_id, list_id=named.id)
    assert len(page.contacts) == 2
    await lists.delete(context, workspace_id=workspace_id, list_id=list_id)
    page = await lists.contact_page(context, workspace_id=workspace_id, list_id=named.id)
    assert page.contacts == []


async def test_what_cannot_be_asked_is_not_kept(context: Context, workspace_id: int) -> None:
    with pytest.raises(InvalidParameter) as refused:
        await segment(context, workspace_id, 'contact.a.b == 1 && contact.x.matches("a")')
    problems = [(each.pointer, each.message[:17]) for each in refused.value.problems]
    assert problems == [
        ("/segment/where", "line 1, column 10"), ("/segment/where", "line 1, column 38"),
    ]  # fmt: skip
    made = await segment(context, workspace_id, "true")
    for wanted in ("nowhere", made.name, made.id):
        with pytest.raises(InvalidParameter):
            await segment(context, workspace_id, f'inList("{wanted}")', name="T")
    with pytest.raises(Conflict):
        await lists.change(
            context, workspace_id=workspace_id, list_id=made.id, name="S", default_country=None
        )
    assert len((await lists.page(context, workspace_id=workspace_id)).lists) == 1


async def test_another_workspace_s_people_never_fit(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    """Neither as the web sees them nor as the engine does, which sees everybody."""
    other = await _workspace(engine_context)
    await add_list(engine_context, workspace_id=other, people=people(3))
    await add_list(context, workspace_id=workspace_id, people=people(2))
    everybody = await segment(context, workspace_id, "true")
    for role in (context, engine_context):
        preview = await segments.preview(role, workspace_id=workspace_id, where="true")
        assert preview.count == 2
    scene = await campaign_of(engine_context, context, workspace_id, everybody.id)
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    assert await enrolled(scene) == [0, 1]


async def _workspace(engine: Context) -> int:
    from campana.services.accounts import ensure_workspace

    return (await ensure_workspace(engine, "elsewhere")).workspace_id


async def test_asking_for_too_long_is_given_up(
    context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campana.store.segments._SQL", {"count": _SLOW, "page": _SLOW})
    monkeypatch.setattr(segments, "MOST_SECONDS", 1)
    with pytest.raises(Unavailable, match="narrow the segment"):
        await segments.preview(context, workspace_id=workspace_id, where="true")


_SLOW = (
    "select count(pg_sleep(5)) from (values (1)) x left join contacts c on c.list_id = %(list_id)s"
)


async def test_preflight_counts_whom_a_launch_enrolls(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """A number in two lists is one person of the campaign and one duplicate, as with a list."""
    await add_list(context, workspace_id=workspace_id, people=people(9), name="A")
    await add_list(context, workspace_id=workspace_id, people=people(4), name="B")
    gold = await segment(context, workspace_id, 'contact.plan == "gold"')
    scene = await campaign_of(engine_context, context, workspace_id, gold.id)
    draft = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "D", "type": "VoiceBot", "channelType": "Voice", "contactList": gold.id},
    )
    counted = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=draft.id)
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    assert await enrolled(scene) == [0, 3, 6]
    rows = await scene.rows("select enrolled, duplicates, finished_at is not null from enrollments")
    assert rows == [(3, 2, True)]
    assert (counted.people, counted.eligible, counted.skipped) == (5, 3, {"duplicate": 2})


async def test_a_snapshot_stays_as_it_was(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    list_id = await add_list(context, workspace_id=workspace_id, people=people(4), name="A")
    gold = await segment(context, workspace_id, 'contact.plan == "gold"')
    scene = await campaign_of(engine_context, context, workspace_id, gold.id)
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    await say(scene, 'update contacts set attributes = \'{"n": 1, "plan": "gold"}\'')
    await following.follow(engine_context)
    assert (await enrolled(scene), await waiting(scene)) == ([1, 1], 2)
    del list_id


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stretches of two people, so that a few make many."""
    monkeypatch.setattr(following, "STRETCH", 2)


@pytest.mark.usefixtures("small")
async def test_a_live_campaign_follows_its_segment(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    await add_list(context, workspace_id=workspace_id, people=people(7), name="A")
    gold = await segment(context, workspace_id, 'contact.plan == "gold"')
    scene = await campaign_of(engine_context, context, workspace_id, gold.id, enrollment="live")
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    assert await enrolled(scene) == [0, 3, 6]
    # Somebody comes, by a change and by a new list; two leave, of whom one is being called.
    [claimed, *_] = await scene.claim(limit=1)
    [[called]] = await scene.rows(
        "select (c.attributes ->> 'n')::int from targets t join contacts c on c.id = t.contact_id"
        " where t.state = 'attempting'"
    )
    assert claimed
    await add_list(
        context, workspace_id=workspace_id, name="B",
        people=[person(ANA, attributes={"n": 100, "plan": "gold"})],
    )  # fmt: skip
    await say(
        scene,
        "update contacts set attributes = attributes ||"
        " case when (attributes ->> 'n')::int = 1 then '{\"plan\": \"gold\"}'::jsonb"
        " else '{\"plan\": \"none\"}' end where (attributes ->> 'n')::int in (1, 6, %s)",
        called,
    )
    await following.follow(engine_context)
    await following.follow(engine_context)
    assert await enrolled(scene) == [0, 1, 3, 6, 100]
    finished = await scene.rows(
        "select (c.attributes ->> 'n')::int, t.disposition, t.last_reason from targets t"
        " join contacts c on c.id = t.contact_id where t.state = 'finished'"
    )
    assert finished == [(6, "cancelled", "left the segment")]
    assert await waiting(scene) == 3
    told = await scene.rows("select count(*) from told_events where type = 'target.finished'")
    assert told == [(1,)]


@pytest.mark.usefixtures("small")
async def test_a_live_campaign_stays_open_until_it_follows_no_more(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    from campana.services import closing

    gold = await segment(context, workspace_id, 'contact.plan == "gold"')
    scene = await campaign_of(engine_context, context, workspace_id, gold.id, enrollment="live")
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    assert await closing.close_finished(engine_context) == []
    await add_list(context, workspace_id=workspace_id, people=people(1))
    await following.follow(engine_context)
    assert await waiting(scene) == 1
    await say(scene, "update contacts set attributes = '{}'")
    await following.follow(engine_context)
    assert await closing.close_finished(engine_context) == []
    await campaigns.change(
        context, workspace_id=workspace_id, campaign_id=scene.campaign_id, version=None,
        patch={"enrollment": "snapshot"},
    )  # fmt: skip
    assert await closing.close_finished(engine_context) == [scene.campaign_id]


@pytest.mark.usefixtures("small")
async def test_a_list_can_be_followed_too(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=people(3), enrollment="live"
    )
    await say(
        scene,
        "with new as (insert into contacts (workspace_id, list_id, zones, attributes, created_at,"
        " updated_at) select workspace_id, list_id, zones, '{\"n\": 9}', created_at, created_at"
        " from contacts limit 1 returning id, workspace_id, list_id) insert into contact_addresses"
        " (contact_id, position, workspace_id, list_id, kind, value)"
        " select id, 0, workspace_id, list_id, 'phone', %s from new",
        BRUNO,
    )
    await following.follow(engine_context)
    assert await enrolled(scene) == [0, 1, 2, 9]
    assert await waiting(scene) == 4


@pytest.mark.usefixtures("small")
async def test_a_round_that_dies_is_gone_on_with(
    engine_context: Context, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it dies, everybody is in once and counted once."""
    gold = await segment(context, workspace_id, "contact.n >= 0")
    scene = await campaign_of(engine_context, context, workspace_id, gold.id, enrollment="live")
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    await add_list(context, workspace_id=workspace_id, people=people(11))
    look_on = following.enrollments.look_on
    calls = 0

    async def dies(*given: Any, **named: Any) -> None:
        nonlocal calls
        calls += 1
        await look_on(*given, **named)
        if calls % 2:
            raise ConnectionError

    monkeypatch.setattr(following.enrollments, "look_on", dies)
    for _ in range(20):
        try:
            await following.follow(engine_context)
        except ConnectionError:
            continue
    assert await enrolled(scene) == list(range(11))
    assert await waiting(scene) == 11


@pytest.mark.usefixtures("small")
async def test_two_workers_follow_at_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    everybody = await segment(context, workspace_id, "contact.n >= 0")
    scenes: Sequence[Scene] = [
        await campaign_of(engine_context, context, workspace_id, everybody.id, enrollment="live")
        for _ in range(2)
    ]
    for scene in scenes:
        await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    await add_list(context, workspace_id=workspace_id, people=[*people(20), person(CARLA)])
    for _ in range(3):
        await asyncio.gather(*(following.follow(engine_context) for _ in range(3)))
    for scene in scenes:
        assert await enrolled(scene) == list(range(20))
