"""Some people into a list, whoever they meet there: the one way contacts are written.

For the rows of a file and for those of a request. The caller holds the list and owns the
transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain.contact import NewContact
from campana.services import duplicates
from campana.services.duplicates import Fate, Incoming, Person, Plan
from campana.store import contacts, holders, import_changes, targets
from campana.store.db import Tx
from campana.store.holders import Holder
from campana.store.imports import Duplicates
from campana.store.prepared import Prepared, prepare


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people go, and by which import: None for a request."""

    workspace_id: int
    list_id: str
    import_id: str | None


async def met(tx: Tx, *, list_id: str, people: Sequence[NewContact]) -> list[Holder]:
    """Whoever in the list has an external id or an address of these people."""
    return await holders.find(
        tx,
        list_id=list_id,
        external_ids=[each.external_id for each in people if each.external_id],
        addresses=[address for each in people for address in each.addresses],
    )


async def settle(
    tx: Tx,
    *,
    place: Place,
    rows: Sequence[Incoming],
    how: Duplicates,
    now: datetime,
) -> tuple[Plan, dict[Person, int]]:
    """Decide on each and store what follows; the plan, and the contact ids of the new.

    Args:
        tx: holds the list.
        place: where they go.
        rows: who is to go in.
        how: what becomes of a row that meets somebody.
        now: the moment.
    """
    return await settle_prepared(
        tx,
        place=place,
        rows=rows,
        prepared=prepare([row.contact.bare for row in rows]),
        places=range(len(rows)),
        how=how,
        now=now,
        needs_ids=True,
    )


async def settle_prepared(
    tx: Tx,
    *,
    place: Place,
    rows: Sequence[Incoming],
    prepared: Prepared,
    places: Sequence[int],
    how: Duplicates,
    now: datetime,
    needs_ids: bool = False,
) -> tuple[Plan, dict[Person, int]]:
    """The same of rows that were prepared.

    Args:
        tx: holds the list.
        place: where they go.
        rows: those who may meet somebody, in order.
        prepared: they, and maybe others: who meets nobody and is somebody new.
        places: of `rows` in `prepared`.
        how: what becomes of a row that meets somebody.
        now: the moment.
        needs_ids: of those a row meets too: they are then known whole.

    Raises:
        contacts.Taken: one of the others does meet somebody; the transaction is lost.
    """
    await contacts.plan_for_many(tx)
    is_all = len(rows) == len(prepared.counts)
    asked = prepared if is_all else prepare([row.contact.bare for row in rows])
    plan = await _planned(tx, place, rows, asked, how=how, needs_ids=needs_ids)
    pieces = _pieces(plan, prepared, places)
    ids = await _store(tx, place=place, plan=plan, pieces=pieces, now=now)
    return plan, ids


async def _planned(
    tx: Tx,
    place: Place,
    rows: Sequence[Incoming],
    asked: Prepared,
    *,
    how: Duplicates,
    needs_ids: bool,
) -> Plan:
    if not rows:
        return Plan()
    if how is Duplicates.UPDATE or needs_ids:
        found = await holders.met(tx, list_id=place.list_id, prepared=asked)
        return duplicates.plan(rows, found, duplicates=how)
    taken = await holders.taken(tx, list_id=place.list_id, prepared=asked)
    return duplicates.plan(rows, duplicates=how, taken=taken)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """People to be stored in one statement: all that is ready but those at the places `skipped`.

    These rise. `people` are those of them that were decided on, by their place.
    """

    ready: Prepared
    skipped: Sequence[int]
    people: Mapping[int, Person]


def _pieces(plan: Plan, ready: Prepared, places: Sequence[int]) -> list[_Piece]:
    """The new: as they were prepared, then those a later row has been laid over."""
    skipped: list[int] = []
    as_given: dict[int, Person] = {}
    altered: list[Person] = []
    for place, decision in zip(places, plan.decisions, strict=True):
        person = decision.person
        if decision.fate is Fate.ACCEPTED and person is not None and person.is_as_given:
            as_given[place] = person
            continue
        skipped.append(place)
        if decision.fate is Fate.ACCEPTED and person is not None:
            altered.append(person)
    pieces = [_Piece(ready=ready, skipped=skipped, people=as_given)]
    if altered:
        anew = prepare([person.now.bare for person in altered])
        pieces.append(_Piece(ready=anew, skipped=(), people=dict(enumerate(altered))))
    return pieces


async def _store(
    tx: Tx, *, place: Place, plan: Plan, pieces: Sequence[_Piece], now: datetime
) -> dict[Person, int]:
    placed = [await _inserted(tx, piece, place=place, now=now) for piece in pieces]
    changed = {contact_id: person.now for contact_id, person in plan.changed.items()}
    versions = await contacts.update(tx, list_id=place.list_id, contacts=changed, now=now)
    moved = {
        contact_id: person.now
        for contact_id, person in plan.changed.items()
        if person.stored is not None and person.stored.contact.addresses != person.now.addresses
    }
    # First what the changed give up, then what the new take.
    await contacts.set_addresses(
        tx, workspace_id=place.workspace_id, list_id=place.list_id, contacts=moved
    )
    for piece, ids in zip(pieces, placed, strict=True):
        await contacts.set_prepared_addresses(
            tx,
            workspace_id=place.workspace_id,
            list_id=place.list_id,
            prepared=piece.ready,
            contact_ids=ids,
        )
    followed = [
        contact_id
        for contact_id, person in plan.changed.items()
        if person.stored is not None and _is_elsewhere(person.stored.contact, person.now)
    ]
    await targets.follow_contacts(tx, contact_ids=followed, now=now)
    if place.import_id is not None:
        await import_changes.note(
            tx,
            workspace_id=place.workspace_id,
            import_id=place.import_id,
            before=[person.stored for person in plan.changed.values() if person.stored],
            versions=versions,
        )
    return {
        person: int(ids[spot])
        for piece, ids in zip(pieces, placed, strict=True)
        for spot, person in piece.people.items()
    }


async def _inserted(tx: Tx, piece: _Piece, *, place: Place, now: datetime) -> list[str]:
    """The id of each place of what is ready, as a text; `NOBODY` at those that were skipped."""
    ids = await contacts.reserve(tx, count=len(piece.ready.counts) - len(piece.skipped))
    for spot in piece.skipped:
        ids.insert(spot, contacts.NOBODY)
    await contacts.insert_prepared(
        tx,
        workspace_id=place.workspace_id,
        list_id=place.list_id,
        prepared=piece.ready,
        ids=ids,
        made_by=place.import_id,
        now=now,
    )
    return ids


def _is_elsewhere(before: NewContact, after: NewContact) -> bool:
    """Are they reached at another address now, or in other hours?"""
    return (before.addresses, before.zones) != (after.addresses, after.zones)
