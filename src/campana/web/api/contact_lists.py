"""`/v1/contact-lists`: who may be contacted, under a name. Files come in through `imports.py`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from litestar import Response, delete, get, patch, post
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta, Struct

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue, ContactAddress
from campana.domain.errors import Conflict, NotFound
from campana.domain.ids import number_of, numbered
from campana.domain.numbering import NumberType
from campana.flow.segments import MAX_SOURCE
from campana.services import documents, lists
from campana.services.values import AttributeType
from campana.store.contacts import Contact
from campana.store.lists import ContactList
from campana.web import examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Paging, Query, bad_cursor
from campana.web.request import ApiRequest

Country = Annotated[str, Meta(pattern="^[A-Z]{2}$", description="ISO 3166, two letters.")]


class SegmentDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A condition over all contacts, in CEL: docs/segments.md."""

    where: Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)]


class ContactListDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A contact list as written. Numbers without a country code are read in `defaultCountry`.

    With a `segment` it has no people of its own: whoever fits is in it.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    default_country: Country | None = None
    segment: SegmentDocument | None = None


class SegmentShape(Shape, frozen=True, kw_only=True):
    where: str


class ContactListShape(Shape, frozen=True, kw_only=True):
    """A contact list. `mapping` and `types`: what the last import with any was told of its file.

    Of a segment `contactCount` is null: `:preview` counts who fits.
    """

    id: str
    name: str
    default_country: str | None
    contact_count: int | None
    segment: SegmentShape | None
    mapping: dict[str, str]
    types: dict[str, AttributeType]
    created_at: Instant


class ContactListPage(Shape, frozen=True, kw_only=True):
    data: list[ContactListShape]
    page: int
    page_size: int
    total_count: int


class AddressShape(Shape, frozen=True, kw_only=True):
    """One way to a person: a number in E.164 and what follows from it, or an e-mail address.

    `timeZones` are all those the number may lie in.
    """

    kind: AddressKind
    value: str
    country: str | None
    number_type: NumberType | None
    time_zones: list[str]

    @classmethod
    def of(cls, address: ContactAddress) -> AddressShape:
        return cls(
            kind=address.kind,
            value=address.value,
            country=address.country,
            number_type=address.type,
            time_zones=list(address.zones),
        )


class ContactShape(Shape, frozen=True, kw_only=True):
    """A person as imported; `attributes` are the list's own columns.

    `addresses` in the order they are tried; `phone` and `country` are those of the first number.
    """

    id: str
    external_id: str | None
    first_name: str | None
    last_name: str | None
    phone: str | None
    country: str | None
    addresses: list[AddressShape]
    language: str | None
    time_zone: str | None
    attributes: dict[str, AttributeValue]
    tags: list[str]
    created_at: Instant
    updated_at: Instant


class ContactPage(Shape, frozen=True, kw_only=True):
    data: list[ContactShape]
    next_cursor: str | None


class ContactListsQuery(Paging, frozen=True, kw_only=True):
    archived: Literal["true", "false"] | None = None
    """Those that test calls left, or the others; every one without it."""


class ContactsQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


@get(
    "/contact-lists",
    opt=promise(
        Operation(
            "contactLists.list",
            "List contact lists, newest first",
            scope="lists:read",
            query=ContactListsQuery,
            answer=ContactListPage,
            is_conditional=True,
            example=examples.CONTACT_LIST_PAGE,
        )
    ),
)
async def list_contact_lists(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(ContactListsQuery)
    found = await lists.page(
        request.context,
        workspace_id=request.workspace_id,
        page=asked.page,
        page_size=asked.page_size,
        archived=None if asked.archived is None else asked.archived == "true",
    )
    return shown(
        request,
        ContactListPage(
            data=[_shape(each) for each in found.lists],
            page=asked.page,
            page_size=asked.page_size,
            total_count=found.total,
        ),
    )


@post(
    "/contact-lists",
    opt=promise(
        Operation(
            "contactLists.create",
            "Make an empty contact list, or a segment",
            scope="lists:write",
            body=ContactListDocument,
            answer=ContactListShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example=examples.CONTACT_LIST_DOCUMENT,
            example=examples.CONTACT_LIST,
            headers={"Location": "Where the list is from now on."},
        )
    ),
)
@once
async def create_contact_list(request: ApiRequest) -> Response[bytes]:
    document = documents.read(ContactListDocument, await request.document())
    made = await lists.create(
        request.context,
        workspace_id=request.workspace_id,
        name=document.name,
        default_country=document.default_country,
        where=document.segment.where if document.segment else None,
    )
    return answer(_shape(made), status=201, headers={"location": f"/v1/contact-lists/{made.id}"})


@get(
    "/contact-lists/{list_id:str}",
    opt=promise(
        Operation(
            "contactLists.get",
            "Show a contact list",
            scope="lists:read",
            answer=ContactListShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.CONTACT_LIST,
        )
    ),
)
async def get_contact_list(request: ApiRequest, list_id: FromPath[str]) -> ASGIApp:
    found = await lists.get(request.context, workspace_id=request.workspace_id, list_id=list_id)
    return shown(request, _shape(found))


@patch(
    "/contact-lists/{list_id:str}",
    opt=promise(
        Operation(
            "contactLists.change",
            "Change a contact list (JSON Merge Patch)",
            scope="lists:write",
            body=ContactListDocument,
            answer=ContactListShape,
            errors=(NotFound, Conflict),
            body_example={"name": "Patients of January"},
            example=examples.CONTACT_LIST,
        )
    ),
)
async def change_contact_list(request: ApiRequest, list_id: FromPath[str]) -> Response[bytes]:
    given = await request.patch()
    before = await lists.get(request.context, workspace_id=request.workspace_id, list_id=list_id)
    written: dict[str, Any] = {
        "name": before.name,
        "defaultCountry": before.default_country,
        **({"segment": {"where": before.segment.where}} if before.segment else {}),
    }
    document = documents.read(ContactListDocument, documents.merge(written, given))
    changed = await lists.change(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        name=document.name,
        default_country=document.default_country,
        where=document.segment.where if document.segment else None,
    )
    return answer(_shape(changed))


@delete(
    "/contact-lists/{list_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "contactLists.delete",
            "Delete a contact list that no campaign uses, with its contacts",
            scope="lists:write",
            status=204,
            errors=(NotFound, Conflict),
        )
    ),
)
async def delete_contact_list(request: ApiRequest, list_id: FromPath[str]) -> None:
    await lists.delete(request.context, workspace_id=request.workspace_id, list_id=list_id)


@get(
    "/contact-lists/{list_id:str}/contacts",
    opt=promise(
        Operation(
            "contactLists.contacts.list",
            "List the people of a contact list in the order they came in",
            scope="lists:read",
            query=ContactsQuery,
            answer=ContactPage,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.CONTACT_PAGE,
        )
    ),
)
async def list_contacts(request: ApiRequest, list_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(ContactsQuery)
    after = number_of("ctc", asked.cursor) if asked.cursor else 0
    if after is None:
        raise bad_cursor()
    found = await lists.contact_page(
        request.context,
        workspace_id=request.workspace_id,
        list_id=list_id,
        after=after,
        limit=asked.limit,
    )
    cursor = None if found.next_after is None else numbered("ctc", found.next_after)
    return shown(
        request,
        ContactPage(data=[contact_shape(each) for each in found.contacts], next_cursor=cursor),
    )


def _shape(found: ContactList) -> ContactListShape:
    return ContactListShape(
        id=found.id,
        name=found.name,
        default_country=found.default_country,
        contact_count=found.contact_count,
        segment=SegmentShape(where=found.segment.where) if found.segment else None,
        mapping=dict(found.mapping),
        types={name: AttributeType(word) for name, word in found.types.items()},
        created_at=instant(found.created_at),
    )


def contact_shape(found: Contact) -> ContactShape:
    return ContactShape(
        id=numbered("ctc", found.id),
        external_id=found.external_id,
        first_name=found.first_name,
        last_name=found.last_name,
        phone=found.phone,
        country=found.country,
        addresses=[AddressShape.of(each) for each in found.addresses],
        language=found.language,
        time_zone=found.time_zone,
        attributes=dict(found.attributes),
        tags=list(found.tags),
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


ROUTES = [
    list_contact_lists,
    create_contact_list,
    get_contact_list,
    change_contact_list,
    delete_contact_list,
    list_contacts,
]
