"""Contacts many at a time: ids pair off with what was given, numbers pass from hand to hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, NewContact
from campana.services import accounts, lists
from campana.services.context import Context
from campana.store import contacts, holders
from campana.store import lists as list_rows
from campana.store.holders import Holder
from tests.support.database import NOW
from tests.support.people import ANA, BRUNO, CARLA, everybody, reserved_numbers


@pytest.fixture
async def list_id(context: Context, workspace_id: int) -> str:
    return (await lists.create(context, workspace_id=workspace_id, name="People")).id


def person(phone: str, **changed: object) -> NewContact:
    blank = NewContact(
        external_id=None,
        first_name=None,
        last_name=None,
        time_zone=None,
        language=None,
        attributes={},
        addresses=(ContactAddress(kind=AddressKind.PHONE, value=phone, country="US"),),
        zones=("America/New_York",),
    )
    return replace(blank, **changed)


async def store(context: Context, workspace_id: int, list_id: str, *given: NewContact) -> list[int]:
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        place = {"workspace_id": workspace_id, "list_id": list_id}
        ids = await contacts.insert(tx, **place, contacts=given, now=NOW)
        await contacts.set_addresses(tx, **place, contacts=dict(zip(ids, given, strict=True)))
    return ids


async def test_ids_come_back_in_the_order_given(
    context: Context, workspace_id: int, list_id: str
) -> None:
    numbers = reserved_numbers()[:500][::-1]
    given = [person(number, external_id=number[-10:]) for number in numbers]
    ids = await store(context, workspace_id, list_id, *given)
    found = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    assert [contact.id for contact in found] == ids
    assert [(c.phone, c.external_id) for c in found] == [(n, n[-10:]) for n in numbers]


async def test_keeps_text_as_it_is(context: Context, workspace_id: int, list_id: str) -> None:
    odd = "'; drop table contacts; -- {}\"\\,\N{SNOWMAN}\n%s"
    given = person(
        ANA, first_name=odd, attributes={odd: odd}, zones=("America/Denver", "America/Phoenix")
    )
    await store(context, workspace_id, list_id, given)
    [found] = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    assert (found.first_name, found.attributes) == (odd, {odd: odd})
    assert found.zones == ["America/Denver", "America/Phoenix"]


async def test_finds_who_has_an_id_or_a_number(
    context: Context, workspace_id: int, list_id: str
) -> None:
    ana, bruno, _ = await store(
        context, workspace_id, list_id, person(ANA, external_id="a"), person(BRUNO), person(CARLA)
    )
    async with context.db.read(workspace_id=workspace_id) as tx:
        found = await holders.find(
            tx,
            list_id=list_id,
            external_ids=["a", "z"],
            addresses=[*person(ANA).addresses, *person(BRUNO).addresses],
        )
    assert sorted(found, key=lambda holder: holder.id) == [
        Holder(id=ana, version=1, updated_at=NOW, contact=person(ANA, external_id="a")),
        Holder(id=bruno, version=1, updated_at=NOW, contact=person(BRUNO)),
    ]


async def test_two_people_can_change_numbers_with_each_other(
    context: Context, workspace_id: int, list_id: str
) -> None:
    ids = await store(context, workspace_id, list_id, person(ANA), person(BRUNO))
    swapped = dict(zip(ids, [person(BRUNO), person(ANA)], strict=True))
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await contacts.set_addresses(
            tx, workspace_id=workspace_id, list_id=list_id, contacts=swapped
        )
    found = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    assert [contact.phone for contact in found] == [BRUNO, ANA]


async def test_every_change_counts_the_version_on_and_a_restoring_counts_it_back(
    context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    before = person(ANA, external_id="a", language="pt", attributes={"due": 5, "city": "Porto"})
    [ana] = await store(context, workspace_id, list_id, before)
    after = person(BRUNO, external_id="a", last_name="Silva", attributes={"city": True})
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        [was] = await holders.held(tx, list_id=list_id, ids=[ana])
        later = NOW + timedelta(seconds=1)
        assert await contacts.update(tx, list_id=list_id, contacts={ana: after}, now=later) == {
            ana: 2
        }
        await contacts.set_addresses(tx, **place, contacts={ana: after})
        [changed] = await holders.held(tx, list_id=list_id, ids=[ana])
        await contacts.restore(tx, **place, before={ana: was})
        [restored] = await holders.held(tx, list_id=list_id, ids=[ana])
    assert was == Holder(id=ana, version=1, updated_at=NOW, contact=before)
    assert changed == Holder(id=ana, version=2, updated_at=later, contact=after)
    assert restored == was


async def test_the_database_itself_refuses_a_number_twice(
    context: Context, workspace_id: int, list_id: str
) -> None:
    await store(context, workspace_id, list_id, person(ANA))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await store(context, workspace_id, list_id, person(ANA))


async def test_the_database_itself_knows_who_belongs_to_whom(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    [ana] = await store(context, workspace_id, list_id, person(ANA))
    place = {"workspace_id": workspace_id, "list_id": "list_none"}
    statements = (
        "update contacts set list_id = 'list_none'",
        "update contact_addresses set contact_id = contact_id + 1",
    )
    async with engine_context.db.transaction() as tx:
        for refused in (
            contacts.insert(tx, **place, contacts=[person(BRUNO)], now=NOW),
            contacts.set_addresses(tx, **place, contacts={ana + 1: person(BRUNO)}),
            *(tx.execute(each) for each in statements),  # pyright: ignore[reportArgumentType, reportCallIssue]
        ):
            with pytest.raises(psycopg.errors.IntegrityError):
                async with tx.transaction():
                    await refused


@pytest.mark.parametrize("role", ["web", "engine"])
async def test_people_go_with_their_list_and_their_addresses_with_them(
    context: Context, engine_context: Context, workspace_id: int, list_id: str, role: str
) -> None:
    deletes = context if role == "web" else engine_context
    kept = (await lists.create(context, workspace_id=workspace_id, name="Others")).id
    await store(context, workspace_id, list_id, person(ANA), person(BRUNO))
    await store(context, workspace_id, kept, person(ANA))
    await lists.delete(deletes, workspace_id=workspace_id, list_id=list_id)
    async with engine_context.db.read() as tx:
        people = await tx.execute("select list_id from contacts")
        addresses = await tx.execute("select list_id from contact_addresses")
        left = [await people.fetchall(), await addresses.fetchall()]
    assert left == [[(kept,)], [(kept,)]]


async def test_a_list_is_not_deleted_under_who_comes_in(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    place = {"workspace_id": workspace_id, "list_id": list_id}
    async with engine_context.db.transaction() as tx:
        await contacts.insert(tx, **place, contacts=[person(ANA)], now=NOW)
        async with context.db.transaction(workspace_id=workspace_id) as other:
            await other.execute("set local lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                await list_rows.delete(other, **place)


async def test_writers_of_one_list_follow_one_another(
    engine_context: Context, list_id: str
) -> None:
    async with engine_context.db.transaction() as first:
        assert await list_rows.lock(first, list_id=list_id)
        async with engine_context.db.transaction() as second:
            await second.execute("set local lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                await list_rows.lock(second, list_id=list_id)


async def test_a_workspace_cannot_write_into_another(
    context: Context, engine_context: Context, workspace_id: int, list_id: str
) -> None:
    other = (await accounts.ensure_workspace(engine_context, "other")).workspace_id
    async with context.db.read(workspace_id=other) as tx:
        assert (
            await holders.find(
                tx, list_id=list_id, external_ids=[], addresses=person(ANA).addresses
            )
            == []
        )
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with context.db.transaction(workspace_id=other) as tx:
            await contacts.insert(
                tx, workspace_id=workspace_id, list_id=list_id, contacts=[person(ANA)], now=NOW
            )
