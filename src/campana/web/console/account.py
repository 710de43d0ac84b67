"""One's own account: name, role, password."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post

from campana.domain.errors import CampanaError
from campana.domain.role import MEANING
from campana.services import people
from campana.web.console.forms import said_of
from campana.web.console.pages import page, to
from campana.web.console.requests import SIGNED_IN, PageRequest, guarded, needs
from campana.web.errors import status_of


@get("/account", opt=needs(SIGNED_IN))
async def show_account(request: PageRequest) -> Response[Any]:
    return _page(request)


@post("/account/password", opt=needs(SIGNED_IN, action="password.change"))
@guarded
async def change_password(request: PageRequest) -> Response[Any]:
    sent = await request.sent()
    try:
        await people.change_password(
            request.context,
            visitor=request.visitor,
            token=request.cookie,
            old=str(sent.get("old", "")),
            new=str(sent.get("new", "")),
        )
    except CampanaError as error:
        return _page(request, problems=said_of(error), status=status_of(error))
    return to("/account?done=Your password is changed; other browsers are signed out.")


def _page(
    request: PageRequest, *, problems: dict[str, str] | None = None, status: int = 200
) -> Response[str]:
    return page(
        request,
        "account.html",
        status=status,
        problems=problems or {},
        meaning=MEANING[request.visitor.role],
    )


ROUTES = [show_account, change_password]
