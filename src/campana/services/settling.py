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
from campana.services.duplicates import Person, Plan
from campana.store import contacts, import_changes, targets
from campana.store.contacts import Holder
from campana.store.db import Tx
from campana.store.imports import Duplicates


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
    people: Sequence[NewContact],
    how: Duplicates,
    now: datetime,
) -> tuple[Plan, dict[Person, int]]:
    """Decide on each and store what follows; the plan, and the contact ids of the new."""
    await contacts.plan_for_many(tx)
    plan = duplicates.plan(
        people, await met(tx, list_id=place.list_id, people=people), duplicates=how
    )
    return plan, await _store(tx, place=place, plan=plan, now=now)


async def _store(tx: Tx, *, place: Place, plan: Plan, now: datetime) -> dict[Person, int]:
    new = [person.now for person in plan.new]
    ids = await contacts.insert(
        tx,
        workspace_id=place.workspace_id,
        list_id=place.list_id,
        contacts=new,
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
    await contacts.set_addresses(
        tx,
        workspace_id=place.workspace_id,
        list_id=place.list_id,
        contacts=dict(zip(ids, new, strict=True)),
        are_new=True,
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


def _is_elsewhere(before: NewContact, after: NewContact) -> bool:
    """Are they reached at another address now, or in other hours?"""
    return (before.addresses, before.zones) != (after.addresses, after.zones)
