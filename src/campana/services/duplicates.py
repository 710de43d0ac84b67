"""What becomes of each row when the list already knows somebody of its external id or an address.

Pure: rows in the order given and the people they meet go in, what to write comes out. Rows meet
each other as they meet the stored: how a file is cut into chunks changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from campana.domain.address import AddressKind
from campana.domain.contact import ContactAddress, NewContact
from campana.domain.tag import MAX_TAGS
from campana.store.holders import Holder, Marks
from campana.store.imports import Duplicates


class Fate(StrEnum):
    """What becomes of a row."""

    ACCEPTED = "accepted"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """Why a row cannot be laid over the person it meets: which of its addresses, and a remedy.

    No address: it is about the row's tags.
    """

    address: int | None
    reason: str
    suggestion: str


class Incoming(Protocol):
    """A row that could be a contact: what it meets somebody by, and all of it where that counts."""

    @property
    def external_id(self) -> str | None:
        """What it is called elsewhere."""
        ...

    @property
    def keys(self) -> list[str]:
        """Those of its addresses."""
        ...

    @property
    def contact(self) -> NewContact:
        """All it says."""
        ...


class Person:
    """Somebody the list knows, stored (`stored`) or not yet, as the rows have left them."""

    __slots__ = ("_now", "_row", "stored")

    def __init__(self, row: Incoming, *, stored: Holder | None = None) -> None:
        """As the row says; that is read when somebody asks for it."""
        self._row, self.stored = row, stored
        self._now: NewContact | None = None

    @property
    def now(self) -> NewContact:
        """What they are by now."""
        return self._row.contact if self._now is None else self._now

    @now.setter
    def now(self, after: NewContact) -> None:
        self._now = after

    @property
    def is_as_given(self) -> bool:
        """Has no later row been laid over the one they came by?"""
        return self._now is None

    @property
    def is_changed(self) -> bool:
        """Is somebody stored no longer what they were?"""
        return self.stored is not None and self.now != self.stored.contact


_TOO_MANY_TAGS = Dispute(
    address=None,
    reason=f"the contact has tags already, and with these more than {MAX_TAGS}",
    suggestion="take tags out of this row, or off the contact",
)


_SOMEBODY = NewContact(
    external_id=None,
    first_name=None,
    last_name=None,
    time_zone=None,
    language=None,
    attributes={},
    addresses=(),
    zones=(),
)


class Decision(NamedTuple):
    """The fate of one row, and whom it is about: nobody when it is rejected."""

    fate: Fate
    person: Person | None
    dispute: Dispute | None = None


@dataclass(slots=True, kw_only=True)
class Plan:
    """One decision a row, and what to write: the new in their order, the changed by contact id."""

    decisions: list[Decision] = field(default_factory=list[Decision])
    new: list[Person] = field(default_factory=list[Person])
    changed: dict[int, Person] = field(default_factory=dict[int, Person])

    def count(self, fate: Fate) -> int:
        """How many rows have this fate."""
        return sum(decision.fate is fate for decision in self.decisions)


class _Known:
    """Everybody the rows may meet, found by external id and by address."""

    def __init__(self, holders: Iterable[Holder]) -> None:
        self.people: list[Person] = []
        self.by_external_id: dict[str, Person] = {}
        self.by_address: dict[str, Person] = {}
        for holder in holders:
            self.add(Person(holder.contact, stored=holder))

    def mark(self, taken: Marks) -> None:
        """Let these ids and addresses be somebody's, of whom nobody will ask more."""
        somebody = Person(_SOMEBODY)
        self.by_external_id.update(dict.fromkeys(taken.external_ids, somebody))
        self.by_address.update(dict.fromkeys(taken.addresses, somebody))

    def add(self, person: Person) -> None:
        self.people.append(person)
        self._index(person)

    def add_new(self, row: Incoming) -> Person | None:
        """Somebody more, where nobody is known by anything of theirs: what most rows are."""
        external_id, keys = row.external_id, row.keys
        if external_id is not None and external_id in self.by_external_id:
            return None
        by_address = self.by_address
        for key in keys:
            if key in by_address:
                return None
        person = Person(row)
        self.people.append(person)
        if external_id is not None:
            self.by_external_id[external_id] = person
        for key in keys:
            by_address[key] = person
        return person

    def met(self, contact: NewContact) -> tuple[Person | None, list[Person | None]]:
        """Who has the external id, and who has each address."""
        by_id = self.by_external_id.get(contact.external_id or "")
        find = self.by_address.get
        return by_id, [find(address.key) for address in contact.addresses]

    def change(self, person: Person, after: NewContact) -> None:
        """What a row made of somebody; the addresses they had and have no more become free."""
        for address in person.now.addresses:
            del self.by_address[address.key]
        person.now = after
        self._index(person)

    def _index(self, person: Person) -> None:
        if person.now.external_id is not None:
            self.by_external_id[person.now.external_id] = person
        for address in person.now.addresses:
            self.by_address[address.key] = person


def plan(
    rows: Sequence[Incoming],
    holders: Iterable[Holder] = (),
    *,
    duplicates: Duplicates,
    taken: Marks | None = None,
) -> Plan:
    """Decide on each row in turn.

    Args:
        rows: in the order of the file.
        holders: whoever is stored under an external id or an address of these rows.
        duplicates: what becomes of a row that meets somebody. Under `fail` it is a duplicate, and
            the caller's to act on.
        taken: instead of `holders`, where nobody stored can change (not under `update`).
    """
    known, made = _Known(holders), Plan()
    if taken is not None:
        known.mark(taken)
    for row in rows:
        person = known.add_new(row)
        made.decisions.append(
            _decided(known, row.contact, duplicates=duplicates)
            if person is None
            else Decision(Fate.ACCEPTED, person)
        )
    for person in known.people:
        if person.stored is None:
            made.new.append(person)
        elif person.is_changed:
            made.changed[person.stored.id] = person
    return made


def _decided(known: _Known, contact: NewContact, *, duplicates: Duplicates) -> Decision:
    """The fate of a row that meets somebody."""
    by_id, by_address = known.met(contact)
    met = by_id or next(person for person in by_address if person is not None)
    if duplicates is not Duplicates.UPDATE:
        return Decision(fate=Fate.DUPLICATE, person=met)
    dispute = _disputed(met, contact, by_address)
    if dispute is not None:
        return Decision(fate=Fate.REJECTED, person=None, dispute=dispute)
    after = met.now.under(contact)
    if len(after.tags) > MAX_TAGS:
        return Decision(fate=Fate.REJECTED, person=None, dispute=_TOO_MANY_TAGS)
    if after == met.now:
        return Decision(fate=Fate.DUPLICATE, person=met)
    known.change(met, after)
    return Decision(fate=Fate.UPDATED, person=met)


def _disputed(
    met: Person, contact: NewContact, by_address: Sequence[Person | None]
) -> Dispute | None:
    """Does the row say of one person what the list says of two?"""
    is_other = len({met.now.external_id, contact.external_id} - {None}) > 1
    for place, (address, holder) in enumerate(zip(contact.addresses, by_address, strict=True)):
        if holder is None or (holder is met and not is_other):
            continue
        its_id = holder.now.external_id
        whose = f"external id {its_id}" if its_id is not None else "a contact without external id"
        return Dispute(
            address=place,
            reason=f"the list has this {_word(address)} under {whose[:60]}",
            suggestion=f"take the {_word(address)} out of this row, or change it in the other",
        )
    return None


def _word(address: ContactAddress) -> str:
    return "e-mail address" if address.kind is AddressKind.EMAIL else "number"
