"""Every failure as an RFC 9457 problem: ours, the framework's, and those nobody foresaw.

The one place where an error becomes a status. What a problem says is decided where it is raised.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException
from msgspec import UNSET, Struct, UnsetType

from campana.domain import errors
from campana.domain.errors import CampanaError, FieldProblem

log = logging.getLogger(__name__)

STATUS: dict[type[CampanaError], int] = {
    errors.InvalidParameter: 400,
    errors.Unauthenticated: 401,
    errors.InsufficientScope: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.InvalidTransition: 409,
    errors.VersionMismatch: 412,
    errors.PayloadTooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.PreflightBlocked: 422,
    errors.IdempotencyMismatch: 422,
    errors.PreconditionRequired: 428,
    errors.RateLimited: 429,
    errors.InternalError: 500,
    errors.Unavailable: 503,
}

PROBLEM_JSON = "application/problem+json"

_FRAMEWORK: dict[int, type[CampanaError]] = {
    401: errors.Unauthenticated,
    404: errors.NotFound,
    405: errors.MethodNotAllowed,
    413: errors.PayloadTooLarge,
    415: errors.UnsupportedMediaType,
}

_LEFT = "client disconnected prematurely"
"""How the framework says that a body broke off."""

_HEADERS: dict[type[CampanaError], Mapping[str, str]] = {
    errors.Unauthenticated: {"www-authenticate": 'Bearer realm="campana"'},
    errors.RateLimited: {"retry-after": "1"},
    errors.Unavailable: {"retry-after": "1"},
}


class ProblemField(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing wrong: `pointer` into the body (RFC 6901) or `parameter` of the query, and why."""

    pointer: str | UnsetType = UNSET
    parameter: str | UnsetType = UNSET
    message: str


class Problem(Struct, frozen=True, kw_only=True, rename="camel"):
    """An RFC 9457 problem. `code` is for programs, `detail` for people, `requestId` for both."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[ProblemField] | UnsetType = UNSET


def status_of(error: CampanaError) -> int:
    """The HTTP status of an error; what has none of its own is ours to mend: 500."""
    return STATUS.get(type(error), 500)


def title_of(kind: type[CampanaError]) -> str:
    """`Not found`: the code in words, the same for every occurrence."""
    return kind.code().replace("_", " ").capitalize()


def problem(
    error: CampanaError, *, request_id: str, headers: Mapping[str, str] | None = None
) -> Response[bytes]:
    """The answer that tells of `error`."""
    kind = type(error) if type(error) in STATUS else errors.InternalError
    shown = error if kind is type(error) else errors.InternalError()
    body = Problem(
        type=f"/docs#{kind.code()}",
        title=title_of(kind),
        status=STATUS[kind],
        detail=shown.message,
        code=kind.code(),
        request_id=request_id,
        errors=[_field(each) for each in shown.problems] or UNSET,
    )
    return Response(
        msgspec.json.encode(body),
        status_code=STATUS[kind],
        media_type=PROBLEM_JSON,
        headers={**_HEADERS.get(kind, {}), **(headers or {})},
    )


def request_id_of(request: Request[Any, Any, Any]) -> str:
    """The id `web/edge.py` gave this request."""
    return str(request.scope["state"].get("request_id", ""))


def answer_exception(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The application's last word on any exception; only what is ours to mend is logged."""
    request_id = request_id_of(request)
    known = known_error(error)
    if has_left(error):
        note_leaving(request)
    elif status_of(known) >= 500:
        log.error(
            "%s %s failed, request %s: %r",
            request.method,
            request.url.path,
            request_id,
            error,
            exc_info=None if isinstance(error, errors.Unavailable) else error,
        )
    # The framework's own headers: the list of methods with a 405.
    headers = error.headers if isinstance(error, HTTPException) else None
    return problem(known, request_id=request_id, headers=headers)


def has_left(error: Exception) -> bool:
    """Whether a request broke off because its sender went away in the middle of it."""
    return isinstance(error, InternalServerException) and error.detail == _LEFT


def note_leaving(request: Request[Any, Any, Any]) -> None:
    """Write down that a request broke off: nobody is there to be answered, nothing is to mend."""
    log.info(
        "%s %s broke off, request %s: its sender left",
        request.method,
        request.url.path,
        request_id_of(request),
    )


def known_error(error: Exception) -> CampanaError:
    """What an exception is in our words."""
    match error:
        case CampanaError():
            return error
        case _ if has_left(error):
            return errors.InvalidParameter("it broke off: whoever sent it has left")
        case HTTPException(status_code=status) if status in _FRAMEWORK:
            return _FRAMEWORK[status]()
        case HTTPException(status_code=status) if status < 500:
            return errors.InvalidParameter(str(error.detail) or None)
        case _:
            return errors.InternalError()


def _field(found: FieldProblem) -> ProblemField:
    return ProblemField(
        pointer=UNSET if found.pointer is None else found.pointer,
        parameter=UNSET if found.parameter is None else found.parameter,
        message=found.message,
    )
