"""Contacts and their addresses (`queries/contacts.sql`), written many at a time.

Whoever writes here holds the list first (`lists.lock`). What counts as a duplicate is decided by
the caller, on what `holders.py` finds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat

from psycopg.errors import UniqueViolation

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue, ContactAddress, NewContact
from campana.store.db import Tx
from campana.store.holders import Holder, addresses_of
from campana.store.prepared import (
    Prepared,
    address_columns,
    field_columns,
    prepare,
)
from campana.store.sql import load

_SQL = load("contacts")


NOBODY = "null"
"""In the place of an id: whoever was prepared there is not stored."""


class Taken(Exception):
    """The list has somebody with an external id or an address that was to be somebody new's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A stored person as one is shown. `zones` is what a window is read in."""

    id: int
    list_id: str
    external_id: str | None
    first_name: str | None
    last_name: str | None
    language: str | None
    time_zone: str | None
    zones: Sequence[str]
    attributes: Mapping[str, AttributeValue]
    tags: Sequence[str]
    addresses: Sequence[ContactAddress]
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "addresses", addresses_of(self.addresses))

    @property
    def phone(self) -> str | None:
        """The first phone number, in E.164."""
        return next((a.value for a in self.addresses if a.kind is AddressKind.PHONE), None)

    @property
    def country(self) -> str | None:
        """Where that number lies."""
        return next((a.country for a in self.addresses if a.kind is AddressKind.PHONE), None)


async def plan_for_many(tx: Tx) -> None:
    """Have every plan of this transaction made for many people, however few there are now."""
    await tx.execute(_SQL["plan_for_many"])


async def insert(
    tx: Tx,
    *,
    workspace_id: int,
    list_id: str,
    contacts: Sequence[NewContact],
    now: datetime,
    made_by: str | None = None,
) -> list[int]:
    """Store new contacts without their addresses; their ids in the order given."""
    if not contacts:
        return []
    ids = await reserve(tx, count=len(contacts))
    await insert_prepared(
        tx,
        workspace_id=workspace_id,
        list_id=list_id,
        prepared=prepare([contact.bare for contact in contacts]),
        ids=ids,
        now=now,
        made_by=made_by,
    )
    return list(map(int, ids))


async def reserve(tx: Tx, *, count: int) -> list[str]:
    """Ids for so many new contacts, in rising order; nobody else gets them.

    The list is held: who follows it goes by its highest id, and must not find a lower one later.
    They are texts, for they go back by the thousand and nobody reckons with them.
    """
    if not count:
        return []
    row = await (await tx.execute(_SQL["reserve"], {"count": count})).fetchone()
    return str(row[0])[1:-1].split(",") if row else []


async def insert_prepared(
    tx: Tx,
    *,
    workspace_id: int,
    list_id: str,
    prepared: Prepared,
    ids: Sequence[str],
    now: datetime,
    made_by: str | None,
) -> None:
    """The same of people who were prepared, under ids that were reserved; `NOBODY` leaves one out.

    Raises:
        Taken: somebody of the list has one of their external ids.
    """
    try:
        await tx.execute(
            _SQL["insert"],
            {
                "workspace_id": workspace_id,
                "list_id": list_id,
                "made_by": made_by,
                "now": now,
                "ids": _array(ids),
                **prepared.fields,
            },
        )
    except UniqueViolation:
        raise Taken from None


async def update(
    tx: Tx, *, list_id: str, contacts: Mapping[int, NewContact], now: datetime
) -> dict[int, int]:
    """Make each stored contact what is given, its addresses aside; their versions from now on."""
    if not contacts:
        return {}
    cursor = await tx.execute(
        _SQL["update"],
        {
            "ids": list(contacts),
            "list_id": list_id,
            "now": now,
            **field_columns([contact.bare for contact in contacts.values()]),
        },
    )
    return {int(row[0]): int(row[1]) for row in await cursor.fetchall()}


async def restore(tx: Tx, *, workspace_id: int, list_id: str, before: Mapping[int, Holder]) -> None:
    """Make each stored contact, by id, what it was before; ids and addresses may change hands."""
    if not before:
        return
    ids, contacts = list(before), [each.contact for each in before.values()]
    await tx.execute(_SQL["free_external_ids"], {"list_id": list_id, "ids": ids})
    await tx.execute(
        _SQL["restore"],
        {
            "ids": ids,
            "list_id": list_id,
            "updated_ats": [each.updated_at for each in before.values()],
            "versions": [each.version for each in before.values()],
            **field_columns([contact.bare for contact in contacts]),
        },
    )
    await set_addresses(
        tx,
        workspace_id=workspace_id,
        list_id=list_id,
        contacts=dict(zip(ids, contacts, strict=True)),
    )


async def delete(tx: Tx, *, list_id: str, ids: Sequence[int]) -> None:
    """Take contacts away; whoever calls has seen to it that no campaign has them as a target."""
    await tx.execute(_SQL["delete"], {"list_id": list_id, "ids": list(ids)})


async def set_addresses(
    tx: Tx,
    *,
    workspace_id: int,
    list_id: str,
    contacts: Mapping[int, NewContact],
) -> None:
    """Give each contact its addresses; one may pass from one of these contacts to another.

    Args:
        tx: holds the list.
        workspace_id: whose list it is.
        list_id: the list.
        contacts: by id.
    """
    if not contacts:
        return
    await tx.execute(_SQL["drop_addresses"], {"ids": list(contacts)})
    columns, counts = address_columns([contact.bare for contact in contacts.values()])
    await _insert_addresses(
        tx,
        workspace_id=workspace_id,
        list_id=list_id,
        contact_ids=list(map(str, contacts)),
        columns=columns,
        counts=counts,
    )


async def set_prepared_addresses(
    tx: Tx,
    *,
    workspace_id: int,
    list_id: str,
    prepared: Prepared,
    contact_ids: Sequence[str],
) -> None:
    """Give the addresses of people who were prepared to these new contacts; `NOBODY` takes none.

    Raises:
        Taken: somebody of the list has one of them.
    """
    try:
        await _insert_addresses(
            tx,
            workspace_id=workspace_id,
            list_id=list_id,
            contact_ids=contact_ids,
            columns=prepared.addresses,
            counts=prepared.counts,
        )
    except UniqueViolation:
        raise Taken from None


async def _insert_addresses(
    tx: Tx,
    *,
    workspace_id: int,
    list_id: str,
    contact_ids: Sequence[str],
    columns: Mapping[str, str],
    counts: Sequence[int],
) -> None:
    one_each = counts.count(1) == len(counts)
    await tx.execute(
        _SQL["insert_addresses"],
        {
            "workspace_id": workspace_id,
            "list_id": list_id,
            "contact_ids": _array(
                contact_ids if one_each else chain.from_iterable(map(repeat, contact_ids, counts))
            ),
            **columns,
        },
    )


def _array(ids: Iterable[str]) -> str:
    return "{" + ",".join(ids) + "}"
