"""Never contact: how far it reaches, how long, and that saying it twice is saying it once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from campana.domain.campaign import ChannelType
from campana.domain.email import parse_email
from campana.domain.errors import InvalidParameter, NotFound
from campana.services import accounts, campaigns, suppressing, suppressions
from campana.services.context import Context
from campana.store import inbound
from campana.store.suppressions import Scope
from tests.support.database import NOW, FixedClock
from tests.support.people import ANA, BRUNO, CARLA


async def draft(context: Context, workspace_id: int) -> str:
    made = await campaigns.create(
        context,
        workspace_id=workspace_id,
        raw={"name": "Spring", "type": "VoiceBot", "channelType": "Voice"},
    )
    return made.id


async def test_a_number_is_kept_as_e164(context: Context, workspace_id: int) -> None:
    made = await suppressions.add(
        context, workspace_id=workspace_id, address="(201) 555-0101", reason=" asked to stop "
    )
    assert (made.address, made.reason, made.scope, made.expires_at) == (
        ANA,
        "asked to stop",
        Scope.WORKSPACE,
        None,
    )
    found = await suppressions.get(context, workspace_id=workspace_id, suppression_id=made.id)
    assert found == made


async def test_an_email_address_is_kept_as_contacts_have_it(
    context: Context, workspace_id: int
) -> None:
    """The gate compares texts: one other letter, and the person would be written to."""
    written = " Ana.Ito@Example.COM "
    made = await suppressions.add(
        context, workspace_id=workspace_id, address=written, reason="asked to stop"
    )
    kept = parse_email(written)
    assert made.address == kept == "ana.ito@example.com"
    again = await suppressions.add(
        context, workspace_id=workspace_id, address="ANA.ITO@example.com", reason="again"
    )
    assert again.id == made.id
    checked = await suppressions.check(
        context, workspace_id=workspace_id, addresses=["Ana.Ito@example.com", ANA]
    )
    assert [(each.address, bool(each.suppressions)) for each in checked] == [
        (kept, True),
        (ANA, False),
    ]
    await suppressions.lift(context, workspace_id=workspace_id, suppression_id=made.id)
    [after] = await suppressions.check(context, workspace_id=workspace_id, addresses=[written])
    assert after.suppressions == []


async def test_saying_it_twice_is_saying_it_once(context: Context, workspace_id: int) -> None:
    async def add(days: int | None) -> tuple[str, str, object]:
        made = await suppressions.add(
            context,
            workspace_id=workspace_id,
            address=ANA,
            reason=f"for {days}",
            expires_at=None if days is None else NOW + timedelta(days=days),
        )
        return made.id, made.reason, made.expires_at

    first = await add(2)
    assert await add(1) == first
    assert await add(3) == (*first[:2], NOW + timedelta(days=3))
    assert await add(None) == (*first[:2], None)
    assert await add(4) == (*first[:2], None)


async def test_one_in_the_place_of_an_expired_one_is_new(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    """To the second: told as an event, with its own reason; START lifts it when it is a STOP."""
    where = {"workspace_id": workspace_id, "address": ANA}
    expires_at = clock.now() + timedelta(hours=1)
    first = await suppressions.add(context, **where, reason="for an hour", expires_at=expires_at)
    clock.forward(seconds=3599)
    longer = await suppressions.add(context, **where, reason="again", expires_at=expires_at)
    assert (longer.id, longer.reason) == (first.id, "for an hour")
    clock.forward(seconds=1)
    [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[ANA])
    assert checked.suppressions == []
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        stored, told = await suppressing.suppress(
            tx,
            context,
            workspace_id=workspace_id,
            address=ANA,
            reason="wrote STOP",
            source="reply",
            now=clock.now(),
            stopped_by=ANA,
        )
        assert stored is not None
        assert (stored.reason, stored.expires_at, len(told)) == ("wrote STOP", None, 1)
        assert stored.id != first.id
        lifted = await inbound.lift_stops(tx, workspace_id=workspace_id, addresses=[ANA])
    assert [each.id for each in lifted] == [stored.id]


async def test_each_scope_stands_for_itself(context: Context, workspace_id: int) -> None:
    campaign_id = await draft(context, workspace_id)
    for scope in (
        {},
        {"scope": Scope.CAMPAIGN, "campaign_id": campaign_id},
        {"scope": Scope.CHANNEL, "channel_type": ChannelType.VOICE},
        {"scope": Scope.CHANNEL, "channel_type": ChannelType.SMS},
    ):
        await suppressions.add(
            context, workspace_id=workspace_id, address=ANA, reason="no", **scope
        )
    [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[ANA])
    assert [(each.scope, each.campaign_id, each.channel_type) for each in checked.suppressions] == [
        (Scope.WORKSPACE, None, None),
        (Scope.CAMPAIGN, campaign_id, None),
        (Scope.CHANNEL, None, ChannelType.VOICE),
        (Scope.CHANNEL, None, ChannelType.SMS),
    ]


async def test_checks_as_many_as_are_asked_in_their_order(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    for address, days in ((ANA, None), (BRUNO, 1)):
        await suppressions.add(
            context,
            workspace_id=workspace_id,
            address=address,
            reason="no",
            expires_at=None if days is None else NOW + timedelta(days=days),
        )

    async def suppressed() -> list[tuple[str, bool]]:
        checked = await suppressions.check(
            context, workspace_id=workspace_id, addresses=[CARLA, "201 555 0101", BRUNO, ANA]
        )
        return [(each.address, bool(each.suppressions)) for each in checked]

    assert await suppressed() == [(CARLA, False), (ANA, True), (BRUNO, True), (ANA, True)]
    clock.forward(days=1)
    assert await suppressed() == [(CARLA, False), (ANA, True), (BRUNO, False), (ANA, True)]


async def test_pages_newest_first_by_cursor(
    context: Context, workspace_id: int, clock: FixedClock
) -> None:
    for address in (ANA, BRUNO, CARLA):
        await suppressions.add(context, workspace_id=workspace_id, address=address, reason="no")
        clock.forward(seconds=1)
    first = await suppressions.page(context, workspace_id=workspace_id, limit=2)
    assert [each.address for each in first.suppressions] == [CARLA, BRUNO]
    last = await suppressions.page(
        context, workspace_id=workspace_id, after=first.next_after, limit=2
    )
    assert ([each.address for each in last.suppressions], last.next_after) == ([ANA], None)


async def test_lifting_allows_the_address_again(context: Context, workspace_id: int) -> None:
    made = await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="no")
    await suppressions.lift(context, workspace_id=workspace_id, suppression_id=made.id)
    [checked] = await suppressions.check(context, workspace_id=workspace_id, addresses=[ANA])
    assert checked.suppressions == []
    with pytest.raises(NotFound):
        await suppressions.lift(context, workspace_id=workspace_id, suppression_id=made.id)


@pytest.mark.parametrize(
    ("given", "pointers"),
    [
        ({"address": "nobody"}, ["/address"]),
        ({"address": "ana@"}, ["/address"]),
        ({"reason": " "}, ["/reason"]),
        ({"scope": Scope.CAMPAIGN}, ["/campaignId"]),
        ({"scope": Scope.CAMPAIGN, "campaign_id": "camp_nowhere"}, ["/campaignId"]),
        ({"campaign_id": "camp_nowhere"}, ["/campaignId"]),
        ({"scope": Scope.CHANNEL}, ["/channelType"]),
        ({"expires_at": NOW, "reason": ""}, ["/reason", "/expiresAt"]),
    ],
)
async def test_says_all_that_is_wrong(
    context: Context, workspace_id: int, given: dict[str, Any], pointers: list[str]
) -> None:
    with pytest.raises(InvalidParameter) as raised:
        await suppressions.add(
            context, workspace_id=workspace_id, **{"address": ANA, "reason": "no", **given}
        )
    assert [problem.pointer for problem in raised.value.problems] == pointers


async def test_names_each_address_that_is_none(context: Context, workspace_id: int) -> None:
    with pytest.raises(InvalidParameter) as raised:
        await suppressions.check(context, workspace_id=workspace_id, addresses=["x", ANA, ""])
    assert [problem.pointer for problem in raised.value.problems] == [
        "/addresses/0",
        "/addresses/2",
    ]


async def test_another_workspace_sees_nothing(
    context: Context, engine_context: Context, workspace_id: int
) -> None:
    made = await suppressions.add(context, workspace_id=workspace_id, address=ANA, reason="no")
    campaign_id = await draft(context, workspace_id)
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    for seen in (context, engine_context):
        with pytest.raises(NotFound):
            await suppressions.get(seen, workspace_id=other, suppression_id=made.id)
        with pytest.raises(NotFound):
            await suppressions.lift(seen, workspace_id=other, suppression_id=made.id)
        with pytest.raises(InvalidParameter):
            await suppressions.add(
                seen,
                workspace_id=other,
                address=ANA,
                reason="no",
                scope=Scope.CAMPAIGN,
                campaign_id=campaign_id,
            )
        [checked] = await suppressions.check(seen, workspace_id=other, addresses=[ANA])
        assert checked.suppressions == []
        assert (await suppressions.page(seen, workspace_id=other)).suppressions == []
