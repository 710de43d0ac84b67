"""`/v1/flow-credentials`: what a flow's webhooks show; taken, used, and never shown again."""

from __future__ import annotations

from litestar import Response, delete, get, post, put
from litestar.params import FromPath
from litestar.types import ASGIApp

from campana.domain.errors import Conflict, NotFound
from campana.services import flow_credentials
from campana.services.flow_credentials import CredentialDocument
from campana.store.flows import Credential
from campana.web import flow_examples
from campana.web.answers import Instant, Shape, answer, instant, shown
from campana.web.idempotency import once
from campana.web.operations import Operation, promise
from campana.web.request import ApiRequest


class CredentialShape(Shape, frozen=True, kw_only=True):
    """A credential without its secret."""

    id: str
    name: str
    kind: str
    created_at: Instant


class CredentialList(Shape, frozen=True, kw_only=True):
    """By name."""

    data: list[CredentialShape]


@get(
    "/flow-credentials",
    opt=promise(
        Operation(
            "flowCredentials.list",
            "List what webhooks of flows may show, without the secrets",
            scope="flows:read",
            answer=CredentialList,
            is_conditional=True,
            example=flow_examples.CREDENTIALS,
        )
    ),
)
async def list_credentials(request: ApiRequest) -> ASGIApp:
    found = await flow_credentials.every(request.context, workspace_id=request.workspace_id)
    return shown(request, CredentialList(data=[_shape(each) for each in found]))


@post(
    "/flow-credentials",
    opt=promise(
        Operation(
            "flowCredentials.create",
            "Keep what a webhook shows; it is sealed and never shown again",
            scope="flows:write",
            body=CredentialDocument,
            answer=CredentialShape,
            status=201,
            is_once=True,
            errors=(Conflict,),
            body_example=flow_examples.CREDENTIAL_DOCUMENT,
            example=flow_examples.CREDENTIAL,
        )
    ),
)
@once
async def create_credential(request: ApiRequest) -> Response[bytes]:
    made = await flow_credentials.create(
        request.context, workspace_id=request.workspace_id, raw=await request.document()
    )
    return answer(_shape(made), status=201)


@put(
    "/flow-credentials/{credential_id:str}",
    opt=promise(
        Operation(
            "flowCredentials.replace",
            "Put another in its place; whoever names it shows that from now on",
            scope="flows:write",
            body=CredentialDocument,
            answer=CredentialShape,
            errors=(NotFound, Conflict),
            body_example=flow_examples.CREDENTIAL_DOCUMENT,
            example=flow_examples.CREDENTIAL,
        )
    ),
)
async def replace_credential(request: ApiRequest, credential_id: FromPath[str]) -> Response[bytes]:
    made = await flow_credentials.replace(
        request.context,
        workspace_id=request.workspace_id,
        credential_id=credential_id,
        raw=await request.document(),
    )
    return answer(_shape(made))


@delete(
    "/flow-credentials/{credential_id:str}",
    status_code=204,
    opt=promise(
        Operation(
            "flowCredentials.delete",
            "Forget a credential",
            scope="flows:write",
            status=204,
            errors=(NotFound,),
        )
    ),
)
async def delete_credential(request: ApiRequest, credential_id: FromPath[str]) -> None:
    await flow_credentials.delete(
        request.context, workspace_id=request.workspace_id, credential_id=credential_id
    )


def _shape(found: Credential) -> CredentialShape:
    return CredentialShape(
        id=found.id, name=found.name, kind=found.kind, created_at=instant(found.created_at)
    )


ROUTES = [list_credentials, create_credential, replace_credential, delete_credential]
