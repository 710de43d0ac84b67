"""A person: who they are, what happened to them on every channel, and the end of that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.campaign import ChannelType
from campana.domain.clock import parse_moment
from campana.domain.errors import CampanaError, FieldProblem, InvalidParameter, NotFound
from campana.domain.ids import number_of, numbered
from campana.services import consents, contacts, erasures, lists, suppressions
from campana.store.consents import Consent
from campana.store.contacts import Contact
from campana.web.console.forms import WHOLE, said_of
from campana.web.console.language import marked, say
from campana.web.console.pages import done, page
from campana.web.console.paging import after_asked
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of

_PAGE = 50
_CONSENTS = 20
"""Entries of the ledger for each address."""


@get("/contacts", opt=needs("contacts:read"))
async def show_contacts(request: PageRequest) -> Response[Any]:
    asked = request.query_params.get("q", "").strip()[:254]
    problems: dict[str, str] = {}
    people, next_after = [], None
    try:
        found = await contacts.search(
            request.context,
            workspace_id=request.workspace_id,
            text=asked,
            after=after_asked(request, "ctc"),
            limit=_PAGE,
        )
        people, next_after = found.contacts, found.next_after
    except CampanaError as error:
        problems = {WHOLE: "; ".join(said_of(error).values())}
    query = {"q": asked} if asked else {}
    if next_after:
        query["after"] = numbered("ctc", next_after)
    return page(
        request,
        "contacts.html",
        q=asked,
        people=[(numbered("ctc", each.id), each) for each in people],
        next_query=urlencode(query) if next_after else None,
        problems=problems,
    )


@get("/contacts/{contact_id:str}", opt=needs("contacts:read"))
async def show_contact(request: PageRequest, contact_id: FromPath[str]) -> Response[Any]:
    return await _contact(request, contact_id)


@get("/contacts/{contact_id:str}/export.json", opt=needs("privacy:write"))
async def export_contact(request: PageRequest, contact_id: FromPath[str]) -> Response[Any]:
    known = await contacts.export(
        request.context, workspace_id=request.workspace_id, contact_id=_number(contact_id)
    )
    return Response(
        msgspec.json.format(msgspec.json.encode(known), indent=2),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{contact_id}.json"'},
    )


@post(
    "/contacts/{contact_id:str}/suppress",
    opt=needs("suppressions:write", action="contact.suppress"),
)
@guarded
async def suppress_contact(request: PageRequest, contact_id: FromPath[str]) -> Response[Any]:
    context, workspace_id = request.context, request.workspace_id
    given = await request.fields()
    found = await contacts.get(context, workspace_id=workspace_id, contact_id=_number(contact_id))
    try:
        for address in found.addresses:
            await suppressions.add(
                context,
                workspace_id=workspace_id,
                address=address.value,
                reason=given.get("reason", ""),
                source="console",
            )
    except CampanaError as error:
        return await _contact(request, contact_id, problems=said_of(error), status=status_of(error))
    return done(f"/contacts/{contact_id}", say("No address of theirs is contacted any more."))


@post("/contacts/{contact_id:str}/erase", opt=needs("privacy:write", action="contact.erase"))
@guarded
async def erase_contact(request: PageRequest, contact_id: FromPath[str]) -> Response[Any]:
    given = await request.fields()
    if given.get("typed") != contact_id:
        return await _contact(
            request, contact_id, problems={"typed": say("Type the id of this person.")}, status=400
        )
    try:
        await erasures.request(
            request.context,
            workspace_id=request.workspace_id,
            contact_id=_number(contact_id),
            reason=given.get("why", ""),
            requested_by=request.actor,
        )
    except CampanaError as error:
        return await _contact(request, contact_id, problems=said_of(error), status=status_of(error))
    return done("/contacts", say("They are being erased; nobody contacts them any more."))


@post("/contacts/{contact_id:str}/consents", opt=needs("consents:write", action="contact.consent"))
@guarded
async def note_consent(request: PageRequest, contact_id: FromPath[str]) -> Response[Any]:
    """What they said about being contacted: an entry of the ledger, which none ever changes."""
    given = await request.fields()
    found = await contacts.get(
        request.context, workspace_id=request.workspace_id, contact_id=_number(contact_id)
    )
    is_granted = given.get("then") != "withdraw"
    try:
        await consents.add(
            request.context,
            workspace_id=request.workspace_id,
            address=_one_of(found, given.get("consent_address", "")),
            is_granted=is_granted,
            source=given.get("source", ""),
            wording=given.get("wording", ""),
            channel_type=_kind(given.get("channelType", "")),
            said_at=_moment(given, "saidAt"),
            expires_at=_moment(given, "expiresAt"),
        )
    except CampanaError as error:
        return await _contact(
            request, contact_id, problems=said_of(error), given=given, status=status_of(error)
        )
    said = say("The consent is on record.") if is_granted else say("The consent is taken back.")
    return done(f"/contacts/{contact_id}", said)


def _one_of(found: Contact, address: str) -> str:
    if address not in {each.value for each in found.addresses}:
        problem = FieldProblem(pointer="/address", message=marked("is no address of theirs"))
        raise InvalidParameter(problems=[problem])
    return address


def _kind(text: str) -> ChannelType | None:
    try:
        return ChannelType(text) if text else None
    except ValueError:
        problem = FieldProblem(pointer="/channelType", message=marked("is no kind of channel"))
        raise InvalidParameter(problems=[problem]) from None


def _moment(given: Mapping[str, str], name: str) -> datetime | None:
    text = given.get(name, "")
    if not text:
        return None
    try:
        return parse_moment(text, is_end=name == "expiresAt")
    except ValueError:
        problem = FieldProblem(pointer=f"/{name}", message=marked("is no date or time"))
        raise InvalidParameter(problems=[problem]) from None


async def _contact(
    request: PageRequest,
    contact_id: str,
    *,
    problems: dict[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response[str]:
    context, workspace_id, number = request.context, request.workspace_id, _number(contact_id)
    found = await contacts.get(context, workspace_id=workspace_id, contact_id=number)
    history = await contacts.history(
        context, workspace_id=workspace_id, contact_id=number, limit=_PAGE
    )
    listed = await lists.find(context, workspace_id=workspace_id, wanted=found.list_id)
    return page(
        request,
        "contact.html",
        status=status,
        list_name=listed.name if listed else found.list_id,
        contact=found,
        contact_id=contact_id,
        history=history.entries,
        consents=await _said(request, found) if request.may("consents:read") else [],
        addresses=[(each.value, each.value) for each in found.addresses],
        kinds=[(each.value, say(each.value)) for each in ChannelType],
        given=given or {},
        problems=problems or {},
    )


async def _said(request: PageRequest, found: Contact) -> list[Consent]:
    """What is on record of each of their addresses, newest first."""
    pages = [
        await consents.page(
            request.context,
            workspace_id=request.workspace_id,
            address=each.value,
            limit=_CONSENTS,
        )
        for each in found.addresses
    ]
    every = {entry.id: entry for page in pages for entry in page.consents}
    return sorted(every.values(), key=lambda each: (each.said_at, each.id), reverse=True)


def _number(contact_id: str) -> int:
    found = number_of("ctc", contact_id)
    if found is None:
        raise NotFound
    return found


ROUTES = [
    show_contacts,
    show_contact,
    export_contact,
    suppress_contact,
    note_consent,
    erase_contact,
]
