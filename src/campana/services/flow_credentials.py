"""What a flow's webhooks may show to prove who they are: kept sealed, never shown again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from campana.domain import naming
from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.services import documents
from campana.services.context import Context
from campana.services.outbound import Refused
from campana.store import flows
from campana.store.db import Tx
from campana.store.flows import Credential

Kind = Literal["api_key", "bearer", "basic", "query", "oauth2", "signature"]
_Secret = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[ -~]+$")]
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]

NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "api_key": ("header", "key"),
    "bearer": ("token",),
    "basic": ("user", "password"),
    "query": ("parameter", "value"),
    "oauth2": ("tokenUrl", "clientId", "clientSecret"),
    "signature": ("secret",),
}
MAY: Mapping[Kind, tuple[str, ...]] = {"oauth2": ("scope",)}


class CredentialDocument(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A credential by the name that webhooks call it; which fields it has its kind says.

    `api_key`: header, key. `bearer`: token. `basic`: user, password. `query`: parameter, value.
    `signature` (Standard Webhooks): secret, `whsec_` and 24 to 64 bytes in base 64.
    `oauth2` (client credentials, RFC 6749 section 4.4): tokenUrl, clientId, clientSecret, scope.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100, extra_json_schema=naming.AS_NAME)]
    kind: Kind
    header: _Name | None = None
    key: _Secret | None = None
    token: _Secret | None = None
    user: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^:\x00-\x1f]+$")] | None = (
        None
    )
    password: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    parameter: _Name | None = None
    value: _Secret | None = None
    token_url: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None
    client_id: _Secret | None = None
    client_secret: _Secret | None = None
    scope: Annotated[str, Meta(max_length=1000)] | None = None
    secret: Annotated[str, Meta(pattern=r"^whsec_[A-Za-z0-9+/]+={0,2}$", max_length=100)] | None = (
        None
    )


async def create(context: Context, *, workspace_id: int, raw: object) -> Credential:
    """Keep one.

    Raises:
        InvalidParameter: naming each field that is wrong.
        Conflict: another has the name.
    """
    document, sealed = await _read(context, raw)
    now = context.clock.now()
    made = Credential(context.new_id("cred"), document.name, document.kind, now)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        await _keep(tx, made, workspace_id=workspace_id, sealed=sealed)
    return made


async def replace(
    context: Context, *, workspace_id: int, credential_id: str, raw: object
) -> Credential:
    """Put another in its place: whoever names it shows that from the next request on.

    Raises:
        NotFound
        InvalidParameter: naming each field that is wrong.
        Conflict: another has the name.
    """
    document, sealed = await _read(context, raw)
    made = Credential(credential_id, document.name, document.kind, context.clock.now())
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await flows.delete_credential(
            tx, workspace_id=workspace_id, credential_id=credential_id
        ):
            raise NotFound
        await _keep(tx, made, workspace_id=workspace_id, sealed=sealed)
    return made


async def _read(context: Context, raw: object) -> tuple[CredentialDocument, str]:
    """As written, and what is sealed of it."""
    document = documents.read(CredentialDocument, raw)
    secret = _secret(document)
    if document.secret is not None and not _signs(document.secret):
        message = "must be whsec_ and 24 to 64 bytes in base 64"
        raise InvalidParameter(problems=[FieldProblem(pointer="/secret", message=message)])
    if document.token_url is not None:
        try:
            await context.outbound.check(document.token_url)
        except Refused as error:
            problem = FieldProblem(pointer="/tokenUrl", message=str(error))
            raise InvalidParameter(problems=[problem]) from None
    return document, context.secrets.seal(msgspec.json.encode(secret).decode())


async def _keep(tx: Tx, made: Credential, *, workspace_id: int, sealed: str) -> None:
    if not await flows.add_credential(
        tx,
        credential_id=made.id,
        workspace_id=workspace_id,
        name=made.name,
        kind=made.kind,
        sealed=sealed,
        now=made.created_at,
    ):
        raise Conflict(f"there is a credential named {made.name} already")


async def every(context: Context, *, workspace_id: int) -> list[Credential]:
    """All of the workspace, by name."""
    async with context.db.read(workspace_id=workspace_id) as tx:
        return await flows.credentials(tx, workspace_id=workspace_id)


async def delete(context: Context, *, workspace_id: int, credential_id: str) -> None:
    """Forget one; webhooks that name it take their failure exit from now on.

    Raises:
        NotFound
    """
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await flows.delete_credential(
            tx, workspace_id=workspace_id, credential_id=credential_id
        ):
            raise NotFound


def _signs(secret: str) -> bool:
    """Is it a secret of Standard Webhooks?"""
    try:
        return 24 <= len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) <= 64
    except ValueError:
        return False


def _secret(document: CredentialDocument) -> dict[str, str]:
    """What is sealed.

    Raises:
        InvalidParameter: a field that its kind needs is missing, or one is there that it has not.
    """
    plain: dict[str, str | None] = msgspec.to_builtins(document)
    given = {
        key: value
        for key, value in plain.items()
        if value is not None and key not in {"name", "kind"}
    }
    needed, allowed = NEEDS[document.kind], MAY.get(document.kind, ())
    problems = [
        FieldProblem(pointer=f"/{key}", message=f"is required for {document.kind}")
        for key in needed
        if key not in given
    ]
    problems += [
        FieldProblem(pointer=f"/{key}", message=f"means nothing for {document.kind}")
        for key in given
        if key not in needed and key not in allowed
    ]
    if problems:
        raise InvalidParameter(problems=problems)
    return given
