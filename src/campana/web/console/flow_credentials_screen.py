"""What webhooks of flows show to prove who they are: kept sealed, replaced, never shown again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast, get_args

from litestar import Response, get, post
from litestar.params import FromPath

from campana.domain.errors import CampanaError, NotFound
from campana.services import flow_credentials
from campana.services.flow_credentials import MAY, NEEDS, Kind
from campana.store.flows import Credential
from campana.web.console.forms import said_of
from campana.web.console.language import marked, said_options, say
from campana.web.console.pages import done, page
from campana.web.console.requests import PageRequest, guarded, needs
from campana.web.errors import status_of

_READ, _WRITE = "flows:read", "flows:write"
KINDS: Mapping[Kind, str] = {
    "bearer": marked("Bearer token"),
    "api_key": marked("API key in a header"),
    "basic": marked("User and password"),
    "query": marked("Parameter of the address"),
    "oauth2": marked("OAuth 2 (client credentials)"),
    "signature": marked("Signature (Standard Webhooks)"),
}
_LABELS: Mapping[str, str] = {
    "header": marked("Name of the header"),
    "key": marked("Key"),
    "token": marked("Token"),
    "user": marked("User"),
    "password": marked("Password"),
    "parameter": marked("Name of the parameter"),
    "value": marked("Value"),
    "tokenUrl": marked("Address that gives tokens"),
    "clientId": marked("Client id"),
    "clientSecret": marked("Client secret"),
    "scope": marked("Scope"),
    "secret": marked("Secret, whsec_…"),
}
_OPEN = {"header", "user", "parameter", "tokenUrl", "scope"}
"""What may be read while it is typed."""
_FIELD = "secret_"
"""Begins the name of every field of a credential: none of them stands in the audit log."""


@get("/flows/credentials", opt=needs(_READ))
async def show_credentials(request: PageRequest) -> Response[Any]:
    found = await flow_credentials.every(request.context, workspace_id=request.workspace_id)
    return page(request, "flow_credentials.html", credentials=found, kinds=_said_kinds())


@get("/flows/credentials/new", opt=needs(_WRITE))
async def new_credential(request: PageRequest) -> Response[Any]:
    return _form(request, kind=_kind(request.query_params.get("kind", "")))


@post("/flows/credentials/new", opt=needs(_WRITE, action="credential.create"))
@guarded
async def create_credential(request: PageRequest) -> Response[Any]:
    given = await request.fields()
    kind = _kind(given.get("kind", ""))
    try:
        await flow_credentials.create(
            request.context, workspace_id=request.workspace_id, raw=_raw(kind, given)
        )
    except CampanaError as error:
        return _form(request, kind=kind, given=given, error=error)
    return done("/flows/credentials", say("Kept. It is never shown again."))


@get("/flows/credentials/{credential_id:str}", opt=needs(_WRITE))
async def show_credential(request: PageRequest, credential_id: FromPath[str]) -> Response[Any]:
    found = await _found(request, credential_id)
    kind = _kind(request.query_params.get("kind", found.kind))
    return _form(request, kind=kind, credential=found)


@post("/flows/credentials/{credential_id:str}", opt=needs(_WRITE, action="credential.replace"))
@guarded
async def replace_credential(request: PageRequest, credential_id: FromPath[str]) -> Response[Any]:
    found = await _found(request, credential_id)
    given = await request.fields()
    kind = _kind(given.get("kind", ""))
    try:
        await flow_credentials.replace(
            request.context,
            workspace_id=request.workspace_id,
            credential_id=found.id,
            raw=_raw(kind, given),
        )
    except CampanaError as error:
        return _form(request, kind=kind, credential=found, given=given, error=error)
    return done("/flows/credentials", say("Replaced: the next request shows the new one."))


@post(
    "/flows/credentials/{credential_id:str}/delete", opt=needs(_WRITE, action="credential.delete")
)
@guarded
async def delete_credential(request: PageRequest, credential_id: FromPath[str]) -> Response[Any]:
    await flow_credentials.delete(
        request.context, workspace_id=request.workspace_id, credential_id=credential_id
    )
    return done("/flows/credentials", say("The credential is gone."))


def _raw(kind: Kind, given: Mapping[str, str]) -> dict[str, str]:
    said = {name: given.get(f"{_FIELD}{name}", "") for name in _names(kind)}
    filled = {name: text for name, text in said.items() if text}
    return {"name": given.get("name", ""), "kind": kind, **filled}


def _names(kind: Kind) -> list[str]:
    return [*NEEDS[kind], *MAY.get(kind, ())]


def _said_kinds() -> dict[str, str]:
    return dict(said_options(KINDS.items()))


def _kind(text: str) -> Kind:
    return cast("Kind", text) if text in get_args(Kind) else "bearer"


def _form(
    request: PageRequest,
    *,
    kind: Kind,
    credential: Credential | None = None,
    given: Mapping[str, str] | None = None,
    error: CampanaError | None = None,
) -> Response[str]:
    """The fields of a kind. What is secret is not sent back: it is typed again."""
    problems = said_of(error) if error is not None else {}
    known = _names(kind)
    typed = given or {}
    return page(
        request,
        "flow_credential.html",
        status=200 if error is None else status_of(error),
        credential=credential,
        kind=kind,
        kinds=_said_kinds(),
        fields=[
            (f"{_FIELD}{name}", say(_LABELS[name]), name in _OPEN, name in NEEDS[kind])
            for name in known
        ],
        given={
            "name": typed.get("name", credential.name if credential else ""),
            **{f"{_FIELD}{name}": typed.get(f"{_FIELD}{name}", "") for name in _OPEN},
        },
        problems={
            f"{_FIELD}{name}" if name in known else name: text for name, text in problems.items()
        },
    )


async def _found(request: PageRequest, credential_id: str) -> Credential:
    every = await flow_credentials.every(request.context, workspace_id=request.workspace_id)
    found = next((each for each in every if each.id == credential_id), None)
    if found is None:
        raise NotFound
    return found


ROUTES = [
    show_credentials,
    new_credential,
    create_credential,
    show_credential,
    replace_credential,
    delete_credential,
]
