"""Some people into a list, whoever they meet there: the one way contacts are written.

For the rows of a file and for those of a request. The caller holds the list and owns the
transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campana.domain.contact import NewContact
from campana.services import duplicates
from campana.services.duplicates import Fate, Incoming, Person, Plan
from campana.store import contacts, import_changes, targets
from campana.store.contacts import Holder
from campana.store.db import Tx
from campana.store.imports import Duplicates
from campana.store.prepared import Prepared, prepare

_MOST_SKIPPED = 200
"""Rows left out of what is ready; the statement compares each row with all of them, and to prepare
the others again costs less where there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where people go, and by which import: None for a request."""

    workspace_id: int
    list_id: str
    import_id: str | None


async def met(tx: Tx, *, list_id: str, people: Sequence[NewContact]) -> list[Holder]:
    """Whoever in the list has an external id or an address of these people."""
    return await contacts.holders(
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
    prepared: Prepared | None = None,
) -> tuple[Plan, dict[Person, int]]:
    """Decide on each and store what follows; the plan, and the contact ids of the new.

    Args:
        tx: holds the list.
        place: where they go.
        rows: who is to go in.
        how: what becomes of a row that meets somebody.
        now: the moment.
        prepared: the rows, if somebody has made that of them already.
    """
    await contacts.plan_for_many(tx)
    ready = prepared or prepare([row.contact for row in rows])
    holders = await contacts.met(tx, list_id=place.list_id, prepared=ready)
    plan = duplicates.plan(rows, holders, duplicates=how)
    ids = await _store(tx, place=place, plan=plan, ready=ready, now=now)
    return plan, ids


async def _store(
    tx: Tx, *, place: Place, plan: Plan, ready: Prepared, now: datetime
) -> dict[Person, int]:
    ready, skipped = _new_alone(plan, ready)
    ids = await contacts.insert_prepared(
        tx,
        workspace_id=place.workspace_id,
        list_id=place.list_id,
        prepared=ready,
        skipped=skipped,
        made_by=place.import_id,
        now=now,
    )
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
    await contacts.set_prepared_addresses(
        tx,
        workspace_id=place.workspace_id,
        list_id=place.list_id,
        prepared=ready,
        contact_ids=_placed(ids, skipped=skipped, places=len(ready.counts)),
    )
    followed = [
        contact_id
        for contact_id, person in plan.changed.items()
        if person.stored is not None and _is_elsewhere(person.stored.contact, person.now)
    ]
    await targets.follow_contacts(tx, contact_ids=followed)
    if place.import_id is not None:
        await import_changes.note(
            tx,
            workspace_id=place.workspace_id,
            import_id=place.import_id,
            before=[person.stored for person in plan.changed.values() if person.stored],
            versions=versions,
        )
    return dict(zip(plan.new, ids, strict=True))


def _new_alone(plan: Plan, ready: Prepared) -> tuple[Prepared, list[int]]:
    """What is ready of the new people, and the places in it of rows that are nobody new."""
    skipped = [
        place for place, decision in enumerate(plan.decisions) if decision.fate is not Fate.ACCEPTED
    ]
    if len(skipped) <= _MOST_SKIPPED and all(person.is_as_given for person in plan.new):
        return ready, skipped
    return prepare([person.now for person in plan.new]), []


def _placed(ids: Sequence[int], *, skipped: Sequence[int], places: int) -> list[int | None]:
    """The id of each place, in order; None at those that were skipped."""
    nobody, following = set(skipped), iter(ids)
    return [None if place in nobody else next(following) for place in range(places)]


def _is_elsewhere(before: NewContact, after: NewContact) -> bool:
    """Are they reached at another address now, or in other hours?"""
    return (before.addresses, before.zones) != (after.addresses, after.zones)
