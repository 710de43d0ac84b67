"""Contacts and their addresses (`queries/contacts.sql`), written many at a time.

Whoever writes here holds the list first (`lists.lock`). What counts as a duplicate is decided by
the caller, on what `holders` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.rows import class_row

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue, ContactAddress, NewContact
from campana.domain.numbering import NumberType
from campana.store import arrays
from campana.store.db import Tx
from campana.store.prepared import (
    Prepared,
    address_columns,
    field_columns,
    kinds_of,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A stored contact as it is compared, changed and put back: `version` counts its changes."""

    id: int
    version: int
    updated_at: datetime
    contact: NewContact


@dataclass(frozen=True, slots=True, kw_only=True)
class _HolderRow:
    id: int
    version: int
    external_id: str | None
    first_name: str | None
    last_name: str | None
    language: str | None
    time_zone: str | None
    zones: Sequence[str]
    attributes: Mapping[str, AttributeValue]
    addresses: Sequence[Any]
    updated_at: datetime
    tags: Sequence[str] = ()

    def holder(self) -> Holder:
        return Holder(
            id=self.id,
            version=self.version,
            updated_at=self.updated_at,
            contact=NewContact(
                external_id=self.external_id,
                first_name=self.first_name,
                last_name=self.last_name,
                time_zone=self.time_zone,
                language=self.language,
                attributes=self.attributes,
                addresses=addresses_of(self.addresses),
                zones=tuple(self.zones),
                tags=tuple(self.tags),
            ),
        )


def addresses_of(rows: Sequence[Any]) -> tuple[ContactAddress, ...]:
    """Addresses from the rows they are aggregated as."""
    return tuple(
        ContactAddress(
            kind=AddressKind(kind),
            value=value,
            country=country,
            type=None if number_type is None else NumberType(number_type),
            zones=tuple(zones),
        )
        for kind, value, country, number_type, zones in rows
    )


def written(holder: Holder) -> dict[str, object]:
    """A contact as JSON that `holder_of` reads."""
    contact = holder.contact
    return {
        "version": holder.version,
        "updated_at": holder.updated_at.isoformat(),
        "external_id": contact.external_id,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "language": contact.language,
        "time_zone": contact.time_zone,
        "zones": contact.zones,
        "attributes": contact.attributes,
        "tags": contact.tags,
        "addresses": [
            (each.kind, each.value, each.country, each.type, each.zones)
            for each in contact.addresses
        ],
    }


def holder_of(contact_id: int, before: Mapping[str, Any]) -> Holder:
    """What `written` wrote of a contact."""
    fields: dict[str, Any] = {
        **before,
        "updated_at": datetime.fromisoformat(before["updated_at"]),
    }
    return _HolderRow(id=contact_id, **fields).holder()


async def holders(
    tx: Tx,
    *,
    list_id: str,
    external_ids: Sequence[str],
    addresses: Sequence[ContactAddress],
) -> list[Holder]:
    """Every contact of the list with one of these external ids or addresses.

    A number asked for as a phone also finds who has it on WhatsApp when both kinds are asked for.
    """
    return await _holders(
        tx,
        list_id=list_id,
        external_ids=arrays.texts(external_ids),
        values=arrays.texts([address.value for address in addresses]),
        kinds=kinds_of([address.kind for address in addresses]),
    )


async def met(tx: Tx, *, list_id: str, prepared: Prepared) -> list[Holder]:
    """Every contact of the list with an external id or an address of these people."""
    return await _holders(
        tx,
        list_id=list_id,
        external_ids=prepared.fields["external_ids"],
        values=prepared.addresses["values"],
        kinds=prepared.kinds,
    )


async def _holders(
    tx: Tx, *, list_id: str, external_ids: str, values: str, kinds: Sequence[AddressKind]
) -> list[Holder]:
    async with tx.cursor(row_factory=class_row(_HolderRow)) as cursor:
        await cursor.execute(
            _SQL["holders"],
            {
                "list_id": list_id,
                "external_ids": external_ids,
                "kinds": [kind.value for kind in kinds],
                "values": values,
            },
        )
        return [row.holder() for row in await cursor.fetchall()]


async def plan_for_many(tx: Tx) -> None:
    """Have every plan of this transaction made for many people, however few there are now."""
    await tx.execute(_SQL["plan_for_many"])


async def held(tx: Tx, *, list_id: str, ids: Sequence[int]) -> list[Holder]:
    """These contacts as far as they are there, locked until the transaction ends."""
    async with tx.cursor(row_factory=class_row(_HolderRow)) as cursor:
        await cursor.execute(_SQL["held"], {"list_id": list_id, "ids": list(ids)})
        return [row.holder() for row in await cursor.fetchall()]


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

    As texts: they go back by the thousand and nobody reckons with them.
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
