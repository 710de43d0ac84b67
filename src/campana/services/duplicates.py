"""What becomes of each row when the list already knows somebody of its external id or its number.

Pure: rows in the order of the file and the people they meet go in, what to write comes out. Rows
meet each other as they meet the stored: how a file is cut into chunks changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from campana.domain.contact import NewContact
from campana.services.columns import Columns, shown
from campana.store.contacts import Holder
from campana.store.imports import Duplicates, RejectedRow


@dataclass(slots=True, kw_only=True)
class Plan:
    """What to write: `changed` by contact id, `renumbered` those of them with another number."""

    new: list[NewContact] = field(default_factory=list[NewContact])
    changed: dict[int, NewContact] = field(default_factory=dict[int, NewContact])
    renumbered: dict[int, NewContact] = field(default_factory=dict[int, NewContact])
    rejected: list[RejectedRow] = field(default_factory=list[RejectedRow])
    accepted: int = 0
    updated: int = 0
    duplicate: int = 0


@dataclass(slots=True, kw_only=True)
class _Person:
    """Somebody the list knows, stored (`id`) or not yet, and what is to be written of them."""

    id: int | None
    external_id: str | None
    phone: str | None
    stored_phone: str | None
    given: NewContact | None


class _Known:
    """Everybody the rows may meet, found by external id and by number."""

    def __init__(self, holders: Iterable[Holder]) -> None:
        self.people: list[_Person] = []
        self.by_external_id: dict[str, _Person] = {}
        self.by_phone: dict[str, _Person] = {}
        for holder in holders:
            self.add(
                _Person(
                    id=holder.id,
                    external_id=holder.external_id,
                    phone=holder.phone,
                    stored_phone=holder.phone,
                    given=None,
                )
            )

    def add(self, person: _Person) -> None:
        self.people.append(person)
        self._index(person)

    def change(self, person: _Person, contact: NewContact) -> None:
        """Lay a row over what is known; the number it had becomes free."""
        if person.phone is not None:
            del self.by_phone[person.phone]
        person.external_id = person.external_id or contact.external_id
        person.phone = contact.phone
        person.given = contact if person.given is None else _laid_over(person.given, contact)
        self._index(person)

    def _index(self, person: _Person) -> None:
        if person.external_id is not None:
            self.by_external_id[person.external_id] = person
        if person.phone is not None:
            self.by_phone[person.phone] = person


def plan(
    rows: Sequence[tuple[int, NewContact]],
    holders: Iterable[Holder],
    *,
    duplicates: Duplicates,
    columns: Columns,
) -> Plan:
    """Decide on each row in turn.

    Args:
        rows: row numbers and contacts, in the order of the file.
        holders: whoever is stored under an external id or a number of these rows.
        duplicates: skip or update a row that meets somebody.
        columns: where a refused row's column is named.
    """
    known, made = _Known(holders), Plan()
    for row_number, contact in rows:
        by_id = known.by_external_id.get(contact.external_id or "")
        by_phone = known.by_phone.get(contact.phone)
        met = by_id or by_phone
        if met is None:
            known.add(_newcomer(contact))
            made.accepted += 1
        elif duplicates is Duplicates.SKIP:
            made.duplicate += 1
        elif (by_phone or met) is not met or _is_other(met, contact):
            made.rejected.append(_disputed(row_number, contact, columns))
        else:
            known.change(met, contact)
            made.updated += 1
    _collect(made, known.people)
    return made


def _newcomer(contact: NewContact) -> _Person:
    return _Person(
        id=None,
        external_id=contact.external_id,
        phone=contact.phone,
        stored_phone=None,
        given=contact,
    )


def _is_other(met: _Person, contact: NewContact) -> bool:
    """Does the row name another person than the one who has its number?"""
    ids = {met.external_id, contact.external_id} - {None}
    return len(ids) > 1


def _disputed(row_number: int, contact: NewContact, columns: Columns) -> RejectedRow:
    return RejectedRow(
        row_number=row_number,
        column_name=columns.header[columns.fields["phone"]],
        value=shown(contact.phone),
        reason="the list has this number under another external id",
    )


def _collect(made: Plan, people: Iterable[_Person]) -> None:
    for person in people:
        if person.given is None:
            continue
        if person.id is None:
            made.new.append(person.given)
            continue
        made.changed[person.id] = person.given
        if person.phone != person.stored_phone:
            made.renumbered[person.id] = person.given


def _laid_over(before: NewContact, after: NewContact) -> NewContact:
    """Both as one: what the later row leaves empty stays, as `contacts.update` has it."""
    keeps_zone = after.time_zone is None and before.time_zone is not None
    return replace(
        after,
        external_id=before.external_id or after.external_id,
        first_name=after.first_name or before.first_name,
        last_name=after.last_name or before.last_name,
        time_zone=after.time_zone or before.time_zone,
        language=after.language or before.language,
        attributes={**before.attributes, **after.attributes},
        zones=before.zones if keeps_zone else after.zones,
    )
