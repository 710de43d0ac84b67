"""One person: found, shown and changed; what happened to them, and all that is known of them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campana.domain.address import AddressKind, Unusable, parse_phone
from campana.domain.contact import NewContact
from campana.domain.email import parse_email
from campana.domain.errors import (
    Conflict,
    FieldProblem,
    InvalidParameter,
    NotFound,
    VersionMismatch,
)
from campana.domain.window import zone_named
from campana.services import suppressed, upserts
from campana.services.addresses import normal
from campana.services.context import Context
from campana.services.import_rows import types_of
from campana.services.rows import Refusal
from campana.services.upserts import Given
from campana.services.values import AttributeType, Unfit, typed
from campana.store import (
    contact_export,
    contact_history,
    contact_search,
    contacts,
    erasures,
    holders,
    lists,
    targets,
)
from campana.store.contact_history import Entry
from campana.store.contact_search import KnownContact, Wanted
from campana.store.db import Tx
from campana.store.holders import Holder

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", re.ASCII)
"""As BCP 47 writes one, without asking its registry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """Some contacts, and the cursor of the next page: None on the last."""

    contacts: list[KnownContact]
    next_after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Some of what happened, newest first, and the place to go on before: None at the end."""

    entries: list[Entry]
    next_before: tuple[datetime, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All that is known of a person: their contacts (one a list), and each section as JSON."""

    exported_at: datetime
    contacts: list[KnownContact]
    sections: Mapping[str, list[dict[str, Any]]]


async def page(
    context: Context,
    *,
    workspace_id: int,
    list_id: str | None = None,
    address: str | None = None,
    external_id: str | None = None,
    tag: str | None = None,
    after: int = 0,
    limit: int = 100,
) -> ContactPage:
    """The workspace's contacts in the order they came in, from the one after contact `after`.

    Args:
        context: the web role will do.
        workspace_id: whose contacts.
        list_id: only those of a list.
        address: only whoever has it: an e-mail address, or a number in any way of writing.
        external_id: only whoever has it.
        tag: only whoever has it.
        after: the id of the last one seen.
        limit: the most to answer with.

    Raises:
        InvalidParameter: `address` is none.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        wanted = Wanted(
            list_id=list_id,
            address=await _normal(tx, workspace_id=workspace_id, address=address),
            external_id=external_id,
            tag=tag,
        )
        found = await contact_search.page(
            tx, workspace_id=workspace_id, wanted=wanted, after=after, limit=limit + 1
        )
    shown = found[:limit]
    return ContactPage(contacts=shown, next_after=shown[-1].id if len(found) > limit else None)


async def search(
    context: Context, *, workspace_id: int, text: str, after: int = 0, limit: int = 100
) -> ContactPage:
    """Those of this external id; else whoever has this address; of no text everybody.

    Raises:
        InvalidParameter: what looks like an address is none.
    """
    find = functools.partial(page, context, workspace_id=workspace_id, after=after, limit=limit)
    found = await find(external_id=text or None)
    if found.contacts or not text:
        return found
    try:
        return await find(address=text)
    except InvalidParameter:
        if "@" in text or text.lstrip("+").replace(" ", "").isdecimal():
            raise
        return found


async def get(context: Context, *, workspace_id: int, contact_id: int) -> KnownContact:
    """One contact.

    Raises:
        NotFound: there is none of that id in this workspace, or its person was erased.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await _found(tx, workspace_id=workspace_id, contact_id=contact_id)


async def change(
    context: Context, *, workspace_id: int, contact_id: int, given: Given, version: int
) -> KnownContact:
    """Make a contact what is given, whole; campaigns that have not tried them yet follow.

    Addresses are read as an import reads them, attributes as the types the list's files were said
    to have. A campaign goes on at the first number that nobody else of it is at.

    Args:
        context: the web role will do.
        workspace_id: whose contact it is.
        contact_id: the contact.
        given: all that is to be known of the person from now on.
        version: the change it is based on.

    Raises:
        NotFound: there is none of that id in this workspace, or its person was erased.
        VersionMismatch: it was changed since.
        InvalidParameter: naming everything that is wrong.
        Conflict: somebody else in the list has the external id, or an address.
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        before = await _held(tx, workspace_id=workspace_id, contact_id=contact_id)
        if before.version != version:
            raise VersionMismatch
        list_id = before.list_id
        of_list = await lists.get(tx, workspace_id=workspace_id, list_id=list_id)
        country = await lists.country(tx, workspace_id=workspace_id, list_id=list_id)
        after = _read(given, country=country, types=types_of(of_list.types if of_list else {}))
        was = before.holder.contact
        if after != was:
            await _refuse_taken(tx, before, after, given=given, country=country)
            await contacts.update(
                tx, list_id=list_id, contacts={contact_id: after}, now=context.clock.now()
            )
        if after.addresses != was.addresses:
            await contacts.set_addresses(
                tx, workspace_id=workspace_id, list_id=list_id, contacts={contact_id: after}
            )
        if (after.addresses, after.zones) != (was.addresses, was.zones):
            await targets.follow_contacts(tx, contact_ids=[contact_id], now=context.clock.now())
        return await _found(tx, workspace_id=workspace_id, contact_id=contact_id)


async def history(
    context: Context,
    *,
    workspace_id: int,
    contact_id: int,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> HistoryPage:
    """What happened to a person over all channels, newest first, from the one before a place.

    Raises:
        NotFound: there is no such contact in this workspace, or its person was erased.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        await _found(tx, workspace_id=workspace_id, contact_id=contact_id)
        found = await contact_history.page(
            tx, workspace_id=workspace_id, contact_id=contact_id, before=before, limit=limit + 1
        )
    shown = found[:limit]
    return HistoryPage(entries=shown, next_before=shown[-1].place if len(found) > limit else None)


async def export(context: Context, *, workspace_id: int, contact_id: int) -> Known:
    """All that is known of a person, in every list that has one of their addresses.

    Raises:
        NotFound: there is no such contact in this workspace, or its person was erased.
    """
    async with context.db.read(workspace_id=workspace_id) as tx:
        ids = await erasures.same_person(tx, workspace_id=workspace_id, contact_id=contact_id)
        if contact_id not in ids:
            raise NotFound
        people = await contact_search.whole(tx, workspace_id=workspace_id, ids=list(ids))
        addresses = sorted({each.value for person in people for each in person.addresses})
        sections = await contact_export.sections(
            tx, workspace_id=workspace_id, contact_ids=list(ids), addresses=addresses
        )
        # What is left of an erasure from before says of nobody who it was, and holds all the same.
        held = await suppressed.in_force(
            tx, context, workspace_id=workspace_id, addresses=addresses
        )
        sections["suppressions"] += [
            {"id": each.id, "address": each.address, "reason": each.reason, "source": each.source}
            for each in held
            if each.source == suppressed.BY_ERASURE
        ]
    return Known(exported_at=context.clock.now(), contacts=people, sections=sections)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    list_id: str
    holder: Holder

    @property
    def version(self) -> int:
        return self.holder.version


async def _held(tx: Tx, *, workspace_id: int, contact_id: int) -> _Held:
    """The contact, which nobody else changes until the transaction ends."""
    found = await _found(tx, workspace_id=workspace_id, contact_id=contact_id)
    if not await lists.lock(tx, list_id=found.list_id):
        raise NotFound
    # Read again: it may have been changed, or erased, by whoever held the list before.
    held = await holders.held(tx, list_id=found.list_id, ids=[contact_id])
    if not held:
        raise NotFound
    return _Held(list_id=found.list_id, holder=held[0])


async def _found(tx: Tx, *, workspace_id: int, contact_id: int) -> KnownContact:
    found = await contact_search.get(tx, workspace_id=workspace_id, contact_id=contact_id)
    if found is None:
        raise NotFound
    return found


async def _normal(tx: Tx, *, workspace_id: int, address: str | None) -> str | None:
    """An address as it is stored."""
    if address is None:
        return None
    try:
        [value] = await normal(tx, workspace_id=workspace_id, addresses=[address], at="")
    except InvalidParameter as error:
        message = error.problems[0].message
        raise InvalidParameter(
            problems=[FieldProblem(parameter="address", message=message)]
        ) from None
    return value


def _read(given: Given, *, country: str | None, types: Mapping[str, AttributeType]) -> NewContact:
    """The person as they are stored.

    Raises:
        InvalidParameter: naming everything that is wrong.
    """
    problems = [
        *_wrong_fields(given),
        *_wrong_addresses(given, country),
        *_wrong_attributes(given, types),
    ]
    if not problems:
        known = {name: word for name, word in types.items() if name in given.attributes}
        _, read = upserts.read_person(given, country=country, types=known)
        if not isinstance(read, Refusal):
            return read.contact
        problems = [FieldProblem(pointer=read.column_name or "", message=read.reason)]
    raise InvalidParameter(problems=problems)


def _wrong_fields(given: Given) -> list[FieldProblem]:
    found: list[FieldProblem] = []
    zone, language = given.fields.get("time_zone"), given.fields.get("language")
    if zone and zone_named(zone) is None:
        message = "this is no IANA time zone such as America/New_York"
        found.append(FieldProblem(pointer="/timeZone", message=message))
    if language and not _LANGUAGE.fullmatch(language):
        message = "this is no language such as en or pt-BR"
        found.append(FieldProblem(pointer="/language", message=message))
    return found


def _parsed(given: Given, country: str | None) -> Iterator[tuple[str, AddressKind, str | Unusable]]:
    """Pointer, kind, and value or what is wrong, of each address in their order."""
    for name, kind, texts in (
        ("phones", AddressKind.PHONE, given.phones),
        ("whatsapp", AddressKind.WHATSAPP, given.whatsapp),
        ("emails", AddressKind.EMAIL, given.emails),
    ):
        for place, text in enumerate(texts):
            if kind is AddressKind.EMAIL:
                yield f"/{name}/{place}", kind, parse_email(text.strip())
                continue
            number = parse_phone(text, default_country=country)
            value = number if isinstance(number, Unusable) else number.value
            yield f"/{name}/{place}", kind, value


def _wrong_addresses(given: Given, country: str | None) -> list[FieldProblem]:
    return [
        FieldProblem(pointer=pointer, message=value.reason)
        for pointer, _, value in _parsed(given, country)
        if isinstance(value, Unusable)
    ]


def _wrong_attributes(given: Given, types: Mapping[str, AttributeType]) -> list[FieldProblem]:
    found: list[FieldProblem] = []
    for name, value in given.attributes.items():
        try:
            typed(value, types.get(name))
        except Unfit as unfit:
            found.append(FieldProblem(pointer=f"/attributes/{name}", message=unfit.reason))
    return found


async def _refuse_taken(
    tx: Tx, before: _Held, after: NewContact, *, given: Given, country: str | None
) -> None:
    """Nobody else in the list may have what is this contact's from now on.

    Raises:
        Conflict: somebody has, naming where.
    """
    external_id = after.external_id
    found = await holders.find(
        tx,
        list_id=before.list_id,
        external_ids=[external_id] if external_id else [],
        addresses=after.addresses,
    )
    others = [each.contact for each in found if each.id != before.holder.id]
    taken = {(each.kind, each.value) for other in others for each in other.addresses}
    pointers = [
        pointer for pointer, kind, value in _parsed(given, country) if (kind, value) in taken
    ]
    if external_id and any(each.external_id == external_id for each in others):
        pointers.insert(0, "/externalId")
    if pointers:
        message = "somebody else in the list has it"
        raise Conflict(
            message, problems=[FieldProblem(pointer=each, message=message) for each in pointers]
        )
