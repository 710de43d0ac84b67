"""Who may use this workspace: roles, invitations, and the end of either."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError
from campana.domain.role import MEANING, Role
from campana.services import people
from campana.store.people import Person
from campana.web.console.forms import said_of
from campana.web.console.language import say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.console.together import SEEN, STATUS
from campana.web.console.words import words
from campana.web.errors import status_of

_SCOPE = "people:manage"


@get("/people", opt=needs(_SCOPE))
async def show_people(request: PageRequest) -> Response[Any]:
    return await _page(request)


@post("/people/invitations", opt=needs(_SCOPE, action="person.invite"))
@guarded
async def invite(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    try:
        token = await people.invite(
            request.context,
            workspace_id=request.workspace_id,
            invited_by=request.visitor.person_id,
            email=given.get("email", ""),
            role=given.get("role", ""),
        )
    except CampanaError as error:
        return await _page(request, given=given, problems=said_of(error), status=status_of(error))
    base = request.app.state["public_url"] or f"http://{request.headers.get('host', '')}"
    link = f"{str(base).rstrip('/')}/invitations/{token}"
    return await _page(request, link=link, invited=given.get("email", ""))


@post(
    "/people/invitations/{invitation_id:str}/withdraw",
    opt=needs(_SCOPE, action="invitation.withdraw"),
)
@guarded
async def withdraw(request: PageRequest, invitation_id: FromPath[str]) -> Response[Any]:
    await people.withdraw(
        request.context, workspace_id=request.workspace_id, invitation_id=invitation_id
    )
    return done("/people", say("The invitation is withdrawn."))


@post("/people/{person_id:str}/role", opt=needs(_SCOPE, action="person.role"))
@guarded
async def set_role(request: PageRequest, person_id: FromPath[str]) -> Response[Any]:
    given = await request.fields()
    every = await people.every(request.context, workspace_id=request.workspace_id)
    of_whom = next((each for each in every if each.id == person_id), None)
    role = given.get("role", "")
    seen = {given.get(SEEN, ""), role}
    if of_whom is not None and role in set(Role) and of_whom.role not in seen:
        return await _page(request, changed=(of_whom, role), status=STATUS)
    await people.set_role(
        request.context, workspace_id=request.workspace_id, person_id=person_id, role=role
    )
    return done("/people", say("The role is changed."))


@post("/people/{person_id:str}/disable", opt=needs(_SCOPE, action="person.disable"))
@guarded
async def disable(request: PageRequest, person_id: FromPath[str]) -> Response[Any]:
    await people.set_disabled(
        request.context, workspace_id=request.workspace_id, person_id=person_id, disabled=True
    )
    return done("/people", say("The account is closed, and its sessions with it."))


@post("/people/{person_id:str}/enable", opt=needs(_SCOPE, action="person.enable"))
@guarded
async def enable(request: PageRequest, person_id: FromPath[str]) -> Response[Any]:
    await people.set_disabled(
        request.context, workspace_id=request.workspace_id, person_id=person_id, disabled=False
    )
    return done("/people", say("The account is open again."))


async def _page(
    request: PageRequest,
    *,
    status: int = 200,
    given: Mapping[str, str] | None = None,
    problems: dict[str, str] | None = None,
    link: str | None = None,
    invited: str = "",
    changed: tuple[Person, str] | None = None,
) -> Response[str]:
    context, workspace_id = request.context, request.workspace_id
    return page(
        request,
        "people.html",
        status=status,
        people=await people.every(context, workspace_id=workspace_id),
        invitations=await people.invitations(context, workspace_id=workspace_id),
        roles=[(role.value, f"{words(role)}: {say(MEANING[role])}") for role in Role],
        names=[(role.value, words(role)) for role in Role],
        given=given or {"role": "operator"},
        problems=problems or {},
        link=link,
        invited=invited,
        changed=changed,
    )


ROUTES = [show_people, invite, withdraw, set_role, disable, enable]
