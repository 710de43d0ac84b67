"""Whom a list has under some external ids and addresses (`queries/holders.sql`).

Whoever decides on what is found here holds the list first (`lists.lock`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue, ContactAddress, NewContact, key_of
from campana.domain.numbering import NumberType
from campana.store import arrays
from campana.store.db import Tx
from campana.store.prepared import Prepared, kinds_of
from campana.store.sql import load

_SQL = load("holders")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A stored contact as it is compared, changed and put back: `version` counts its changes."""

    id: int
    version: int
    updated_at: datetime
    contact: NewContact


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What people are known by: external ids, and addresses by their keys."""

    external_ids: Set[str]
    addresses: Set[str]


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


async def find(
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


async def taken(tx: Tx, *, list_id: str, prepared: Prepared) -> Marks:
    """What of these people's external ids and addresses somebody in the list has."""
    cursor = await tx.execute(
        _SQL["taken"],
        {
            "list_id": list_id,
            "external_ids": prepared.fields["external_ids"],
            "kinds": [kind.value for kind in prepared.kinds],
            "values": prepared.addresses["values"],
        },
    )
    found = await cursor.fetchall()
    return Marks(
        external_ids={external_id for external_id, _, _ in found if external_id is not None},
        addresses={key_of(AddressKind(kind), value) for _, kind, value in found if value},
    )


async def _holders(
    tx: Tx, *, list_id: str, external_ids: str, values: str, kinds: Sequence[AddressKind]
) -> list[Holder]:
    async with tx.cursor(row_factory=class_row(_HolderRow)) as cursor:
        await cursor.execute(
            _SQL["find"],
            {
                "list_id": list_id,
                "external_ids": external_ids,
                "kinds": [kind.value for kind in kinds],
                "values": values,
            },
        )
        return [row.holder() for row in await cursor.fetchall()]


async def held(tx: Tx, *, list_id: str, ids: Sequence[int]) -> list[Holder]:
    """These contacts as far as they are there, locked until the transaction ends."""
    async with tx.cursor(row_factory=class_row(_HolderRow)) as cursor:
        await cursor.execute(_SQL["held"], {"list_id": list_id, "ids": list(ids)})
        return [row.holder() for row in await cursor.fetchall()]
