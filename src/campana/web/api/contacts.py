"""`/v1/contacts`: one person, in whatever list, and what happened to them over all channels."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, cast

from litestar import Response, get, patch
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import Meta

from campana.domain.address import AddressKind
from campana.domain.contact import AttributeValue
from campana.domain.errors import (
    Conflict,
    NotFound,
    PreconditionRequired,
    VersionMismatch,
)
from campana.domain.ids import number_of, numbered
from campana.services import contacts, documents
from campana.store.contact_history import Entry
from campana.store.contact_search import KnownContact
from campana.web import contact_examples as examples
from campana.web import etags
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.api.contact_lists import AddressShape
from campana.web.api.contact_upserts import PersonDocument, given_of
from campana.web.operations import Operation, promise
from campana.web.query import Cursor, Limit, Query, bad_cursor
from campana.web.request import ApiRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([0-9]{1,17})\.([a-z]{1,10}_[A-Za-z0-9]{1,60})", re.ASCII)


class KnownPersonShape(Shape, frozen=True, kw_only=True):
    """A person, and the list they are in.

    `addresses` in the order they are tried: phones, then WhatsApp, then e-mail. `timeZone` is the
    person's own if they have one; `timeZones` are those their hours are kept in.
    """

    id: str
    list_id: str
    external_id: str | None
    first_name: str | None
    last_name: str | None
    addresses: list[AddressShape]
    language: str | None
    time_zone: str | None
    time_zones: list[str]
    attributes: dict[str, AttributeValue]
    tags: list[str]
    created_at: Instant
    updated_at: Instant


class PersonPage(Shape, frozen=True, kw_only=True):
    data: list[KnownPersonShape]
    next_cursor: str | None


class PeopleQuery(Query, frozen=True, kw_only=True):
    list_id: Annotated[str, Meta(max_length=100)] | None = None
    address: Annotated[str, Meta(max_length=254, description="A number or an e-mail.")] | None = (
        None
    )
    external_id: Annotated[str, Meta(max_length=200)] | None = None
    tag: Annotated[str, Meta(max_length=100)] | None = None
    cursor: Cursor | None = None
    limit: Limit = 100


class HistoryQuery(Query, frozen=True, kw_only=True):
    cursor: Cursor | None = None
    limit: Limit = 100


class HistoryEntry(Shape, frozen=True, kw_only=True):
    """One thing that happened to a person, over whatever channel.

    `outcome` of an attempt is its disposition, or its state while it is open; of a decision
    `deferred` or `skipped`; of a consent `granted` or `revoked`; of a message `inbound` or
    `outbound`. `detail` is what its kind has
    besides.
    """

    at: Instant
    kind: Literal["attempt", "decision", "consent", "suppression", "message"]
    id: str
    campaign_id: str | None
    channel_type: str | None
    channel_id: str | None
    address: str | None
    outcome: str
    reason: str | None
    detail: dict[str, Any]


class HistoryAnswer(Shape, frozen=True, kw_only=True):
    """Newest first."""

    data: list[HistoryEntry]
    next_cursor: str | None


class PersonExport(Shape, frozen=True, kw_only=True):
    """All that is known of a person: their contact in each list, and what happened to them.

    The sound of a call that `hasRecording` is fetched by `/v1/voice-calls/{id}/recording-url`.
    """

    exported_at: Instant
    contacts: list[KnownPersonShape]
    campaigns: list[dict[str, Any]]
    attempts: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    suppressions: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    imports: list[dict[str, Any]]


@get(
    "/contacts",
    opt=promise(
        Operation(
            "contacts.list",
            "List people, or find them by number, e-mail or external id",
            scope="contacts:read",
            query=PeopleQuery,
            answer=PersonPage,
            is_conditional=True,
            example=examples.PERSON_PAGE,
        )
    ),
)
async def list_people(request: ApiRequest) -> ASGIApp:
    asked = request.parameters(PeopleQuery)
    after = number_of("ctc", asked.cursor) if asked.cursor else 0
    if after is None:
        raise bad_cursor()
    found = await contacts.page(
        request.context,
        workspace_id=request.workspace_id,
        list_id=asked.list_id,
        address=asked.address,
        external_id=asked.external_id,
        tag=asked.tag,
        after=after,
        limit=asked.limit,
    )
    cursor = None if found.next_after is None else numbered("ctc", found.next_after)
    return shown(
        request, PersonPage(data=[shape_of(each) for each in found.contacts], next_cursor=cursor)
    )


@get(
    "/contacts/{contact_id:str}",
    opt=promise(
        Operation(
            "contacts.get",
            "Show a person",
            scope="contacts:read",
            answer=KnownPersonShape,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.PERSON,
        )
    ),
)
async def get_person(request: ApiRequest, contact_id: FromPath[str]) -> ASGIApp:
    found = await contacts.get(
        request.context, workspace_id=request.workspace_id, contact_id=id_of(contact_id)
    )
    return shown(request, shape_of(found), version=found.version)


@patch(
    "/contacts/{contact_id:str}",
    opt=promise(
        Operation(
            "contacts.change",
            "Change a person (JSON Merge Patch); campaigns that wait for them follow",
            scope="contacts:write",
            body=PersonDocument,
            answer=KnownPersonShape,
            needs_match=True,
            errors=(NotFound, Conflict, VersionMismatch, PreconditionRequired),
            body_example=examples.PERSON_PATCH,
            example=examples.PERSON,
        )
    ),
)
async def change_person(request: ApiRequest, contact_id: FromPath[str]) -> Response[bytes]:
    version, given = etags.version_meant(request), await request.patch()
    wanted = id_of(contact_id)
    while True:
        before = await contacts.get(
            request.context, workspace_id=request.workspace_id, contact_id=wanted
        )
        if version is not None and before.version != version:
            raise VersionMismatch
        document = documents.read(PersonDocument, documents.merge(_written(before), given))
        try:
            changed = await contacts.change(
                request.context,
                workspace_id=request.workspace_id,
                contact_id=wanted,
                given=given_of(document),
                version=before.version,
            )
        except VersionMismatch:
            if version is not None:
                raise
            # Any version was meant: the newest is read again and the patch laid over that.
            continue
        return answer(shape_of(changed), version=changed.version)


@get(
    "/contacts/{contact_id:str}/history",
    opt=promise(
        Operation(
            "contacts.history",
            "Read what happened to a person over all channels, newest first",
            scope="contacts:read",
            query=HistoryQuery,
            answer=HistoryAnswer,
            is_conditional=True,
            errors=(NotFound,),
            example=examples.HISTORY,
        )
    ),
)
async def get_history(request: ApiRequest, contact_id: FromPath[str]) -> ASGIApp:
    asked = request.parameters(HistoryQuery)
    found = await contacts.history(
        request.context,
        workspace_id=request.workspace_id,
        contact_id=id_of(contact_id),
        before=_place(asked.cursor) if asked.cursor else None,
        limit=asked.limit,
    )
    cursor = None
    if found.next_before is not None:
        at, entry_id = found.next_before
        cursor = f"{(at - _EPOCH) // timedelta(microseconds=1)}.{entry_id}"
    return shown(
        request, HistoryAnswer(data=[_entry(each) for each in found.entries], next_cursor=cursor)
    )


@get(
    "/contacts/{contact_id:str}/export",
    opt=promise(
        Operation(
            "contacts.export",
            "Export all that is known of a person as one JSON document",
            scope="privacy:write",
            answer=PersonExport,
            errors=(NotFound,),
            example=examples.PERSON_EXPORT,
        )
    ),
)
async def export_person(request: ApiRequest, contact_id: FromPath[str]) -> Response[bytes]:
    found = await contacts.export(
        request.context, workspace_id=request.workspace_id, contact_id=id_of(contact_id)
    )
    return answer(export_of(found), headers={"cache-control": "no-store"})


def id_of(shown_id: str) -> int:
    """The number in `ctc_41`.

    Raises:
        NotFound: it is no id of a contact.
    """
    number = number_of("ctc", shown_id)
    if number is None:
        raise NotFound
    return number


def shape_of(found: KnownContact) -> KnownPersonShape:
    """A contact as the API shows it."""
    return KnownPersonShape(
        id=numbered("ctc", found.id),
        list_id=found.list_id,
        external_id=found.external_id,
        first_name=found.first_name,
        last_name=found.last_name,
        addresses=[AddressShape.of(each) for each in found.addresses],
        language=found.language,
        time_zone=found.time_zone,
        time_zones=list(found.zones),
        attributes=dict(found.attributes),
        tags=list(found.tags),
        created_at=instant(found.created_at),
        updated_at=instant(found.updated_at),
    )


def export_of(found: contacts.Known) -> PersonExport:
    """All that is known of a person as the API shows it."""
    return PersonExport(
        exported_at=instant(found.exported_at),
        contacts=[shape_of(each) for each in found.contacts],
        **found.sections,
    )


def _written(found: KnownContact) -> dict[str, Any]:
    """A contact as a request would give it."""
    of_kind = {kind: [a.value for a in found.addresses if a.kind is kind] for kind in AddressKind}
    fields = {
        "externalId": found.external_id,
        "firstName": found.first_name,
        "lastName": found.last_name,
        "language": found.language,
        "timeZone": found.time_zone,
    }
    return {
        **{name: value for name, value in fields.items() if value is not None},
        "phones": of_kind[AddressKind.PHONE],
        "whatsapp": of_kind[AddressKind.WHATSAPP],
        "emails": of_kind[AddressKind.EMAIL],
        "attributes": dict(found.attributes),
    }


def _entry(found: Entry) -> HistoryEntry:
    return HistoryEntry(
        at=instant(found.at),
        kind=cast("Any", found.kind),
        id=found.id,
        campaign_id=found.campaign_id,
        channel_type=found.channel_type,
        channel_id=found.channel_id,
        address=found.address,
        outcome=found.outcome,
        reason=found.reason,
        detail=dict(found.detail),
    )


def _place(cursor: str) -> tuple[datetime, str]:
    match = _PLACE.fullmatch(cursor)
    if match is None:
        raise bad_cursor()
    return _EPOCH + timedelta(microseconds=int(match[1])), match[2]


ROUTES = [list_people, get_person, change_person, get_history, export_person]
