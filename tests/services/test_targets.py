"""Enrolling a list: everybody once, whatever happens in the middle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from campana.domain.address import AddressKind
from campana.domain.campaign import CampaignType, ChannelType
from campana.domain.target import REACHED_BY
from campana.services import campaigns, control, outlook, targets
from campana.services.context import Context
from campana.store import contacts
from campana.store.contacts import ContactAddress
from tests.support import ledger
from tests.support.campaign import ANA, BRUNO, CARLA, Scene, add_channel, add_list, launched, person
from tests.support.database import FixedClock


@pytest.fixture(autouse=True)
async def ledger_holds(engine_context: Context) -> AsyncIterator[None]:
    yield
    assert await ledger.broken(engine_context) == []


@pytest.fixture
async def scene(
    engine_context: Context, context: Context, workspace_id: int, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """Launched with seven people, of whom the first two are enrolled."""
    monkeypatch.setattr(targets, "STRETCH", 2)
    people = [person(f"+1212555010{n}") for n in range(7)]
    all_of_them = targets.enroll

    async def one_stretch(context: Context, *, campaign_id: str) -> None:
        await targets._stretch(context, campaign_id)  # pyright: ignore[reportPrivateUsage]

    monkeypatch.setattr(targets, "enroll", one_stretch)
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=people)
    monkeypatch.setattr(targets, "enroll", all_of_them)
    assert await enrollment(scene) == (2, 0, False)
    return scene


async def enrollment(scene: Scene) -> tuple[int, int, bool]:
    """Enrolled, duplicates, and whether it is finished."""
    [row] = await scene.rows(
        "select enrolled, duplicates, finished_at is not null from enrollments"
    )
    return row


async def waiting(scene: Scene) -> int:
    [[count]] = await scene.rows("select count(*) from due")
    return count


async def test_it_goes_on_where_it_stopped(scene: Scene) -> None:
    await targets.enroll(scene.engine, campaign_id=scene.campaign_id)
    assert await enrollment(scene) == (7, 0, True)
    assert await waiting(scene) == 7
    await targets.enroll(scene.engine, campaign_id=scene.campaign_id)
    assert await enrollment(scene) == (7, 0, True)


async def test_a_stretch_that_fails_leaves_nothing_behind(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Targets, due rows and how far it has come are one commit."""

    async def dies(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr("campana.services.windows.refresh", dies)
        with pytest.raises(ConnectionError):
            await targets.enroll(scene.engine, campaign_id=scene.campaign_id)
    assert (await enrollment(scene), await waiting(scene)) == ((2, 0, False), 2)
    await targets.enroll(scene.engine, campaign_id=scene.campaign_id)
    assert await enrollment(scene) == (7, 0, True)


async def test_two_at_once_enroll_everybody_once(scene: Scene) -> None:
    await asyncio.gather(
        *(targets.enroll(scene.engine, campaign_id=scene.campaign_id) for _ in range(3))
    )
    assert (await enrollment(scene), await waiting(scene)) == ((7, 0, True), 7)


async def test_cancelled_in_the_middle_enrolls_nobody_more(scene: Scene) -> None:
    await control.cancel(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    await targets.enroll(scene.engine, campaign_id=scene.campaign_id)
    assert (await enrollment(scene), await waiting(scene)) == ((2, 0, True), 0)


async def test_paused_in_the_middle_everybody_waits(scene: Scene) -> None:
    await control.pause(scene.web, workspace_id=scene.workspace_id, campaign_id=scene.campaign_id)
    await targets.enroll(scene.engine, campaign_id=scene.campaign_id)
    assert (await enrollment(scene), await waiting(scene)) == ((7, 0, True), 7)
    assert await scene.claim() == []


async def test_what_was_enrolled_can_be_called_before_the_rest_is(scene: Scene) -> None:
    assert len(await scene.claim()) == 2


async def test_a_number_that_is_in_the_campaign_already_is_counted_once(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    """Two contacts of a list cannot share a number, so one comes by another list's hand."""
    scene = await launched(engine_context, context, workspace_id=workspace_id)
    more = await add_list(
        context,
        workspace_id=workspace_id,
        people=[person(ANA), person("+12125550104")],
        name="more",
    )
    async with engine_context.db.transaction() as tx:
        await targets.targets.begin_enrollment(
            tx,
            workspace_id=workspace_id,
            campaign_id=scene.campaign_id,
            list_id=more,
            now=engine_context.clock.now(),
        )
    await targets.enroll(engine_context, campaign_id=scene.campaign_id)
    rows = await scene.rows("select enrolled, duplicates from enrollments order by started_at, 1")
    assert sorted(rows) == [(1, 1), (3, 0)]
    addresses = [claimed.address for claimed in await scene.claim()]
    assert sorted(addresses) == sorted([ANA, BRUNO, CARLA, "+12125550104"])


async def test_a_contact_without_a_phone_is_dropped_with_its_reason(
    engine_context: Context, context: Context, workspace_id: int
) -> None:
    scene = await launched(engine_context, context, workspace_id=workspace_id, people=[person(ANA)])
    where = {"workspace_id": workspace_id, "campaign_id": scene.campaign_id}
    await control.cancel(context, **where)
    list_id = await add_list(context, workspace_id=workspace_id, people=[], name="no phones")
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await contacts.insert(
            tx,
            workspace_id=workspace_id,
            list_id=list_id,
            contacts=[person("", first_name="Dana"), person("", first_name="Eli", zones=())],
            now=context.clock.now(),
        )
    document = {**scene.document, "contactList": list_id}
    made = await control.campaigns.create(context, workspace_id=workspace_id, raw=document)
    await control.launch(context, workspace_id=workspace_id, campaign_id=made.id)
    await targets.enroll(engine_context, campaign_id=made.id)
    assert await scene.claim() == []
    dropped = await scene.rows(
        "select disposition, last_reason from targets where campaign_id = %s", made.id
    )
    assert dropped == [("no_address", "no_address")] * 2


@pytest.mark.parametrize("zones", [(), ("Mars/Olympus",), ("America/New_York", "Mars/Olympus")])
async def test_who_is_in_no_zone_that_is_known_does_not_wait_for_ever(
    zones: tuple[str, ...],
    engine_context: Context,
    context: Context,
    workspace_id: int,
    clock: FixedClock,
) -> None:
    clock.forward(hours=12)  # it is night everywhere else too
    scene = await launched(
        engine_context, context, workspace_id=workspace_id, people=[person(ANA, zones=zones)]
    )
    assert await scene.claim() == []
    dropped = await scene.rows("select disposition, last_reason from targets")
    assert dropped == [("zone_unknown", "zone_unknown")]


BY_KIND = {
    AddressKind.PHONE: ContactAddress(kind=AddressKind.PHONE, value=ANA, country="US"),
    AddressKind.WHATSAPP: ContactAddress(kind=AddressKind.WHATSAPP, value=BRUNO, country="US"),
    AddressKind.EMAIL: ContactAddress(kind=AddressKind.EMAIL, value="ana@example.com", country=""),
}


@pytest.mark.parametrize("channel_type", [*ChannelType])
async def test_people_are_taken_at_the_address_the_channel_reaches(
    channel_type: ChannelType, engine_context: Context, context: Context, workspace_id: int
) -> None:
    channel = await add_channel(
        context,
        workspace_id=workspace_id,
        kind="sandbox",
        channel_type=channel_type,
        config={"url": "http://127.0.0.1:9", "secret": "a-secret-of-the-sandbox"},
    )
    # The order in the file is not the channel's; and somebody has nothing the channel reaches.
    everything = person(CARLA, addresses=tuple(reversed(BY_KIND.values())))
    better, *others = REACHED_BY[channel_type]
    wrong = next(kind for kind in AddressKind if kind not in {better, *others})
    scene = await launched(
        engine_context,
        context,
        workspace_id=workspace_id,
        channel=channel,
        channelType=channel_type,
        people=[everything, person(CARLA, addresses=(replace(BY_KIND[wrong], value=CARLA),))],
    )
    expected = BY_KIND[better].value
    assert await scene.rows("select address from targets order by id") == [(expected,), (None,)]
    draft = await campaigns.create(
        context, workspace_id=workspace_id, raw={**scene.document, "name": "The same"}
    )
    ahead = await outlook.look_ahead(context, workspace_id=workspace_id, campaign_id=draft.id)
    # Free text on WhatsApp goes only to whoever wrote in a day, and nobody here did.
    is_closed = channel_type is ChannelType.WHATSAPP
    skipped = {"no_address": 1} | ({"care_window_closed": 1} if is_closed else {})
    assert (ahead.eligible, ahead.skipped) == (0 if is_closed else 1, skipped)


async def test_the_database_knows_what_a_channel_reaches(engine_context: Context) -> None:
    async with engine_context.db.read() as tx:
        for channel_type, kinds in REACHED_BY.items():
            for campaign_type in CampaignType:
                row = await (
                    await tx.execute("select address_kinds(%s, %s)", (channel_type, campaign_type))
                ).fetchone()
                assert row is not None
                assert tuple(row[0][: len(kinds)]) == kinds
                # A flow may go on over another channel.
                assert set(row[0]) == (
                    set(AddressKind) if campaign_type is CampaignType.FLOW else set(kinds)
                )
