"""What a flow's webhooks may show to prove who they are: kept sealed, never shown again."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from campana.domain.errors import Conflict, FieldProblem, InvalidParameter, NotFound
from campana.services import documents
from campana.services.context import Context
from campana.services.outbound import Refused
from campana.store import flows
from campana.store.flows import Credential

_Name = Annotated[str, Meta(min_length=1, max_length=100)]
_Secret = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[ -~]+$")]
_Header = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class _Kind(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    pass


class ApiKey(_Kind, frozen=True, tag_field="kind", tag="api_key"):
    """A key in a header of its own."""

    name: _Name
    header: _Header
    key: _Secret


class Bearer(_Kind, frozen=True, tag_field="kind", tag="bearer"):
    """`Authorization: Bearer`."""

    name: _Name
    token: _Secret


class Basic(_Kind, frozen=True, tag_field="kind", tag="basic"):
    """`Authorization: Basic`."""

    name: _Name
    user: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^:\x00-\x1f]+$")]
    password: Annotated[str, Meta(min_length=1, max_length=4096)]


class QueryKey(_Kind, frozen=True, tag_field="kind", tag="query"):
    """A key in the address's query."""

    name: _Name
    parameter: _Header
    value: _Secret


class OAuth2(_Kind, frozen=True, tag_field="kind", tag="oauth2"):
    """A token for client credentials (RFC 6749 section 4.4)."""

    name: _Name
    token_url: Annotated[str, Meta(min_length=1, max_length=2000)]
    client_id: _Secret
    client_secret: _Secret
    scope: Annotated[str, Meta(max_length=1000)] | None = None


CredentialDocument = ApiKey | Bearer | Basic | QueryKey | OAuth2

_KINDS = {
    ApiKey: "api_key",
    Bearer: "bearer",
    Basic: "basic",
    QueryKey: "query",
    OAuth2: "oauth2",
}


async def create(context: Context, *, workspace_id: int, raw: object) -> Credential:
    """Keep one.

    Raises:
        InvalidParameter: naming each field that is wrong.
        Conflict: another has the name.
    """
    document: CredentialDocument = documents.read(CredentialDocument, raw)  # pyright: ignore[reportArgumentType, reportUnknownVariableType]
    if isinstance(document, OAuth2):
        try:
            await context.outbound.check(document.token_url)
        except Refused as error:
            problem = FieldProblem(pointer="/tokenUrl", message=str(error))
            raise InvalidParameter(problems=[problem]) from None
    kind, now = _KINDS[type(document)], context.clock.now()
    made = Credential(context.new_id("cred"), document.name, kind, now)
    async with context.db.transaction(workspace_id=workspace_id) as tx:
        if not await flows.add_credential(
            tx,
            credential_id=made.id,
            workspace_id=workspace_id,
            name=document.name,
            kind=kind,
            sealed=context.secrets.seal(_secret(document)),
            now=now,
        ):
            raise Conflict(f"there is a credential named {document.name} already")
    return made


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


def _secret(document: CredentialDocument) -> str:
    """What is sealed: everything but the name."""
    plain: dict[str, object] = msgspec.to_builtins(document)
    kept = {key: value for key, value in plain.items() if key not in {"name", "kind"}}
    if isinstance(document, QueryKey):
        kept["name"] = kept.pop("parameter")
    return msgspec.json.encode(kept).decode()
