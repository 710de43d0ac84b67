"""A request as a screen sees it: who is signed in, which form was sent; and who may ask what.

`needs` stands on each route. A route that does not say what it needs answers nobody, and an unsafe
one is asked for the form's token, and written down, before it is run.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import quote

from litestar import Request, Response
from litestar.datastructures import FormMultiDict, State, UploadFile
from litestar.handlers import BaseRouteHandler

from campana.domain.errors import CampanaError, InsufficientScope, InvalidParameter
from campana.services import auditing
from campana.services.auditing import Asked
from campana.services.context import Context
from campana.services.people import Visitor
from campana.web.console.cookies import FORM_FIELD, Cookies, require_form_token
from campana.web.console.kept_forms import (
    EarlierVisit,
    Kept,
    SessionEnded,
    StaleEntry,
    of_late,
    page_of,
)
from campana.web.console.language import marked
from campana.web.console.notes import Noted

P = ParamSpec("P")

_KEY = "needs"
_GUARDED = "is_guarded"
PUBLIC = "public"
"""Anybody, and it does not matter who."""
ANYBODY = "anybody"
SIGNED_IN = "signed in"
PROBLEMS = "problems"
"""Where a page leaves what it says is wrong, by field, in the state of its request."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route asks of whom: PUBLIC to SIGNED_IN, or a scope; its word in the audit log."""

    scope: str
    action: str | None = None


def needs(scope: str, *, action: str | None = None) -> dict[str, Any]:
    """The `opt` of a route."""
    return {_KEY: Needs(scope, action)}


def needs_of(handler: BaseRouteHandler) -> Needs:
    """What a route needs.

    Raises:
        KeyError: it does not say, so nobody may call it.
    """
    return cast("Needs", handler.opt[_KEY])


class PageRequest(Request[Visitor | None, None, State]):
    """A request to the console."""

    @property
    def context(self) -> Context:
        return cast("Context", self.app.state["context"])

    @property
    def cookies_of_server(self) -> Cookies:
        return cast("Cookies", self.app.state["cookies"])

    @property
    def cookie(self) -> str:
        """The visitor's cookie; a new one when they brought none."""
        return cast("str", self.scope["state"]["cookie"])

    @property
    def nonce(self) -> str:
        """Of this answer's scripts."""
        return cast("str", self.scope["state"]["nonce"])

    @property
    def visitor(self) -> Visitor:
        """Who is signed in.

        Raises:
            InsufficientScope: nobody; no route that needs somebody lets it come so far.
        """
        if self.user is None:
            raise InsufficientScope(marked("sign in first"))
        return self.user

    @property
    def workspace_id(self) -> int:
        return self.visitor.workspace_id

    @property
    def client_address(self) -> str | None:
        return self.client.host if self.client else None

    @property
    def request_id(self) -> str:
        return str(self.scope["state"].get("request_id", ""))

    @property
    def actor(self) -> str:
        """In the words of services that keep who acted."""
        return self.visitor.email

    def asked(self, action: str, *, subject: str, fields: Mapping[str, str] | None = None) -> Asked:
        """What the visitor asks for, in the words of the audit log."""
        return Asked(
            workspace_id=self.workspace_id,
            person_id=self.visitor.person_id,
            actor=f"{self.visitor.name} <{self.visitor.email}>",
            action=action,
            subject=subject,
            fields=fields or {},
            client=self.client_address,
            request_id=self.request_id,
        )

    def may(self, scope: str) -> bool:
        return self.user is not None and scope in self.user.scopes

    async def sent(self) -> FormMultiDict:
        """The form.

        Raises:
            InvalidParameter: it is malformed.
        """
        try:
            return await self.form()
        except (UnicodeDecodeError, LookupError, AssertionError, ValueError):
            raise InvalidParameter(marked("the form cannot be read")) from None

    async def texts(self) -> list[tuple[str, str]]:
        """The form's texts in their order, as they were typed; the database takes no NUL."""
        return [
            (name.replace("\0", ""), value.replace("\0", ""))
            for name, value in (await self.sent()).multi_items()
            if isinstance(value, str)
        ]

    async def fields(self) -> Mapping[str, str]:
        """The form's texts by name, without space around them; the last of those named alike."""
        return {name: value.strip() for name, value in await self.texts() if name != FORM_FIELD}

    async def all_of(self, name: str) -> list[str]:
        """Every text of that name: a set of check boxes."""
        return [value for key, value in await self.texts() if key == name]

    async def text_as_typed(self) -> str:
        """The field `text`, its spaces as they are and its lines as editors end them."""
        [*_, text] = ["", *await self.all_of("text")]
        return text.replace("\r\n", "\n")

    async def upload(self, name: str) -> UploadFile | None:
        """The file of that name, if one was chosen."""
        found = (await self.sent()).get(name)
        if not isinstance(found, UploadFile):
            return None
        found.filename = found.filename.replace("\0", "")
        return found if found.filename else None


Screen = Callable[Concatenate[PageRequest, P], Awaitable[Response[Any]]]


def is_guarded(handler: BaseRouteHandler) -> bool:
    """Whether a route refuses by itself what nobody who is signed in has sent."""
    return bool(getattr(handler.fn, _GUARDED, False))


def guarded(endpoint: Screen[P]) -> Screen[P]:
    """Of an unsafe route: the form's token is asked for, then what is asked is written down.

    Of a form whose sender's session has ended, or is another, nothing is done: it is kept for when
    they are back.
    """

    @functools.wraps(endpoint)
    async def answered(request: PageRequest, *args: P.args, **kwargs: P.kwargs) -> Response[Any]:
        sent = await request.sent()
        wanted = needs_of(request.scope["route_handler"])
        try:
            require_form_token(
                sent.get(FORM_FIELD),
                cookie=request.cookies_of_server.read(request.headers.get("cookie")),
            )
        except InsufficientScope:
            _keep_of_earlier_visit(request, sent, wanted)
            raise
        if request.user is None and wanted.scope != ANYBODY:
            raise SessionEnded(_late(request, sent))
        if request.user is None or wanted.action is None:
            return _carried(request, await endpoint(request, *args, **kwargs))
        asked = request.asked(
            wanted.action,
            subject=" ".join(str(each) for each in request.path_params.values()),
            fields=await request.fields(),
        )
        await auditing.note_asked(request.context, asked)
        try:
            with auditing.changes_by(request.context, asked):
                answer = await endpoint(request, *args, **kwargs)
        except CampanaError as error:
            await auditing.note_refused(request.context, asked, why=str(error))
            raise
        if (answer.status_code or 200) >= 400:
            why = auditing.said(request.scope["state"].get(PROBLEMS, {}))
            await auditing.note_refused(
                request.context, asked, why=why or f"answered with {answer.status_code}"
            )
        return _carried(request, answer)

    setattr(answered, _GUARDED, True)
    return answered


def _carried(request: PageRequest, answer: Response[Any]) -> Response[Any]:
    return (
        answer.carried(request.cookies_of_server, of=request.cookie)
        if isinstance(answer, Noted)
        else answer
    )


def _late(request: PageRequest, sent: FormMultiDict) -> Kept:
    headers = request.headers
    page = page_of(headers.get("referer"), host=headers.get("host", ""))
    return of_late(quote(request.scope["path"]), sent, page=page)


def _keep_of_earlier_visit(request: PageRequest, sent: FormMultiDict, wanted: Needs) -> None:
    """Of a form whose token is another cookie's, the way to send it anew.

    Only where the browser says that it is from one of our pages: what another site had a person's
    browser send is not put before that person, to be sent with a press.

    Raises:
        SessionEnded, EarlierVisit, StaleEntry: it is kept.
        InsufficientScope: it was made for somebody else.
    """
    if not request.scope["state"]["is_from_here"] or wanted.scope == SIGNED_IN:
        return
    if wanted.scope == ANYBODY:
        raise StaleEntry(sent)
    kept = _late(request, sent)
    if kept.person is None:
        return
    if request.user is None:
        raise SessionEnded(kept)
    if request.user.person_id != kept.person:
        raise InsufficientScope(
            marked("this form is of somebody else who was signed in here: open the page again")
        )
    raise EarlierVisit(kept)
