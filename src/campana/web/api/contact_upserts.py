"""People straight into a contact list, up to a thousand at once, each with their own result."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, post
from litestar.params import FromPath
from msgspec import Meta, Struct

from campana.domain.contact import AttributeValue
from campana.domain.errors import Conflict, NotFound
from campana.domain.ids import numbered
from campana.services import documents, upserts
from campana.services.duplicates import Fate
from campana.services.upserts import MAX_PEOPLE, Given, Upserted
from campana.store.imports import Duplicates
from campana.web import import_examples as examples
from campana.web.answers import Shape, answer
from campana.web.api.contact_lists import Country
from campana.web.api.imports import RowCounts
from campana.web.api.tags import Tags
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest

Text = Annotated[str, Meta(max_length=10_000)]
Addresses = Annotated[list[Annotated[str, Meta(min_length=1, max_length=300)]], Meta(max_length=20)]
AttributeName = Annotated[str, Meta(pattern=r"^[A-Za-z_]\w{0,99}$")]


class PersonDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A person: at least one address, each kind in the order they are tried.

    An attribute is a text, a number, or true or false; a date is a text such as 2026-03-31.
    """

    external_id: Text | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    language: Text | None = None
    time_zone: Text | None = None
    phones: Addresses = []
    whatsapp: Addresses = []
    emails: Addresses = []
    attributes: Annotated[
        dict[AttributeName, Text | int | float | bool | None], Meta(max_length=1000)
    ] = {}
    tags: Tags = []
    """Added to those the person has."""


class PeopleDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """People to bring into a list. Who is there, by external id or address, is met."""

    contacts: Annotated[list[PersonDocument], Meta(min_length=1, max_length=MAX_PEOPLE)]
    default_country: Country | None = None
    duplicates: Duplicates = Duplicates.UPDATE


class WrongShape(Shape, frozen=True, kw_only=True):
    """Where a person is wrong, why, and how it could be mended."""

    pointer: str
    message: str
    suggestion: str | None


class PersonResult(Shape, frozen=True, kw_only=True):
    """What became of one person."""

    result: Fate
    contact_id: str | None
    problem: WrongShape | None


class PeopleAnswer(Shape, frozen=True, kw_only=True):
    """One result a person, in the order given; the counts add up to them."""

    results: list[PersonResult]
    rows: RowCounts


@post(
    "/contact-lists/{list_id:str}/contacts",
    status_code=200,
    request_max_body_size=20_000_000,
    opt=promise(
        Operation(
            "contactLists.contacts.upsert",
            "Bring up to 1,000 people into a list; each is told what became of them",
            scope="lists:write",
            body=PeopleDocument,
            answer=PeopleAnswer,
            is_once=True,
            errors=(NotFound, Conflict),
            body_example=examples.PEOPLE_DOCUMENT,
            example=examples.PEOPLE_ANSWER,
        )
    ),
)
@once
async def upsert_contacts(request: ApiRequest, list_id: FromPath[str]) -> Response[bytes]:
    document = documents.read(PeopleDocument, await request.document())
    found = await upserts.upsert(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        people=[given_of(each) for each in document.contacts],
        default_country=document.default_country,
        duplicates=document.duplicates,
    )
    counts = {fate: sum(each.fate is fate for each in found) for fate in Fate}
    return answer(
        PeopleAnswer(
            results=[_result(place, each) for place, each in enumerate(found)],
            rows=RowCounts(
                done=len(found),
                accepted=counts[Fate.ACCEPTED],
                updated=counts[Fate.UPDATED],
                duplicate=counts[Fate.DUPLICATE],
                rejected=counts[Fate.REJECTED],
            ),
        )
    )


def given_of(person: PersonDocument) -> Given:
    """A person as the services take one."""
    fields = {
        "external_id": person.external_id,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "language": person.language,
        "time_zone": person.time_zone,
        "tags": ", ".join(person.tags) or None,
    }
    attributes: dict[str, AttributeValue] = {
        name: value for name, value in person.attributes.items() if value is not None
    }
    return Given(
        fields={name: value for name, value in fields.items() if value is not None},
        phones=person.phones,
        whatsapp=person.whatsapp,
        emails=person.emails,
        attributes=attributes,
    )


def _result(place: int, found: Upserted) -> PersonResult:
    problem = None
    if found.reason is not None:
        problem = WrongShape(
            pointer=f"/contacts/{place}{found.pointer or ''}",
            message=found.reason,
            suggestion=found.suggestion,
        )
    return PersonResult(
        result=found.fate,
        contact_id=None if found.contact_id is None else numbered("ctc", found.contact_id),
        problem=problem,
    )


ROUTES = [upsert_contacts]
