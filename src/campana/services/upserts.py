"""People straight into a list, without a file: up to a thousand, each with its own result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue
from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.services import settling
from campana.services.addresses import problems_of_country
from campana.services.columns import Columns
from campana.services.context import Context
from campana.services.duplicates import Decision, Fate, Person
from campana.services.rows import Candidate, Refusal, read_row
from campana.services.settling import Place
from campana.services.values import AttributeType
from campana.store import lists
from campana.store.imports import Duplicates

MAX_PEOPLE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A person as a request gives them; `fields` by the name they have in a request."""

    fields: Mapping[str, str]
    phones: Sequence[str]
    whatsapp: Sequence[str]
    emails: Sequence[str]
    attributes: Mapping[str, AttributeValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upserted:
    """What became of one person: their contact, or where they are wrong and how to mend it."""

    fate: Fate
    contact_id: int | None
    pointer: str | None = None
    reason: str | None = None
    suggestion: str | None = None


async def upsert(
    context: Context,
    *,
    workspace_id: int,
    list_id: str,
    people: Sequence[Given],
    default_country: str | None = None,
    duplicates: Duplicates = Duplicates.UPDATE,
) -> list[Upserted]:
    """Bring people into a list; who is there already, by external id or address, is met.

    The good go in whatever the others are. Everything that goes in does so at once.

    Args:
        context: the web role will do.
        workspace_id: whose list it is.
        list_id: where the people go.
        people: at most `MAX_PEOPLE`.
        default_country: ISO 3166, for numbers without one; before the list's, the workspace's.
        duplicates: what becomes of whoever is met; under `fail` nobody goes in.

    Raises:
        NotFound: there is no such list in this workspace.
        Conflict: under `fail`, naming each who is in the list or was given twice.
        InvalidParameter: the country is none.
    """
    if problems := problems_of_country(default_country):
        raise InvalidParameter(problems=problems)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        country = await lists.country(tx, workspace_id=workspace_id, list_id=list_id)
        if not await lists.lock(tx, list_id=list_id):
            raise NotFound
        read = [read_person(each, country=default_country or country) for each in people]
        candidates = [each.contact for _, each in read if isinstance(each, Candidate)]
        plan, new = await settling.settle(
            tx,
            place=Place(workspace_id=workspace_id, list_id=list_id, import_id=None),
            rows=candidates,
            how=duplicates,
            now=context.clock.now(),
        )
        decisions = iter(plan.decisions)
        found = [
            _refused(each)
            if isinstance(each, Refusal)
            else _decided(next(decisions), new, columns=columns, places=each.places)
            for columns, each in read
        ]
        if duplicates is Duplicates.FAIL:
            _refuse_duplicates(found)
    return found


def _refuse_duplicates(found: Sequence[Upserted]) -> None:
    problems = [
        FieldProblem(pointer=f"/contacts/{place}", message="is in the list already, or above")
        for place, each in enumerate(found)
        if each.fate is Fate.DUPLICATE
    ]
    if problems:
        raise Conflict("somebody is in the list already; nobody went in", problems=problems)


def read_person(
    given: Given, *, country: str | None, types: Mapping[str, AttributeType] | None = None
) -> tuple[Columns, Candidate | Refusal]:
    """A person as a row whose columns are headed by the pointers of a request.

    Args:
        given: the person.
        country: ISO 3166, of numbers without a country code.
        types: of attributes, where the list's files say so.
    """
    header: list[str] = []
    cells: list[AttributeValue] = []

    def column(pointer: str, value: AttributeValue) -> int:
        header.append(pointer)
        cells.append(value.strip() if isinstance(value, str) else value)
        return len(header) - 1

    fields = {name: column(_POINTERS[name], value) for name, value in given.fields.items()}
    addresses = [
        (kind, column(f"/{name}/{place}", value))
        for kind, name, values in (
            (AddressKind.PHONE, "phones", given.phones),
            (AddressKind.WHATSAPP, "whatsapp", given.whatsapp),
            (AddressKind.EMAIL, "emails", given.emails),
        )
        for place, value in enumerate(values)
    ]
    attributes = {
        name: column(f"/attributes/{name}", value) for name, value in given.attributes.items()
    }
    columns = Columns(
        header=header,
        fields=fields,
        addresses=addresses or [(AddressKind.PHONE, column("/phones", ""))],
        attributes=attributes,
        types=types or {},
    )
    return columns, read_row(columns, cells, country=country)


_POINTERS: Mapping[str, str] = {
    "external_id": "/externalId",
    "first_name": "/firstName",
    "last_name": "/lastName",
    "language": "/language",
    "time_zone": "/timeZone",
    "tags": "/tags",
}


def _refused(refusal: Refusal) -> Upserted:
    return Upserted(
        fate=Fate.REJECTED,
        contact_id=None,
        pointer=refusal.column_name or "",
        reason=refusal.reason,
        suggestion=refusal.suggestion,
    )


def _decided(
    decision: Decision, new: Mapping[Person, int], *, columns: Columns, places: Sequence[int]
) -> Upserted:
    person = decision.person
    if decision.dispute is not None:
        return Upserted(
            fate=decision.fate,
            contact_id=None,
            pointer="/tags"
            if decision.dispute.address is None
            else columns.header[places[decision.dispute.address]],
            reason=decision.dispute.reason,
            suggestion=decision.dispute.suggestion,
        )
    if person is None:
        return Upserted(fate=decision.fate, contact_id=None)
    contact_id = person.stored.id if person.stored is not None else new[person]
    return Upserted(fate=decision.fate, contact_id=contact_id)
