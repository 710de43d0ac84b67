"""Contacts many at a time: ids pair off with what was given, numbers pass from hand to hand."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from campana.domain.contact import NewContact
from campana.services import accounts, lists
from campana.services.context import Context
from campana.store import contacts
from campana.store import lists as list_rows
from campana.store.contacts import Holder
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
        phone=phone,
        country="US",
        zones=("America/New_York",),
    )
    return replace(blank, **changed)


async def store(context: Context, workspace_id: int, list_id: str, *given: NewContact) -> list[int]:
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        place = {"workspace_id": workspace_id, "list_id": list_id}
        ids = await contacts.insert(tx, **place, contacts=given, now=NOW)
        await contacts.set_numbers(tx, **place, contacts=dict(zip(ids, given, strict=True)))
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
        found = await contacts.holders(
            tx, list_id=list_id, external_ids=["a", "z"], phones=[ANA, BRUNO]
        )
    assert sorted(found, key=lambda holder: holder.id) == [
        Holder(id=ana, external_id="a", phone=ANA),
        Holder(id=bruno, external_id=None, phone=BRUNO),
    ]


async def test_two_people_can_change_numbers_with_each_other(
    context: Context, workspace_id: int, list_id: str
) -> None:
    ids = await store(context, workspace_id, list_id, person(ANA), person(BRUNO))
    swapped = dict(zip(ids, [person(BRUNO), person(ANA)], strict=True))
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await contacts.set_numbers(tx, workspace_id=workspace_id, list_id=list_id, contacts=swapped)
    found = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    assert [contact.phone for contact in found] == [BRUNO, ANA]


async def test_an_update_leaves_what_is_not_given(
    context: Context, workspace_id: int, list_id: str
) -> None:
    [ana] = await store(
        context,
        workspace_id,
        list_id,
        person(
            ANA,
            external_id="a",
            first_name="Ana",
            language="pt",
            time_zone="America/Denver",
            zones=("America/Denver",),
            attributes={"city": "Porto", "plan": "x"},
        ),
    )
    given = person(ANA, external_id="b", last_name="Silva", attributes={"plan": "y"})
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await contacts.update(tx, list_id=list_id, contacts={ana: given}, now=NOW)
    [found] = await everybody(context, workspace_id=workspace_id, list_id=list_id)
    assert (found.external_id, found.first_name, found.last_name) == ("a", "Ana", "Silva")
    assert (found.language, found.attributes) == ("pt", {"city": "Porto", "plan": "y"})
    assert (found.time_zone, found.zones) == ("America/Denver", ["America/Denver"])


async def test_the_database_itself_refuses_a_number_twice(
    context: Context, workspace_id: int, list_id: str
) -> None:
    await store(context, workspace_id, list_id, person(ANA))
    with pytest.raises(psycopg.errors.UniqueViolation):
        await store(context, workspace_id, list_id, person(ANA))


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
        assert await contacts.holders(tx, list_id=list_id, external_ids=[], phones=[ANA]) == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with context.db.transaction(workspace_id=other) as tx:
            await contacts.insert(
                tx, workspace_id=workspace_id, list_id=list_id, contacts=[person(ANA)], now=NOW
            )
