"""`Idempotency-Key`: a repeat of a POST is answered from memory instead of being done again.

Kept for a day per workspace and path. Refusals (4xx) are kept too; our own failures (5xx, 429) are
forgotten, so that the same request may be tried again.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Concatenate, ParamSpec

from litestar import Response
from litestar.datastructures import UploadFile

from campana.domain.errors import CampanaError, Conflict, FieldProblem, InvalidParameter
from campana.services.accounts import Answer, begin_request, end_request
from campana.services.secrets import Secrets, Unreadable
from campana.web.errors import problem, status_of
from campana.web.request import ApiRequest

P = ParamSpec("P")
Endpoint = Callable[Concatenate[ApiRequest, P], Awaitable[Response[bytes]]]

HEADER = "Idempotency-Key"
REPLAYED = "idempotency-replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_CHUNK = 1 << 20
_OURS = {429, *range(500, 600)}


def once(endpoint: Endpoint[P]) -> Endpoint[P]:
    """An endpoint whose work is done once for each Idempotency-Key."""
    return _once(endpoint, is_secret=False)


def once_in_secret(endpoint: Endpoint[P]) -> Endpoint[P]:
    """The same for answers that show a secret: they are kept sealed, as the secret itself is."""
    return _once(endpoint, is_secret=True)


def _once(endpoint: Endpoint[P], *, is_secret: bool) -> Endpoint[P]:
    @functools.wraps(endpoint)
    async def answered(request: ApiRequest, *args: P.args, **kwargs: P.kwargs) -> Response[bytes]:
        key = request.headers.get(HEADER)
        if key is None:
            return await endpoint(request, *args, **kwargs)
        if not _KEY.fullmatch(key):
            raise InvalidParameter(
                problems=[
                    FieldProblem(
                        parameter=HEADER, message="must have 1 to 255 visible ASCII characters"
                    )
                ]
            )
        remembered = await begin_request(
            request.context,
            workspace_id=request.workspace_id,
            route=_route(request),
            key=key,
            body=await _fingerprint(request),
        )
        secrets = request.context.secrets
        if remembered is not None:
            body = _opened(secrets, remembered.body) if is_secret else remembered.body
            return _replayed(replace(remembered, body=body))
        response = await _done(request, key, endpoint(request, *args, **kwargs))
        kept = _kept(response)
        if is_secret:
            kept = replace(kept, body=secrets.seal(kept.body.decode()).encode())
        await _end(request, key, kept)
        return response

    return answered


async def _done(request: ApiRequest, key: str, work: Awaitable[Response[bytes]]) -> Response[bytes]:
    """The answer of the work, a refusal too; a failure of ours frees the key and goes on."""
    try:
        return await work
    except Exception as error:
        # Not on cancellation: the work may have been done, so the key stays taken.
        if not isinstance(error, CampanaError) or status_of(error) in _OURS:
            await _end(request, key, None)
            raise
        return problem(error, request_id=request.request_id)


async def _end(request: ApiRequest, key: str, answer: Answer | None) -> None:
    await end_request(
        request.context,
        workspace_id=request.workspace_id,
        route=_route(request),
        key=key,
        answer=answer,
    )


def _opened(secrets: Secrets, body: bytes) -> bytes:
    try:
        return secrets.open(body.decode()).encode()
    except Unreadable:
        raise Conflict("the answer to the first request cannot be shown again") from None


def _replayed(remembered: Answer) -> Response[bytes]:
    return Response(
        remembered.body,
        status_code=remembered.status,
        media_type=remembered.headers.get("content-type"),
        headers={**remembered.headers, REPLAYED: "true"},
    )


def _kept(response: Response[bytes]) -> Answer:
    return Answer(
        status=response.status_code or 200,
        headers={**response.headers, "content-type": str(response.media_type)},
        body=response.content,
    )


def _route(request: ApiRequest) -> str:
    # The path itself, not its template: the same key on another campaign is another request.
    return f"{request.method} {request.scope['path']}"


async def _fingerprint(request: ApiRequest) -> bytes:
    """What makes two bodies the same: the bytes, or the fields and file of a form."""
    if request.content_type[0] != "multipart/form-data":
        return await request.body()
    digest = hashlib.sha256()
    for name, value in sorted((await request.form()).multi_items(), key=lambda pair: pair[0]):
        digest.update(f"{len(name)}:{name}=".encode())
        if isinstance(value, UploadFile):
            digest.update(f"{value.filename}:".encode())
            while piece := await value.read(_CHUNK):
                digest.update(piece)
            await value.seek(0)
        else:
            digest.update(f"{len(str(value))}:{value}".encode())
    return digest.digest()
