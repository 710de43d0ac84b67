"""Coming in and going out: the first owner, signing in, an invitation, signing out."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError, NotFound, RateLimited, Unauthenticated
from campana.services import auditing, people
from campana.services.auditing import Asked
from campana.services.tokens import new_token
from campana.web.console.forms import said_of
from campana.web.console.kept_forms import MOST_BYTES, brought, inside
from campana.web.console.language import marked, say
from campana.web.console.pages import done, page, sign_in_page, to
from campana.web.console.requests import ANYBODY, SIGNED_IN, PageRequest, guarded, needs
from campana.web.errors import status_of


@get("/sign-in", opt=needs(ANYBODY))
async def show_sign_in(request: PageRequest) -> Response[Any]:
    next_path = inside(request.query_params.get("next", "/"))
    if request.user is not None:
        return to(next_path)
    if await people.is_new(request.context):
        return to("/welcome")
    return sign_in_page(
        request, next_path=next_path, is_lost=bool(request.query_params.get("lost"))
    )


@post("/sign-in", opt=needs(ANYBODY), request_max_body_size=2 * MOST_BYTES)
@guarded
async def sign_in(request: PageRequest) -> Response[Any]:
    _require_safe_way(request)
    given = await request.fields()
    next_path, email = inside(given.get("next", "/")), given.get("email", "")
    kept = brought(await request.sent())
    try:
        token = await people.sign_in(
            request.context,
            email=email,
            # Passwords are taken as they are, with the space around them.
            password=str((await request.sent()).get("password", "")),
            client=request.client_address,
        )
    except (Unauthenticated, RateLimited) as error:
        return sign_in_page(
            request, next_path=next_path, problem=error.message, email=email, kept=kept,
            status=status_of(error),
        )  # fmt: skip
    visitor = await people.visitor(request.context, token)
    if visitor is not None:
        await auditing.note_asked(
            request.context,
            Asked(
                workspace_id=visitor.workspace_id,
                person_id=visitor.person_id,
                actor=f"{visitor.name} <{visitor.email}>",
                action="session.start",
                subject="",
                fields={},
                client=request.client_address,
                request_id=request.request_id,
            ),
        )
    cookie = request.cookies_of_server.written(token)
    request.scope["state"]["cookie"], request.scope["user"] = token, visitor
    if kept is None or visitor is None:
        return to(next_path, cookie=cookie)
    if kept.person != visitor.person_id:
        answer = done(next_path, say("What was typed before was somebody else's: it is not kept."))
        answer.headers["set-cookie"] = cookie
        return answer
    return page(request, "again.html", headers={"set-cookie": cookie}, kept=kept, is_earlier=False)


@post("/sign-out", opt=needs(SIGNED_IN, action="session.end"))
@guarded
async def sign_out(request: PageRequest) -> Response[Any]:
    await people.sign_out(request.context, workspace_id=request.workspace_id, token=request.cookie)
    fresh = new_token(request.context)
    return to("/sign-in", cookie=request.cookies_of_server.written(fresh))


@get("/welcome", opt=needs(ANYBODY))
async def show_welcome(request: PageRequest) -> Response[Any]:
    if not await people.is_new(request.context):
        return to("/sign-in")
    given = {"token": request.query_params.get("token", "")}
    return page(request, "welcome.html", given=given, problems={}, is_safe=_is_safe(request))


@post("/welcome", opt=needs(ANYBODY))
@guarded
async def welcome(request: PageRequest) -> Response[Any]:
    if not await people.is_new(request.context):
        return to("/sign-in")
    return await _accepted(request, "welcome.html")


@get("/invitations/{token:str}", opt=needs(ANYBODY))
async def show_invitation(request: PageRequest, token: FromPath[str]) -> Response[Any]:
    found = await people.invitation(request.context, token=token)
    given = {"token": token, "email": found.email or ""}
    return page(
        request, "invitation.html", given=given, problems={}, invitation=found,
        is_safe=_is_safe(request),
    )  # fmt: skip


@post("/invitations", opt=needs(ANYBODY))
@guarded
async def accept_invitation(request: PageRequest) -> Response[Any]:
    return await _accepted(request, "invitation.html")


async def _accepted(request: PageRequest, template: str) -> Response[Any]:
    """The person is made and signed in, or the form comes back with what is wrong in it."""
    _require_safe_way(request)
    given = dict(await request.fields())
    try:
        found = await people.invitation(request.context, token=given.get("token", ""))
        person_id, session = await people.accept(
            request.context,
            token=given.get("token", ""),
            name=given.get("name", ""),
            email=given.get("email", ""),
            password=str((await request.sent()).get("password", "")),
            client=request.client_address,
        )
    except CampanaError as error:
        wrong = said_of(error)
        if isinstance(error, NotFound):
            wrong = {"token": error.message}
            if template != "welcome.html":
                raise
        given.pop("password", None)
        values: dict[str, Any] = {"given": given, "problems": wrong, "is_safe": True}
        if template != "welcome.html":
            values["invitation"] = await people.invitation(
                request.context, token=given.get("token", "")
            )
        return page(request, template, status=status_of(error), **values)
    await auditing.note_asked(
        request.context,
        Asked(
            workspace_id=found.workspace_id,
            person_id=person_id,
            actor=f"{given.get('name', '')} <{found.email or given.get('email', '')}>",
            action="invitation.accept",
            subject=found.id,
            fields={"role": found.role},
            client=request.client_address,
            request_id=request.request_id,
        ),
    )
    return to("/", cookie=request.cookies_of_server.written(session))


def _is_safe(request: PageRequest) -> bool:
    return request.cookies_of_server.may_travel(request.headers.get("host", ""))


def _require_safe_way(request: PageRequest) -> None:
    if not _is_safe(request):
        raise Unauthenticated(
            marked(
                "passwords do not travel unencrypted:"
                " serve this over https and set CAMPANA_PUBLIC_URL"
            )
        )


ROUTES = [
    show_sign_in,
    sign_in,
    sign_out,
    show_welcome,
    welcome,
    show_invitation,
    accept_invitation,
]
